//! The made-up clusters and programs: names and numbers alone.

use super::hardware::{Cluster, Driver, Metric, SubCluster, Thresholds};
use flightdeck_model::{JobState, MetricScope};

const PLAIN: Metric = Metric {
    name: "",
    base: "",
    prefix: None,
    scope: MetricScope::Node,
    is_sum: false,
    thresholds: Thresholds(0.0, 0.0, 0.0, 0.0),
    footprint: None,
    is_power: false,
    lower_is_better: false,
    different: None,
    driver: Driver::Constant,
};

const CPU_USER: Metric = Metric {
    name: "cpu_user",
    scope: MetricScope::Core,
    thresholds: Thresholds(100.0, 50.0, 20.0, 10.0),
    driver: Driver::Cpu,
    ..PLAIN
};

const CPU_POWER: Metric = Metric {
    name: "cpu_power",
    base: "W",
    scope: MetricScope::Socket,
    is_sum: true,
    thresholds: Thresholds(500.0, 250.0, 100.0, 50.0),
    is_power: true,
    driver: Driver::Cpu,
    ..PLAIN
};

const MEM_USED: Metric = Metric {
    name: "mem_used",
    base: "B",
    prefix: Some("G"),
    is_sum: true,
    thresholds: Thresholds(256.0, 128.0, 200.0, 240.0),
    footprint: Some("max"),
    lower_is_better: true,
    driver: Driver::Memory,
    ..PLAIN
};

const NETWORK: Metric = Metric {
    base: "B/s",
    prefix: Some("M"),
    is_sum: true,
    thresholds: Thresholds(12500.0, 1500.0, 200.0, 1.0),
    driver: Driver::Network,
    ..PLAIN
};

const CPU_METRICS: [Metric; 9] = [
    Metric {
        name: "cpu_load",
        thresholds: Thresholds(128.0, 128.0, 64.0, 20.0),
        footprint: Some("avg"),
        different: Some(("genoa", Thresholds(192.0, 192.0, 96.0, 20.0))),
        driver: Driver::Cpu,
        ..PLAIN
    },
    CPU_USER,
    MEM_USED,
    Metric {
        name: "flops_any",
        base: "F/s",
        prefix: Some("G"),
        scope: MetricScope::Core,
        is_sum: true,
        thresholds: Thresholds(5600.0, 1000.0, 200.0, 50.0),
        footprint: Some("avg"),
        driver: Driver::Flops,
        ..PLAIN
    },
    Metric {
        name: "mem_bw",
        base: "B/s",
        prefix: Some("G"),
        scope: MetricScope::Socket,
        is_sum: true,
        thresholds: Thresholds(400.0, 200.0, 100.0, 20.0),
        footprint: Some("avg"),
        driver: Driver::Bandwidth,
        ..PLAIN
    },
    Metric {
        name: "clock",
        base: "Hz",
        prefix: Some("M"),
        scope: MetricScope::Core,
        thresholds: Thresholds(3000.0, 2400.0, 1800.0, 1200.0),
        ..PLAIN
    },
    CPU_POWER,
    Metric { name: "ib_recv", ..NETWORK },
    Metric { name: "ib_xmit", ..NETWORK },
];

const GPU_METRICS: [Metric; 7] = [
    Metric {
        name: "cpu_load",
        thresholds: Thresholds(104.0, 52.0, 8.0, 2.0),
        footprint: Some("avg"),
        driver: Driver::Cpu,
        ..PLAIN
    },
    CPU_USER,
    MEM_USED,
    CPU_POWER,
    Metric {
        name: "acc_utilization",
        base: "%",
        scope: MetricScope::Accelerator,
        thresholds: Thresholds(100.0, 80.0, 50.0, 20.0),
        footprint: Some("avg"),
        driver: Driver::Accelerator,
        ..PLAIN
    },
    Metric {
        name: "acc_mem_used",
        base: "B",
        prefix: Some("G"),
        scope: MetricScope::Accelerator,
        is_sum: true,
        thresholds: Thresholds(320.0, 160.0, 80.0, 20.0),
        driver: Driver::Memory,
        ..PLAIN
    },
    Metric {
        name: "acc_power",
        base: "W",
        scope: MetricScope::Accelerator,
        is_sum: true,
        thresholds: Thresholds(2800.0, 1400.0, 400.0, 200.0),
        is_power: true,
        driver: Driver::Accelerator,
        ..PLAIN
    },
];

