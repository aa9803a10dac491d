//! The last run of a periodic task.

use crate::UnixTime;
use serde::Serialize;

/// One run of a periodic task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskRun {
    /// The task's name.
    #[cfg_attr(feature = "openapi", schema(example = "stop-overdue-jobs"))]
    pub name: String,
    /// When it began.
    pub started: UnixTime,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// What it did, in a few words; empty when it failed.
    pub result: String,
    /// Why it failed; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
