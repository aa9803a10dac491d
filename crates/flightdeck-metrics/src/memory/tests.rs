use super::{Counters, Held, Limits, Memory, Refusal, Sample, SeriesNumber, totals::Totals};
use crate::block::Block;
use crate::catalogue::Catalogue;
use flightdeck_model::{
    Cluster, HeldHost, Page, SeriesAnswer, SeriesName, SeriesParts, SeriesRequest, SubParts, TimeSpan,
    UnixTime,
};
use std::sync::Arc;

mod against_a_model;
mod below_the_node;
mod bounds;
mod late_begin;

const DAY_S: i64 = 86_400;
/// A time that is the beginning of a block of the metric `load`.
const BASE_S: i64 = 256 * 60 * 100_000;

/// A cluster with the metrics `load` (60 s), `power` (60 s) and `fast` (7 s).
fn catalogue(name: &str, load_timestep_s: u32) -> Arc<Catalogue> {
    let json = format!(
        r#"{{"name": "{name}", "metricConfig": [
            {{"name": "load", "timestep": {load_timestep_s}}}, {{"name": "power", "timestep": 60}},
            {{"name": "fast", "timestep": 7}}], "subClusters": [
            {{"name": "main", "nodes": "*", "topology": {{"node": [0], "socket": [[0]], "memoryDomain": [[0]],
            "core": [[0]]}}}}]}}"#
    );
    let (cluster, _) = Cluster::from_json(json.as_bytes()).unwrap();
    Arc::new(Catalogue::new(&[Arc::new(cluster)]))
}

fn memory_with(series_max: u32, memory_cap_bytes: u64) -> Memory {
    Memory::new(catalogue("alpha", 60), Limits { series_max, memory_cap_bytes })
}

fn memory() -> Memory {
    memory_with(1000, 0)
}

fn of_node<'a>(host: &'a str, metric: &'a str) -> SeriesName<'a> {
    SeriesName { cluster: "alpha", host, metric, ..SeriesName::default() }
}

fn of_core<'a>(host: &'a str, id: &'a str, metric: &'a str) -> SeriesName<'a> {
    SeriesName { kind: "core", id, ..of_node(host, metric) }
}

fn write(memory: &Memory, name: &SeriesName<'_>, samples: &[(i64, f64)]) {
    let series = memory.resolver().resolve(name).unwrap().number;
    let samples: Vec<Sample> =
        samples.iter().map(|(time_s, value)| Sample { series, time_s: *time_s, value: *value }).collect();
    assert_eq!(memory.apply(&samples), 0);
}

fn span(from_s: i64, to_s: i64) -> TimeSpan {
    TimeSpan { from: UnixTime(from_s), to: UnixTime(to_s) }
}

