//! The host as a whole when a metric is measured for parts below it, such as network interfaces.

use super::*;

/// A cluster with `bytes` (a sum), `errors` (an average) and `state` (neither).
fn memory_of_interfaces() -> Memory {
    let json = r#"{"name": "alpha", "metricConfig": [
        {"name": "bytes", "timestep": 60, "aggregation": "sum"},
        {"name": "errors", "timestep": 60, "aggregation": "avg"},
        {"name": "state", "timestep": 60}], "subClusters": [
        {"name": "main", "nodes": "*", "topology": {"node": [0], "socket": [[0]], "memoryDomain": [[0]],
        "core": [[0]]}}]}"#;
    let (cluster, _) = Cluster::from_json(json.as_bytes()).unwrap();
    let limits = Limits { series_max: 1000, memory_cap_bytes: 0 };
    Memory::new(Arc::new(Catalogue::new(&[Arc::new(cluster)])), limits)
}

fn interface<'a>(id: &'a str, metric: &'a str) -> SeriesName<'a> {
    SeriesName { sub_kind: "network", sub_id: id, ..of_node("a1", metric) }
}

fn node(memory: &Memory, metric: &str) -> SeriesAnswer {
    ask(memory, "a1", metric, SeriesParts::Node, span(BASE_S, BASE_S + 3600))
}

#[test]
fn a_node_without_samples_of_its_own_is_what_lies_below_it() {
    let memory = memory_of_interfaces();
    for metric in ["bytes", "errors", "state"] {
        write(&memory, &interface("eth0", metric), &[(BASE_S, 1.0), (BASE_S + 60, 2.0), (BASE_S + 180, 7.0)]);
        // Of finer parts: they are not to be mixed in.
        write(&memory, &of_core("a1", "0", metric), &[(BASE_S, 1000.0)]);
        let below_socket = SeriesName {
            kind: "socket",
            id: "0",
            sub_kind: "network",
            sub_id: "eth9",
            ..of_node("a1", metric)
        };
        write(&memory, &below_socket, &[(BASE_S, 1000.0)]);
        assert_eq!(plain(&node(&memory, metric)), [("", vec![Some(1.0), Some(2.0), None, Some(7.0)])]);
    }
    for metric in ["bytes", "errors", "state"] {
        write(&memory, &interface("ib0", metric), &[(BASE_S, 3.0), (BASE_S + 60, 4.0)]);
    }
    assert_eq!(
        plain(&node(&memory, "bytes")),
        [("", vec![Some(4.0), Some(6.0)])],
        "no sum with a part missing"
    );
    assert_eq!(plain(&node(&memory, "errors")), [("", vec![Some(2.0), Some(3.0), None, Some(7.0)])]);
    let neither = node(&memory, "state");
    assert!(neither.series.is_empty());
    assert!(neither.problem.is_some_and(|problem| problem.contains("no aggregation")));

    // They stay what they are, and what the node itself says counts more.
    let both = SeriesParts::Parts {
        kind: String::new(),
        ids: Vec::new(),
        below: Some(SubParts { kind: "network".into(), ids: vec!["eth0".into(), "ib0".into()] }),
    };
    assert_eq!(ask(&memory, "a1", "bytes", both, span(BASE_S, BASE_S + 60)).series.len(), 2);
    write(&memory, &of_node("a1", "bytes"), &[(BASE_S, 50.0)]);
    assert_eq!(plain(&node(&memory, "bytes")), [("", vec![Some(50.0)])]);
}

#[test]
fn what_has_no_sample_in_the_span_is_no_part_of_the_node() {
    let memory = memory_of_interfaces();
    write(&memory, &interface("usb0", "state"), &[(BASE_S - DAY_S, 1.0)]);
    write(&memory, &interface("eth0", "state"), &[(BASE_S, 2.0)]);
    assert_eq!(plain(&node(&memory, "state")), [("", vec![Some(2.0)])]);
}