const AURORA: Cluster = Cluster {
    name: "aurora",
    metrics: &CPU_METRICS,
    first_subcluster: SubCluster {
        name: "milan",
        host_prefix: "a",
        host_digits: 4,
        hosts: 256,
        processor: "AMD EPYC 7763",
        sockets: 2,
        cores_per_socket: 64,
        domains_per_socket: 4,
        scalar_gflops: 480.0,
        simd_gflops: 5000.0,
        bandwidth_gbytes: 400.0,
        accelerators: &[],
    },
    further_subclusters: &[SubCluster {
        name: "genoa",
        host_prefix: "g",
        host_digits: 3,
        hosts: 128,
        processor: "AMD EPYC 9654",
        sockets: 2,
        cores_per_socket: 96,
        domains_per_socket: 4,
        scalar_gflops: 720.0,
        simd_gflops: 9200.0,
        bandwidth_gbytes: 920.0,
        accelerators: &[],
    }],
};

const BOREALIS: Cluster = Cluster {
    name: "borealis",
    metrics: &GPU_METRICS,
    first_subcluster: SubCluster {
        name: "h100",
        host_prefix: "b",
        host_digits: 2,
        hosts: 48,
        processor: "Intel Xeon Platinum 8470",
        sockets: 2,
        cores_per_socket: 52,
        domains_per_socket: 2,
        scalar_gflops: 500.0,
        simd_gflops: 6600.0,
        bandwidth_gbytes: 600.0,
        accelerators: &["00000000:19:00.0", "00000000:3B:00.0", "00000000:4C:00.0", "00000000:5D:00.0"],
    },
    further_subclusters: &[],
};

pub(super) static CLUSTERS: [Cluster; 2] = [AURORA, BOREALIS];
pub(super) static CPU_CLUSTER: &Cluster = &CLUSTERS[0];
pub(super) static GPU_CLUSTER: &Cluster = &CLUSTERS[1];

/// How a program uses its nodes, as shares of what is normal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) cpu: f64,
    pub(super) flops: f64,
    pub(super) memory: f64,
    pub(super) bandwidth: f64,
    pub(super) network: f64,
    pub(super) accelerator: f64,
}

pub(super) const GROMACS: Program = Program {
    name: "gromacs",
    cpu: 0.98,
    flops: 1.6,
    memory: 0.15,
    bandwidth: 0.3,
    network: 0.6,
    accelerator: 1.0,
};

pub(super) const OTHER_PROGRAMS: [Program; 6] = [
    Program {
        name: "vasp",
        flops: 1.1,
        memory: 0.7,
        bandwidth: 1.1,
        network: 1.2,
        accelerator: 0.9,
        ..GROMACS
    },
    Program { name: "openfoam", flops: 0.3, memory: 0.5, bandwidth: 1.6, network: 0.8, ..GROMACS },
    Program { name: "lammps", flops: 0.9, memory: 0.2, bandwidth: 0.6, network: 0.5, ..GROMACS },
    Program { name: "wrf", flops: 0.4, memory: 0.6, bandwidth: 1.3, network: 1.0, ..GROMACS },
    Program { name: "quantum-espresso", flops: 1.3, memory: 0.9, bandwidth: 0.9, network: 1.5, ..GROMACS },
    Program {
        name: "python",
        cpu: 0.4,
        flops: 0.05,
        memory: 1.2,
        bandwidth: 0.2,
        accelerator: 0.7,
        ..GROMACS
    },
];

/// Final states of a hundred jobs.
pub(super) const STATES_OF_100: [(JobState, u32); 9] = [
    (JobState::Completed, 69),
    (JobState::Failed, 10),
    (JobState::Timeout, 9),
    (JobState::Cancelled, 5),
    (JobState::OutOfMemory, 2),
    (JobState::NodeFail, 2),
    (JobState::Preempted, 1),
    (JobState::Deadline, 1),
    (JobState::BootFail, 1),
];
