//! Other servers read samples here, in the shapes of the field's stand-alone store.

use crate::world::{NOW, World, robot};
use flightdeck_model::SeriesName;
use flightdeck_service::{QueryBody, ServiceError};
use rstest::rstest;
use serde_json::{Value, json};

/// Ten minutes up to now.
fn body(queries: &Value) -> Value {
    json!({"cluster": "alpha", "queries": queries, "for-all-nodes": null, "from": NOW - 600, "to": NOW, "surplus": 1})
}

fn query(world: &World, body: Value) -> Result<Value, ServiceError> {
    let body: QueryBody = serde_json::from_value(body).unwrap();
    world.services.query_samples(&robot(), &body).map(|answer| serde_json::to_value(answer).unwrap())
}

fn row(world: &World, asked: &Value) -> Value {
    let answer = query(world, body(&json!([asked]))).unwrap();
    assert_eq!(answer.get("queries"), None, "only who asks for all nodes needs them");
    answer["results"][0].clone()
}

fn data(row: &Value) -> Vec<String> {
    let series = row.as_array().unwrap().iter();
    series.map(|one| one.get("error").unwrap_or(&one["data"]).to_string()).collect()
}

fn world() -> World {
    let world = World::new();
    world.put("cpu_load", "a001", ("", ""), 540, &[1.5, f64::NAN, 2.5]);
    for (id, first) in [("0", 1.0), ("1", 2.0), ("3", 4.0)] {
        world.put("flops", "a001", ("core", id), 600, &[first, 10.0 * first]);
    }
    world
}

#[test]
fn a_series_has_its_samples_times_and_statistics() {
    let row = row(&world(), &json!({"metric": "cpu_load", "host": "a001", "resolution": 0}));
    let expected = json!([{
        "data": [null, 1.5, null, 2.5], "from": NOW - 540, "to": NOW - 360, "resolution": 60,
        "avg": 2.0, "min": 1.5, "max": 2.5
    }]);
    assert_eq!(row, expected);
}

#[test]
fn what_is_not_wanted_is_left_out() {
    let mut asked = body(&json!([{"metric": "cpu_load", "host": "a001"}]));
    for key in ["with-data", "with-stats"] {
        asked[key] = json!(false);
    }
    let answer = query(&world(), asked).unwrap();
    let expected =
        json!({"from": NOW - 540, "to": NOW - 360, "resolution": 60, "avg": 0.0, "min": 0.0, "max": 0.0});
    assert_eq!(answer["results"][0][0], expected);
    let mut asked = body(&json!([{"metric": "cpu_load", "host": "a001"}]));
    asked["with-padding"] = json!(false);
    assert_eq!(query(&world(), asked).unwrap()["results"][0][0]["data"], json!([1.5, null, 2.5]));
}

#[rstest]
#[case::each(json!({"type": "core", "type-ids": ["0", "1"]}), &["[1.0,10.0]", "[2.0,20.0]"])]
#[case::ids_keep_their_places(
    json!({"type": "core", "type-ids": ["1", "2", "0", "1"]}),
    &["[2.0,20.0]", "\"no samples\"", "[1.0,10.0]", "[2.0,20.0]"]
)]
#[case::none_there(json!({"type": "core", "type-ids": ["7", "8"]}), &[])]
#[case::no_ids(json!({"type": "core"}), &[])]
#[case::aggregated(json!({"type": "core", "type-ids": ["0", "1", "2"], "aggreg": true}), &["[3.0,30.0]"])]
#[case::whole_node(json!({}), &["[7.0,70.0]"])]
#[case::whole_node_by_name(json!({"type": "node", "type-ids": ["0"]}), &["[7.0,70.0]"])]
#[case::scaled(json!({"type": "core", "type-ids": ["1"], "scale-by": 0.5}), &["[1.0,10.0]"])]
#[case::unknown_host(json!({"host": "a009"}), &[])]
#[case::unknown_metric(json!({"metric": "nonsense"}), &["\"unknown metric: nonsense\""])]
fn parts_are_answered_one_by_one_or_as_one(#[case] changes: Value, #[case] expected: &[&str]) {
    let mut asked = json!({"metric": "flops", "host": "a001"});
    let Value::Object(changes) = changes else { panic!("the changes are no object") };
    asked.as_object_mut().unwrap().extend(changes);
    assert_eq!(data(&row(&world(), &asked)), expected);
}

