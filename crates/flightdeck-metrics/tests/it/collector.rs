//! What cc-metric-collector really sends is stored, and each part of a host stays a series of its own.

use crate::site::{Site, cluster, read};
use flightdeck_metrics::SampleStore;
use flightdeck_model::{
    MetricSource, SeriesName, SeriesParts, SeriesRequest, TimeSpan, UnixTime, WriteContext, WriteReport,
};
use flightdeck_testkit::wait;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A minute after the last body was sent.
const NOW_S: i64 = 1_795_450_160;

const METRICS: [(&str, u32); 9] = [
    ("cpu_load", 1),
    ("cpu_user", 1),
    ("net_bytes_in", 1),
    ("mem_used", 1),
    ("acc_power", 1),
    ("nv_nvlink_crc_errors", 1),
    ("nfs_read", 1),
    ("negative", 1),
    ("is_throttled", 1),
];

fn site() -> Site {
    let site = Site::new(["aurora", "borealis"].map(|name| cluster(name, &METRICS)).into());
    site.clock.advance(NOW_S - crate::site::NOW_S);
    site
}

fn body(name: &str) -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flightdeck-line-protocol/tests/fixtures");
    fs::read_to_string(fixtures.join(name)).unwrap()
}

fn send(store: &SampleStore, name: &str) -> WriteReport {
    // One body names no cluster, as the address it is sent to does.
    let default_cluster = Some("aurora".to_owned());
    let context = WriteContext { default_cluster, precision: None, received: UnixTime(NOW_S) };
    wait(store.write(body(name).as_bytes(), &context)).unwrap()
}

fn of<'a>(cluster: &'a str, host: &'a str, metric: &'a str) -> SeriesName<'a> {
    SeriesName { cluster, host, metric, ..SeriesName::default() }
}

fn found(store: &SampleStore, name: &SeriesName<'_>) -> BTreeMap<i64, f64> {
    read(store, name, NOW_S - 3600, NOW_S + 3600)
}

#[test]
fn no_line_of_any_body_is_bad() {
    let site = site();
    let (store, _) = site.open();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flightdeck-line-protocol/tests/fixtures");
    let mut bodies: Vec<String> = fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "lp"))
        .collect();
    bodies.sort();
    assert!(bodies.len() >= 13, "{bodies:?}");
    for name in bodies {
        let report = send(&store, &name);
        assert_eq!((report.bad, report.first_bad.clone()), (0, None), "{name}");
        let lines = u64::try_from(body(&name).lines().count()).unwrap();
        assert_eq!(report.stored + report.skipped.values().sum::<u64>(), lines, "{name} {report:?}");
        assert!(!report.skipped.contains_key("unknown cluster"), "{name} {report:?}");
    }
}

#[test]
fn interfaces_and_hardware_threads_are_not_the_node() {
    let site = site();
    let (store, _) = site.open();
    let report = send(&store, "01-first-interval.lp");
    assert!(report.stored > 0 && report.skipped["unknown metric"] > 0, "{report:?}");
    let at = |value: f64| BTreeMap::from([(1_795_450_020, value)]);
    assert_eq!(found(&store, &of("aurora", "a0001", "cpu_load")), at(0.04));
    let bytes = of("aurora", "a0001", "net_bytes_in");
    let interface = |sub_id| SeriesName { sub_kind: "network", sub_id, ..bytes };
    assert_eq!(found(&store, &interface("lo")), at(4_497_550_823.0));
    assert_eq!(found(&store, &interface("eth0")), at(823_224_279.0));
    let node =
        SeriesRequest { metric: bytes.metric.into(), host: bytes.host.into(), parts: SeriesParts::Node };
    let span = TimeSpan { from: UnixTime(NOW_S - 3600), to: UnixTime(NOW_S) };
    let of_node = store.read_series("aurora", &[node], span).unwrap().remove(0);
    assert_eq!(of_node.series, [], "nothing says how two interfaces become one");
    assert!(of_node.problem.is_some_and(|problem| problem.contains("no aggregation")));
    let user = of("aurora", "a0001", "cpu_user");
    let values = ["", "0", "1"].map(|id| {
        let kind = if id.is_empty() { "" } else { "hwthread" };
        found(&store, &SeriesName { kind, id, ..user })[&1_795_450_020]
    });
    let sent = body("01-first-interval.lp");
    let sent = ["type=node", "type=hwthread,type-id=0", "type=hwthread,type-id=1"].map(|tags| {
        let prefix = format!("cpu_user,cluster=aurora,hostname=a0001,{tags},unit=Percent value=");
        let rest = sent.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap();
        rest.split(' ').next().unwrap().parse::<f64>().unwrap()
    });
    assert_eq!(values.to_vec(), sent.to_vec());
}

