use super::*;
use rstest::rstest;

const NAN: f64 = f64::NAN;

fn body(change: impl FnOnce(&mut QueryBody)) -> QueryBody {
    let mut body: QueryBody =
        serde_json::from_value(serde_json::json!({"cluster": "alpha", "from": 1000, "to": 2000})).unwrap();
    change(&mut body);
    body
}

fn asked(values: &[f64], query: &SampleQuery, body: &QueryBody) -> QueriedSeries {
    queried(&Found { values, timestep_s: 60, from: UnixTime(1000) }, query, body, 0)
}

#[rstest]
#[case::from_the_start(&[1.0, 2.0], true, "[1.0, 2.0]", 1000, 1120)]
#[case::later_padded(&[NAN, NAN, 2.0, NAN, 4.0], true, "[NaN, NaN, 2.0, NaN, 4.0]", 1080, 1260)]
#[case::later(&[NAN, NAN, 2.0, NAN, 4.0], false, "[2.0, NaN, 4.0]", 1080, 1260)]
#[case::nothing_behind(&[1.0, NAN, NAN], true, "[1.0]", 1000, 1060)]
fn padding_stands_in_front_and_from_is_where_the_samples_begin(
    #[case] values: &[f64],
    #[case] with_padding: bool,
    #[case] data: &str,
    #[case] from: i64,
    #[case] to: i64,
) {
    let found = asked(values, &SampleQuery::default(), &body(|body| body.with_padding = with_padding));
    assert_eq!(format!("{:?}", found.data), data);
    assert_eq!((found.from, found.to, found.resolution, found.error), (from, to, 60, None));
}

#[test]
fn statistics_are_of_the_stored_samples_times_the_factor() {
    let values = [NAN, 4.0, 1.0, 2.0, 2.0, 1.0];
    let query = SampleQuery { scale_by: -2.0, resolution: 300, ..SampleQuery::default() };
    let found = asked(&values, &query, &body(|body| body.with_padding = false));
    assert_eq!((found.avg, found.min, found.max), (-4.0, -8.0, -2.0));
    assert_eq!((found.data.len(), found.resolution), (2, 300));
    let without = asked(&values, &query, &body(|body| body.with_stats = false));
    assert_eq!((without.avg, without.min, without.max), (0.0, 0.0, 0.0));
    let bare = asked(&values, &query, &body(|body| body.with_data = false));
    assert!(bare.data.is_empty());
    assert_eq!(serde_json::to_value(&bare).unwrap().get("data"), None);
}

#[test]
fn a_series_of_nothing_has_neither_data_nor_numbers() {
    for (values, scale_by) in [([NAN, NAN], 0.0), ([1e300, 1e300], 1e300)] {
        let query = SampleQuery { scale_by, ..SampleQuery::default() };
        let found = serde_json::to_value(asked(&values, &query, &body(|_| ()))).unwrap();
        assert_eq!(found.get("data"), None);
        for key in ["avg", "min", "max"] {
            assert_eq!(found[key], serde_json::Value::Null, "{key}");
        }
    }
}

#[rstest]
#[case::as_stored(0, 6, 60)]
#[case::finer(30, 6, 60)]
#[case::twice(120, 3, 120)]
#[case::rounded_up(100, 3, 120)]
fn a_coarser_resolution_takes_fewer_samples(
    #[case] resolution: i64,
    #[case] length: usize,
    #[case] shown: u32,
) {
    let query = SampleQuery { resolution, ..SampleQuery::default() };
    let found = asked(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &query, &body(|_| {}));
    assert_eq!((found.data.len(), found.resolution), (length, shown));
}
