//! The demo's machine room: jobs that start, run and end while somebody looks, with samples as collectors send them.
//!
//! It is a client of the server in the same process: it starts and stops jobs and writes line protocol by the use cases
//! that requests go through.

use flightdeck_model::{
    Aggregation, Cluster, JobFilter, JobState, MetricConfig, MetricScope, StartJobBody, StartResource,
    StopJobBody, SubCluster,
};
use flightdeck_service::{Caller, ListJobs, Services};
use futures_executor::block_on;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How often it is looked what there is to do.
const TICK: Duration = Duration::from_secs(5);
/// Hosts of each subcluster that take part.
const HOSTS_EACH: usize = 6;
/// The first job number of the demo's live jobs; above those of the synthetic archive.
const FIRST_JOB_ID: i64 = 9_000_000;
/// Jobs that run at the start have been running for this long.
const HEAD_START_S: i64 = 1800;
/// How long a job runs that is started while somebody looks: from this on, by steps, in seconds.
const SHORTEST_RUN_S: i64 = 180;

/// The thread that plays the machine room. Stops when it is dropped.
#[derive(Debug)]
pub(super) struct MachineRoom {
    /// Nothing is ever sent: the thread ends when this end is gone.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MachineRoom {
    /// Starts the first jobs, with samples of the time before now, and then the thread.
    pub(super) fn open(
        services: &Services,
        clusters: &[Arc<Cluster>],
        now: fn() -> i64,
    ) -> anyhow::Result<Self> {
        let mut room = Room::new(services.clone(), clusters, now());
        room.end_left_over(now())?;
        room.fill(now());
        let (running, stop) = channel();
        let thread = std::thread::Builder::new()
            .name("flightdeck-demo".to_owned())
            .spawn(move || room.run(&stop, now))?;
        Ok(Self { running: Some(running), thread: Some(thread) })
    }
}

impl Drop for MachineRoom {
    fn drop(&mut self) {
        self.running = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the demo's machine room panicked");
        }
    }
}

/// A place where a job may run: some hosts of one subcluster.
struct Slot {
    cluster: Arc<Cluster>,
    subcluster: String,
    hosts: Vec<String>,
    job: Option<RunningJob>,
}

struct RunningJob {
    job_id: i64,
    start_s: i64,
    end_s: i64,
    /// How hard it works, from 0 to 1.
    intensity: f64,
    /// The newest time of which there are samples, by metric.
    sampled_until_s: BTreeMap<String, i64>,
}

struct Room {
    services: Services,
    slots: Vec<Slot>,
    next_job_id: i64,
}

impl Room {
    fn new(services: Services, clusters: &[Arc<Cluster>], now_s: i64) -> Self {
        let mut slots = Vec::new();
        for cluster in clusters {
            for subcluster in &cluster.subclusters {
                let hosts: Vec<String> = subcluster
                    .nodes
                    .expand(100_000)
                    .unwrap_or_default()
                    .into_iter()
                    .take(HOSTS_EACH)
                    .collect();
                for pair in hosts.chunks(2) {
                    slots.push(Slot {
                        cluster: Arc::clone(cluster),
                        subcluster: subcluster.name.clone(),
                        hosts: pair.to_vec(),
                        job: None,
                    });
                }
            }
        }
        // A demo that is started again in the same folder must not meet its own jobs.
        Self { services, slots, next_job_id: FIRST_JOB_ID + now_s % 900_000_000 }
    }

    /// Ends the jobs of an earlier run, which was ended before they were.
    fn end_left_over(&self, now_s: i64) -> anyhow::Result<()> {
        let caller = Caller::on_machine();
        let filter = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
        let running = ListJobs { filter, items_per_page: 10_000, ..ListJobs::default() };
        for job in self.services.list_jobs(&caller.principal, &running)?.jobs {
            if job.key.job_id < FIRST_JOB_ID {
                continue;
            }
            let body = StopJobBody {
                job_id: Some(job.key.job_id),
                cluster: Some(job.key.cluster.clone()),
                start_time: Some(job.key.start_time.0),
                job_state: Some("cancelled".to_owned()),
                stop_time: Some(now_s),
            };
            block_on(self.services.stop_job(&caller, body))?;
        }
        Ok(())
    }

