use flightdeck_testkit::{
    JobStoreUnderTest, MemoryJobs, MemoryUsers, job_repository_suite, user_repository_suite,
};
use std::sync::Arc;

#[test]
fn jobs_in_memory_pass_the_suite() {
    job_repository_suite(|| {
        let jobs = Arc::new(MemoryJobs::new());
        let started = Arc::clone(&jobs);
        JobStoreUnderTest {
            repository: jobs,
            start_again: Box::new(move |job_id| started.start_again(job_id)),
        }
    });
}

#[test]
fn users_in_memory_pass_the_suite() {
    user_repository_suite(|| Arc::new(MemoryUsers::new()));
}
