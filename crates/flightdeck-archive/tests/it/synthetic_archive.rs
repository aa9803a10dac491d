//! Archives of made-up jobs: complete, various, the same every time, and read back exactly.

use flightdeck_archive::synthetic::{self, DataFor, Options};
use flightdeck_archive::{ArchiveError, FileArchive};
use flightdeck_model::{
    ArchiveEntry, Cluster, JobArchive, JobData, JobMeta, JobState, MetricScope, Shared, UnixTime,
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn written(options: Options) -> (tempfile::TempDir, FileArchive) {
    let folder = tempfile::tempdir().unwrap();
    synthetic::write(folder.path(), options).unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    (folder, archive)
}

fn read_all(archive: &FileArchive) -> Vec<(JobMeta, Option<JobData>)> {
    let read = |location: String| match archive.read_meta(&location) {
        ArchiveEntry::Job { meta, .. } => {
            let data = archive.load_data(&meta.key()).unwrap();
            (*meta, data)
        }
        ArchiveEntry::Problem(problem) => panic!("{problem:?}"),
    };
    archive.list_jobs().unwrap().into_iter().map(read).collect()
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn jobs_are_as_various_as_real_ones() {
    let (_folder, archive) = written(Options { data: DataFor::None, ..Options::default() });
    let loaded = archive.load_clusters().unwrap();
    assert!(loaded.problems.is_empty() && loaded.warnings.is_empty(), "{loaded:?}");
    let jobs: Vec<JobMeta> = read_all(&archive).into_iter().map(|(meta, _)| meta).collect();
    assert_eq!(jobs.len(), 300);

    let states: BTreeSet<JobState> = jobs.iter().map(|job| job.job_state).collect();
    let unfinished = [JobState::Pending, JobState::Running, JobState::Suspended];
    assert_eq!(states, JobState::ALL.into_iter().filter(|it| !unfinished.contains(it)).collect());
    let subclusters: BTreeSet<&str> = jobs.iter().map(|job| job.sub_cluster.as_str()).collect();
    assert_eq!(subclusters, BTreeSet::from(["genoa", "h100", "milan"]));
    for (what, is_so) in [
        ("several nodes", (|job| job.num_nodes > 1) as fn(&JobMeta) -> bool),
        ("own threads on a shared node", |job| {
            job.shared == Shared::MultiUser && !job.resources[0].hwthreads.is_empty()
        }),
        ("nodes shared with oneself", |job| job.shared == Shared::SingleUser),
        ("accelerators", |job| job.num_acc > 0),
        ("tags", |job| !job.tags.is_empty()),
        ("a job array", |job| job.array_job_id != 0),
        ("no texts", |job| job.meta_data.is_empty()),
    ] {
        assert!(jobs.iter().any(is_so), "no job with {what}");
        assert!(!jobs.iter().all(is_so), "all jobs with {what}");
    }
}

#[test]
fn jobs_fit_their_cluster() {
    let (_folder, archive) = written(Options { jobs: 60, ..Options::default() });
    let clusters: Vec<Arc<Cluster>> = archive.load_clusters().unwrap().clusters;
    for (meta, data) in read_all(&archive) {
        let cluster = clusters.iter().find(|it| it.name == meta.cluster).unwrap();
        let data = data.unwrap();
        for resource in &meta.resources {
            assert_eq!(cluster.subcluster_of_host(&resource.hostname).unwrap().name, meta.sub_cluster);
        }
        let subcluster = cluster.subcluster(&meta.sub_cluster).unwrap();
        for metric in &subcluster.metrics {
            let (&scope, stored) = data[&metric.name].first_key_value().unwrap();
            assert!(scope == metric.scope || scope == MetricScope::Node);
            assert_eq!((&stored.unit, stored.timestep_s), (&metric.unit, metric.timestep_s));
            let duration_s = u32::try_from(meta.duration).unwrap();
            for series in &stored.series {
                let covered_s = u32::try_from(series.data.len()).unwrap() * stored.timestep_s;
                assert!(covered_s >= duration_s && covered_s < duration_s + 2 * stored.timestep_s);
                assert_eq!(series.id.is_none(), scope == MetricScope::Node);
            }
            let statistics = &meta.statistics[&metric.name];
            assert!(
                statistics.min <= statistics.avg && statistics.avg <= statistics.max,
                "{}: {statistics:?}",
                metric.name
            );
            assert!(statistics.max <= metric.thresholds.peak * 1.3, "{}: {statistics:?}", metric.name);
        }
    }
}

#[test]
fn the_same_options_give_the_same_bytes() {
    let options = Options { jobs: 12, ..Options::default() };
    let (one, _) = written(options);
    let (two, _) = written(options);
    let (other, _) = written(Options { seed: 2, ..options });
    assert_eq!(files(one.path()), files(two.path()));
    assert_ne!(files(one.path()), files(other.path()));
    // Nothing is left of what was written first under another name.
    assert_eq!(files(one.path()).len(), 1 + 2 + 2 * 12);
}

#[test]
fn other_accounts_may_read_what_was_written() {
    let (folder, _) = written(Options { jobs: 1, ..Options::default() });
    let ordinary = folder.path().join("ordinary");
    fs::write(&ordinary, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    for (path, _) in files(folder.path()) {
        assert_eq!(mode(&folder.path().join(&path)), mode(&ordinary), "{path:?}");
    }
}

#[test]
fn data_are_written_for_as_many_jobs_as_asked() {
    let (_folder, archive) = written(Options { jobs: 10, data: DataFor::Last(3), ..Options::default() });
    let mut jobs = read_all(&archive);
    jobs.sort_by_key(|(meta, _)| meta.start_time);
    let with_data: Vec<bool> = jobs.iter().map(|(_, data)| data.is_some()).collect();
    assert_eq!(with_data, [vec![false; 7], vec![true; 3]].concat());
    assert!(jobs.iter().all(|(meta, _)| meta.statistics.contains_key("cpu_load")));
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let options = Options { jobs: 2, ..Options::default() };
    let (folder, _) = written(options);
    let before = files(folder.path());
    let error = synthetic::write(folder.path(), options).unwrap_err();
    assert!(matches!(error, ArchiveError::NotEmpty { .. }), "{error}");
    assert_eq!(files(folder.path()), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_was_written_is_what_is_read(seed: u64, longest_job_s in 0_u32..5000, spacing_s in 0_u32..100, first in 1_i64..2_000_000_000) {
        let options = Options { jobs: 3, seed, longest_job_s, first_start: UnixTime(first), spacing_s, data: DataFor::All };
        let (_folder, archive) = written(options);
        let mut expected: Vec<_> = synthetic::jobs(options).collect();
        expected.sort_by_key(|(meta, _)| meta.key());
        // Debug text, because a missing sample is not equal to itself; numbers in it are the shortest that read back.
        prop_assert_eq!(format!("{:?}", read_all(&archive)), format!("{expected:?}"));
    }
}
