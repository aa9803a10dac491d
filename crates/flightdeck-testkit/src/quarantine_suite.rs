//! What every quarantine of refused requests has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, audit_entry};
use crate::store_under_test::{ALL, StoreUnderTest, newest};
use crate::wait;
use flightdeck_model::{
    AuditAction, JobChangeError, JobEnd, JobKey, JobMatch, JobState, Keeping, KeptRequest,
    LISTED_BODY_BYTES_MAX, NewRefusedRequest, Page, QuarantineRoom, RefusedKind, RefusedRequest, SAME_JOB_S,
    UnixTime,
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
    a_start_within_a_day_is_a_repetition(&make());
    what_is_known_is_not_kept(&make());
    a_full_quarantine_keeps_no_more(&make());
    long_bodies_fill_it_too(&make());
    long_bodies_are_not_listed(&make());
    requests_of_a_job_are_found(&make());
    a_stop_waits_for_the_start_that_is_kept(&make());
    stops_of_running_jobs_are_found(&make());
    a_job_with_a_kept_stop_is_not_overdue(&make());
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

const ROOM: QuarantineRoom = QuarantineRoom { requests: 1000, body_kib: 10_000 };

fn try_to_keep(store: &StoreUnderTest, request: NewRefusedRequest, room: QuarantineRoom) -> Keeping {
    let audit = audit_entry(AuditAction::StartJob, "refused");
    wait(store.ports.keep(request, room, audit)).unwrap()
}

#[track_caller]
fn keep_in(store: &StoreUnderTest, request: NewRefusedRequest, room: QuarantineRoom) -> bool {
    match try_to_keep(store, request, room) {
        Keeping::Kept => true,
        Keeping::Full => false,
        Keeping::Known(known) => panic!("{known}"),
    }
}

fn keep_at_most(store: &StoreUnderTest, request: NewRefusedRequest, most: u64) -> bool {
    keep_in(store, request, QuarantineRoom { requests: most, ..ROOM })
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
    let a_stop = NewRefusedRequest { kind: RefusedKind::StopJob, ..first.clone() };
    let unnamed_start = JobMatch { start_time: None, ..first.job.clone() };
    for request in [
        first.clone(),
        a_stop.clone(),
        NewRefusedRequest { event_time: UnixTime(FIRST_START + 2), ..a_stop.clone() },
        NewRefusedRequest { job: unnamed_start, ..a_stop },
        NewRefusedRequest { job: JobMatch { job_id: 2, ..first.job.clone() }, ..first.clone() },
        NewRefusedRequest { job: JobMatch { cluster: named("beta"), ..first.job.clone() }, ..first.clone() },
        NewRefusedRequest { job: JobMatch { cluster: None, ..first.job.clone() }, ..first },
    ] {
        keep(store, request);
    }
    assert_eq!(kept(store).len(), 7);
}

fn a_start_within_a_day_is_a_repetition(store: &StoreUnderTest) {
    let first = start(1, "alpha");
    let started = |seconds: i64| {
        let start_time = UnixTime(first.event_time.0 + seconds);
        let job = JobMatch { start_time: Some(start_time), ..first.job.clone() };
        NewRefusedRequest { event_time: start_time, job, ..first.clone() }
    };
    keep(store, first.clone());
    keep(store, started(SAME_JOB_S - 1));
    keep(store, started(1 - SAME_JOB_S));
    assert_eq!(kept(store).len(), 1);
    keep(store, started(SAME_JOB_S));
    keep(store, started(-SAME_JOB_S));
    assert_eq!(kept(store).len(), 3);
}

fn what_is_known_is_not_kept(store: &StoreUnderTest) {
    for job_id in [1, 2] {
        store.start(archived_job(job_id).cluster("alpha").start(FIRST_START).as_started()).unwrap();
    }
    store.stop(newest(2), JobState::Completed, FIRST_START + 60).unwrap();
    let before = store.audit_entries();
    let again = try_to_keep(store, start(1, "alpha"), ROOM);
    assert!(matches!(again, Keeping::Known(JobChangeError::Duplicate { .. })), "{again:?}");
    let ended = try_to_keep(store, stop(2), ROOM);
    assert!(matches!(ended, Keeping::Known(JobChangeError::NotRunning { .. })), "{ended:?}");
    assert!(kept(store).is_empty());
    assert_eq!(store.audit_entries(), before);

    keep(store, start(1, "beta"));
    keep(store, stop(1));
    let later = UnixTime(FIRST_START + SAME_JOB_S);
    let job = JobMatch { start_time: Some(later), ..start(2, "alpha").job };
    keep(store, NewRefusedRequest { event_time: later, job, ..start(2, "alpha") });
    keep(store, NewRefusedRequest { event_time: UnixTime(later.0 + 60), ..stop(2) });
    assert_eq!(kept(store).len(), 4, "other jobs, one that runs, and a stop of a later start that is kept");
}

fn long_bodies_fill_it_too(store: &StoreUnderTest) {
    let room = QuarantineRoom { body_kib: 10, ..ROOM };
    let long = |job_id, bytes| NewRefusedRequest { body: "x".repeat(bytes), ..start(job_id, "alpha") };
    assert!(keep_in(store, long(1, 6 * 1024), room));
    assert!(!keep_in(store, long(2, 4 * 1024 + 1), room));
    assert!(keep_in(store, long(2, 4 * 1024), room));
    assert!(!keep_in(store, long(3, 1), room));
    assert_eq!(kept(store).len(), 2);
}

fn long_bodies_are_not_listed(store: &StoreUnderTest) {
    let bodies = ["x".repeat(LISTED_BODY_BYTES_MAX), "y".repeat(LISTED_BODY_BYTES_MAX + 1)];
    for (job_id, body) in (1..).zip(&bodies) {
        keep(store, NewRefusedRequest { body: body.clone(), ..start(job_id, "alpha") });
    }
    let listed = kept(store);
    let shown: Vec<&str> = listed.iter().map(|kept| kept.request.body.as_str()).collect();
    assert_eq!(shown, [bodies.first().unwrap().as_str(), ""]);
    for (known, body) in listed.iter().zip(bodies) {
        assert_eq!(store.ports.find_refused(known.id).unwrap().unwrap().request.body, body);
    }
}

fn stop_unless_kept(store: &StoreUnderTest, job: JobMatch, stop_s: i64) -> Result<JobKey, JobChangeError> {
    let end = JobEnd { job, state: JobState::Completed, stop_time: UnixTime(stop_s) };
    let audit = audit_entry(AuditAction::StopJob, "job");
    wait(store.ports.stop_job_unless_start_is_kept(end, audit)).map(|ended| ended.key)
}

fn a_stop_waits_for_the_start_that_is_kept(store: &StoreUnderTest) {
    let kept_s = start(1, "alpha").event_time.0;
    keep(store, start(1, "alpha"));
    let request = kept(store).pop().unwrap().id;
    store.start(archived_job(1).cluster("alpha").start(kept_s - 2 * SAME_JOB_S).as_started()).unwrap();
    let on = |cluster: &str| JobMatch { cluster: Some(cluster.to_owned()), ..newest(1) };
    for job in [newest(1), on("alpha"), JobMatch { start_time: Some(UnixTime(kept_s)), ..newest(1) }] {
        let waits = stop_unless_kept(store, job, kept_s + 60);
        assert!(
            matches!(waits, Err(JobChangeError::StartKept { request: id }) if id == request),
            "{waits:?}"
        );
    }
    assert_eq!(store.job(1).state, JobState::Running);
    let asked = |stop_s: i64| store.ports.start_kept_for(&newest(1), UnixTime(stop_s)).unwrap();
    assert_eq!((asked(kept_s - 1), asked(kept_s)), (None, Some(request)), "asked without a change");
    let elsewhere = stop_unless_kept(store, on("beta"), kept_s + 60);
    assert!(matches!(elsewhere, Err(JobChangeError::NotFound)), "{elsewhere:?}");
    assert_eq!(
        stop_unless_kept(store, newest(1), kept_s - 60).unwrap().job_id,
        1,
        "it ended before that start"
    );
    let later_s = kept_s + 2 * SAME_JOB_S;
    store.start(archived_job(1).cluster("alpha").start(later_s).as_started()).unwrap();
    let newer = stop_unless_kept(store, newest(1), later_s + 60).unwrap();
    assert_eq!(newer.start_time, UnixTime(later_s), "a job that began after the kept start");
}

fn stops_of_running_jobs_are_found(store: &StoreUnderTest) {
    let named = |cluster: &str| NewRefusedRequest {
        job: JobMatch { cluster: Some(cluster.to_owned()), ..newest(3) },
        ..stop(3)
    };
    for request in [stop(1), stop(2), named("alpha"), named("beta"), start(4, "alpha"), stop(5)] {
        keep(store, request);
    }
    let wrong_start = JobMatch { start_time: Some(UnixTime(FIRST_START + 1)), ..newest(3) };
    keep(store, NewRefusedRequest { job: wrong_start, ..stop(3) });
    assert!(store.ports.kept_stops_of_running_jobs(10).unwrap().is_empty());
    for job_id in [2, 3] {
        store.start(archived_job(job_id).cluster("alpha").start(FIRST_START).as_started()).unwrap();
    }
    store.start(archived_job(5).cluster("alpha").start(FIRST_START + 7200).as_started()).unwrap();
    let all = kept(store);
    let expected: Vec<i64> = [1, 2].iter().map(|place| all.get(*place).unwrap().id).collect();
    assert_eq!(store.ports.kept_stops_of_running_jobs(10).unwrap(), expected);
    assert_eq!(store.ports.kept_stops_of_running_jobs(1).unwrap(), expected.get(..1).unwrap());
}

fn a_job_with_a_kept_stop_is_not_overdue(store: &StoreUnderTest) {
    for job_id in [1, 2] {
        let job = archived_job(job_id).cluster("alpha").start(FIRST_START).as_started();
        store.start(flightdeck_model::NewJob { walltime_s: 60, ..job }).unwrap();
    }
    keep(store, stop(1));
    let audit = audit_entry(AuditAction::StopJob, "overdue jobs");
    let ended = wait(store.ports.stop_overdue(UnixTime(PRESENT), 0, 10, audit)).unwrap();
    assert_eq!(ended.iter().map(|job| job.job_id).collect::<Vec<_>>(), [2]);
    assert_eq!(store.job(1).state, JobState::Running);
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
    let kept_briefs: Vec<KeptRequest> = kept(store).iter().map(RefusedRequest::brief).collect();
    let of_job = |job_id| store.ports.kept_of_job(job_id).unwrap();
    let in_this_order: Vec<_> = [3, 4, 0, 1].iter().map(|place| kept_briefs.get(*place).unwrap()).collect();
    assert_eq!(of_job(1).iter().collect::<Vec<_>>(), in_this_order, "starts before stops");
    assert_eq!(of_job(2), kept_briefs.get(2..3).unwrap());
    assert!(of_job(3).is_empty());
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
        assert_eq!(kept(store).pop().unwrap().request, sent);
    }
    let long = NewRefusedRequest { body: "x".repeat(1_000_000), ..start(2, "alpha") };
    keep(store, long.clone());
    let id = kept(store).pop().unwrap().id;
    assert_eq!(store.ports.find_refused(id).unwrap().unwrap().request, long);
}
