//! How often the archive is asked for metric data, and that nobody gets a wrong answer for it.

use crate::world::{World, metric, put_data};
use flightdeck_model::{
    ArchiveEntry, DataStamp, FinishedJob, JobArchive, JobData, JobKey, JobLabels, JobRecord, LoadedClusters,
    MetricScope, PortError, PortErrorKind, ResampleMethod,
};
use flightdeck_service::{
    EncodedMetrics, MetricRequest, MetricShape, Parts, ServiceError, Services, Settings,
};
use flightdeck_testkit::{MemoryArchive, archived_job};
use rstest::rstest;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};

const ASKERS: usize = 8;

/// An archive that counts how often data are loaded. With a gate, loading waits until all askers have come.
#[derive(Debug)]
struct WatchedArchive {
    inner: Arc<MemoryArchive>,
    loads: AtomicUsize,
    gate: Option<Mutex<Receiver<()>>>,
}

impl WatchedArchive {
    fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

impl JobArchive for WatchedArchive {
    fn load_clusters(&self) -> Result<LoadedClusters, PortError> {
        self.inner.load_clusters()
    }

    fn list_jobs(&self) -> Result<Vec<String>, PortError> {
        self.inner.list_jobs()
    }

    fn read_meta(&self, location: &str) -> ArchiveEntry {
        self.inner.read_meta(location)
    }

    fn data_stamp(&self, key: &JobKey) -> Result<Option<DataStamp>, PortError> {
        self.inner.data_stamp(key)
    }

    fn load_data(&self, key: &JobKey) -> Result<Option<JobData>, PortError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = &self.gate {
            // Ends early when all senders are gone: a second load has nobody to wait for.
            gate.lock().unwrap().iter().take(ASKERS).for_each(drop);
        }
        self.inner.load_data(key)
    }

    fn store_job(&self, job: &FinishedJob, data: &JobData) -> Result<i64, PortError> {
        self.inner.store_job(job, data)
    }

    fn write_labels(&self, key: &JobKey, labels: &JobLabels) -> Result<Option<i64>, PortError> {
        self.inner.write_labels(key, labels)
    }

    fn remove_job(&self, key: &JobKey) -> Result<bool, PortError> {
        self.inner.remove_job(key)
    }
}

/// Services on an archive of jobs 1 to 3, in which each job has data of its own.
struct Cached {
    services: Services,
    watched: Arc<WatchedArchive>,
    world: World,
}

impl Cached {
    fn new(settings: Settings) -> Self {
        Self::build(settings, None)
    }

    fn with_gate() -> (Self, Sender<()>) {
        let (sender, receiver) = channel();
        (Self::build(Settings::default(), Some(Mutex::new(receiver))), sender)
    }

    fn build(settings: Settings, gate: Option<Mutex<Receiver<()>>>) -> Self {
        let world = World::with_jobs((1..=3).map(archived_job));
        (1..=3).for_each(|number| put_samples(&world, number));
        let watched =
            Arc::new(WatchedArchive { inner: world.archive.clone(), loads: AtomicUsize::new(0), gate });
        let services = Services::new(Parts { archive: watched.clone(), settings, ..world.parts() });
        Self { services, watched, world }
    }

    fn job(&self) -> JobRecord {
        self.world.job(1)
    }

    fn ask(&self, metrics: &[&str]) -> Result<EncodedMetrics, ServiceError> {
        self.services.job_metrics(&self.job(), &request(metrics))
    }
}

/// Sample i of job n is 1000 × n + i.
fn put_samples(world: &World, job_id: i64) {
    let first = f64::from(i32::try_from(1000 * job_id).unwrap());
    let samples: Vec<f64> = (0..200).map(|i| first + f64::from(i)).collect();
    let one = metric(&[("a001", None, &samples)]);
    let metrics = ["cpu_load", "mem_used"].map(|name| (name, MetricScope::Node, one.clone()));
    put_data(&world.archive, &world.job(job_id).key, &metrics);
}

fn request(metrics: &[&str]) -> MetricRequest {
    MetricRequest {
        metrics: metrics.iter().map(|&name| name.to_owned()).collect(),
        scopes: Vec::new(),
        resolution_s: None,
        max_points: None,
        method: ResampleMethod::Lttb,
        shape: MetricShape::List,
    }
}

fn decoded(answer: &EncodedMetrics) -> Value {
    serde_json::from_slice(&answer.0).unwrap()
}

fn is_corrupt(answer: &Result<EncodedMetrics, ServiceError>) -> bool {
    matches!(answer, Err(ServiceError::Port(error)) if error.kind == PortErrorKind::Corrupt)
}

#[test]
fn the_same_answer_is_made_once() {
    let cached = Cached::new(Settings::default());
    let first = cached.ask(&[]).unwrap();
    let second = cached.ask(&[]).unwrap();
    assert_eq!(first.0.as_ptr(), second.0.as_ptr(), "it is the same piece of memory");
    assert_eq!(cached.watched.loads(), 1);
}

