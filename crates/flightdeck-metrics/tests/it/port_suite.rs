//! The store keeps the promises of the port that every source of samples keeps.

use crate::site::{Site, cluster, line};
use flightdeck_metrics::SampleStore;
use flightdeck_model::{MetricSource, SeriesName};
use flightdeck_testkit::{METRICS_OF_SUITE, MetricsUnderTest, START_OF_SUITE_S, metric_source_suite, wait};

/// An open store with its folder.
struct OpenSite {
    store: SampleStore,
    _site: Site,
}

impl OpenSite {
    fn new() -> Self {
        let metrics_of = |wanted: &str| {
            let of_cluster = METRICS_OF_SUITE.iter().filter(|(cluster, _, _)| *cluster == wanted);
            of_cluster.map(|(_, metric, timestep_s)| (*metric, *timestep_s)).collect::<Vec<_>>()
        };
        let site = Site::new(["alpha", "beta"].map(|name| cluster(name, &metrics_of(name))).into());
        site.clock.advance(START_OF_SUITE_S + 86_400 - crate::site::NOW_S);
        Self { store: site.open().0, _site: site }
    }
}

impl MetricsUnderTest for OpenSite {
    fn source(&self) -> &dyn MetricSource {
        &self.store
    }

    fn put(&self, name: SeriesName<'_>, time_s: i64, value: f64) {
        let body = line(&name, time_s, value);
        let report = wait(self.store.write(body.as_bytes(), &crate::site::context())).unwrap();
        assert_eq!(report.stored, 1, "{body} {report:?}");
    }
}

#[test]
fn the_store_is_a_source_of_samples() {
    metric_source_suite(OpenSite::new);
}