#[test]
fn an_error_in_place_has_no_numbers() {
    let row = row(&world(), &json!({"metric": "nonsense", "host": "a001"}));
    let zeros = json!({"error": "unknown metric: nonsense", "from": 0, "to": 0, "resolution": 0, "avg": 0.0, "min": 0.0, "max": 0.0});
    assert_eq!(row, json!([zeros]));
}

#[test]
fn parts_below_parts_come_part_by_part() {
    let world = world();
    let put = |id: &str, sub_id: &str, value: f64| {
        let name = SeriesName {
            cluster: "alpha",
            host: "a002",
            kind: "socket",
            id,
            sub_kind: "device",
            sub_id,
            metric: "node_power",
        };
        world.metrics.put(name, NOW - 600, value);
    };
    put("0", "x", 1.0);
    put("0", "y", 2.0);
    put("1", "y", 4.0);
    let asked = |aggreg: bool| json!({"metric": "node_power", "host": "a002", "type": "socket", "type-ids": ["0", "1"], "subtype": "device", "subtype-ids": ["y", "x"], "aggreg": aggreg});
    assert_eq!(data(&row(&world, &asked(false))), ["[2.0]", "[1.0]", "[4.0]", "\"no samples\""]);
    assert_eq!(data(&row(&world, &asked(true))), ["\"metric node_power cannot be aggregated\""]);
}

#[test]
fn all_nodes_are_those_that_have_samples() {
    let world = world();
    world.put("mem_used", "g02", ("", ""), 600, &[8.0]);
    // In no node list: what is stored counts.
    world.put("mem_used", "spare1", ("", ""), 600, &[2.0]);
    let mut asked = body(&json!([{"metric": "cpu_load", "host": "a001"}]));
    asked["for-all-nodes"] = json!(["cpu_load", "mem_used"]);
    let answer = query(&world, asked).unwrap();
    let queries: Vec<String> = answer["queries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}", it["host"], it["metric"]))
        .collect();
    let expected = [
        ("a001", "cpu_load"),
        ("a001", "cpu_load"),
        ("a001", "mem_used"),
        ("g02", "cpu_load"),
        ("g02", "mem_used"),
        ("spare1", "cpu_load"),
        ("spare1", "mem_used"),
    ];
    assert_eq!(queries, expected.map(|(host, metric)| format!("\"{host}\" \"{metric}\"")));
    let lengths: Vec<usize> =
        answer["results"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().len()).collect();
    assert_eq!(lengths, [1, 1, 0, 0, 1, 0, 1]);
}

#[test]
fn an_unknown_cluster_has_nothing() {
    let mut asked = body(&json!([{"metric": "cpu_load", "host": "a001"}]));
    asked["cluster"] = json!("nowhere");
    asked["for-all-nodes"] = json!(["cpu_load"]);
    assert_eq!(query(&world(), asked).unwrap()["results"], json!([[]]));
}

#[test]
fn a_range_that_ends_before_it_begins_is_told_in_place() {
    let mut asked = body(&json!([{"metric": "cpu_load", "host": "a001"}]));
    asked["to"] = json!(NOW - 601);
    assert_eq!(
        data(&query(&world(), asked).unwrap()["results"][0]),
        ["\"invalid time range: from is after to\""]
    );
}

