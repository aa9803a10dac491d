//! Which lines are stored, which are not and why, and that many may write at once.

use crate::site::{Dice, NOW_S, Site, cluster, context, line, of_node, read, read_all, try_write, write};
use flightdeck_metrics::SampleStore;
use flightdeck_model::{
    HeldHost, MetricStore, Page, SeriesName, TimePrecision, UnixTime, WriteContext, WriteReport,
};
use flightdeck_testkit::wait;
use std::collections::BTreeMap;
use std::thread;

#[track_caller]
fn write_with(store: &SampleStore, body: &str, context: &WriteContext) -> WriteReport {
    wait(store.write(body.as_bytes(), context)).unwrap()
}

/// What is told of a body without bad lines.
fn told(stored: u64, skipped: &[(&'static str, u64)]) -> WriteReport {
    WriteReport { stored, skipped: skipped.iter().copied().collect(), ..WriteReport::default() }
}

#[test]
fn what_is_not_stored_is_counted_by_its_reason() {
    let site = Site::alpha();
    let (store, _) = site.open();
    let oldest_s = NOW_S - site.options.retention_s;
    let body = [
        "load,cluster=alpha,hostname=a1 value=1".to_owned(),
        "load,hostname=a1 value=1".to_owned(),
        "load,cluster=alpha value=1".to_owned(),
        "load,cluster=beta,hostname=a1 value=1".to_owned(),
        "heat,cluster=alpha,hostname=a1 value=1".to_owned(),
        "heat,cluster=alpha,hostname=a1 value=2".to_owned(),
        "load,cluster=alpha,hostname=../etc value=1".to_owned(),
        format!("load,cluster=alpha,hostname=a1 value=1 {}", NOW_S + 3601),
        format!("load,cluster=alpha,hostname=a1 value=2 {}", NOW_S + 3600),
        format!("load,cluster=alpha,hostname=a1 value=1 {}", oldest_s - 1),
        format!("load,cluster=alpha,hostname=a1 value=3 {oldest_s}"),
        "load,cluster=alpha,hostname=a1 event=\"it rains\"".to_owned(),
        "load,cluster=alpha,hostname=a1 value=true".to_owned(),
    ];
    let report = try_write(&store, &body.join("\n")).unwrap();
    let reasons = [
        ("event", 1),
        ("name with characters that are not allowed", 1),
        ("no cluster", 1),
        ("no hostname", 1),
        ("not a number", 1),
        ("older than the retention", 1),
        ("too far in the future", 1),
        ("unknown cluster", 1),
        ("unknown metric", 2),
    ];
    assert_eq!(report, told(3, &reasons));
    let found: Vec<f64> = read_all(&store, &of_node("a1", "load")).into_values().collect();
    assert_eq!(found, [3.0, 1.0, 2.0]);
}

#[test]
fn bad_lines_cost_only_themselves() {
    let site = Site::alpha();
    let (store, _) = site.open();
    let body = format!(
        "load,cluster=alpha,hostname=a1 value=1 {NOW_S}\nload,,hostname= value\n\n= \nload,cluster=alpha,hostname=a2 value=2 {NOW_S}\n"
    );
    let report = try_write(&store, &body).unwrap();
    assert_eq!((report.stored, report.bad), (2, 2));
    assert_eq!(report.first_bad.unwrap().0, 2);
    for (host, value) in [("a1", 1.0), ("a2", 2.0)] {
        assert_eq!(read_all(&store, &of_node(host, "load")), BTreeMap::from([(NOW_S, value)]));
    }
}

#[test]
fn no_line_takes_anything_from_the_one_before() {
    let site = Site::alpha();
    let (store, _) = site.open();
    let earlier_s = NOW_S - 7200;
    let body = format!(
        "load,cluster=alpha,hostname=a1,type=core,type-id=3,stype=x,stype-id=y value=1 {earlier_s}\n\
         load,cluster=alpha value=2 {earlier_s}\nload,hostname=a2 value=3 {earlier_s}\n\
         load,cluster=alpha,hostname=a2 value=4\n"
    );
    let report = try_write(&store, &body).unwrap();
    assert_eq!(report, told(2, &[("no cluster", 1), ("no hostname", 1)]));
    assert!(read_all(&store, &of_node("a1", "load")).is_empty());
    let now_of_a2 = BTreeMap::from([(NOW_S, 4.0)]);
    assert_eq!(read_all(&store, &of_node("a2", "load")), now_of_a2, "the time is that of the receipt");
}

#[test]
fn lines_without_a_cluster_are_of_that_of_the_request() {
    let site = Site::new(["alpha", "beta"].map(|name| cluster(name, &[("load", 60)])).into());
    let (store, _) = site.open();
    let body = "load,hostname=a1 value=1\nload,hostname=a1,cluster=beta value=2\nload,hostname=a2 value=3\n";
    let of_alpha = WriteContext { default_cluster: Some("alpha".into()), ..context() };
    assert_eq!(write_with(&store, body, &of_alpha), told(3, &[]));
    for (cluster, host, value) in [("alpha", "a1", 1.0), ("beta", "a1", 2.0), ("alpha", "a2", 3.0)] {
        let name = SeriesName { cluster, ..of_node(host, "load") };
        assert_eq!(read_all(&store, &name), BTreeMap::from([(NOW_S, value)]), "{cluster} {host}");
    }
    assert!(read_all(&store, &SeriesName { cluster: "beta", ..of_node("a2", "load") }).is_empty());
}

#[test]
fn the_unit_of_times_may_be_given() {
    let site = Site::alpha();
    let (store, _) = site.open();
    let precise = |precision| WriteContext { precision: Some(precision), ..context() };
    for (host, precision, factor) in [
        ("a1", TimePrecision::Seconds, 1),
        ("a2", TimePrecision::Milliseconds, 1000),
        ("a3", TimePrecision::Microseconds, 1_000_000),
        ("a4", TimePrecision::Nanoseconds, 1_000_000_000),
    ] {
        let body = line(&of_node(host, "load"), NOW_S * factor, 1.0);
        assert_eq!(write_with(&store, &body, &precise(precision)).stored, 1);
        assert_eq!(read_all(&store, &of_node(host, "load")), BTreeMap::from([(NOW_S, 1.0)]), "{precision:?}");
    }
}

#[test]
fn what_a_job_needs_is_taken_however_old_it_is() {
    let mut site = Site::alpha();
    site.options.retention_s = 3600;
    let (store, _) = site.open();
    let from = UnixTime(NOW_S - 86_400);
    store.hold(vec![HeldHost { cluster: "alpha".into(), host: "a1".into(), from }]);
    let body = ["a1", "a2"].map(|host| line(&of_node(host, "load"), NOW_S - 80_000, 1.0)).concat();
    assert_eq!(try_write(&store, &body).unwrap(), told(1, &[("older than the retention", 1)]));
    let too_early = line(&of_node("a1", "load"), NOW_S - 90_000, 1.0);
    assert_eq!(try_write(&store, &too_early).unwrap(), told(0, &[("older than the retention", 1)]));
    assert_eq!(read_all(&store, &of_node("a1", "load")).len(), 1);
}

#[test]
fn series_beyond_the_limit_are_refused_and_the_others_go_on() {
    let mut site = Site::alpha();
    site.options.series_max = 2;
    let (store, _) = site.open();
    let body = |time_s| ["a1", "a2", "a3"].map(|host| line(&of_node(host, "load"), time_s, 1.0)).concat();
    for time_s in [NOW_S, NOW_S + 60] {
        assert_eq!(try_write(&store, &body(time_s)).unwrap(), told(2, &[("too many series", 1)]));
    }
    assert_eq!(store.list_series(&[], Page { offset: 0, limit: 10 }).total, 2);
    let mut hosts = store.hosts("alpha");
    hosts.sort_unstable();
    assert_eq!(hosts, ["a1", "a2"]);
    assert!(store.hosts("beta").is_empty());
}

#[test]
fn a_body_of_many_lines_is_stored_whole() {
    let site = Site::alpha();
    let (store, _) = site.open();
    let hosts: Vec<String> = (0..300).map(|host| format!("node{host:03}")).collect();
    let mut body = String::new();
    for step in 0..50_i32 {
        for host in &hosts {
            body.push_str(&line(&of_node(host, "load"), NOW_S - i64::from(step) * 60, f64::from(step)));
        }
    }
    write(&store, &body);
    drop(store);
    let (reopened, report) = site.open();
    assert_eq!((report.log_samples, report.damaged), (15_000, 0));
    for host in &hosts {
        let found: Vec<f64> = read_all(&reopened, &of_node(host, "load")).into_values().collect();
        let expected: Vec<f64> = (0..50).rev().map(f64::from).collect();
        assert_eq!(found, expected, "{host}");
    }
}

#[test]
fn many_write_at_once_and_all_is_found() {
    let site = Site::alpha();
    let (store, _) = site.open();
    let writers: Vec<String> = (0..8).map(|writer| format!("node{writer}")).collect();
    thread::scope(|scope| {
        for host in &writers {
            let open_store = &store;
            scope.spawn(move || {
                for step in 0..60_i32 {
                    let time_s = NOW_S - i64::from(step) * 60;
                    let core = SeriesName { kind: "core", id: host, ..of_node("shared", "load") };
                    let body = line(&of_node(host, "load"), time_s, f64::from(step))
                        + &line(&core, time_s, f64::from(step) + 0.5);
                    write(open_store, &body);
                    // Whoever was answered finds what was sent.
                    assert_eq!(read(open_store, &core, time_s, time_s + 60).len(), 1);
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..10 {
                store.checkpoint().unwrap();
                store.maintain(UnixTime(NOW_S)).unwrap();
            }
        });
    });
    drop(store);
    let (reopened, report) = site.open();
    assert_eq!(report.damaged, 0);
    for host in &writers {
        let steps = |name: &SeriesName<'_>| read_all(&reopened, name).into_values().collect::<Vec<f64>>();
        let core = SeriesName { kind: "core", id: host, ..of_node("shared", "load") };
        assert_eq!(steps(&of_node(host, "load")), (0..60).rev().map(f64::from).collect::<Vec<_>>());
        assert_eq!(steps(&core), (0..60).rev().map(|step| f64::from(step) + 0.5).collect::<Vec<_>>());
    }
}

#[test]
fn the_memory_cap_drops_the_oldest_samples_first() {
    let mut site = Site::alpha();
    site.options.memory_cap_bytes = 300_000;
    let (store, _) = site.open();
    let mut dice = Dice::new(3);
    let hosts: Vec<String> = (0..30).map(|host| format!("node{host:02}")).collect();
    let held_from_s = NOW_S - 6000 * 7;
    let from = UnixTime(held_from_s);
    store.hold(vec![HeldHost { cluster: "alpha".into(), host: "node07".into(), from }]);
    for first in (0..6000_i64).step_by(200) {
        let mut body = String::new();
        for host in &hosts {
            for step in first..first + 200 {
                // Random digits take their eight bytes however they are compressed.
                let value = f64::from(u32::try_from(dice.below(1 << 32)).unwrap()) / 3.0;
                body.push_str(&line(&of_node(host, "fast"), NOW_S - (6000 - step) * 7, value));
            }
        }
        write(&store, &body);
    }
    let done = store.maintain(UnixTime(NOW_S)).unwrap();
    let number_before = |words: &str| {
        let (front, _) = done.split_once(words).unwrap();
        front.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert!(number_before(" dropped for memory") > 100, "{done}");
    assert!(number_before(" bytes") <= 300_000, "{done}");
    for host in &hosts {
        let found = read_all(&store, &of_node(host, "fast"));
        let newest_s = found.last_key_value().map(|(time_s, _)| *time_s);
        assert!(
            newest_s.is_some_and(|time_s| time_s > NOW_S - 15),
            "{host} has its newest samples: {newest_s:?}"
        );
        let is_held = host == "node07";
        assert_eq!(found.len() > 5000, is_held, "{host} has {} samples", found.len());
        let times: Vec<i64> = found.into_keys().collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 7), "{host} has a hole");
    }
    drop(store);
    // What was dropped for its size may be found again, and is dropped again.
    let (reopened, _) = site.open();
    assert!(reopened.maintain(UnixTime(NOW_S)).unwrap().contains(" dropped for memory"));
}
