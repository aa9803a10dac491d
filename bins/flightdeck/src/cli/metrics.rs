//! `flightdeck metrics`

use clap::{Args, Subcommand};
use flightdeck_metrics::Site;

/// What can be asked about samples.
#[derive(Debug, Subcommand)]
pub(super) enum MetricsCommand {
    /// Says how much memory and disk the samples of a site need
    Estimate(EstimateArgs),
}

/// What the site measures.
#[derive(Debug, Args)]
pub(super) struct EstimateArgs {
    /// Nodes
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    nodes: u64,
    /// Hardware threads (or cores) of a node
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    hwthreads: u64,
    /// Metrics that are measured once a node
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    metrics: u64,
    /// Metrics that are measured for each hardware thread
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    hwthread_metrics: u64,
    /// Seconds between two samples
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timestep: u64,
    /// Hours that samples are kept
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    retention_hours: u64,
}

/// Seconds between two snapshots if nothing is configured.
const CHECKPOINT_INTERVAL_S: u64 = 3600;

pub(super) fn run(command: &MetricsCommand) -> anyhow::Result<()> {
    let MetricsCommand::Estimate(args) = command;
    let site = Site {
        nodes: args.nodes,
        node_metrics: args.metrics,
        hwthreads: args.hwthreads,
        hwthread_metrics: args.hwthread_metrics,
        timestep_s: args.timestep,
        retention_s: args.retention_hours * 3600,
        checkpoint_interval_s: CHECKPOINT_INTERVAL_S,
    };
    let need = site.need();
    super::print(&format!(
        "series      {}\nsamples     {} kept, {:.0} a second\nmemory      {:.2} GB\ndisk        {:.2} GB",
        need.series,
        need.samples,
        need.samples_per_s,
        need.memory_bytes / 1e9,
        need.disk_bytes / 1e9,
    ))
}
