//! Metrics that collectors measure for parts below the node, such as network interfaces, are the node's.

use crate::world::{NOW, World, robot};
use flightdeck_model::{JobArchive, MetricScope, ResampleMethod, SeriesName};
use flightdeck_service::{ArchivingCounts, MetricRequest, MetricShape, QueryBody};
use serde_json::{Value, json};

/// Samples of an interface, one a minute, the first of them ten minutes ago.
fn put(world: &World, host: &str, interface: &str, samples: &[f64]) {
    let name = SeriesName {
        cluster: "alpha",
        host,
        sub_kind: "network",
        sub_id: interface,
        metric: "node_power",
        ..SeriesName::default()
    };
    for (time_s, sample) in (NOW - 600..).step_by(60).zip(samples) {
        world.metrics.put(name, time_s, *sample);
    }
}

/// Job 1 has been running for ten minutes. One of its hosts has one interface, the other one two.
fn running() -> World {
    let world = World::new();
    let hosts = json!([{"hostname": "a001"}, {"hostname": "a002"}]);
    world.start_ago(1, 600, json!({"resources": hosts, "numNodes": 2}));
    put(&world, "a001", "eth0", &[360.0; 10]);
    put(&world, "a002", "eth0", &[1.0]);
    put(&world, "a002", "ib0", &[2.0]);
    // Of a finer part: it is not to be mixed in.
    world.put("node_power", "a001", ("socket", "0"), 600, &[9000.0; 10]);
    world
}

#[test]
fn a_running_job_shows_them() {
    let world = running();
    let wanted = MetricRequest {
        metrics: Vec::new(),
        scopes: vec![MetricScope::Node],
        resolution_s: None,
        max_points: None,
        method: ResampleMethod::Lttb,
        shape: MetricShape::List,
    };
    let answer = world.services.job_metrics(&world.job(1), &wanted).unwrap();
    let answer: Value = serde_json::from_slice(&answer.0).unwrap();
    assert_eq!(answer.as_array().unwrap().len(), 1, "{answer}");
    assert_eq!((&answer[0]["name"], &answer[0]["scope"]), (&json!("node_power"), &json!("node")));
    let series = answer[0]["metric"]["series"].as_array().unwrap();
    assert_eq!(series.len(), 1, "nobody knows how two interfaces become one series: {answer}");
    assert_eq!((&series[0]["hostname"], &series[0]["data"][9]), (&json!("a001"), &json!(360.0)));
}

#[test]
fn its_archive_has_them_and_says_why_others_are_missing() {
    let world = running();
    world.stop_now(1);
    let archived = ArchivingCounts { archived: 1, put_off: 0, given_up: 0, gone: 0 };
    assert_eq!(world.services.archive_due_jobs().unwrap(), archived);
    let job = world.job(1);
    let data = world.archive.load_data(&job.key).unwrap().unwrap();
    let series = &data["node_power"][&MetricScope::Node].series;
    assert_eq!((series.len(), series[0].hostname.as_str(), series[0].id.as_ref()), (1, "a001", None));
    assert_eq!(series[0].data, [360.0; 10]);
    let meta = world.archived(&job.key);
    let power = &meta.statistics["node_power"];
    assert_eq!((power.avg, power.min, power.max), (360.0, 360.0, 360.0));
    let missing: Value = serde_json::from_str(job.fragments.missing.unwrap().get()).unwrap();
    let missing = missing.as_array().unwrap().iter().find(|entry| entry["metric"] == "node_power").unwrap();
    assert_eq!(missing["hosts"], json!(["a002"]));
    assert!(missing["reason"].as_str().unwrap().contains("several series below the node"), "{missing}");
}

#[test]
fn a_query_for_the_node_finds_them() {
    let world = running();
    let row = |host: &str| {
        let asked = json!({"cluster": "alpha", "from": NOW - 600, "to": NOW,
            "queries": [{"metric": "node_power", "host": host}]});
        let body: QueryBody = serde_json::from_value(asked).unwrap();
        let answer = world.services.query_samples(&robot(), &body).unwrap();
        serde_json::to_value(answer).unwrap()["results"][0][0].clone()
    };
    let found = row("a001");
    assert_eq!((&found["error"], &found["data"]), (&Value::Null, &json!(vec![360.0; 10])));
    assert!(row("a002")["error"].as_str().unwrap().contains("several series below the node"));
}
