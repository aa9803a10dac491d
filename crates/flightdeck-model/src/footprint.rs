//! What a job cost and used, in a few numbers: footprint and energy.
//!
//! Formulas as the field's servers have them, with the footprint kind of the job's own subcluster and
//! energy summed before it is rounded.

use crate::{EnergyKind, FootprintKind, JobStatistics, SubCluster};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// The energy of a job in kWh, in all and by metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobEnergy {
    /// Sum over the metrics, rounded to 0.01 kWh.
    pub total_kwh: f64,
    /// By metric, not rounded.
    pub by_metric_kwh: BTreeMap<String, f64>,
}

/// The footprint of a job: for each footprint metric of the subcluster, the configured statistic under the
/// key `<metric>_<avg|max|min>`; 0 where the job has no value.
#[must_use]
pub fn job_footprint(
    subcluster: &SubCluster,
    statistics: &BTreeMap<String, JobStatistics>,
) -> BTreeMap<String, f64> {
    let mut footprint = BTreeMap::new();
    for (metric, kind) in subcluster.footprint_metrics() {
        let value = statistics.get(&metric.name).map_or(0.0, |it| match kind {
            FootprintKind::Avg => it.avg,
            FootprintKind::Max => it.max,
            FootprintKind::Min => it.min,
        });
        let shown = if value.is_finite() { value } else { 0.0 };
        footprint.insert(format!("{}_{}", metric.name, kind.as_str()), shown);
    }
    footprint
}

/// The energy of a job: for each metric in W, average per node × nodes × hours / 1000.
///
/// Metrics in J would need their samples; they are left out rather than shown as 0.
#[must_use]
pub fn job_energy(
    subcluster: &SubCluster,
    statistics: &BTreeMap<String, JobStatistics>,
    num_nodes: i32,
    duration_s: i64,
) -> JobEnergy {
    let mut energy = JobEnergy::default();
    #[expect(clippy::cast_precision_loss, reason = "durations are far below 2^52 seconds")]
    let node_hours = f64::from(num_nodes) * (duration_s as f64 / 3600.0);
    let mut total_kwh = 0.0;
    for (metric, kind) in subcluster.energy_metrics() {
        if kind != EnergyKind::Power {
            continue;
        }
        let average_w = statistics.get(&metric.name).map_or(0.0, |it| it.avg);
        let kwh = average_w * node_hours / 1000.0;
        if !kwh.is_finite() {
            continue;
        }
        total_kwh += kwh;
        energy.by_metric_kwh.insert(metric.name.clone(), kwh);
    }
    energy.total_kwh = (total_kwh * 100.0).round() / 100.0;
    energy
}