fn ask(memory: &Memory, host: &str, metric: &str, parts: SeriesParts, wanted: TimeSpan) -> SeriesAnswer {
    let request = SeriesRequest { metric: metric.into(), host: host.into(), parts };
    let mut answers = memory.read_series("alpha", &[request], wanted);
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

/// Ids and values of an answer, NaN as `None`.
fn plain(answer: &SeriesAnswer) -> Vec<(&str, Vec<Option<f64>>)> {
    let values = |values: &[f64]| values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect();
    answer.series.iter().map(|series| (series.id.as_str(), values(&series.values))).collect()
}

fn cores(ids: &[&str]) -> SeriesParts {
    SeriesParts::Parts {
        kind: "core".into(),
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        below: None,
    }
}

fn path(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

/// Counts everything again, and compares with what was kept up.
fn assert_counts(memory: &Memory) -> Counters {
    for shard in 0..memory.shards.len() {
        let shard = memory.shard(shard).unwrap();
        let mut counted = Totals::default();
        for (_, series) in shard.series.iter() {
            counted.list_bytes += series.blocks.heap_bytes();
            for entry in series.blocks.iter() {
                assert!(entry.block.present() > 0);
                counted.samples += u64::from(entry.block.present());
                let bytes = entry.block.heap_bytes();
                if entry.block.is_open() {
                    counted.open_blocks += 1;
                    counted.open_bytes += bytes;
                } else {
                    counted.closed_blocks += 1;
                    counted.closed_bytes += bytes;
                }
            }
        }
        assert_eq!(shard.totals, counted);
        let of_hosts: usize = shard.hosts.iter().map(|(host, _)| shard.series_of(host).count()).sum();
        assert_eq!(of_hosts, shard.series.len());
    }
    let counters = memory.counters();
    assert_eq!(counters.series, u64::from(memory.series_count.load(std::sync::atomic::Ordering::Relaxed)));
    counters
}

#[test]
fn samples_stand_at_their_step_of_the_span() {
    let memory = memory();
    write(&memory, &of_node("a1", "load"), &[(BASE_S + 125, 2.0), (BASE_S + 59, 0.5), (BASE_S + 300, 5.0)]);
    let answer = ask(&memory, "a1", "load", SeriesParts::Node, span(BASE_S + 30, BASE_S + 1000));
    assert_eq!(plain(&answer), [("", vec![Some(0.5), None, Some(2.0), None, None, Some(5.0)])]);
    assert_eq!(answer.series[0].timestep_s, 60);
    // A span that begins before the samples has as many empty steps in front; one that ends before them has nothing.
    let early = ask(&memory, "a1", "load", SeriesParts::Node, span(BASE_S - 120, BASE_S + 60));
    assert_eq!(plain(&early), [("", vec![None, None, Some(0.5)])]);
    assert!(ask(&memory, "a1", "load", SeriesParts::Node, span(BASE_S - 120, BASE_S)).series.is_empty());
    assert!(ask(&memory, "a1", "load", SeriesParts::Node, span(BASE_S + 60, BASE_S)).series.is_empty());
}

#[test]
fn the_last_value_of_a_step_counts() {
    let memory = memory();
    write(&memory, &of_node("a1", "load"), &[(BASE_S, 1.0), (BASE_S + 10, 2.0), (BASE_S + 60, 9.0)]);
    write(&memory, &of_node("a1", "load"), &[(BASE_S + 5, 3.0), (BASE_S + 60, f64::NAN)]);
    let answer = ask(&memory, "a1", "load", SeriesParts::Node, span(BASE_S, BASE_S + 600));
    assert_eq!(plain(&answer), [("", vec![Some(3.0)])]);
    write(&memory, &of_node("a1", "load"), &[(BASE_S, f64::NAN)]);
    assert!(ask(&memory, "a1", "load", SeriesParts::Node, span(BASE_S, BASE_S + 600)).series.is_empty());
    assert_eq!(assert_counts(&memory).samples, 0);
}

#[test]
fn parts_come_in_the_order_they_are_asked_for() {
    let memory = memory();
    for (id, value) in [("0", 1.0), ("1", 2.0), ("10", 3.0)] {
        write(&memory, &of_core("a1", id, "load"), &[(BASE_S, value)]);
    }
    write(&memory, &of_node("a1", "load"), &[(BASE_S, 9.0)]);
    let eth = SeriesName { sub_kind: "network", sub_id: "eth0", ..of_node("a1", "load") };
    write(&memory, &eth, &[(BASE_S, 7.0)]);
    let wanted = span(BASE_S, BASE_S + 60);
    let some = ask(&memory, "a1", "load", cores(&["10", "7", "0"]), wanted);
    assert_eq!(plain(&some), [("10", vec![Some(3.0)]), ("0", vec![Some(1.0)])]);
    let below = SubParts { kind: "network".into(), ids: vec!["eth0".into(), "ib0".into()] };
    let of_node_below = SeriesParts::Parts { kind: String::new(), ids: Vec::new(), below: Some(below) };
    assert_eq!(plain(&ask(&memory, "a1", "load", of_node_below, wanted)), [("eth0", vec![Some(7.0)])]);
    let all = ask(&memory, "a1", "load", SeriesParts::Everything, wanted);
    let ids: Vec<&str> = all.series.iter().map(|series| series.id.as_str()).collect();
    assert_eq!(ids, ["", "eth0", "0", "1", "10"]);
    // What is not known has no series, and that is no problem.
    for (host, metric) in [("a2", "load"), ("a1", "power"), ("a1", "no_such_metric")] {
        assert_eq!(ask(&memory, host, metric, SeriesParts::Everything, wanted), SeriesAnswer::default());
    }
    assert_eq!(memory.read_series("beta", &[], wanted), []);
}

#[test]
fn names_that_make_no_sense_are_refused() {
    let memory = memory_with(2, 0);
    let refused = |name: SeriesName<'_>| memory.resolver().resolve(&name).unwrap_err();
    assert_eq!(refused(SeriesName { cluster: "beta", ..of_node("a1", "load") }), Refusal::UnknownCluster);
    assert_eq!(refused(of_node("a1", "no_such_metric")), Refusal::UnknownMetric);
    let long = "x".repeat(256);
    for host in ["", "a/b", "a\\b", "..", "a..b", "a b", "a\nb", "a\u{a0}b", long.as_str()] {
        assert_eq!(refused(of_node(host, "load")), Refusal::BadName, "{host:?}");
    }
    for id in ["a\u{7}", long.as_str()] {
        assert_eq!(refused(of_core("a1", id, "load")), Refusal::BadName);
    }
    write(&memory, &of_core("node-1.site", "0000:01:00.0", "load"), &[(BASE_S, 1.0)]);
    let mount =
        SeriesName { sub_kind: "filesystem", sub_id: "/home of all", ..of_node("node-1.site", "load") };
    write(&memory, &mount, &[(BASE_S, 1.0)]);
    assert_eq!(refused(of_node("a1", "load")), Refusal::TooManySeries);
    let bytes = memory.counters().bytes;
    for id in 0..100 {
        assert_eq!(refused(of_core("a1", &format!("new{id}"), "load")), Refusal::TooManySeries);
    }
    assert_eq!(memory.counters().bytes, bytes);
    write(&memory, &mount, &[(BASE_S, 2.0)]);
    assert_eq!(assert_counts(&memory).series, 2);
}

#[test]
fn times_without_sense_are_not_stored() {
    let memory = memory();
    let series = memory.resolver().resolve(&of_node("a1", "fast")).unwrap();
    assert_eq!(series.timestep_s, 7);
    let sample = |time_s| Sample { series: series.number, time_s, value: 1.0 };
    assert_eq!(memory.apply(&[sample(-1), sample(i64::MAX), sample(0), sample(i64::MIN)]), 3);
    assert_eq!(assert_counts(&memory).samples, 1);
}

#[test]
fn a_stamp_changes_with_every_change() {
    let memory = memory();
    let mut stamps = vec![memory.change_stamp("alpha", &["a1", "a2"])];
    let mut changed = |memory: &Memory| {
        let stamp = memory.change_stamp("alpha", &["a1", "a2"]);
        assert!(!stamps.contains(&stamp));
        stamps.push(stamp);
    };
    for host in ["a1", "a2", "a1"] {
        write(&memory, &of_node(host, "load"), &[(BASE_S, 1.0)]);
        changed(&memory);
    }
    memory.free(&[path(&["alpha", "a1"])], i64::MAX);
    changed(&memory);
    memory.expire(BASE_S + DAY_S, 3600, &Held::default());
    changed(&memory);
    write(&memory, &of_node("a3", "load"), &[(BASE_S, 1.0)]);
    assert_eq!(memory.change_stamp("alpha", &["a1", "a2"]), *stamps.last().unwrap());
}

#[test]
fn freshness_is_that_of_the_oldest_part() {
    let memory = memory();
    write(&memory, &of_core("a1", "0", "load"), &[(BASE_S, 1.0)]);
    write(&memory, &of_core("a1", "1", "load"), &[(BASE_S + 600, 1.0)]);
    write(&memory, &of_node("a1", "power"), &[(BASE_S + 600, 1.0)]);
    let fresh =
        |now_s| memory.freshness("alpha", &["a1", "a9"], &["load", "power", "fast", "odd"], UnixTime(now_s));
    let soon = fresh(BASE_S + 60 + 300);
    assert!(soon[0].is_known && soon[0].degraded.is_empty());
    assert_eq!(soon[0].missing, ["fast", "odd"]);
    assert!(!soon[1].is_known);
    assert_eq!(soon[1].missing, ["load", "power", "fast", "odd"]);
    assert_eq!(fresh(BASE_S + 60 + 301)[0].degraded, ["load"]);
    assert_eq!(fresh(BASE_S + 660 + 301)[0].degraded, ["load", "power"]);
}

#[test]
fn lists_are_sorted_and_paged() {
    let memory = memory();
    for host in ["b1", "a1", "a2"] {
        for id in ["1", "0"] {
            write(&memory, &of_core(host, id, "power"), &[(BASE_S, 1.0)]);
            write(&memory, &of_core(host, id, "load"), &[(BASE_S, 1.0), (BASE_S + 120, 1.0)]);
        }
    }
    let list = |steps: &[&str], offset, limit| memory.list_series(&path(steps), Page { offset, limit });
    let all = list(&[], 0, 100);
    assert_eq!(all.total, 12);
    let names: Vec<String> =
        all.series.iter().map(|info| format!("{} {}", info.path.join("/"), info.metric)).collect();
    assert_eq!(names[..3], ["alpha/a1/core0 load", "alpha/a1/core0 power", "alpha/a1/core1 load"]);
    assert!(names.is_sorted());
    for (offset, rest) in (0..12).map(|offset| (offset as u64, &all.series[offset..])) {
        let page = list(&["alpha"], offset, 5);
        assert_eq!(page.total, 12);
        assert_eq!(page.series, rest[..rest.len().min(5)]);
    }
    assert_eq!(list(&["alpha", "a2", "core1"], 0, 100).total, 2);
    assert_eq!(list(&["alpha", "a2", "core"], 0, 100).total, 0);
    assert_eq!(list(&["beta"], 0, 100).total, 0);
    let block = all.series[0].blocks[0];
    assert_eq!((block.start.0, block.end.0, block.steps), (BASE_S, BASE_S + 180, 3));
    assert!(!block.is_saved && block.bytes > 0);
}

#[test]
fn what_a_visit_had_is_not_visited_again_until_it_changes() {
    let memory = memory();
    let visit = |memory: &Memory, is_full| {
        let mut seen = Vec::new();
        memory
            .visit_dirty(is_full, &mut |name, timestep_s, block, end_s, bytes| {
                assert!(Block::from_bytes(bytes).is_ok());
                seen.push((name.host.to_owned(), timestep_s, block, end_s));
                Ok::<(), ()>(())
            })
            .unwrap();
        seen.sort();
        seen
    };
    write(&memory, &of_node("a1", "load"), &[(BASE_S, 1.0)]);
    write(&memory, &of_node("a2", "load"), &[(BASE_S, 1.0)]);
    let (first, second) =
        (("a1".to_owned(), 60, 100_000, BASE_S + 60), ("a2".to_owned(), 60, 100_000, BASE_S + 60));
    assert_eq!(visit(&memory, false), [first.clone(), second.clone()]);
    assert!(visit(&memory, false).is_empty());
    write(&memory, &of_node("a2", "load"), &[(BASE_S, 2.0)]);
    assert_eq!(visit(&memory, false), std::slice::from_ref(&second));
    // That snapshot failed.
    memory.mark_all_unsaved();
    assert_eq!(visit(&memory, false), std::slice::from_ref(&second));
    assert_eq!(visit(&memory, true), [first, second]);
    write(&memory, &of_node("a1", "load"), &[(BASE_S, 2.0)]);
    assert_eq!(memory.visit_dirty(false, &mut |_, _, _, _, _| Err("disk full")), Err("disk full"));
    memory.mark_all_unsaved();
    assert!(!visit(&memory, false).is_empty());
}

#[test]
fn a_saved_block_of_another_timestep_goes_to_the_present_steps() {
    let old = memory();
    write(&old, &of_node("a1", "load"), &[(BASE_S, 1.0), (BASE_S + 60, 2.0), (BASE_S + 120, 3.0)]);
    let new = Memory::new(catalogue("alpha", 30), Limits { series_max: 10, memory_cap_bytes: 0 });
    old.visit_dirty(true, &mut |name, timestep_s, number, _, bytes| {
        let block = Block::from_bytes(bytes).unwrap();
        assert!(!new.insert_saved(name, timestep_s, number, block.clone(), BASE_S + 180));
        assert!(new.insert_saved(name, timestep_s, number, block, BASE_S));
        Ok::<(), ()>(())
    })
    .unwrap();
    let answer = ask(&new, "a1", "load", SeriesParts::Node, span(BASE_S, BASE_S + 600));
    assert_eq!(plain(&answer), [("", vec![Some(1.0), None, Some(2.0), None, Some(3.0)])]);
}

#[test]
fn many_threads_find_the_same_series() {
    let memory = memory();
    let names: Vec<String> = (0..100).map(|core| core.to_string()).collect();
    let resolve_all = || {
        let mut resolver = memory.resolver();
        let name = |id| of_core("a1", id, "load");
        names.iter().map(|id| resolver.resolve(&name(id)).unwrap().number).collect::<Vec<_>>()
    };
    let found: Vec<Vec<SeriesNumber>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let found = resolve_all();
                    memory.expire(BASE_S, 3600, &Held::default());
                    let _ = ask(&memory, "a1", "load", SeriesParts::Everything, span(BASE_S, BASE_S + 60));
                    found
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.iter().all(|numbers| *numbers == found[0]));
    assert_eq!(assert_counts(&memory).series, 100);
}

fn held(host: &str, from_s: i64) -> Held {
    Held::new(vec![HeldHost { cluster: "alpha".into(), host: host.into(), from: UnixTime(from_s) }])
}
