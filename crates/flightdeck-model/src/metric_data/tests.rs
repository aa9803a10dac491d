use super::*;

/// NaN as `None`, so that results can be compared.
fn shown(numbers: &[f64]) -> Vec<Option<f64>> {
    numbers.iter().map(|&number| (!number.is_nan()).then_some(number)).collect()
}

const DATA_JSON: &str = r#"{
    "flops_any": {"core": {
        "unit": {"base": "F/s", "prefix": "G"},
        "timestep": 60,
        "series": [
            {"hostname": "a01", "id": "3", "statistics": {"avg": 0.1, "min": null, "max": 0.2}, "data": [0.1, null]},
            {"hostname": "a02", "data": null}
        ],
        "statisticsSeries": {"min": [0.1], "median": [null], "max": [0.2], "mean": null, "percentiles": {}}
    }},
    "ipc": {"node": {"timestep": 30, "series": null}}
}"#;

#[test]
fn reads_what_servers_of_the_field_write() {
    let data: JobData = serde_json::from_str(DATA_JSON).unwrap();
    let flops = &data["flops_any"][&MetricScope::Core];
    assert_eq!(flops.unit, Unit { base: "F/s".into(), prefix: Some("G".into()) });
    assert_eq!(flops.timestep_s, 60);
    let [full, bare] = flops.series.as_slice() else { panic!("two series") };
    assert_eq!(full.id.as_deref(), Some("3"));
    assert_eq!(shown(&full.data), [Some(0.1), None]);
    let SeriesStatistics { avg, min, max } = full.statistics;
    assert_eq!(shown(&[avg, min, max]), [Some(0.1), None, Some(0.2)]);
    assert_eq!((bare.id.as_deref(), bare.data.len()), (None, 0));
    assert_eq!(bare.statistics, SeriesStatistics { avg: 0.0, min: 0.0, max: 0.0 });
    let over_series = flops.statistics_series.as_ref().unwrap();
    assert!(over_series.median[0].is_nan());
    assert!(over_series.mean.is_empty());
    assert!(data["ipc"][&MetricScope::Node].series.is_empty());
}

#[test]
fn missing_samples_are_written_as_null_and_numbers_in_full() {
    let metric = JobMetric {
        series: vec![Series {
            hostname: "a01".into(),
            statistics: SeriesStatistics { avg: f64::NAN, min: f64::NAN, max: f64::NAN },
            data: vec![0.1, f64::NAN, 0.004_999_999_999_999_9, 12_345_678.9],
            ..Series::default()
        }],
        timestep_s: 60,
        ..JobMetric::default()
    };
    assert_eq!(
        serde_json::to_string(&metric).unwrap(),
        r#"{"unit":{"base":""},"series":[{"hostname":"a01","statistics":{"avg":null,"min":null,"max":null},"#
            .to_owned()
            + r#""data":[0.1,null,0.0049999999999999,12345678.9]}],"timestep":60}"#
    );
}

#[test]
fn data_with_a_key_of_the_wrong_type_are_refused() {
    for json in [
        r#"{"m": {"node": {"series": []}}}"#,
        r#"{"m": {"node": {"timestep": -1, "series": []}}}"#,
        r#"{"m": {"node": {"timestep": 60, "series": [{"hostname": "a", "data": ["1"]}]}}}"#,
        r#"{"m": {"rack": {"timestep": 60, "series": []}}}"#,
    ] {
        assert!(serde_json::from_str::<JobData>(json).is_err(), "{json}");
    }
}

#[test]
fn statistics_pass_over_missing_samples() {
    let some = Series::computed_statistics(&[f64::NAN, 4.0, -1.0, f64::NAN, 3.0]);
    assert_eq!(some, SeriesStatistics { avg: 2.0, min: -1.0, max: 4.0 });
    for nothing in [&[][..], &[f64::NAN]] {
        let none = Series::computed_statistics(nothing);
        assert!(none.avg.is_nan() && none.min.is_nan() && none.max.is_nan());
    }
}
