//! A new store takes over what the reference server left, once.

use crate::site::{Site, cluster, read};
use flightdeck_metrics::{SampleStore, TakenOver};
use flightdeck_model::{MetricStore, SeriesName, UnixTime};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Soon after the last sample of the fixtures.
const NOW_S: i64 = 1_795_450_300;
/// Before the first one.
const BEGIN_S: i64 = NOW_S - 86_400;

const METRICS: [(&str, u32); 8] = [
    ("ci_load", 1),
    ("ci_mem", 2),
    ("ci_user", 5),
    ("ci_ht", 5),
    ("ci_bw", 2),
    ("ci_power", 2),
    ("ci_acc", 5),
    ("ci_net", 5),
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../flightdeck-checkpoints/tests/fixtures")
}

/// A new store beside the checkpoints of one of the fixtures.
fn site(name: &str) -> Site {
    let aurora = cluster("aurora", &[("cpu_load", 60), ("mem_used", 60)]);
    let mut site = Site::new(vec![cluster("cirrus", &METRICS), aurora]);
    site.clock.advance(NOW_S - crate::site::NOW_S);
    site.options.reference_checkpoints = Some(fixtures().join(format!("checkpoints-{name}")));
    site
}

/// A series as an independent reader found it in the files, by file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    cluster: String,
    host: String,
    part: [String; 4],
    metric: String,
    in_files: BTreeMap<String, InFile>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum InFile {
    Snapshot { frequency: i64, start: i64, values: Vec<Option<f32>> },
    Log(Vec<(i64, f32)>),
}

impl InFile {
    /// Times and values.
    fn samples(&self) -> Vec<(i64, f32)> {
        match self {
            Self::Log(samples) => samples.clone(),
            Self::Snapshot { frequency, start, values } => {
                let times = (0..).map(|index: i64| start + index * frequency);
                times.zip(values).filter_map(|(time_s, value)| Some((time_s, (*value)?))).collect()
            }
        }
    }
}

impl Series {
    fn name(&self) -> SeriesName<'_> {
        let [kind, id, sub_kind, sub_id] = &self.part;
        SeriesName {
            cluster: &self.cluster,
            host: &self.host,
            kind,
            id,
            sub_kind,
            sub_id,
            metric: &self.metric,
        }
    }

    fn timestep_s(&self) -> i64 {
        METRICS
            .iter()
            .find(|(metric, _)| *metric == self.metric)
            .map_or(60, |(_, seconds)| i64::from(*seconds))
    }

    /// The value of each step that has one. Snapshots come by their times, the log last, and the last value counts.
    fn by_step(&self) -> BTreeMap<i64, f64> {
        let samples = self.in_files.values().flat_map(InFile::samples);
        samples
            .map(|(time_s, value)| {
                // What was sent had few digits; the files have the 32 bits next to it.
                let sent: f64 = value.to_string().parse().unwrap();
                (time_s / self.timestep_s() * self.timestep_s(), sent)
            })
            .collect()
    }
}

fn expected(name: &str) -> Vec<Series> {
    let json = std::fs::read(fixtures().join("in-files.json")).unwrap();
    let mut all: BTreeMap<String, Vec<Series>> = serde_json::from_slice(&json).unwrap();
    all.remove(name).unwrap()
}

#[track_caller]
fn assert_taken_over(store: &SampleStore, name: &str) {
    for series in expected(name) {
        let found = read(store, &series.name(), BEGIN_S, NOW_S);
        assert_eq!(found, series.by_step(), "{name} {:?}", series.name());
    }
}

fn samples(name: &str) -> u64 {
    let all = expected(name);
    let in_files = all.iter().flat_map(|series| series.in_files.values());
    u64::try_from(in_files.map(|file| file.samples().len()).sum::<usize>()).unwrap()
}

#[test]
fn every_sample_is_found_at_its_step() {
    for (name, hosts, files) in [("bin", 11, 11), ("json", 4, 4), ("mixed", 3, 6), ("wal", 4, 4)] {
        let site = site(name);
        let (store, report) = site.open();
        let wanted = TakenOver { hosts, files, samples: samples(name), passed_over: 0, problems: Vec::new() };
        assert_eq!(report.took_over, Some(wanted), "{name}");
        assert_taken_over(&store, name);
    }
}

#[test]
fn it_happens_once() {
    let site = site("bin");
    drop(site.open());
    let (second, report) = site.open();
    assert_eq!(report.took_over, None);
    assert!(report.blocks > 0);
    assert_taken_over(&second, "bin");
    // Also when nothing of it is there any more.
    second.free(&[Vec::new()], UnixTime(i64::MAX)).unwrap();
    second.checkpoint().unwrap();
    second.hold(Vec::new());
    second.maintain(UnixTime(NOW_S + 365 * 86_400)).unwrap();
    drop(second);
    let (third, last_report) = site.open();
    assert_eq!(last_report.took_over, None, "what was dropped stays dropped");
    assert!(expected("bin").iter().all(|series| read(&third, &series.name(), BEGIN_S, NOW_S).is_empty()));
}

#[test]
fn a_store_that_has_something_takes_nothing_over() {
    let mut site = site("wal");
    let checkpoints = site.options.reference_checkpoints.take();
    let (store, _) = site.open();
    let name = SeriesName { cluster: "cirrus", host: "c05", metric: "ci_load", ..SeriesName::default() };
    crate::site::write(&store, &crate::site::line(&name, NOW_S, 1.0));
    drop(store);
    site.options.reference_checkpoints = checkpoints;
    let (second, report) = site.open();
    assert_eq!(report.took_over, None);
    assert_eq!(read(&second, &name, BEGIN_S, NOW_S + 60), BTreeMap::from([(NOW_S, 1.0)]));
}

#[test]
fn what_is_not_configured_or_too_old_is_counted() {
    let mut site = site("bin");
    site.options.retention_s = 1000;
    site.options.clusters = vec![cluster("cirrus", &METRICS[..4])];
    let known: BTreeSet<&str> = METRICS[..4].iter().map(|(metric, _)| *metric).collect();
    let from_s = NOW_S - 1000;
    let (store, report) = site.open();
    let taken = report.took_over.unwrap();
    let all = expected("bin");
    let kept: usize = all
        .iter()
        .filter(|series| series.cluster == "cirrus" && known.contains(series.metric.as_str()))
        .flat_map(|series| series.in_files.values().flat_map(InFile::samples))
        .filter(|(time_s, _)| *time_s >= from_s)
        .count();
    assert!(kept > 0);
    assert_eq!(taken.samples, u64::try_from(kept).unwrap());
    assert_eq!(taken.samples + taken.passed_over, samples("bin"));
    let load = SeriesName { cluster: "cirrus", host: "c05", metric: "ci_load", ..SeriesName::default() };
    assert!(!read(&store, &load, BEGIN_S, NOW_S).is_empty());
}

#[test]
fn a_folder_that_is_not_there_or_empty_is_no_reason_not_to_start() {
    let mut site = site("bin");
    site.options.reference_checkpoints = Some(site.folder.path().join("nowhere"));
    assert_eq!(site.open().1.took_over, None);
    let empty = tempfile::tempdir().unwrap();
    site.options.reference_checkpoints = Some(empty.path().to_owned());
    assert_eq!(site.open().1.took_over, Some(TakenOver::default()));
    assert_eq!(site.open().1.took_over, None);
}