#[test]
fn decoded_data_serve_another_request() {
    let cached = Cached::new(Settings::default());
    for (metrics, shown) in [(&["cpu_load"][..], 1), (&["mem_used"], 1), (&[], 2), (&["neither"], 0)] {
        let answer = decoded(&cached.ask(metrics).unwrap());
        assert_eq!(answer.as_array().unwrap().len(), shown, "{metrics:?}");
    }
    assert_eq!(cached.watched.loads(), 1);
}

#[test]
fn jobs_and_requests_are_not_mixed_up() {
    let cached = Cached::new(Settings::default());
    for _ in 0..2 {
        for number in 1..=3_i64 {
            for (points, length) in [(None, 200), (Some(50), 50), (Some(20), 20)] {
                let wanted = MetricRequest { max_points: points, ..request(&["cpu_load"]) };
                let answer = cached.services.job_metrics(&cached.world.job(number), &wanted).unwrap();
                let samples = &decoded(&answer)[0]["metric"]["series"][0]["data"];
                assert_eq!(samples[0], f64::from(i32::try_from(1000 * number).unwrap()));
                assert_eq!(samples.as_array().unwrap().len(), length);
            }
        }
    }
    assert_eq!(cached.watched.loads(), 3);
}

#[rstest]
#[case::the_same(&["cpu_load"])]
#[case::different_metrics(&["cpu_load", "mem_used"])]
fn many_who_ask_at_once_load_once(#[case] metrics: &[&str]) {
    let (cached, sender) = Cached::with_gate();
    let job = cached.job();
    let barrier = Barrier::new(ASKERS);
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKERS)
            .map(|number| {
                let sender = sender.clone();
                let (job, services, barrier) = (&job, &cached.services, &barrier);
                let wanted = request(&[metrics[number % metrics.len()]]);
                scope.spawn(move || {
                    barrier.wait();
                    sender.send(()).unwrap();
                    drop(sender);
                    decoded(&services.job_metrics(job, &wanted).unwrap())
                })
            })
            .collect();
        drop(sender);
        askers.into_iter().map(|asker| asker.join().unwrap()).collect()
    });
    assert_eq!(cached.watched.loads(), 1);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer[0]["name"], metrics[number % metrics.len()]);
        assert_eq!(answer[0]["metric"]["series"][0]["data"][7], 1007.0);
    }
}

#[test]
fn a_failure_is_told_to_all_who_ask_at_once_and_then_forgotten() {
    let (cached, sender) = Cached::with_gate();
    let job = cached.job();
    cached.world.archive.damage_data(job.key.clone(), "cut off");
    std::thread::scope(|scope| {
        for _ in 0..ASKERS {
            let sender = sender.clone();
            let (job, services) = (&job, &cached.services);
            scope.spawn(move || {
                sender.send(()).unwrap();
                drop(sender);
                assert!(is_corrupt(&services.job_metrics(job, &request(&["cpu_load"]))));
            });
        }
        drop(sender);
    });
    put_samples(&cached.world, 1);
    assert_eq!(decoded(&cached.ask(&[]).unwrap()).as_array().unwrap().len(), 2);
}

#[test]
fn damaged_data_are_read_again_once_they_are_mended() {
    let cached = Cached::new(Settings::default());
    cached.world.archive.damage_data(cached.job().key, "cut off");
    for loads in 1..=2 {
        assert!(is_corrupt(&cached.ask(&[])));
        assert_eq!(cached.watched.loads(), loads);
    }
    put_samples(&cached.world, 1);
    assert!(cached.ask(&[]).is_ok());
}

#[test]
fn absent_data_are_looked_for_again() {
    let cached = Cached::new(Settings::default());
    cached.world.archive_jobs([archived_job(4)]);
    cached.world.import();
    let job = cached.world.job(4);
    let ask = || cached.services.job_metrics(&job, &request(&[]));
    assert!(matches!(ask(), Err(ServiceError::NotFound(_))));
    put_samples(&cached.world, 4);
    assert_eq!(decoded(&ask().unwrap())[0]["metric"]["series"][0]["data"][0], 4000.0);
}

#[rstest]
fn answers_are_right_however_little_is_kept(
    #[values(0, 1, 3000)] encoded_cache_bytes: u64,
    #[values(0, 1, 5000)] decoded_cache_bytes: u64,
) {
    let settings = Settings { encoded_cache_bytes, decoded_cache_bytes, ..Settings::default() };
    let (tiny, roomy) = (Cached::new(settings), Cached::new(Settings::default()));
    for _ in 0..5 {
        for number in 1..=3 {
            for metrics in [&["cpu_load"][..], &["mem_used"], &[]] {
                let answers = [&tiny, &roomy].map(|cached| {
                    let job = cached.world.job(number);
                    decoded(&cached.services.job_metrics(&job, &request(metrics)).unwrap())
                });
                assert_eq!(answers[0], answers[1]);
            }
        }
    }
    assert_eq!(roomy.watched.loads(), 3);
}
