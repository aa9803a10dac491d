//! The request bodies that are this layer's own.

use crate::error::ApiError;
use flightdeck_model::{JobMatch, MetaEdit, UnixTime, UserChange};
use serde::Deserialize;
use utoipa::ToSchema;

/// Names a job by the batch system's number; of several that fit, the one that started last.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WhichJobBody {
    /// The batch system's job number; required.
    #[schema(example = 4711, minimum = 1)]
    pub(crate) job_id: Option<i64>,
    /// The cluster; absent or empty: any.
    #[schema(example = "aurora")]
    pub(crate) cluster: Option<String>,
    /// When the job started, in Unix seconds; absent: any time.
    pub(crate) start_time: Option<i64>,
}

impl WhichJobBody {
    /// The job that is meant.
    pub(crate) fn job(self) -> Result<JobMatch, ApiError> {
        let Some(job_id) = self.job_id else {
            return Err(ApiError::invalid("jobId", "is missing: the batch system's job number is needed"));
        };
        if job_id < 1 {
            return Err(ApiError::invalid(
                "jobId",
                format!("{job_id} is not a job number: it is at least 1"),
            ));
        }
        let cluster = self.cluster.filter(|name| !name.is_empty());
        if cluster.as_deref().is_some_and(|name| name.contains(char::is_control)) {
            return Err(ApiError::invalid("cluster", "has control characters, which no name has"));
        }
        Ok(JobMatch { job_id, cluster, start_time: self.start_time.map(UnixTime) })
    }
}

/// Sets one key of the metadata of a job that is named by the batch system's number.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EditMetaBody {
    /// The batch system's job number; required.
    #[schema(example = 4711, minimum = 1)]
    job_id: Option<i64>,
    /// The cluster; absent or empty: any.
    #[schema(example = "aurora")]
    cluster: Option<String>,
    /// When the job started, in Unix seconds; absent: the job that started last is meant.
    start_time: Option<i64>,
    /// What to set; required.
    payload: Option<MetaEdit>,
}

impl EditMetaBody {
    /// The job that is meant and what to set.
    pub(crate) fn job_and_edit(self) -> Result<(JobMatch, MetaEdit), ApiError> {
        let which = WhichJobBody { job_id: self.job_id, cluster: self.cluster, start_time: self.start_time };
        let job = which.job()?;
        let edit = self.payload.ok_or_else(|| {
            ApiError::invalid("payload", "is missing: an object with key and value is needed")
        })?;
        Ok((job, edit))
    }
}

/// One change of an account: the first of these that is not empty is made, the others are passed over.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schema(example = json!({"add-role": "support"}))]
pub(crate) struct ChangeUserBody {
    /// A role to give, in any case of letters.
    add_role: Option<String>,
    /// A role to take away, in any case of letters.
    remove_role: Option<String>,
    /// A project to give a manager.
    add_project: Option<String>,
    /// A project to take away.
    remove_project: Option<String>,
}

impl ChangeUserBody {
    /// The change, and what a client is told when it is made.
    pub(crate) fn change(self) -> Result<(UserChange, &'static str), ApiError> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let role = |field: &str, name: &str| {
            let lower = name.to_lowercase();
            lower.parse().map_err(|_unknown| {
                let allowed = "allowed are anonymous, ingest, api, user, manager, support and admin";
                ApiError::invalid(field, format!("{} is not a role: {allowed}", crate::query::quoted(name)))
            })
        };
        if let Some(name) = given(self.add_role) {
            return Ok((UserChange::AddRole(role("add-role", &name)?), "Add Role"));
        }
        if let Some(name) = given(self.remove_role) {
            return Ok((UserChange::RemoveRole(role("remove-role", &name)?), "Remove Role"));
        }
        if let Some(project) = given(self.add_project) {
            return Ok((UserChange::AddProject(project), "Add Project"));
        }
        if let Some(project) = given(self.remove_project) {
            return Ok((UserChange::RemoveProject(project), "Remove Project"));
        }
        let reason =
            "names nothing to do: one of add-role, remove-role, add-project and remove-project is needed";
        Err(ApiError::invalid("body", reason))
    }
}
