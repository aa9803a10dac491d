//! What every quarantine of refused requests has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, audit_entry};
use crate::store_under_test::{ALL, StoreUnderTest};
use crate::wait;
use flightdeck_model::{
    AuditAction, JobMatch, NewRefusedRequest, Page, RefusedKind, RefusedRequest, UnixTime,
};

/// Checks a [`Quarantine`](flightdeck_model::Quarantine); `make` makes an empty store.
///
/// # Panics
///
/// When the store does not keep a promise of the port.
pub fn quarantine_suite(make: impl Fn() -> StoreUnderTest) {
    all_of_a_request_is_kept(&make());
    a_repetition_changes_nothing(&make());
    other_requests_are_kept_beside_it(&make());
    a_full_quarantine_keeps_no_more(&make());
    requests_of_a_job_are_found(&make());
    a_removed_request_is_gone(&make());
    numbers_are_not_used_again(&make());
    pages_join_into_the_list(&make());
    odd_texts_are_kept(&make());
}

fn start(job_id: i64, cluster: &str) -> NewRefusedRequest {
    let start_time = UnixTime(FIRST_START + job_id);
    NewRefusedRequest {
        kind: RefusedKind::StartJob,
        job: JobMatch { job_id, cluster: Some(cluster.to_owned()), start_time: Some(start_time) },
        event_time: start_time,
        received: UnixTime(PRESENT),
        username: "slurm".to_owned(),
        reason: format!("cluster: \"{cluster}\" is not known"),
        body: format!("{{\"jobId\":{job_id},\"cluster\":\"{cluster}\"}}"),
    }
}

fn stop(job_id: i64) -> NewRefusedRequest {
    NewRefusedRequest {
        kind: RefusedKind::StopJob,
        job: JobMatch { job_id, cluster: None, start_time: None },
        event_time: UnixTime(FIRST_START + 3600),
        reason: "there is no such job".to_owned(),
        ..start(job_id, "alpha")
    }
}

fn keep_at_most(store: &StoreUnderTest, request: NewRefusedRequest, most: u64) -> bool {
    let audit = audit_entry(AuditAction::StartJob, "refused");
    wait(store.ports.keep(request, most, audit)).unwrap()
}

#[track_caller]
fn keep(store: &StoreUnderTest, request: NewRefusedRequest) {
    assert!(keep_at_most(store, request, 1000));
}

fn kept(store: &StoreUnderTest) -> Vec<RefusedRequest> {
    let page = store.ports.list_refused(ALL).unwrap();
    assert_eq!(page.total, page.requests.len() as u64);
    page.requests
}

fn remove(store: &StoreUnderTest, id: i64) -> bool {
    wait(store.ports.remove_refused(id, audit_entry(AuditAction::DropQuarantined, "request"))).unwrap()
}

fn all_of_a_request_is_kept(store: &StoreUnderTest) {
    assert!(kept(store).is_empty());
    let later = NewRefusedRequest { received: UnixTime(1), ..start(1, "alpha") };
    for request in [stop(2), later.clone()] {
        keep(store, request);
    }
    let found = kept(store);
    let requests: Vec<_> = found.iter().map(|known| known.request.clone()).collect();
    assert_eq!(requests, [stop(2), later], "in the order they were kept");
    for known in found {
        assert_eq!(store.ports.find_refused(known.id).unwrap(), Some(known));
    }
    assert_eq!(store.ports.find_refused(i64::MAX).unwrap(), None);
    assert_eq!(store.audit_entries().len(), 2, "each came with an audit entry");
}

fn a_repetition_changes_nothing(store: &StoreUnderTest) {
    for first in [start(1, "alpha"), stop(1)] {
        let repeated = NewRefusedRequest {
            received: UnixTime(PRESENT + 60),
            username: "other".to_owned(),
            reason: "another".to_owned(),
            body: "{}".to_owned(),
            ..first.clone()
        };
        keep(store, first);
        let before = (kept(store), store.audit_entries());
        keep(store, repeated);
        assert_eq!((kept(store), store.audit_entries()), before);
    }
    assert_eq!(kept(store).len(), 2);
}

fn other_requests_are_kept_beside_it(store: &StoreUnderTest) {
    let first = start(1, "alpha");
    let named = |cluster: &str| Some(cluster.to_owned());
    for request in [
        first.clone(),
        NewRefusedRequest { kind: RefusedKind::StopJob, ..first.clone() },
        NewRefusedRequest { event_time: UnixTime(FIRST_START + 2), ..first.clone() },
        NewRefusedRequest { job: JobMatch { job_id: 2, ..first.job.clone() }, ..first.clone() },
        NewRefusedRequest { job: JobMatch { cluster: named("beta"), ..first.job.clone() }, ..first.clone() },
        NewRefusedRequest { job: JobMatch { cluster: None, ..first.job.clone() }, ..first },
    ] {
        keep(store, request);
    }
    assert_eq!(kept(store).len(), 6);
}