#[test]
fn times_are_understood_in_every_unit() {
    let site = site();
    let (store, _) = site.open();
    for (name, second) in [
        ("03-milliseconds.lp", 1_795_450_030),
        ("04-microseconds.lp", 1_795_450_037),
        ("05-nanoseconds.lp", 1_795_450_043),
    ] {
        assert!(send(&store, name).stored > 0);
        let sent: Vec<f64> = body(name)
            .lines()
            .filter_map(|line| line.strip_prefix("cpu_load,cluster=aurora,hostname=a0001,type=node value="))
            .map(|rest| rest.split(' ').next().unwrap().parse().unwrap())
            .collect();
        let samples = found(&store, &of("aurora", "a0001", "cpu_load"));
        assert_eq!((samples.get(&second), sent.len()), (sent.first(), 1), "{name} {samples:?}");
    }
}

#[test]
fn a_gpu_node_is_found_with_all_its_parts() {
    let site = site();
    let (store, _) = site.open();
    let report = send(&store, "10-gpu-node.lp");
    assert_eq!(report.skipped.get("not a number"), Some(&1), "a switch is no sample: {report:?}");
    let at = |value: f64| BTreeMap::from([(1_795_450_076, value)]);
    let power = of("borealis", "b01", "acc_power");
    let device = SeriesName { kind: "accelerator", id: "00000000:19:00.0", ..power };
    assert_eq!(found(&store, &device), at(301.25));
    let errors = SeriesName { metric: "nv_nvlink_crc_errors", ..device };
    assert!(found(&store, &errors).is_empty());
    assert_eq!(found(&store, &SeriesName { sub_kind: "nvlink", sub_id: "0", ..errors }), at(0.0));
    let core = SeriesName { kind: "core", id: "2", ..of("borealis", "b01", "cpu_user") };
    assert_eq!(found(&store, &core), at(92.25));
    let mount =
        SeriesName { sub_kind: "filesystem", sub_id: "/home/a b,c", ..of("borealis", "b01", "nfs_read") };
    assert_eq!(found(&store, &mount), at(17.0));
    assert_eq!(found(&store, &of("borealis", "b01", "negative")), at(-40.0));
    assert!(found(&store, &of("aurora", "b01", "negative")).is_empty(), "the line's cluster counts");
}

#[test]
fn events_and_logs_are_passed_over_also_when_they_are_called_like_a_metric() {
    let site = site();
    let (store, _) = site.open();
    let report = send(&store, "11-mixed-kinds.lp");
    assert_eq!(report.stored, 3, "cpu_load twice, mem_used");
    assert_eq!(
        report.skipped,
        BTreeMap::from([("control", 1), ("event", 2), ("log", 1), ("unknown metric", 4)])
    );
    let at = |value: f64| BTreeMap::from([(1_795_450_082, value)]);
    assert_eq!(found(&store, &of("aurora", "a0001", "cpu_load")), at(3.5), "the last one counts");
    assert_eq!(found(&store, &of("aurora", "a0001", "mem_used")), at(42.0));
}
