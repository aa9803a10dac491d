use super::*;
use flightdeck_model::{MetricScope, Series};

/// Eight series of 1000 samples.
fn data_with(has_statistics_series: bool) -> JobData {
    let series = Series { data: vec![1.0; 1000], ..Series::default() };
    let metric = JobMetric { series: vec![series; 8], timestep_s: 60, ..JobMetric::default() };
    let metric = if has_statistics_series { metric.with_statistics_series() } else { metric };
    BTreeMap::from([("m".to_owned(), BTreeMap::from([(MetricScope::Core, metric)]))])
}

#[test]
fn decoded_data_weigh_at_least_what_their_numbers_take() {
    let (plain, with_statistics) = (decoded_bytes(&data_with(false)), decoded_bytes(&data_with(true)));
    assert!(plain >= 8 * 1000 * 8, "{plain}");
    assert!(with_statistics >= plain + 4 * 1000 * 8, "{with_statistics}");
    assert!(decoded_bytes(&JobData::new()) > 0, "even nothing takes room in the cache");
}
