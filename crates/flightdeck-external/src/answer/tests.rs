use super::*;
use proptest::prelude::*;

fn decoded(json: &str, series_asked: &[usize]) -> Result<Vec<Vec<Element>>, serde_json::Error> {
    decode(json.as_bytes(), series_asked, 1000)
}

#[test]
fn an_answer_of_the_field_is_understood() {
    let json = r#"{"queries": [{"metric": "m"}], "results": [
        [{"data": [1, null, -2.5e1], "from": 60, "to": 240, "resolution": 60, "avg": null, "min": 0.00, "max": 1}],
        [], null,
        [{"error": "unknown metric", "from": 0, "to": 0, "resolution": 0}, {"error": null, "data": null, "from": null}]
    ], "other": {}}"#;
    let rows = decoded(json, &[1, 1, 1, 2]).unwrap();
    let data = &rows[0][0].data;
    assert!(
        data[0].to_bits() == 1_f64.to_bits() && data[1].is_nan() && data[2].to_bits() == (-25_f64).to_bits()
    );
    assert_eq!((rows[0][0].from, rows[0][0].resolution), (60, 60));
    assert!(rows[1].is_empty() && rows[2].is_empty());
    assert_eq!(rows[3][0].error.as_deref(), Some("unknown metric"));
    assert_eq!(rows[3][1], Element::default());
}

#[test]
fn rows_and_series_are_no_more_and_no_fewer_than_asked_for() {
    for (json, series_asked) in [
        (r#"{"results": []}"#, &[1][..]),
        (r#"{"results": [[]]}"#, &[1, 1]),
        (r#"{"results": [[], []]}"#, &[1]),
        (r#"{"results": [[{}, {}]]}"#, &[1]),
        (r#"{"results": null}"#, &[1]),
        (r#"{"results": {}}"#, &[1]),
        (r#"{"result": [[]]}"#, &[1]),
        ("[[]]", &[1]),
        (r#"{"results": [[]]} {}"#, &[1]),
        (r#"{"results": [[{"data": ["1"]}]]}"#, &[1]),
        (r#"{"results": [[{"data": [1], "from": "now"}]]}"#, &[1]),
        (r#"{"results": [[{"data": [1], "resolution": 1e99}]]}"#, &[1]),
        ("<html>", &[1]),
        ("", &[1]),
    ] {
        assert!(decoded(json, series_asked).is_err(), "{json}");
    }
}

#[test]
fn samples_beyond_those_that_can_matter_take_no_memory() {
    let json = format!(r#"{{"results": [[{{"data": [{}0]}}]]}}"#, "0,".repeat(5000));
    assert_eq!(decoded(&json, &[1]).unwrap()[0][0].data.len(), 1000);
}

proptest! {
    #[test]
    fn whatever_comes_is_understood_or_refused(json in "[\\[\\]{},:\"a-z0-9.e+-]{0,60}") {
        let _ = decoded(&json, &[1, 2]);
        let _ = decoded(&format!(r#"{{"results": [{json}]}}"#), &[1, 2]);
    }
}
