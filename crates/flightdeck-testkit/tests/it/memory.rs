use flightdeck_model::{MetricSource, SeriesName};
use flightdeck_testkit::{
    METRICS_OF_SUITE, MemoryJobs, MemoryMetrics, MemoryUsers, MetricsUnderTest, StoreUnderTest,
    archive_work_suite, archiving_queue_suite, audit_log_suite, job_changes_suite, job_repository_suite,
    metric_source_suite, node_repository_suite, quarantine_suite, task_log_suite, user_repository_suite,
};
use std::sync::Arc;

fn empty_store() -> StoreUnderTest {
    StoreUnderTest::new(Arc::new(MemoryJobs::new()))
}

#[test]
fn jobs_in_memory_pass_the_suite() {
    job_repository_suite(empty_store);
}

#[test]
fn changes_in_memory_pass_the_suite() {
    job_changes_suite(empty_store);
}

#[test]
fn archive_work_in_memory_passes_the_suite() {
    archive_work_suite(empty_store);
}

#[test]
fn the_archiving_queue_in_memory_passes_the_suite() {
    archiving_queue_suite(empty_store);
}

#[test]
fn nodes_in_memory_pass_the_suite() {
    node_repository_suite(empty_store);
}

#[test]
fn the_audit_log_in_memory_passes_the_suite() {
    audit_log_suite(empty_store);
}

#[test]
fn the_quarantine_in_memory_passes_the_suite() {
    quarantine_suite(empty_store);
}

#[test]
fn the_task_log_in_memory_passes_the_suite() {
    task_log_suite(empty_store);
}

#[test]
fn users_in_memory_pass_the_suite() {
    user_repository_suite(|| Arc::new(MemoryUsers::new()));
}

struct Metrics(MemoryMetrics);

impl MetricsUnderTest for Metrics {
    fn source(&self) -> &dyn MetricSource {
        &self.0
    }

    fn put(&self, name: SeriesName<'_>, time_s: i64, value: f64) {
        self.0.put(name, time_s, value);
    }
}

#[test]
fn metrics_in_memory_pass_the_suite() {
    metric_source_suite(|| {
        let known = METRICS_OF_SUITE.into_iter();
        Metrics(known.fold(MemoryMetrics::new(), |store, (cluster, metric, timestep_s)| {
            store.with_metric(cluster, metric, timestep_s)
        }))
    });
}