#[test]
fn what_would_be_too_much_is_refused_before_it_is_read() {
    let world = world();
    let one = json!({"metric": "cpu_load", "host": "a001"});
    let mut wide =
        body(&json!([{"metric": "flops", "host": "a001", "type": "core", "type-ids": vec!["0"; 1_000_001]}]));
    wide["with-data"] = json!(false);
    let many = body(&Value::Array(vec![one; 100_001]));
    for (asked, field) in [(wide, "queries"), (many, "queries")] {
        let refused = query(&world, asked).unwrap_err();
        assert!(
            matches!(&refused, ServiceError::Invalid { field: named, .. } if named == field),
            "{refused:?}"
        );
    }
    let mut endless = body(&json!([{"metric": "cpu_load", "host": "a001"}]));
    endless["to"] = json!(i64::MAX);
    assert_eq!(query(&world, endless).unwrap()["results"][0][0]["to"], NOW - 360);
}

#[test]
fn a_query_that_makes_no_sense_costs_the_others_nothing() {
    let mut asked = body(&json!([
        {"metric": "cpu_load", "host": "a001", "resolution": -1},
        {"metric": "cpu_load", "host": "a001", "resolution": 1_i64 << 32},
        {"metric": "cpu_load", "host": "a001"},
    ]));
    let answer = query(&world(), asked.clone()).unwrap();
    let rows: Vec<_> = (0..3).flat_map(|number| data(&answer["results"][number])).collect();
    let expected = [
        "\"invalid resolution: -1 is not 0 to 4294967295\"",
        "\"invalid resolution: 4294967296 is not 0 to 4294967295\"",
        "[null,1.5,null,2.5]",
    ];
    assert_eq!(rows, expected);
    for from in [0, i64::MIN] {
        asked["from"] = json!(from);
        let answer = query(&world(), asked.clone()).unwrap();
        for row in answer["results"].as_array().unwrap() {
            assert!(data(row)[0].contains("invalid time range"), "{row}");
        }
    }
}

#[test]
fn samples_of_one_answer_are_bounded() {
    let world = World::new();
    world.put("flops", "a001", ("core", "0"), 60 * 20_000, &vec![1.0; 20_000]);
    let asked = |ids: usize, queries: usize| {
        let query = json!({"metric": "flops", "host": "a001", "type": "core", "type-ids": vec!["0"; ids]});
        json!({"cluster": "alpha", "queries": vec![query; queries], "from": NOW - 60 * 20_000, "to": NOW, "with-stats": false})
    };
    let device_of = |id| SeriesName {
        cluster: "alpha",
        host: "a001",
        kind: "socket",
        id,
        sub_kind: "device",
        sub_id: "x",
        metric: "flops",
    };
    for (id, step) in ["0", "1"].into_iter().flat_map(|id| (1..=20_000).map(move |step| (id, step))) {
        world.metrics.put(device_of(id), NOW - 60 * step, 1.0);
    }
    let below = |ids: usize| {
        let query = json!({"metric": "flops", "host": "a001", "type": "socket", "type-ids": ["0", "1"], "aggreg": true, "subtype": "device", "subtype-ids": vec!["x"; ids]});
        json!({"cluster": "alpha", "queries": [query], "from": NOW - 60 * 20_000, "to": NOW})
    };
    for asked in [asked(501, 1), asked(101, 5), below(251)] {
        let refused = query(&world, asked).unwrap_err();
        assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == "queries"), "{refused:?}");
    }
}

#[test]
fn more_ids_than_are_read_at_once_keep_their_places() {
    let world = World::new();
    for (id, sample) in [("0", 1.0), ("599", 2.0)] {
        world.put("flops", "a001", ("core", id), 60, &[sample]);
    }
    let ids: Vec<String> = (0..600).map(|id| id.to_string()).collect();
    let asked = json!({"metric": "flops", "host": "a001", "type": "core", "type-ids": ids});
    let mut body = body(&json!([asked]));
    body["from"] = json!(NOW - 60 * 20_000);
    let row = query(&world, body).unwrap()["results"][0].clone();
    let places: Vec<usize> =
        (0..600).filter(|place| row[place]["error"].is_null() && !row[place]["data"].is_null()).collect();
    assert_eq!(places, [0, 599]);
    assert_eq!(row[599]["data"][19_999], 2.0);
}
