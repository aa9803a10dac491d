//! `flightdeck metrics`

use clap::{Args, Subcommand};
use flightdeck_metrics::{Need, Site};

#[cfg(test)]
mod tests;

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
    /// Metrics that are measured for each hardware thread, beside those of the node
    #[arg(long, requires = "hwthreads", value_parser = clap::value_parser!(u64).range(0..=10_000))]
    hwthread_metrics: Option<u64>,
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
    super::print(&estimate(args))
}

/// What the site needs, in words. How many metrics hardware threads have is not guessed: if it is not said, the text says
/// what each of them adds.
fn estimate(args: &EstimateArgs) -> String {
    let site = Site {
        nodes: args.nodes,
        node_metrics: args.metrics,
        hwthreads: args.hwthreads,
        hwthread_metrics: args.hwthread_metrics.unwrap_or(0),
        timestep_s: args.timestep,
        retention_s: args.retention_hours * 3600,
        checkpoint_interval_s: CHECKPOINT_INTERVAL_S,
    };
    let need = site.need();
    let text = format!(
        "series      {}\nsamples     {} kept, {:.0} a second\nmemory      {}\ndisk        {}",
        need.series,
        need.samples,
        need.samples_per_s,
        gigabytes(need.memory_bytes),
        gigabytes(need.disk_bytes),
    );
    if args.hwthreads == 0 || args.hwthread_metrics.is_some() {
        return text;
    }
    let Need { series, memory_bytes, disk_bytes, .. } =
        Site { node_metrics: 0, hwthread_metrics: 1, ..site }.need();
    format!(
        "{text}\nThat is without metrics of hardware threads. Each of them adds {series} series, {} of memory and {} of \
         disk:\nsay how many there are with --hwthread-metrics.",
        gigabytes(memory_bytes),
        gigabytes(disk_bytes)
    )
}

fn gigabytes(bytes: f64) -> String {
    format!("{:.2} GB", bytes / 1e9)
}
