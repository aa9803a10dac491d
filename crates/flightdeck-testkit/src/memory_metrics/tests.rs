use super::*;
use crate::wait;
use flightdeck_model::{MetricStore, NodeFreshness, Page, TimePrecision, UnixTime, WriteContext};

const ALL: Page = Page { offset: 0, limit: 100 };

fn store() -> MemoryMetrics {
    MemoryMetrics::new().with_metric("alpha", "load", 60).with_metric("alpha", "power", 10)
}

fn context() -> WriteContext {
    WriteContext {
        default_cluster: Some("alpha".to_owned()),
        precision: None,
        received: UnixTime(1_700_000_100),
    }
}

fn name<'a>(host: &'a str, metric: &'a str) -> SeriesName<'a> {
    SeriesName { cluster: "alpha", host, metric, ..SeriesName::default() }
}

fn load_at(store: &MemoryMetrics, time_s: i64) -> Option<f64> {
    let request =
        SeriesRequest { metric: "load".to_owned(), host: "a1".to_owned(), parts: SeriesParts::Node };
    let span = TimeSpan { from: UnixTime(time_s), to: UnixTime(time_s + 1) };
    let answers = store.read_series("alpha", &[request], span).unwrap();
    answers[0].series.first().and_then(|series| series.values.first().copied())
}

#[test]
fn good_lines_are_stored_and_others_counted() {
    let store = store();
    let body = "load,hostname=a1,type=node value=1 1700000000\n\
                load,cluster=beta,hostname=a1 value=1\n\
                nonsense\n\
                load,hostname=a1,type=node,type-id=0 value=2.5 1700000060000000000\n\n\
                load,hostname=a1 value=x\n\
                load,hostname=a1 value=3\n";
    let report = wait(store.write(body.as_bytes(), &context())).unwrap();
    assert_eq!((report.stored, report.bad), (3, 2));
    assert_eq!(report.skipped, BTreeMap::from([("unknown metric", 1)]));
    assert_eq!(report.first_bad.unwrap().0, 3);
    let times = [1_700_000_000, 1_700_000_060, 1_700_000_100];
    assert_eq!(times.map(|time_s| load_at(&store, time_s)), [Some(1.0), Some(2.5), Some(3.0)]);
}

#[test]
fn times_are_in_the_unit_that_is_said() {
    let store = store();
    let body = b"load,hostname=a1 value=1 1700000000";
    let milliseconds = WriteContext { precision: Some(TimePrecision::Milliseconds), ..context() };
    wait(store.write(body, &milliseconds)).unwrap();
    assert_eq!(load_at(&store, 1_700_000), Some(1.0));
}

#[test]
fn series_are_listed_by_path_and_freed_by_age() {
    let store = store();
    store.put(name("a2", "load"), 120, 1.0);
    store.put(name("a1", "power"), 600, 1.0);
    store.put(SeriesName { kind: "socket", id: "0", ..name("a1", "load") }, 60, 1.0);
    let listed = |path: &[&str], page| {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        let found = store.list_series(&path, page);
        (found.series.iter().map(|series| series.path.join("/")).collect::<Vec<_>>(), found.total)
    };
    let all = ["alpha/a1", "alpha/a1/socket0", "alpha/a2"].map(str::to_owned);
    assert_eq!(listed(&[], ALL), (all.to_vec(), 3));
    assert_eq!(listed(&["alpha", "a1", "socket0"], ALL).0, ["alpha/a1/socket0"]);
    assert_eq!(listed(&[], Page { offset: 1, limit: 1 }), (vec!["alpha/a1/socket0".to_owned()], 3));
    assert_eq!(listed(&["beta"], ALL).1, 0);
    let block = store.list_series(&[], ALL).series[1].blocks[0];
    assert_eq!((block.start, block.end, block.steps), (UnixTime(60), UnixTime(120), 1));

    let before = store.change_stamp("alpha", &[]);
    assert_eq!(store.free(&[vec!["alpha".to_owned(), "a1".to_owned()]], UnixTime(119)).unwrap(), 0);
    assert_eq!(store.free(&[vec!["alpha".to_owned(), "a1".to_owned()]], UnixTime(120)).unwrap(), 1);
    assert_ne!(store.change_stamp("alpha", &[]), before);
    assert_eq!(store.free(&[Vec::new()], UnixTime(10_000)).unwrap(), 2);
    assert_eq!(listed(&[], ALL).1, 0);
}

#[test]
fn metrics_are_missing_or_too_old() {
    let store = store();
    store.put(name("a1", "load"), 1000, 1.0);
    store.put(name("a1", "power"), 1000, 1.0);
    let found = store.freshness("alpha", &["a1", "a2"], &["load", "power", "flops"], UnixTime(1100));
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let first = NodeFreshness { is_known: true, missing: texts(&["flops"]), degraded: texts(&["power"]) };
    let second =
        NodeFreshness { is_known: false, missing: texts(&["load", "power", "flops"]), degraded: Vec::new() };
    assert_eq!(found, [first, second]);
}

#[test]
fn failures_are_those_that_were_told() {
    let store = store();
    store.fail_writes(Some(PortErrorKind::NoSpace));
    let refused = wait(store.write(b"load,hostname=a1 value=1", &context())).unwrap_err();
    assert_eq!(refused.kind, PortErrorKind::NoSpace);
    assert!(store.checkpoint().is_err());
    store.fail_writes(None);
    store.checkpoint().unwrap();
    assert_eq!(store.checkpoints(), 1);
    store.fail_reads(Some(PortErrorKind::Unavailable));
    let span = TimeSpan { from: UnixTime(0), to: UnixTime(1) };
    assert_eq!(store.read_series("alpha", &[], span).unwrap_err().kind, PortErrorKind::Unavailable);
}
