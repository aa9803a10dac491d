use crate::store::TestStore;
use flightdeck_testkit::{JobStoreUnderTest, job_repository_suite, user_repository_suite};
use std::sync::Arc;

#[test]
fn jobs_in_sqlite_pass_the_suite() {
    job_repository_suite(|| {
        let store = TestStore::new();
        let repository = Arc::new(store.database.clone());
        JobStoreUnderTest { repository, start_again: Box::new(move |job_id| store.start_again(job_id)) }
    });
}

#[test]
fn users_in_sqlite_pass_the_suite() {
    let stores = std::cell::RefCell::new(Vec::new());
    user_repository_suite(|| {
        let store = TestStore::new();
        let repository = Arc::new(store.database.clone());
        stores.borrow_mut().push(store);
        repository
    });
}
