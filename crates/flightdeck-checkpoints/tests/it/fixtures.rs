//! The checkpoints of the fixtures and what must be in them.

use flightdeck_checkpoints::{HostFolder, Piece, Report, list_hosts, read_host};
use flightdeck_model::SeriesName;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The four ways in which that server was stopped.
pub(crate) const STORES: [&str; 4] = ["bin", "json", "mixed", "wal"];

pub(crate) fn store(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("checkpoints-{name}"))
}

/// What a file has of a series.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum InFile {
    Snapshot { frequency: i64, start: i64, values: Vec<Option<f32>> },
    Log(Vec<(i64, f32)>),
}

/// Cluster, host, kind, id, sub kind, sub id, metric and file.
pub(crate) type Key = [String; 8];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    cluster: String,
    host: String,
    part: [String; 4],
    metric: String,
    in_files: BTreeMap<String, InFile>,
}

/// What is in the files of a store, as an independent reader found it.
pub(crate) fn expected(store: &str) -> BTreeMap<Key, InFile> {
    let json = include_str!("../fixtures/in-files.json");
    let mut stores: BTreeMap<String, Vec<Expected>> = serde_json::from_str(json).unwrap();
    let mut all = BTreeMap::new();
    for Expected { cluster, host, part, metric, in_files } in stores.remove(store).unwrap() {
        for (file, content) in in_files {
            let [kind, id, sub_kind, sub_id] = part.clone();
            all.insert(
                [cluster.clone(), host.clone(), kind, id, sub_kind, sub_id, metric.clone(), file],
                content,
            );
        }
    }
    all
}

/// What is in the files of a store, each read as if it were the only one.
pub(crate) fn found(root: &Path) -> (BTreeMap<Key, InFile>, Report) {
    let mut report = Report::default();
    let mut all = BTreeMap::new();
    for folder in list_hosts(root, &mut report).unwrap() {
        for entry in fs::read_dir(&folder.path).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            let alone = tempfile::tempdir().unwrap();
            fs::copy(&file, alone.path().join(name)).unwrap();
            let folder_alone = HostFolder { path: alone.path().to_owned(), ..folder.clone() };
            read_host(&folder_alone, &mut report, &mut |series, piece| {
                collect(&mut all, &key(&series, name), piece);
            });
        }
    }
    (all, report)
}

pub(crate) fn key(series: &SeriesName<'_>, file: &str) -> Key {
    let SeriesName { cluster, host, kind, id, sub_kind, sub_id, metric } = *series;
    [cluster, host, kind, id, sub_kind, sub_id, metric, file].map(str::to_owned)
}

fn collect(all: &mut BTreeMap<Key, InFile>, key: &Key, piece: Piece<'_>) {
    match piece {
        Piece::Run { timestep_s, start_s, values } => {
            let values = values.iter().map(|&value| (!value.is_nan()).then_some(value)).collect();
            let run = InFile::Snapshot { frequency: timestep_s, start: start_s, values };
            assert_eq!(all.insert(key.clone(), run), None, "{key:?} comes once");
        }
        Piece::Sample { time_s, value } => {
            let samples = all.entry(key.clone()).or_insert_with(|| InFile::Log(Vec::new()));
            let InFile::Log(log) = samples else { panic!("{key:?} comes from a log") };
            log.push((time_s, value));
        }
    }
}

/// A copy of a store that can be damaged.
pub(crate) fn copy(store: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_folder(store, copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
