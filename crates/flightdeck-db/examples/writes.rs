//! How fast jobs start and stop: `cargo run --release -p flightdeck-db --example writes -- 20000 16 50000`
//! (jobs in the table before, changes under way at once, changes), in a temporary folder or, as a fourth argument,
//! at a path or URL.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use flightdeck_db::{Database, DatabaseLocation, DatabaseOptions};
use flightdeck_model::{
    ArchivedJob, AuditAction, AuditEntry, AuditOutcome, JobChangeError, JobChanges, JobEnd, JobKey, JobMatch,
    JobRepository, JobState, MonitoringStatus, NewJob, Origin, PortFuture, Resource, Shared, UnixTime,
};
use flightdeck_testkit::archived_job;
use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::time::Instant;

const NOW: i64 = 1_760_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: i64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (present, under_way, changes) = (number(20_000)?, number(16)?, number(50_000)?);
    let folder = tempfile::tempdir()?;
    let location = match arguments.next() {
        Some(text) => DatabaseLocation::parse(&text),
        None => DatabaseLocation::Sqlite(folder.path().join("jobs.db")),
    };
    let database = Database::open_at(&location, &DatabaseOptions::default())?;
    let archived: Vec<ArchivedJob> = (0..present).map(|job| archived_job(job + 1).build()).collect();
    for some in archived.chunks(1000) {
        database.import_jobs(some)?;
    }
    measure("start", changes, under_way, |number| {
        let (job, audit) = new_job(number);
        database.start_job(job, audit)
    })?;
    measure("stop", changes, under_way, |number| {
        let job =
            JobMatch { job_id: 5_000_000 + number, cluster: Some("aurora".to_owned()), start_time: None };
        let end = JobEnd { job, state: JobState::Completed, stop_time: UnixTime(NOW + 600) };
        database.stop_job(end, audit(AuditAction::StopJob, String::new()))
    })?;
    Ok(())
}

fn measure<T>(
    what: &str,
    changes: i64,
    under_way: i64,
    mut begin: impl FnMut(i64) -> PortFuture<Result<T, JobChangeError>>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let mut waiting = VecDeque::new();
    for number in 0..changes {
        waiting.push_back(begin(number));
        if i64::try_from(waiting.len())? == under_way {
            // Those that were committed together are answered together: take them all, then begin as many.
            for change in waiting.drain(..) {
                futures_executor::block_on(change)?;
            }
        }
    }
    for change in waiting {
        futures_executor::block_on(change)?;
    }
    let elapsed = start.elapsed();
    let rate = f64::from(u32::try_from(changes)?) / elapsed.as_secs_f64();
    println!("{what}: {changes} in {elapsed:.2?}, {rate:.0}/s");
    Ok(())
}

fn new_job(number: i64) -> (NewJob, AuditEntry) {
    let key = JobKey { cluster: "aurora".to_owned(), job_id: 5_000_000 + number, start_time: UnixTime(NOW) };
    let entry = audit(AuditAction::StartJob, key.to_string());
    let job = NewJob {
        key,
        subcluster: "milan".to_owned(),
        user: format!("user{:03}", number % 60),
        project: format!("proj{:02}", number % 17),
        partition: "main".to_owned(),
        array_job_id: 0,
        num_nodes: 1,
        num_hwthreads: 128,
        num_acc: 0,
        shared: Shared::None,
        smt: 1,
        walltime_s: 3600,
        requested_memory_mb: 0,
        submit_time: UnixTime(0),
        monitoring_status: MonitoringStatus::Disabled,
        resources: vec![Resource { hostname: format!("a{:04}", 1 + number % 256), ..Resource::default() }],
        meta_data: BTreeMap::from([("jobName".to_owned(), "bench".to_owned())]),
        tags: Vec::new(),
    };
    (job, entry)
}

fn audit(action: AuditAction, object: String) -> AuditEntry {
    AuditEntry {
        time: UnixTime(NOW),
        origin: Origin {
            username: "slurm".to_owned(),
            address: "10.0.0.1".to_owned(),
            request_id: "1".to_owned(),
        },
        action,
        object,
        outcome: AuditOutcome::Done,
        detail: String::new(),
    }
}
