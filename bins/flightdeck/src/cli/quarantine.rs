//! `flightdeck quarantine list|retry|drop`

use super::table;
use crate::config::Config;
use crate::server::services;
use anyhow::bail;
use clap::{Args, Subcommand};
use flightdeck_model::{JobState, Page, RefusedKind, RefusedRequest};
use flightdeck_service::{Caller, RetryOutcome, ServiceError, Services};

/// Requests that are fetched at once.
const PAGE_REQUESTS: u64 = 1000;

/// What to do with job starts and stops that were refused and kept.
#[derive(Debug, Subcommand)]
pub(super) enum QuarantineCommand {
    /// Lists them: number, kind, cluster, job, its time, when it came, from whom, and why it was refused, separated by
    /// tabs
    List,
    /// Tries them again, with the clusters as they are configured now, and forgets those that are accepted
    Retry(RetryArgs),
    /// Forgets one for good
    Drop {
        /// Its number in the list
        id: i64,
    },
}

/// Which to try again.
#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    #[command(flatten)]
    which: Which,
    /// How the job ended, in place of what was sent, for example cancelled; with --all, only for stops that are refused
    /// as they are
    #[arg(long, value_name = "STATE")]
    state: Option<JobState>,
}

/// One, or all.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// Its number in the list
    id: Option<i64>,
    /// Try all, in the order in which they came
    #[arg(long)]
    all: bool,
}

/// Runs the command. The clusters are read anew from the archive, whether a server runs or not.
pub(super) fn run(config: &Config, command: &QuarantineCommand) -> anyhow::Result<()> {
    let services = services(config)?;
    let caller = Caller::on_machine();
    match command {
        QuarantineCommand::List => list(&services, &caller),
        QuarantineCommand::Drop { id } => Ok(services.drop_quarantined(&caller, *id)?),
        QuarantineCommand::Retry(RetryArgs { which: Which { id: Some(id), .. }, state }) => {
            let outcome = services.retry_quarantined(&caller, *id, *state)?;
            super::print(&accepted(*id, &outcome))
        }
        QuarantineCommand::Retry(RetryArgs { state, .. }) => retry_all(&services, &caller, *state),
    }
}

fn list(services: &Services, caller: &Caller) -> anyhow::Result<()> {
    for request in all_requests(services, caller)? {
        super::print(&table::line(&columns(request)))?;
    }
    Ok(())
}

fn columns(refused: RefusedRequest) -> [String; 8] {
    let request = refused.request;
    [
        refused.id.to_string(),
        request.kind.to_string(),
        request.job.cluster.unwrap_or_default(),
        request.job.job_id.to_string(),
        table::time(request.event_time),
        table::time(request.received),
        request.username,
        request.reason,
    ]
}

/// Tries all of them; one that is still refused holds up no other.
fn retry_all(services: &Services, caller: &Caller, state: Option<JobState>) -> anyhow::Result<()> {
    let requests = all_requests(services, caller)?;
    let mut still_refused = 0_u64;
    for request in &requests {
        match retry_in_turn(services, caller, request, state) {
            Ok(outcome) => super::print(&accepted(request.id, &outcome))?,
            // A stop goes in with its start.
            Err(ServiceError::NotFound(_)) => {}
            Err(error @ (ServiceError::Port(_) | ServiceError::Encode(_))) => return Err(error.into()),
            Err(refusal) => {
                still_refused += 1;
                super::print(&table::line(&[request.id.to_string(), refusal.to_string()]))?;
            }
        }
    }
    if still_refused > 0 {
        bail!("{still_refused} of {} are still refused", requests.len());
    }
    Ok(())
}

/// Tries a request as it was sent, and a stop that is refused again with the other state.
fn retry_in_turn(
    services: &Services,
    caller: &Caller,
    request: &RefusedRequest,
    state: Option<JobState>,
) -> Result<RetryOutcome, ServiceError> {
    let as_it_was_sent = services.retry_quarantined(caller, request.id, None);
    match (as_it_was_sent, request.request.kind) {
        (Err(ServiceError::Unprocessable(_)), RefusedKind::StopJob) if state.is_some() => {
            services.retry_quarantined(caller, request.id, state)
        }
        (outcome, _) => outcome,
    }
}

fn accepted(id: i64, outcome: &RetryOutcome) -> String {
    table::line(&[id.to_string(), outcome.to_string()])
}

fn all_requests(services: &Services, caller: &Caller) -> Result<Vec<RefusedRequest>, ServiceError> {
    let mut requests = Vec::new();
    loop {
        let offset = u64::try_from(requests.len()).unwrap_or(u64::MAX);
        let page = services.quarantined(&caller.principal, Page { offset, limit: PAGE_REQUESTS })?;
        let is_last = u64::try_from(page.requests.len()).is_ok_and(|count| count < PAGE_REQUESTS);
        requests.extend(page.requests);
        if is_last {
            return Ok(requests);
        }
    }
}
