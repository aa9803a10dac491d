//! Work that is done again and again: what there is, how often, and how a run is recorded.
//!
//! When a task is due is its caller's business; each kind of work is in a module of its own.

mod apply_kept_stops;
mod checkpoint_metrics;
mod hold_samples;
mod maintain_metrics;
mod node_state_retention;
mod refresh_footprints;
mod settle_archive;
mod stop_overdue_jobs;

use crate::{ServiceError, Services};
use flightdeck_model::TaskRun;
use flightdeck_model::with_causes;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Work that is to be done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodicTask {
    /// Its name in the list of tasks.
    pub name: &'static str,
    /// How long from one run to the next.
    pub interval: Duration,
    /// Whether a run is wanted at start already, before the first interval is over.
    pub at_start: bool,
    /// Whether it keeps the metric store within its bounds: then no other work may hold it up.
    pub keeps_samples: bool,
}

impl PeriodicTask {
    const fn every(interval: Duration, name: &'static str) -> Self {
        Self { name, interval, at_start: false, keeps_samples: false }
    }

    const fn and_at_start(self) -> Self {
        Self { at_start: true, ..self }
    }

    const fn keeping_samples(self) -> Self {
        Self { keeps_samples: true, ..self }
    }
}

/// One kind of work: does it once and tells in a few words what was done.
type Work = fn(&Services) -> Result<String, ServiceError>;

impl Services {
    /// The periodic work that this server is configured for.
    #[must_use]
    pub fn periodic_tasks(&self) -> Vec<PeriodicTask> {
        let minute = Duration::from_mins(1);
        let hour = Duration::from_hours(1);
        let mut tasks = Vec::new();
        if self.keeps_refused() {
            tasks.push(PeriodicTask::every(minute, apply_kept_stops::NAME).and_at_start());
        }
        if self.settings.stop_overdue_grace_s.is_some() {
            tasks.push(PeriodicTask::every(minute, stop_overdue_jobs::NAME));
        }
        // At start: what was under way when the server was ended goes on.
        tasks.push(PeriodicTask::every(minute, settle_archive::NAME).and_at_start());
        if self.settings.node_state_retention_s.is_some() {
            tasks.push(PeriodicTask::every(hour, node_state_retention::NAME).and_at_start());
        }
        tasks.extend(self.metric_tasks());
        tasks
    }

    fn metric_tasks(&self) -> Vec<PeriodicTask> {
        let minute = Duration::from_mins(1);
        let mut tasks = Vec::new();
        if self.metrics.own.is_some() {
            // At start, and before the first maintenance: what jobs need must not be dropped.
            let hold = PeriodicTask::every(minute, hold_samples::NAME).and_at_start();
            let maintain = PeriodicTask::every(minute, maintain_metrics::NAME);
            let interval = seconds(self.settings.checkpoint_interval_s);
            let checkpoint = PeriodicTask::every(interval, checkpoint_metrics::NAME);
            tasks.extend([hold, maintain, checkpoint].map(PeriodicTask::keeping_samples));
        }
        if let Some(interval_s) = self.settings.footprint_interval_s
            && !self.metrics.is_empty()
        {
            let interval = seconds(interval_s);
            tasks.push(PeriodicTask::every(interval, refresh_footprints::NAME));
        }
        tasks
    }

    /// Does the work of this name once, records the run and returns it. Takes as long as the work does. Never panics:
    /// a fault in the work is an error of the run. A name that no work has is an error too, and is not recorded.
    #[must_use]
    pub fn run_periodic_task(&self, name: &str) -> TaskRun {
        let started = self.clock.now();
        let Some(work) = work_named(name) else {
            let error = Some(format!("there is no task \"{name}\""));
            return TaskRun { name: name.to_owned(), started, duration_ms: 0, result: String::new(), error };
        };
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| work(self)));
        let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (result, error) = match outcome {
            Ok(Ok(result)) => (result, None),
            Ok(Err(error)) => (String::new(), Some(with_causes(&error))),
            Err(_panic) => (String::new(), Some("the task panicked: the log has the place".to_owned())),
        };
        let run = TaskRun { name: name.to_owned(), started, duration_ms, result, error };
        if let Err(error) = futures_executor::block_on(self.tasks.record_run(run.clone())) {
            tracing::warn!(task = name, error = with_causes(&error), "a run of a task was not recorded");
        }
        run
    }
}

/// At least one: work without a pause between would be all that is done.
fn seconds(interval_s: i64) -> Duration {
    Duration::from_secs(u64::try_from(interval_s).unwrap_or(1).max(1))
}

fn work_named(name: &str) -> Option<Work> {
    match name {
        apply_kept_stops::NAME => Some(apply_kept_stops::run),
        stop_overdue_jobs::NAME => Some(stop_overdue_jobs::run),
        settle_archive::NAME => Some(settle_archive::run),
        node_state_retention::NAME => Some(node_state_retention::run),
        hold_samples::NAME => Some(hold_samples::run),
        maintain_metrics::NAME => Some(maintain_metrics::run),
        checkpoint_metrics::NAME => Some(checkpoint_metrics::run),
        refresh_footprints::NAME => Some(refresh_footprints::run),
        _ => None,
    }
}
