use super::*;
use crate::Server;
use crate::cli::demo::demo_config;
use crate::cli::init;
use flightdeck_archive::{FileArchive, synthetic};
use flightdeck_model::{Clock, JobArchive as _, JobRecord, MonitoringStatus, UnixTime};
use std::fs;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// How long archiving may take, with much to spare.
const PATIENCE: Duration = Duration::from_mins(2);

/// A clock that the test sets, so that a quarter of an hour is over at once.
#[derive(Debug)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::Relaxed))
    }
}

fn live_jobs(services: &Services) -> Vec<JobRecord> {
    let all = ListJobs { items_per_page: 10_000, ..ListJobs::default() };
    let listed = services.list_jobs(&Caller::on_machine().principal, &all).unwrap().jobs;
    listed.into_iter().filter(|job| job.key.job_id >= FIRST_JOB_ID).collect()
}

#[test]
fn jobs_start_and_others_end_and_are_archived() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("demo");
    init::run(&folder).unwrap();
    let archive = folder.join("var/job-archive");
    fs::remove_dir_all(&archive).unwrap();
    synthetic::write(&archive, synthetic::Options { jobs: 2, ..synthetic::Options::default() }).unwrap();
    let mut config = demo_config(&folder).unwrap();
    config.main.addr = "127.0.0.1:0".parse().unwrap();
    let clock = Arc::new(TestClock(AtomicI64::new(1_760_000_000)));
    let builder = Server::builder(config).clock(clock.clone()).workers(NonZeroUsize::MIN);
    let server = builder.start().unwrap();
    let services = server.services();

    let clusters = FileArchive::open(&archive).unwrap().load_clusters().unwrap().clusters;
    let begin_s = clock.now().0;
    let mut room = Room::new(services.clone(), &clusters, begin_s);
    room.fill(begin_s);
    let at_begin = live_jobs(services);
    assert!(!at_begin.is_empty() && at_begin.iter().all(|job| job.state == JobState::Running));

    // Each runs for less than twelve minutes more, and a free place has its turn within this time.
    for _ in 0..60 {
        let now_s = clock.0.fetch_add(15, Ordering::Relaxed) + 15;
        room.tick(now_s);
    }
    let now = live_jobs(services);
    assert!(now.iter().any(|job| job.key.start_time.0 > begin_s), "others have started");
    let first: Vec<_> = now.iter().filter(|job| job.key.start_time.0 <= begin_s).collect();
    assert_eq!(first.len(), at_begin.len());
    assert!(first.iter().all(|job| job.state != JobState::Running), "the first have ended");

    let give_up = Instant::now() + PATIENCE;
    let is_waiting = |job: &JobRecord| job.monitoring_status == MonitoringStatus::RunningOrArchiving;
    let archived = loop {
        let ended: Vec<_> =
            live_jobs(services).into_iter().filter(|job| job.state != JobState::Running).collect();
        if !ended.iter().any(is_waiting) {
            break ended;
        }
        assert!(Instant::now() < give_up, "jobs that have ended are not archived");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(archived.len() >= first.len());
    assert!(archived.iter().all(|job| job.monitoring_status == MonitoringStatus::Archived));
    server.stop().unwrap();
}
