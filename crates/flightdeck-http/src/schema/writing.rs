//! The bodies of answers of the routes that change something, and of those that show what was changed.

use flightdeck_model::{
    AuditAction, AuditOutcome, NodeHealth, NodeHealthState, NodeState, NodeStatus, RecordedEntry,
    RefusedKind, RefusedRequest, TaskRun, UnixTime,
};
use flightdeck_service::TaskStatus;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A job that was started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartedBody {
    /// Always `success`.
    #[schema(example = "success")]
    pub(crate) msg: &'static str,
    /// The job's number in this server's database, which it keeps.
    #[schema(example = 4711)]
    pub(crate) id: i64,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DoneBody {
    /// In words.
    #[schema(example = "Successfully deleted job 4711")]
    pub(crate) msg: String,
}

/// What became of a report of node states.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"msg": "stored the states of 2 nodes", "unknown": ["z9"]}))]
pub(crate) struct NodesReportedBody {
    /// In words.
    pub(crate) msg: String,
    /// Hosts of the report that no subcluster has; all of them when the cluster is not configured. They are passed over.
    pub(crate) unknown: Vec<String>,
}

/// What the nodes are doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodesBody {
    /// The nodes by cluster and name.
    pub(crate) nodes: Vec<NodeBody>,
}

/// What a node is doing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "cluster": "aurora", "hostname": "a0117", "subCluster": "milan", "state": "allocated", "cpusAllocated": 128,
    "memoryAllocated": 250_000, "gpusAllocated": 0, "jobsRunning": 1, "time": 1_760_000_000, "health": "partial",
    "healthMetrics": {"missing": ["mem_used"], "degraded": []}
}))]
pub(crate) struct NodeBody {
    cluster: String,
    hostname: String,
    sub_cluster: String,
    state: NodeState,
    /// Hardware threads in use.
    cpus_allocated: i64,
    /// Memory in use, in MB.
    memory_allocated: i64,
    /// Accelerators in use.
    gpus_allocated: i64,
    /// Number of jobs on it.
    jobs_running: i64,
    /// When it was reported, in Unix seconds.
    time: UnixTime,
    /// How its metrics were doing then; absent when this server does not keep them.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<NodeHealthState>,
    /// The metrics that were not fresh: `missing` those without any sample, `degraded` those whose newest sample was
    /// older than five timesteps. Absent when nothing was known of the node, or it was down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    health_metrics: Option<Box<RawValue>>,
}

impl From<NodeStatus> for NodeBody {
    fn from(status: NodeStatus) -> Self {
        let report = status.report;
        let (health, health_metrics) = match report.health {
            Some(NodeHealth { state, health_metrics }) => (Some(state), health_metrics),
            None => (None, String::new()),
        };
        Self {
            cluster: status.cluster,
            hostname: report.hostname,
            sub_cluster: report.subcluster,
            state: report.state,
            cpus_allocated: report.cpus_allocated,
            memory_allocated: report.memory_allocated_mb,
            gpus_allocated: report.gpus_allocated,
            jobs_running: report.jobs_running,
            time: status.time,
            health,
            // Empty text is no JSON.
            health_metrics: RawValue::from_string(health_metrics).ok(),
        }
    }
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditBody {
    /// The entries, the newest first.
    pub(crate) entries: Vec<AuditEntryBody>,
    /// Entries on a page, as asked for.
    #[schema(example = 25)]
    pub(crate) items: u64,
    /// Number of the page, from 1.
    #[schema(example = 1)]
    pub(crate) page: u64,
    /// How many entries there are on all pages.
    pub(crate) total: u64,
}

/// Who did or tried what.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": 17, "time": 1_760_000_000, "user": "robot", "address": "192.0.2.7", "requestId": "1f3a-2c",
    "action": "stop_job", "object": "aurora/4711/1760000000", "outcome": "done", "detail": "completed"
}))]
pub(crate) struct AuditEntryBody {
    /// Its number; grows.
    id: i64,
    /// When, in Unix seconds.
    time: UnixTime,
    /// Who; `cli` for a command on the machine itself, `server` for periodic work.
    user: String,
    /// From where; empty for the machine itself.
    address: String,
    /// The request's id, as the answer and the log have it; empty when there was none.
    request_id: String,
    action: AuditAction,
    /// On what: `cluster/jobId/startTime` for a job, else in words.
    object: String,
    outcome: AuditOutcome,
    /// What changed, or why it did not.
    detail: String,
}

impl From<RecordedEntry> for AuditEntryBody {
    fn from(recorded: RecordedEntry) -> Self {
        let entry = recorded.entry;
        Self {
            id: recorded.id,
            time: entry.time,
            user: entry.origin.username,
            address: entry.origin.address,
            request_id: entry.origin.request_id,
            action: entry.action,
            object: entry.object,
            outcome: entry.outcome,
            detail: entry.detail,
        }
    }
}

/// A page of the quarantine.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineBody {
    /// The kept requests, the oldest first.
    pub(crate) requests: Vec<RefusedRequestBody>,
    /// Requests on a page, as asked for.
    #[schema(example = 25)]
    pub(crate) items: u64,
    /// Number of the page, from 1.
    #[schema(example = 1)]
    pub(crate) page: u64,
    /// How many requests there are on all pages.
    pub(crate) total: u64,
}

/// A start or stop that a rule refused, and that is kept until its cause is mended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefusedRequestBody {
    /// Its number.
    id: i64,
    kind: RefusedKind,
    /// The cluster it names; null when it names none.
    #[schema(required, example = "aurora")]
    cluster: Option<String>,
    /// The batch system's job number.
    #[schema(example = 4711)]
    job_id: i64,
    /// When the job is said to have started, or stopped, in Unix seconds.
    event_time: UnixTime,
    /// When the request came, in Unix seconds.
    received: UnixTime,
    /// Who sent it.
    user: String,
    /// Why it was refused.
    reason: String,
    /// The request's body; null when it has more than 64 KiB.
    #[schema(required, value_type = Option<Object>)]
    body: Option<Box<RawValue>>,
}

impl TryFrom<RefusedRequest> for RefusedRequestBody {
    type Error = serde_json::Error;

    /// Fails when the kept body is not JSON.
    fn try_from(refused: RefusedRequest) -> Result<Self, Self::Error> {
        let request = refused.request;
        Ok(Self {
            id: refused.id,
            kind: request.kind,
            cluster: request.job.cluster,
            job_id: request.job.job_id,
            event_time: request.event_time,
            received: request.received,
            user: request.username,
            reason: request.reason,
            body: Some(request.body)
                .filter(|body| !body.is_empty())
                .map(RawValue::from_string)
                .transpose()?,
        })
    }
}

/// The periodic tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TasksBody {
    /// Every task that is configured, by name.
    pub(crate) tasks: Vec<TaskBody>,
}

/// A periodic task: its last run, or its name alone when it has not run yet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum TaskBody {
    /// The last run.
    Ran(TaskRun),
    /// It has not run yet.
    Waits {
        /// The task's name.
        name: String,
    },
}

impl From<TaskStatus> for TaskBody {
    fn from(task: TaskStatus) -> Self {
        task.last_run.map_or(Self::Waits { name: task.name }, Self::Ran)
    }
}
