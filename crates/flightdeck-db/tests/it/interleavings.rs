//! Eight threads start, stop, tag and delete the same few jobs at random. Whatever happens at the same time has to look
//! as if it had happened one after the other: the audit log gives the order, and a plain model, run in that order,
//! must accept what was accepted, with the same answers, and end in the same state. What was refused must have been
//! wrong at some moment between its beginning and its end.

use crate::store::TestStore;
use flightdeck_db::Database;
use flightdeck_model::{
    AuditAction, AuditEntry, AuditFilter, AuditLog, AuditOutcome, JobChangeError, JobChanges, JobDbId,
    JobEnd, JobKey, JobMatch, JobRepository, JobState, JobVisibility, MonitoringStatus, NewJob, Origin, Page,
    Resource, Shared, Tag, TagVisibility, UnixTime, WhichJob,
};
use futures_executor::block_on;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const DAY_S: i64 = 86_400;
const T: i64 = 1_760_000_000;
const THREADS: usize = 8;

#[derive(Debug, Clone)]
enum Operation {
    Start { job_id: i64, start: i64 },
    Stop { job_id: i64, start: Option<i64>, stop: i64 },
    Tag { id: i64, name: u8 },
    Delete { job_id: i64 },
    DeleteBefore { time: i64, include_running: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Id(i64),
    Duration(i64),
    Count(u64),
    NotFound,
    Duplicate,
    NotRunning,
    StopBeforeStart,
}

impl Answer {
    fn is_refusal(&self) -> bool {
        matches!(self, Self::NotFound | Self::Duplicate | Self::NotRunning | Self::StopBeforeStart)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ModelJob {
    job_id: i64,
    start: i64,
    duration: Option<i64>,
    tags: BTreeSet<u8>,
}

#[derive(Debug, Clone, Default)]
struct Model {
    last_id: i64,
    jobs: BTreeMap<i64, ModelJob>,
}

impl Model {
    fn newest(&self, job_id: i64, start: Option<i64>) -> Option<i64> {
        let fits = |job: &ModelJob| job.job_id == job_id && start.is_none_or(|start| start == job.start);
        let found = self.jobs.iter().filter(|(_, job)| fits(job));
        found.max_by_key(|(id, job)| (job.start, **id)).map(|(id, _)| *id)
    }

    fn apply(&mut self, operation: &Operation) -> Answer {
        match *operation {
            Operation::Start { job_id, start } => {
                let same = |job: &ModelJob| job.job_id == job_id && (job.start - start).abs() < DAY_S;
                if self.jobs.values().any(same) {
                    return Answer::Duplicate;
                }
                self.last_id += 1;
                let job = ModelJob { job_id, start, duration: None, tags: BTreeSet::new() };
                self.jobs.insert(self.last_id, job);
                Answer::Id(self.last_id)
            }
            Operation::Stop { job_id, start, stop } => {
                let found = self.newest(job_id, start).and_then(|id| self.jobs.get_mut(&id));
                match found {
                    None => Answer::NotFound,
                    Some(job) if job.duration.is_some() => Answer::NotRunning,
                    Some(job) if stop < job.start => Answer::StopBeforeStart,
                    Some(job) => {
                        job.duration = Some(stop - job.start);
                        Answer::Duration(stop - job.start)
                    }
                }
            }
            Operation::Tag { id, name } => match self.jobs.get_mut(&id) {
                None => Answer::NotFound,
                Some(job) => {
                    job.tags.insert(name);
                    Answer::Id(id)
                }
            },
            Operation::Delete { job_id } => match self.newest(job_id, None) {
                None => Answer::NotFound,
                Some(id) => {
                    self.jobs.remove(&id);
                    Answer::Id(id)
                }
            },
            Operation::DeleteBefore { time, include_running } => {
                let before = self.jobs.len();
                self.jobs.retain(|_, job| job.start >= time || (job.duration.is_none() && !include_running));
                Answer::Count((before - self.jobs.len()) as u64)
            }
        }
    }
}

fn operation() -> impl Strategy<Value = Operation> {
    let job_id = 1..4_i64;
    let start = prop_oneof![Just(T), Just(T + 1), Just(T + DAY_S - 1), Just(T + DAY_S), Just(T + 3 * DAY_S)];
    let stop = prop_oneof![Just(T - 1), Just(T), Just(T + 600), Just(T + 4 * DAY_S)];
    prop_oneof![
        5 => (job_id.clone(), start.clone()).prop_map(|(job_id, start)| Operation::Start { job_id, start }),
        5 => (job_id.clone(), proptest::option::of(start.clone()), stop)
            .prop_map(|(job_id, start, stop)| Operation::Stop { job_id, start, stop }),
        3 => (1..12_i64, 0..4_u8).prop_map(|(id, name)| Operation::Tag { id, name }),
        2 => job_id.prop_map(|job_id| Operation::Delete { job_id }),
        1 => (start, any::<bool>())
            .prop_map(|(time, include_running)| Operation::DeleteBefore { time, include_running }),
    ]
}

fn audit(action: AuditAction, number: usize) -> AuditEntry {
    AuditEntry {
        time: UnixTime(T),
        origin: Origin { request_id: number.to_string(), ..Origin::default() },
        action,
        object: String::new(),
        outcome: AuditOutcome::Done,
        detail: String::new(),
    }
}

fn run(database: &Database, operation: &Operation, number: usize) -> Answer {
    let newest = |job_id, start: Option<i64>| JobMatch {
        job_id,
        cluster: Some("aurora".to_owned()),
        start_time: start.map(UnixTime),
    };
    let outcome = match *operation {
        Operation::Start { job_id, start } => {
            let started = database.start_job(new_job(job_id, start), audit(AuditAction::StartJob, number));
            block_on(started).map(|id| Answer::Id(id.0))
        }
        Operation::Stop { job_id, start, stop } => {
            let end =
                JobEnd { job: newest(job_id, start), state: JobState::Completed, stop_time: UnixTime(stop) };
            let stopped = database.stop_job(end, audit(AuditAction::StopJob, number));
            block_on(stopped).map(|job| Answer::Duration(job.duration_s))
        }
        Operation::Tag { id, name } => {
            let tag = Tag {
                id: 0,
                tag_type: "mark".to_owned(),
                name: name.to_string(),
                scope: "global".to_owned(),
            };
            let entry = audit(AuditAction::TagJob, number);
            let tagged = database.add_tags(JobDbId(id), JobVisibility::All, vec![tag], entry);
            block_on(tagged).map(|job| Answer::Id(job.id.0))
        }
        Operation::Delete { job_id } => {
            let which = WhichJob::Match(newest(job_id, None));
            let deleted = database.delete_job(which, true, audit(AuditAction::DeleteJob, number));
            block_on(deleted).map(|id| Answer::Id(id.0))
        }
        Operation::DeleteBefore { time, include_running } => {
            let which = flightdeck_model::DeleteBefore {
                started_before: UnixTime(time),
                omit_tagged: flightdeck_model::OmitTagged::None,
                include_running,
                with_archive: true,
            };
            let entry = audit(AuditAction::DeleteJobsBefore, number);
            Ok(Answer::Count(block_on(database.delete_jobs_before(which, entry)).unwrap()))
        }
    };
    match outcome {
        Ok(answer) => answer,
        Err(JobChangeError::NotFound) => Answer::NotFound,
        Err(JobChangeError::Duplicate { .. }) => Answer::Duplicate,
        Err(JobChangeError::NotRunning { .. }) => Answer::NotRunning,
        Err(JobChangeError::StopBeforeStart { .. }) => Answer::StopBeforeStart,
        Err(other) => panic!("{operation:?}: {other}"),
    }
}

fn new_job(job_id: i64, start: i64) -> NewJob {
    NewJob {
        key: JobKey { cluster: "aurora".to_owned(), job_id, start_time: UnixTime(start) },
        subcluster: "milan".to_owned(),
        user: "mona".to_owned(),
        project: "proj".to_owned(),
        partition: String::new(),
        array_job_id: 0,
        num_nodes: 1,
        num_hwthreads: 0,
        num_acc: 0,
        shared: Shared::None,
        smt: 0,
        walltime_s: 0,
        requested_memory_mb: 0,
        submit_time: UnixTime(0),
        monitoring_status: MonitoringStatus::RunningOrArchiving,
        resources: vec![Resource { hostname: "a0001".to_owned(), ..Resource::default() }],
        meta_data: BTreeMap::new(),
        tags: Vec::new(),
    }
}

/// One operation as a thread saw it: how many changes were in the log before it and after it, and its answer.
struct Seen {
    number: usize,
    operation: Operation,
    before: usize,
    after: usize,
    answer: Answer,
}

fn entries(database: &Database) -> usize {
    let page = database.list_entries(&AuditFilter::default(), Page { offset: 0, limit: 1 }).unwrap();
    usize::try_from(page.total).unwrap()
}

fn run_all(database: &Database, operations: &[Vec<Operation>]) -> Vec<Seen> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = operations
            .iter()
            .enumerate()
            .map(|(thread, of_thread)| {
                scope.spawn(move || {
                    let one = |(index, operation): (usize, &Operation)| {
                        let number = index * THREADS + thread;
                        let before = entries(database);
                        let answer = run(database, operation, number);
                        let after = entries(database);
                        Seen { number, operation: operation.clone(), before, after, answer }
                    };
                    of_thread.iter().enumerate().map(one).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn check(database: &Database, seen: &[Seen]) {
    let newest_first =
        database.list_entries(&AuditFilter::default(), Page { offset: 0, limit: 1_000_000 }).unwrap().entries;
    let order: Vec<usize> =
        newest_first.iter().rev().map(|recorded| recorded.entry.origin.request_id.parse().unwrap()).collect();
    let by_number: BTreeMap<usize, &Seen> = seen.iter().map(|one| (one.number, one)).collect();
    let accepted = seen.iter().filter(|one| !one.answer.is_refusal()).count();
    assert_eq!(order.len(), accepted, "each accepted change has one entry, a refused one has none");

    let mut model = Model::default();
    let mut states = vec![model.clone()];
    for number in &order {
        let one = by_number[number];
        assert_eq!(model.apply(&one.operation), one.answer, "{:?}", one.operation);
        states.push(model.clone());
    }
    for one in seen.iter().filter(|one| one.answer.is_refusal()) {
        let was_wrong = states[one.before..=one.after]
            .iter()
            .any(|state| state.clone().apply(&one.operation) == one.answer);
        assert!(was_wrong, "{:?} was refused with {:?}, and never wrong so", one.operation, one.answer);
    }
    assert_eq!(stored(database), model.jobs);
    let total = database.list_jobs(&flightdeck_testkit::every_job(), Page { offset: 0, limit: 1 }, false);
    assert_eq!(total.unwrap().total, model.jobs.len() as u64);
}

fn stored(database: &Database) -> BTreeMap<i64, ModelJob> {
    let everything = Page { offset: 0, limit: 10_000 };
    let list = database.list_jobs(&flightdeck_testkit::every_job(), everything, false).unwrap();
    let ids = list.jobs.iter().map(|job| job.id);
    let found = ids.map(|id| {
        let tags = TagVisibility { admin_tags: true, username: String::new() };
        let job = database.find_job(id, &JobVisibility::All, &tags, UnixTime(T)).unwrap().unwrap();
        let duration = (job.state != JobState::Running).then_some(job.duration_s);
        let tags = job.tags.iter().map(|tag| tag.name.parse().unwrap()).collect();
        (id.0, ModelJob { job_id: job.key.job_id, start: job.key.start_time.0, duration, tags })
    });
    found.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_happens_at_once_looks_as_if_it_happened_in_turn(
        operations in proptest::collection::vec(proptest::collection::vec(operation(), 25), THREADS)
    ) {
        let store = TestStore::new();
        let seen = run_all(&store.database, &operations);
        check(&store.database, &seen);
    }
}
