//! The table of hosts, which leads from a host to its jobs: it goes with the jobs, though no reference says so.

use crate::server::Server;
use crate::store::{Maker, TestStore};
use flightdeck_model::{
    AuditAction, DeleteBefore, JobChanges, JobFilter, JobRepository, JobSelection, OmitTagged, UnixTime,
    WhichJob,
};
use flightdeck_testkit::{PRESENT, archived_job, audit_entry, every_job, wait};

fn problems(store: &TestStore) -> Vec<String> {
    store.database.check().unwrap()
}

/// How many jobs the host leads to.
fn jobs_of(store: &TestStore, host: &str) -> u64 {
    let filter = JobFilter { node: Some(host.to_owned()), ..JobFilter::default() };
    store.database.count_jobs(&JobSelection { filter, ..every_job() }).unwrap()
}

fn hosts_go_with_their_jobs(make: Maker<'_>) {
    let store = make();
    let job = |job_id: i64, hosts: &[&str]| archived_job(job_id).hosts(hosts);
    let start = |new| wait(store.database.start_job(new, audit_entry(AuditAction::StartJob, ""))).unwrap();
    let alone = start(job(1, &["a1"]).as_started());
    start(job(2, &["a1", "a2"]).as_started());
    store.database.import_jobs(&[job(3, &["a1", "a2"]).build(), job(4, &["a1"]).build()]).unwrap();
    assert_eq!((jobs_of(&store, "a1"), jobs_of(&store, "a2")), (4, 2));

    store.database.import_jobs(&[job(3, &["a2", "a3"]).fingerprint(33).build()]).unwrap();
    assert_eq!((jobs_of(&store, "a1"), jobs_of(&store, "a2"), jobs_of(&store, "a3")), (3, 2, 1));

    let delete = audit_entry(AuditAction::DeleteJob, "");
    let deleted = wait(store.database.delete_job(WhichJob::Id(alone), false, delete.clone()));
    assert_eq!(deleted.unwrap(), alone);
    assert_eq!(problems(&store), Vec::<String>::new());

    store.database.remove_archived_jobs().unwrap();
    assert_eq!((jobs_of(&store, "a1"), jobs_of(&store, "a3")), (1, 0), "the one that runs is left");
    assert_eq!(problems(&store), Vec::<String>::new());

    let all = DeleteBefore {
        started_before: UnixTime(PRESENT),
        omit_tagged: OmitTagged::None,
        include_running: true,
        with_archive: false,
    };
    assert_eq!(wait(store.database.delete_jobs_before(all, delete)).unwrap(), 1);
    assert_eq!(problems(&store), Vec::<String>::new());

    store.execute("INSERT INTO job_node (job_id, hostname, start_time) VALUES (99, 'a1', 7)");
    assert_eq!(problems(&store), ["1 hosts are those of jobs that are not there"]);
}

#[test]
fn they_go_with_jobs_and_a_check_notices_what_is_left() {
    hosts_go_with_their_jobs(&TestStore::new);
    let Some(server) = Server::of_environment() else { return };
    hosts_go_with_their_jobs(&|| TestStore::on(&server));
}