fn a_full_quarantine_keeps_no_more(store: &StoreUnderTest) {
    assert!(!keep_at_most(store, start(9, "alpha"), 0));
    assert!(keep_at_most(store, start(1, "alpha"), 2));
    assert!(keep_at_most(store, start(2, "alpha"), 2));
    let before = store.audit_entries();
    assert!(!keep_at_most(store, start(3, "alpha"), 2));
    assert!(keep_at_most(store, start(1, "alpha"), 2), "a repetition of what is kept is no more");
    assert_eq!(kept(store).len(), 2);
    assert_eq!(store.audit_entries(), before);
    assert!(remove(store, kept(store).first().unwrap().id));
    assert!(keep_at_most(store, start(3, "alpha"), 2), "there is room again");
}

fn requests_of_a_job_are_found(store: &StoreUnderTest) {
    let named_stop = NewRefusedRequest {
        job: JobMatch { cluster: Some("alpha".to_owned()), ..stop(1).job },
        event_time: UnixTime(FIRST_START + 7),
        ..stop(1)
    };
    for request in [stop(1), named_stop.clone(), start(2, "alpha"), start(1, "beta"), start(1, "alpha")] {
        keep(store, request);
    }
    let of_job = |cluster: Option<&str>, job_id| -> Vec<NewRefusedRequest> {
        let found = store.ports.refused_of_job(cluster, job_id).unwrap();
        found.into_iter().map(|known| known.request).collect()
    };
    assert_eq!(of_job(Some("alpha"), 1), [start(1, "alpha"), named_stop], "starts before stops");
    assert_eq!(of_job(Some("beta"), 1), [start(1, "beta")]);
    assert_eq!(of_job(Some("alpha"), 2), [start(2, "alpha")]);
    assert!(of_job(Some("gamma"), 1).is_empty());
    assert!(of_job(None, 3).is_empty());
    let kinds: Vec<RefusedKind> = of_job(None, 1).iter().map(|request| request.kind).collect();
    let (starts, stops) = (RefusedKind::StartJob, RefusedKind::StopJob);
    assert_eq!(kinds, [starts, starts, stops, stops], "on any cluster, and on none");
}

fn a_removed_request_is_gone(store: &StoreUnderTest) {
    keep(store, start(1, "alpha"));
    keep(store, start(2, "alpha"));
    let id = kept(store).first().unwrap().id;
    assert!(remove(store, id));
    assert_eq!(store.ports.find_refused(id).unwrap(), None);
    let entries = store.audit_entries();
    assert_eq!(entries.first().unwrap().action, AuditAction::DropQuarantined);
    assert!(!remove(store, id), "again");
    assert_eq!(store.audit_entries(), entries);
    assert_eq!(kept(store).len(), 1);
    keep(store, start(1, "alpha"));
    assert_eq!(kept(store).len(), 2, "it can come again");
}

fn numbers_are_not_used_again(store: &StoreUnderTest) {
    keep(store, start(1, "alpha"));
    let first = kept(store).pop().unwrap().id;
    remove(store, first);
    keep(store, start(2, "alpha"));
    assert!(kept(store).pop().unwrap().id > first);
}

fn pages_join_into_the_list(store: &StoreUnderTest) {
    for job_id in 1..=5 {
        keep(store, start(job_id, "alpha"));
    }
    let mut joined = Vec::new();
    for offset in (0..7).step_by(2) {
        let page = store.ports.list_refused(Page { offset, limit: 2 }).unwrap();
        assert_eq!(page.total, 5);
        joined.extend(page.requests.into_iter().map(|known| known.request.job.job_id));
    }
    assert_eq!(joined, [1, 2, 3, 4, 5]);
    let past = store.ports.list_refused(Page { offset: u64::MAX, limit: u64::MAX }).unwrap();
    assert_eq!((past.requests.len(), past.total), (0, 5));
}

fn odd_texts_are_kept(store: &StoreUnderTest) {
    for odd in ["o'hara' OR '1'='1", "100% _", "\"a\" \\ \n", "\u{1f680}\u{10ffff}", "; DROP TABLE job --"] {
        let text = || odd.to_owned();
        let sent = NewRefusedRequest { username: text(), reason: text(), body: text(), ..start(1, odd) };
        keep(store, sent.clone());
        let found = store.ports.refused_of_job(Some(odd), 1).unwrap();
        let requests: Vec<_> = found.into_iter().map(|known| known.request).collect();
        assert_eq!(requests, [sent]);
    }
    let long = NewRefusedRequest { body: "x".repeat(1_000_000), ..start(2, "alpha") };
    keep(store, long.clone());
    assert_eq!(kept(store).pop().unwrap().request, long);
}