    /// Lets most places have a job that began a while ago.
    fn fill(&mut self, now_s: i64) {
        for place in 0..self.slots.len() {
            if place % 3 == 2 {
                continue;
            }
            let elapsed_s = HEAD_START_S + 60 * i64::try_from(place).unwrap_or_default();
            self.start(place, now_s - elapsed_s, now_s);
        }
        self.sample(now_s);
    }

    fn run(mut self, stop: &Receiver<()>, now: fn() -> i64) {
        while stop.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            self.tick(now());
        }
    }

    /// Does what there is to do at this time.
    fn tick(&mut self, now_s: i64) {
        self.sample(now_s);
        self.end_jobs(now_s);
        // One place after the other, so that something happens every few ticks.
        let turn = usize::try_from(now_s / 15).unwrap_or_default() % self.slots.len().max(1);
        if self.slots.get(turn).is_some_and(|slot| slot.job.is_none()) {
            self.start(turn, now_s, now_s);
        }
    }

    fn start(&mut self, place: usize, start_s: i64, now_s: i64) {
        let Some(slot) = self.slots.get_mut(place) else { return };
        let job_id = self.next_job_id;
        self.next_job_id += 1;
        let threads = slot.subcluster().map_or(0, |subcluster| subcluster.topology.node.len());
        let accelerators: Vec<String> = slot
            .subcluster()
            .map(|it| it.topology.accelerators.iter().map(|one| one.id.clone()).collect())
            .unwrap_or_default();
        let count = |number: usize| i64::try_from(number).unwrap_or_default();
        let body = StartJobBody {
            job_id,
            cluster: slot.cluster.name.clone(),
            sub_cluster: slot.subcluster.clone(),
            user: format!("user{:03}", job_id % 20),
            project: format!("proj{:02}", job_id % 7),
            partition: "main".to_owned(),
            num_nodes: count(slot.hosts.len()),
            num_hwthreads: count(threads * slot.hosts.len()),
            num_acc: count(accelerators.len() * slot.hosts.len()),
            shared: "none".to_owned(),
            smt: 1,
            walltime: Some(4 * 3600),
            start_time: start_s,
            resources: slot
                .hosts
                .iter()
                .map(|host| StartResource {
                    hostname: host.clone(),
                    accelerators: accelerators.clone(),
                    ..StartResource::default()
                })
                .collect(),
            meta_data: BTreeMap::from([("jobName".to_owned(), "live".to_owned())]),
            ..StartJobBody::default()
        };
        match block_on(self.services.start_job(&Caller::on_machine(), body)) {
            Ok(_id) => {
                let end_s = now_s + SHORTEST_RUN_S + 60 * (job_id % 9);
                let intensity = 0.3 + 0.07 * f64::from(i32::try_from(job_id % 10).unwrap_or_default());
                slot.job =
                    Some(RunningJob { job_id, start_s, end_s, intensity, sampled_until_s: BTreeMap::new() });
            }
            Err(error) => tracing::warn!(error = error.to_string(), "the demo could not start a job"),
        }
    }

    fn end_jobs(&mut self, now_s: i64) {
        for slot in &mut self.slots {
            let Some(job) = slot.job.take_if(|job| job.end_s <= now_s) else { continue };
            let state = if job.job_id % 5 == 0 { "failed" } else { "completed" };
            let body = StopJobBody {
                job_id: Some(job.job_id),
                cluster: Some(slot.cluster.name.clone()),
                start_time: Some(job.start_s),
                job_state: Some(state.to_owned()),
                stop_time: Some(now_s),
            };
            if let Err(error) = block_on(self.services.stop_job(&Caller::on_machine(), body)) {
                tracing::warn!(error = error.to_string(), "the demo could not stop a job");
            }
        }
    }

    /// Writes the samples that are due of all jobs' hosts.
    fn sample(&mut self, now_s: i64) {
        let mut body = String::new();
        for slot in &mut self.slots {
            slot.sample(now_s, &mut body);
        }
        if body.is_empty() {
            return;
        }
        let written =
            self.services.write_samples(&Caller::on_machine().principal, body.as_bytes(), None, None);
        let outcome = match written {
            Ok(answer) => block_on(answer).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match outcome {
            Ok(report) if report.bad == 0 => {}
            Ok(report) => tracing::warn!(?report, "the demo wrote bad lines"),
            Err(error) => tracing::warn!(error, "the demo could not write samples"),
        }
    }
}

