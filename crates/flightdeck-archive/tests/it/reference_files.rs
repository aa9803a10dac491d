//! Files that the reference wrote: a cluster and three jobs.

use flightdeck_archive::FileArchive;
use flightdeck_model::{
    ArchiveEntry, JobArchive, JobData, JobKey, JobMeta, JobState, MetricScope, Shared, UnixTime,
};
use std::path::Path;

fn archive() -> FileArchive {
    FileArchive::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference-archive"))
        .unwrap()
}

fn job(location: &str) -> JobMeta {
    match archive().read_meta(location) {
        ArchiveEntry::Job { meta, .. } => *meta,
        ArchiveEntry::Problem(problem) => panic!("{problem:?}"),
    }
}

/// Metric, scope, number of series, length of the shortest, length of the longest.
fn extent(data: &JobData) -> Vec<(&str, MetricScope, usize, usize, usize)> {
    let mut extent = Vec::new();
    for (metric, scopes) in data {
        for (scope, it) in scopes {
            let lengths = || it.series.iter().map(|series| series.data.len());
            extent.push((
                metric.as_str(),
                *scope,
                it.series.len(),
                lengths().min().unwrap(),
                lengths().max().unwrap(),
            ));
        }
    }
    extent
}

fn data(job_id: i64, start: i64) -> JobData {
    let key = JobKey { cluster: "cirrus".to_owned(), job_id, start_time: UnixTime(start) };
    archive().load_data(&key).unwrap().unwrap()
}

#[test]
fn the_cluster_and_the_list() {
    let loaded = archive().load_clusters().unwrap();
    assert!(loaded.problems.is_empty() && loaded.warnings.is_empty(), "{loaded:?}");
    let cluster = &loaded.clusters[0];
    assert_eq!((cluster.name.as_str(), cluster.metrics.len(), cluster.subclusters.len()), ("cirrus", 8, 1));
    assert_eq!(
        archive().list_jobs().unwrap(),
        ["cirrus/9/005/1795448487", "cirrus/9/008/1795448527", "cirrus/9/010/1795445987"]
    );
}

#[test]
fn a_job_of_two_nodes_with_tags_and_edited_texts() {
    use MetricScope::{Core, Node, Socket};

    let meta = job("cirrus/9/005/1795448487");
    assert_eq!(
        (meta.user.as_str(), meta.project.as_str(), meta.partition.as_str()),
        ("user007", "proj07", "main")
    );
    assert_eq!((meta.job_state, meta.duration, meta.walltime), (JobState::Completed, 180, 7200));
    assert_eq!((meta.num_nodes, meta.num_hwthreads, meta.num_acc, meta.smt), (2, 16, 0, 1));
    assert_eq!(meta.resources.iter().map(|it| it.hostname.as_str()).collect::<Vec<_>>(), ["c01", "c02"]);
    assert_eq!(meta.meta_data["jobScript"], "#!/bin/sh\nsrun ./a.out < in > out & wait\n");
    assert_eq!(meta.meta_data["message"], "edited after archiving\nline 2");
    let tags: Vec<_> = meta.tags.iter().map(|tag| [&*tag.tag_type, &*tag.name, &*tag.scope]).collect();
    assert_eq!(tags, [["campaign", "spring", "global"], ["review", "ok", "admin"]]);
    assert_eq!(meta.statistics["ci_mem"].max.to_bits(), 31.9_f64.to_bits());

    let expected = [
        ("ci_bw", Socket, 4, 90, 90),
        ("ci_bw", Node, 2, 90, 90),
        ("ci_ht", Core, 4, 36, 36),
        ("ci_ht", Node, 1, 36, 36),
        ("ci_load", Node, 2, 180, 180),
        ("ci_mem", Node, 2, 90, 90),
        ("ci_power", Socket, 4, 90, 90),
        ("ci_power", Node, 2, 90, 90),
        ("ci_user", Core, 8, 36, 36),
        ("ci_user", Node, 2, 36, 36),
    ];
    let data = data(9005, 1_795_448_487);
    assert_eq!(extent(&data), expected);
    let statistics_series = data["ci_user"][&Core].statistics_series.as_ref().unwrap();
    assert_eq!((statistics_series.median.len(), statistics_series.mean.len()), (36, 0));
    // The reference gives a whole node the id of its first part.
    assert!(data.values().all(|scopes| scopes[&Node].series.iter().all(|series| series.id.is_none())));
    assert!(data["ci_bw"][&Socket].series.iter().all(|series| series.id.is_some()));
}

#[test]
fn a_job_without_texts() {
    let meta = job("cirrus/9/008/1795448527");
    assert_eq!((meta.job_state, meta.shared), (JobState::Cancelled, Shared::SingleUser));
    assert!(meta.meta_data.is_empty() && meta.tags.is_empty());

    let data = data(9008, 1_795_448_527);
    let bandwidth = &data["ci_bw"][&MetricScope::Node];
    assert_eq!((bandwidth.timestep_s, bandwidth.unit.base.as_str()), (2, "B/s"));
    let series = &bandwidth.series[0];
    assert_eq!((series.hostname.as_str(), series.data.len()), ("c04", 68));
    assert_eq!(series.data[..3], [42.87, 44.45, 42.87]);
    assert_eq!(series.statistics.avg.to_bits(), 40.96_f64.to_bits());
}

#[test]
fn a_job_without_samples_has_data_all_the_same() {
    let meta = job("cirrus/9/010/1795445987");
    assert_eq!(meta.job_state, JobState::OutOfMemory);
    assert!(meta.statistics.is_empty());
    assert_eq!(data(9010, 1_795_445_987), JobData::new());
}
