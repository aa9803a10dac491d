//! Plans jobs: who runs what, where, how long and how it ends.

use super::Options;
use super::catalogue::{CPU_CLUSTER, GPU_CLUSTER, GROMACS, OTHER_PROGRAMS, Program, STATES_OF_100};
use super::hardware::{Cluster, SubCluster};
use super::random::Random;
use flightdeck_model::{JobMeta, JobState, Resource, Shared, Tag, UnixTime};
use std::collections::BTreeMap;

const FIRST_JOB_ID: i64 = 1_000_000;
/// Jobs of an array are submitted, and so numbered, one after the other.
const ARRAY_SIZE: u32 = 8;

/// How the load changes over the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// About the same all the time.
    Steady,
    /// Falls to a share of it regularly, to write results or to wait for the others.
    Phases { period: u32, low: f64 },
    /// Stops half-way.
    Idles,
    /// Uses more memory all the time.
    Leaks,
}

/// A job before its metrics are made up.
#[derive(Debug)]
pub(super) struct PlannedJob {
    /// Everything but the statistics.
    pub(super) meta: JobMeta,
    pub(super) cluster: &'static Cluster,
    pub(super) subcluster: &'static SubCluster,
    pub(super) program: Program,
    pub(super) shape: Shape,
    /// What the curves are drawn from.
    pub(super) random: Random,
}

/// Plans the job of this number, the same whatever other jobs there are.
pub(super) fn plan(options: &Options, index: u32) -> PlannedJob {
    let mut random = Random::new(options.seed, index);
    let (cluster, subcluster) = choose_nodes(&mut random);
    let Submission { user, program, array_job_id } = submission(options.seed, index);
    let state = final_state(index);
    let is_shared = random.per_cent(25);
    let shared = if is_shared { random.pick(Shared::MultiUser, &[Shared::SingleUser]) } else { Shared::None };
    let resources = resources(&mut random, subcluster, shared);
    let threads = |it: &Resource| whole_if_zero(it.hwthreads.len(), subcluster.cores());
    let start_s = options.first_start.0 + i64::from(index) * i64::from(options.spacing_s);
    let job_id = FIRST_JOB_ID + i64::from(index);

    let meta = JobMeta {
        job_id,
        cluster: cluster.name.to_owned(),
        sub_cluster: subcluster.name.to_owned(),
        user: format!("user{user:03}"),
        project: format!("proj{:02}", user % 17),
        partition: random.pick("main", &["long", "debug"]).to_owned(),
        array_job_id,
        num_nodes: count(resources.len()),
        num_hwthreads: resources.iter().map(threads).sum(),
        num_acc: resources.iter().map(|it| count(it.accelerators.len())).sum(),
        shared,
        smt: 1,
        walltime: i64::from(options.longest_job_s),
        requested_memory: if is_shared { 16_000 } else { 0 },
        submit_time: UnixTime(start_s - i64::from(random.below(3600))),
        start_time: UnixTime(start_s),
        duration: duration_s(&mut random, state, options.longest_job_s),
        job_state: state,
        meta_data: texts(&mut random, job_id, resources.len(), program),
        resources,
        tags: tags(&mut random),
        statistics: BTreeMap::new(),
    };
    let shape = shape(&mut random, state);
    PlannedJob { meta, cluster, subcluster, program, shape, random }
}

fn choose_nodes(random: &mut Random) -> (&'static Cluster, &'static SubCluster) {
    let cluster = if random.per_cent(75) { CPU_CLUSTER } else { GPU_CLUSTER };
    match cluster.further_subclusters.first() {
        Some(second) if random.per_cent(40) => (cluster, second),
        _ => (cluster, &cluster.first_subcluster),
    }
}

/// What the tasks of a job array have in common.
struct Submission {
    user: u32,
    program: Program,
    /// 0 for a job of its own.
    array_job_id: i64,
}