impl Slot {
    fn subcluster(&self) -> Option<&SubCluster> {
        self.cluster.subcluster(&self.subcluster)
    }

    fn sample(&mut self, now_s: i64, body: &mut String) {
        let cluster = Arc::clone(&self.cluster);
        let Some(subcluster) = cluster.subcluster(&self.subcluster) else { return };
        let Some(job) = &mut self.job else { return };
        for metric in &subcluster.metrics {
            let timestep_s = i64::from(metric.timestep_s.max(1));
            let first_s = job.start_s.div_euclid(timestep_s) * timestep_s;
            let done_s = job.sampled_until_s.get(&metric.name).copied().unwrap_or(first_s - timestep_s);
            let last_s = now_s.div_euclid(timestep_s) * timestep_s;
            let mut time_s = done_s + timestep_s;
            while time_s <= last_s {
                for (number, host) in (0_u32..).zip(&self.hosts) {
                    write_host(body, &cluster.name, host, metric, subcluster, job, number, time_s);
                }
                time_s += timestep_s;
            }
            job.sampled_until_s.insert(metric.name.clone(), last_s.max(done_s));
        }
    }
}

/// Writes one step of a metric of one host, in the scope in which it is measured.
#[expect(clippy::too_many_arguments, reason = "what a line of the protocol says, each once")]
fn write_host(
    body: &mut String,
    cluster: &str,
    host: &str,
    metric: &MetricConfig,
    subcluster: &SubCluster,
    job: &RunningJob,
    host_number: u32,
    time_s: i64,
) {
    let topology = &subcluster.topology;
    let parts: Vec<String> = match metric.scope {
        MetricScope::Node => vec![String::new()],
        MetricScope::Socket => numbers(topology.socket.len()),
        MetricScope::MemoryDomain => numbers(topology.memory_domain.len()),
        MetricScope::Core => numbers(topology.core.len()),
        MetricScope::HwThread => topology.node.iter().map(u32::to_string).collect(),
        MetricScope::Accelerator => topology.accelerators.iter().map(|one| one.id.clone()).collect(),
    };
    let share = match metric.aggregation {
        Some(Aggregation::Sum) if !parts.is_empty() => {
            1.0 / f64::from(u32::try_from(parts.len()).unwrap_or(1))
        }
        _ => 1.0,
    };
    let most = metric.thresholds.normal.max(1.0) * share;
    for (number, part) in (0_u32..).zip(&parts) {
        let value =
            most * job.intensity * (0.85 + 0.15 * wave(job.job_id, time_s, host_number * 97 + number));
        let tags = if part.is_empty() {
            "type=node".to_owned()
        } else {
            format!("type={},type-id={part}", metric.scope.as_str())
        };
        // Writing into a string cannot fail.
        let _ = writeln!(
            body,
            "{},cluster={cluster},hostname={host},{tags} value={value:.2} {time_s}",
            metric.name
        );
    }
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// A curve between -1 and 1 that differs from job to job and part to part.
fn wave(job_id: i64, time_s: i64, part: u32) -> f64 {
    let phase = f64::from(i32::try_from(job_id % 61).unwrap_or_default()) + 0.7 * f64::from(part % 89);
    let minutes = f64::from(i32::try_from(time_s.rem_euclid(86_400)).unwrap_or_default()) / 60.0;
    (0.8 * minutes + phase).sin() * (0.13 * minutes + 2.0 * phase).cos()
}
