//! What the made-up clusters consist of, and how that stands in a cluster.json.

use flightdeck_model::{MetricScope, Resource};
use serde_json::{Value, json};

/// What a metric follows: the parts of a program's behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    /// How busy the cores are.
    Cpu,
    /// How much is computed.
    Flops,
    /// How much memory is in use.
    Memory,
    /// How much data go through the memory bus.
    Bandwidth,
    /// How much data go through the network.
    Network,
    /// How busy the accelerators are.
    Accelerator,
    /// Nothing: about the same for every program.
    Constant,
}

/// A metric of a cluster.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) base: &'static str,
    pub(super) prefix: Option<&'static str>,
    pub(super) scope: MetricScope,
    /// Whether parts add up rather than being averaged.
    pub(super) is_sum: bool,
    pub(super) thresholds: Thresholds,
    pub(super) footprint: Option<&'static str>,
    pub(super) is_power: bool,
    pub(super) lower_is_better: bool,
    /// Other thresholds on one subcluster.
    pub(super) different: Option<(&'static str, Thresholds)>,
    pub(super) driver: Driver,
}

/// Peak, normal, caution and alert.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thresholds(pub(super) f64, pub(super) f64, pub(super) f64, pub(super) f64);

/// Seconds between two samples, of all metrics.
pub(super) const TIMESTEP_S: u32 = 60;

/// The nodes of a subcluster, all alike.
#[derive(Debug)]
pub(super) struct SubCluster {
    pub(super) name: &'static str,
    pub(super) host_prefix: &'static str,
    pub(super) host_digits: usize,
    pub(super) hosts: u32,
    pub(super) processor: &'static str,
    pub(super) sockets: u32,
    pub(super) cores_per_socket: u32,
    pub(super) domains_per_socket: u32,
    pub(super) scalar_gflops: f64,
    pub(super) simd_gflops: f64,
    pub(super) bandwidth_gbytes: f64,
    pub(super) accelerators: &'static [&'static str],
}

/// A made-up cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) name: &'static str,
    pub(super) metrics: &'static [Metric],
    pub(super) first_subcluster: SubCluster,
    pub(super) further_subclusters: &'static [SubCluster],
}

impl Cluster {
    pub(super) fn subclusters(&self) -> impl Iterator<Item = &SubCluster> {
        std::iter::once(&self.first_subcluster).chain(self.further_subclusters)
    }

    /// The content of the cluster.json.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "metricConfig": self.metrics.iter().map(Metric::to_json).collect::<Vec<_>>(),
            "subClusters": self.subclusters().map(SubCluster::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Metric {
    fn to_json(&self) -> Value {
        let Thresholds(peak, normal, caution, alert) = self.thresholds;
        let mut metric = json!({
            "name": self.name,
            "unit": unit(self.base, self.prefix),
            "scope": self.scope,
            "aggregation": if self.is_sum { "sum" } else { "avg" },
            "timestep": TIMESTEP_S,
            "peak": peak, "normal": normal, "caution": caution, "alert": alert,
        });
        let Some(keys) = metric.as_object_mut() else { return metric };
        if let Some(kind) = self.footprint {
            keys.insert("footprint".to_owned(), json!(kind));
        }
        if self.is_power {
            keys.insert("energy".to_owned(), json!("power"));
        }
        if self.lower_is_better {
            keys.insert("lowerIsBetter".to_owned(), json!(true));
        }
        if let Some((subcluster, Thresholds(peak, normal, caution, alert))) = self.different {
            // The footprint is said again: the reference takes a key that is absent here for "none".
            let different = json!([{
                "name": subcluster, "peak": peak, "normal": normal, "caution": caution, "alert": alert,
                "footprint": self.footprint.unwrap_or_default(),
            }]);
            keys.insert("subClusters".to_owned(), different);
        }
        metric
    }
}

impl SubCluster {
    pub(super) fn cores(&self) -> u32 {
        self.sockets * self.cores_per_socket
    }

    /// The name of a node; they are numbered from 1.
    pub(super) fn host(&self, number: u32) -> String {
        format!("{}{number:0digits$}", self.host_prefix, digits = self.host_digits)
    }

    /// The ids of the parts of a node that a job measures at a scope; `None` is the whole node.
    pub(super) fn parts(&self, scope: MetricScope, resource: &Resource) -> Vec<Option<String>> {
        let threads = || -> Vec<u32> {
            if resource.hwthreads.is_empty() {
                (0..self.cores()).collect()
            } else {
                resource.hwthreads.clone()
            }
        };
        match scope {
            MetricScope::Node => vec![None],
            MetricScope::Accelerator => resource.accelerators.iter().cloned().map(Some).collect(),
            MetricScope::Core | MetricScope::HwThread => {
                threads().into_iter().map(|thread| Some(thread.to_string())).collect()
            }
            MetricScope::Socket => touched(&threads(), self.cores_per_socket),
            MetricScope::MemoryDomain => touched(&threads(), self.cores_per_domain()),
        }
    }

    fn cores_per_domain(&self) -> u32 {
        self.cores_per_socket / self.domains_per_socket.max(1)
    }

    fn to_json(&self) -> Value {
        let accelerators = self.accelerators.iter();
        let accelerators: Vec<Value> =
            accelerators.map(|id| json!({"id": id, "type": "Nvidia GPU", "model": "H100"})).collect();
        let mut topology = json!({
            "node": (0..self.cores()).collect::<Vec<_>>(),
            "socket": blocks(self.cores(), self.cores_per_socket),
            "memoryDomain": blocks(self.cores(), self.cores_per_domain()),
            "core": blocks(self.cores(), 1),
        });
        if let (false, Some(keys)) = (accelerators.is_empty(), topology.as_object_mut()) {
            keys.insert("accelerators".to_owned(), Value::Array(accelerators));
        }
        let first = self.host(1);
        json!({
            "name": self.name,
            "nodes": format!("{}[{}-{:0digits$}]", self.host_prefix, first.trim_start_matches(self.host_prefix),
                             self.hosts, digits = self.host_digits),
            "processorType": self.processor,
            "socketsPerNode": self.sockets,
            "coresPerSocket": self.cores_per_socket,
            "threadsPerCore": 1,
            "flopRateScalar": {"unit": unit("F/s", Some("G")), "value": self.scalar_gflops},
            "flopRateSimd": {"unit": unit("F/s", Some("G")), "value": self.simd_gflops},
            "memoryBandwidth": {"unit": unit("B/s", Some("G")), "value": self.bandwidth_gbytes},
            "topology": topology,
        })
    }
}

/// The numbers of the blocks of so many threads that some threads lie in.
fn touched(threads: &[u32], block: u32) -> Vec<Option<String>> {
    let mut numbers: Vec<u32> = threads.iter().filter_map(|thread| thread.checked_div(block)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().map(|number| Some(number.to_string())).collect()
}

/// All threads in blocks of so many.
fn blocks(threads: u32, block: u32) -> Vec<Vec<u32>> {
    let starts = (0..threads).step_by(usize::try_from(block.max(1)).unwrap_or(1));
    starts.map(|start| (start..(start + block).min(threads)).collect()).collect()
}

fn unit(base: &str, prefix: Option<&str>) -> Value {
    match prefix {
        Some(prefix) => json!({"base": base, "prefix": prefix}),
        None => json!({"base": base}),
    }
}
