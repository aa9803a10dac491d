use super::*;
use proptest::prelude::*;

fn only_series(json: &str) -> Series {
    let data = job_data(json).unwrap();
    data.into_values().next().unwrap().into_values().next().unwrap().series.remove(0)
}

fn with_samples(samples: &str) -> String {
    format!(r#"{{"m": {{"core": {{"timestep": 60, "series": [{{"hostname": "a", "data": {samples}}}]}}}}}}"#)
}

#[test]
fn missing_statistics_are_those_of_the_samples_that_are_there() {
    let series = only_series(&with_samples("[ 3, null,1.5 , -2e1\n]"));
    assert_eq!(series.statistics, SeriesStatistics { avg: -15.5 / 3.0, min: -20.0, max: 3.0 });
    assert_eq!(series.data.len(), 4);
    assert!(series.data[1].is_nan());

    for samples in ["[null, null]", "[]", "[ ]", "null"] {
        let statistics = only_series(&with_samples(samples)).statistics;
        let all_nan = statistics.avg.is_nan() && statistics.min.is_nan() && statistics.max.is_nan();
        assert!(all_nan, "{samples}: {statistics:?}");
    }
}

#[test]
fn statistics_of_the_file_are_kept() {
    let json = r#"{"m": {"core": {"timestep": 60, "series": [
        {"hostname": "a", "statistics": {"avg": 2, "min": null, "max": 3}, "data": [1]}]}}}"#;
    let statistics = only_series(json).statistics;
    assert_eq!((statistics.avg.to_bits(), statistics.max.to_bits()), (2_f64.to_bits(), 3_f64.to_bits()));
    assert!(statistics.min.is_nan());
}

#[test]
fn what_is_no_sample_spoils_the_file() {
    for samples in
        ["[1, \"2\"]", "[[1]]", "[1e999]", "[true]", "{}", "1", "\"[1]\"", "[NaN]", "[1,]", "[inf]"]
    {
        assert!(job_data(&with_samples(samples)).is_err(), "{samples}");
    }
}

#[test]
fn members_that_are_no_metrics_are_passed_over() {
    let json = r#"{
        "filesystems": [{"name": "scratch", "read_bw": {"avg": 1}}],
        "a": null, "b": 1, "c": -1, "d": 0.5, "e": "text", "f": true, "g": {}, "h": {"core": null},
        "i": {"rack": {"whatever": [1, 2]}},
        "m": {"rack": 7, "node": {"timestep": 60, "series": null, "unit": null, "extra": {}}}
    }"#;
    let data = job_data(json).unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["m"]);
    assert_eq!(data["m"][&MetricScope::Node], JobMetric { timestep_s: 60, ..JobMetric::default() });
    assert_eq!(job_data("null").unwrap(), JobData::new());
}

#[test]
fn a_series_of_a_whole_node_has_no_id() {
    let series = |scope: &str| {
        let series = r#"[{"hostname": "a", "id": "3", "data": [1]}]"#;
        only_series(&format!(r#"{{"m": {{"{scope}": {{"timestep": 60, "series": {series}}}}}}}"#))
    };
    assert_eq!(series("node").id, None);
    assert_eq!(series("socket").id.as_deref(), Some("3"));
}

#[test]
fn stored_statistics_series_may_have_gaps() {
    let json = r#"{"m": {"core": {"timestep": 60, "series": [], "statisticsSeries":
        {"min": [1, null], "median": [2, 2.5], "max": [3, 4], "mean": null, "percentiles": {"10": [1]}}}}}"#;
    let data = job_data(json).unwrap();
    let statistics = data["m"][&MetricScope::Core].statistics_series.as_ref().unwrap();
    assert!(statistics.mean.is_empty());
    assert!(statistics.min[1].is_nan());
    assert_eq!(statistics.median, [2.0, 2.5]);
}

#[test]
fn an_unusable_timestep_is_said_with_the_metric() {
    let json =
        |timestep: &str| format!(r#"{{"flops": {{"node": {{"timestep": {timestep}, "series": []}}}}}}"#);
    let error = job_data(&json("0")).unwrap_err().to_string();
    assert!(error.contains("\"flops\"") && error.contains("node"), "{error}");
    for timestep in ["-1", "0.5", "null", "\"60\"", "4294967296"] {
        assert!(job_data(&json(timestep)).is_err(), "{timestep}");
    }
}

proptest! {
    #[test]
    fn every_sample_comes_back_bit_for_bit(samples in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO, 0..40)) {
        let json = with_samples(&serde_json::to_string(&samples).unwrap());
        let read = only_series(&json).data;
        let bits = |samples: &[f64]| samples.iter().map(|it| it.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read), bits(&samples));
    }
}