fn submission(seed: u64, index: u32) -> Submission {
    let first = index - index % ARRAY_SIZE;
    let mut random = Random::new(!seed, first);
    let is_array = random.per_cent(6);
    if !is_array {
        random = Random::new(!seed, index);
    }
    Submission {
        user: random.below(60),
        program: random.pick(GROMACS, &OTHER_PROGRAMS),
        array_job_id: if is_array { FIRST_JOB_ID + i64::from(first) } else { 0 },
    }
}

/// Every hundred jobs end alike often in each state, in an order that looks like none: 37 has no common divisor
/// with 100.
fn final_state(index: u32) -> JobState {
    let mut position = (index % 100) * 37 % 100;
    for (state, share) in STATES_OF_100 {
        if position < share {
            return state;
        }
        position -= share;
    }
    JobState::Completed
}

fn duration_s(random: &mut Random, state: JobState, longest_s: u32) -> i32 {
    let shortest_s = longest_s / 10;
    let duration_s = match state {
        JobState::Timeout => longest_s,
        JobState::BootFail => shortest_s.min(30),
        _ => shortest_s + random.below(longest_s - shortest_s),
    };
    i32::try_from(duration_s).unwrap_or(i32::MAX)
}

fn resources(random: &mut Random, subcluster: &SubCluster, shared: Shared) -> Vec<Resource> {
    let accelerators = || subcluster.accelerators.iter().map(|&id| id.to_owned());
    if shared != Shared::None {
        let threads = random.pick(4, &[8, 16]);
        let first = random.below(subcluster.cores() / threads) * threads;
        let accelerator = random.below(4);
        return vec![Resource {
            hostname: subcluster.host(1 + random.below(subcluster.hosts)),
            hwthreads: (first..first + threads).collect(),
            accelerators: accelerators().skip(usize::try_from(accelerator).unwrap_or(0)).take(1).collect(),
            configuration: String::new(),
        }];
    }
    let nodes = if random.per_cent(50) { 1 } else { random.pick(2, &[2, 2, 4, 4, 8, 16, 32]) };
    let first = 1 + random.below(subcluster.hosts - nodes + 1);
    let whole_node = |number| Resource {
        hostname: subcluster.host(number),
        accelerators: accelerators().collect(),
        ..Resource::default()
    };
    (first..first + nodes).map(whole_node).collect()
}

fn shape(random: &mut Random, state: JobState) -> Shape {
    match state {
        JobState::OutOfMemory => Shape::Leaks,
        JobState::Timeout | JobState::Cancelled if random.per_cent(50) => Shape::Idles,
        _ if random.per_cent(50) => Shape::Steady,
        _ => Shape::Phases { period: 6 + random.below(25), low: random.between(0.1, 0.7) },
    }
}

fn tags(random: &mut Random) -> Vec<Tag> {
    if !random.per_cent(12) {
        return Vec::new();
    }
    let name = random.pick("good", &["idle", "imbalanced"]).to_owned();
    vec![Tag { id: 0, tag_type: "quality".to_owned(), name, scope: "global".to_owned() }]
}

/// Free texts; some jobs have none.
fn texts(random: &mut Random, job_id: i64, nodes: usize, program: Program) -> BTreeMap<String, String> {
    if random.per_cent(5) {
        return BTreeMap::new();
    }
    let script = format!("#!/bin/bash -l\n#SBATCH --nodes={nodes}\nsrun {} > run.log\n", program.name);
    BTreeMap::from([
        ("jobName".to_owned(), format!("{}-{}", program.name, random.below(100))),
        ("jobScript".to_owned(), script),
        ("slurmInfo".to_owned(), format!("JobId={job_id} NumNodes={nodes}")),
    ])
}

fn whole_if_zero(threads: usize, cores: u32) -> i32 {
    if threads == 0 { i32::try_from(cores).unwrap_or(i32::MAX) } else { count(threads) }
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
