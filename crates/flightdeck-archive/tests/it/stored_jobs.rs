//! Finished jobs that the archive stores: what it and others read of them then.

use crate::folder::{ArchiveFolder, cluster_json};
use crate::importer::{StrictData, StrictJob};
use flate2::read::GzDecoder;
use flightdeck_archive::{FileArchive, synthetic};
use flightdeck_model::{
    ArchiveEntry, FinishedJob, JobArchive, JobData, JobMeta, JobMetric, JobState, JobStatistics, MetricScope,
    PortErrorKind, Resource, Series, SeriesStatistics, Shared, StatisticsSeries, Tag, Unit, UnixTime,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

const PLACE: &str = "emmy/1403/244/1608923076";

/// Job 1403244 of two nodes, with something under every key.
pub(crate) fn full_job() -> FinishedJob {
    let tag = |id, tag_type: &str, name: &str, scope: &str| Tag {
        id,
        tag_type: tag_type.to_owned(),
        name: name.to_owned(),
        scope: scope.to_owned(),
    };
    let meta = JobMeta {
        job_id: 1_403_244,
        cluster: "emmy".to_owned(),
        sub_cluster: "main".to_owned(),
        user: "mona".to_owned(),
        project: "physics".to_owned(),
        partition: "large".to_owned(),
        array_job_id: 1_403_000,
        num_nodes: 2,
        num_hwthreads: 8,
        num_acc: 1,
        shared: Shared::SingleUser,
        smt: 2,
        walltime: 86_400,
        requested_memory: 128_000,
        submit_time: UnixTime(1_608_920_000),
        start_time: UnixTime(1_608_923_076),
        duration: 3601,
        job_state: JobState::Timeout,
        resources: vec![
            Resource {
                hostname: "n01".to_owned(),
                hwthreads: vec![0, 1, 2, 3],
                accelerators: vec!["00000000:01:00.0".to_owned()],
                configuration: "boost".to_owned(),
            },
            Resource { hostname: "n02".to_owned(), ..Resource::default() },
        ],
        meta_data: BTreeMap::from([(
            "jobScript".to_owned(),
            "#!/bin/sh\nsrun <in >\"out\" 🚀\u{1}".to_owned(),
        )]),
        tags: vec![tag(17, "app", "vasp", "global"), tag(4, "note", "mine", "mona")],
        statistics: BTreeMap::from([(
            "flops".to_owned(),
            JobStatistics {
                unit: Unit { base: "F/s".to_owned(), prefix: Some("G".to_owned()) },
                avg: 0.001_234_567_890_123_4,
                min: -1.0,
                max: 1e300,
            },
        )]),
    };
    FinishedJob {
        meta,
        energy_kwh: 0.1 + 0.2,
        energy_footprint_kwh: BTreeMap::from([("power".to_owned(), 0.123_456_789)]),
        footprint: BTreeMap::from([("flops_avg".to_owned(), 7.0)]),
    }
}

fn series(hostname: &str, id: Option<&str>, data: &[f64]) -> Series {
    Series {
        hostname: hostname.to_owned(),
        id: id.map(str::to_owned),
        statistics: Series::computed_statistics(data),
        data: data.to_vec(),
    }
}

pub(crate) fn small_data() -> JobData {
    let of_sockets = JobMetric {
        statistics_series: Some(StatisticsSeries {
            mean: vec![1.5, f64::NAN],
            median: vec![1.25, f64::NAN],
            min: vec![1.0, f64::NAN],
            max: vec![2.0, f64::NAN],
        }),
        unit: Unit { base: "F/s".to_owned(), prefix: Some("G".to_owned()) },
        series: vec![
            series("n01", Some("0"), &[1.0, f64::NAN]),
            series("n\"02", Some("1"), &[0.000_12, 2.0]),
        ],
        timestep_s: 60,
    };
    let of_nodes =
        JobMetric { series: vec![series("n01", None, &[3.0])], timestep_s: 30, ..JobMetric::default() };
    let scopes = BTreeMap::from([(MetricScope::Socket, of_sockets), (MetricScope::Node, of_nodes)]);
    JobData::from([("flops".to_owned(), scopes)])
}

pub(crate) fn folder_of_emmy() -> ArchiveFolder {
    let folder = ArchiveFolder::empty();
    folder.write("emmy/cluster.json", cluster_json("emmy"));
    folder
}

pub(crate) fn read_job(archive: &FileArchive, location: &str) -> (JobMeta, i64) {
    match archive.read_meta(location) {
        ArchiveEntry::Job { meta, fingerprint, .. } => (*meta, fingerprint),
        ArchiveEntry::Problem(problem) => panic!("{problem:?}"),
    }
}

/// A job as the archive gives it back: tags have no number there.
fn as_read(meta: &JobMeta) -> JobMeta {
    let mut read = meta.clone();
    for tag in &mut read.tags {
        tag.id = 0;
    }
    read
}

/// What the data file of a job says, whichever of the two it has.
fn data_json(folder: &ArchiveFolder, place: &str) -> String {
    let Ok(packed) = fs::read(folder.path(&format!("{place}/data.json.gz"))) else {
        return folder.read(&format!("{place}/data.json"));
    };
    let mut json = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut json).unwrap();
    json
}

#[test]
fn a_stored_job_is_found_and_read_with_all_that_was_said_of_it() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    let fingerprint = archive.store_job(&full_job(), &small_data()).unwrap();

    assert_eq!(archive.list_jobs().unwrap(), [PLACE]);
    assert_eq!(folder.names(PLACE), ["data.json", "meta.json"]);
    assert_eq!(read_job(&archive, PLACE), (as_read(&full_job().meta), fingerprint));
    let read = archive.load_data(&full_job().meta.key()).unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", small_data()));
}

#[test]
fn the_meta_file_of_a_job_with_everything_is_just_this() {
    let folder = folder_of_emmy();
    folder.open().store_job(&full_job(), &small_data()).unwrap();
    let expected = concat!(
        r#"{"cluster":"emmy","subCluster":"main","partition":"large","project":"physics","user":"mona","#,
        r#""shared":"single_user","jobState":"timeout","tags":[{"type":"app","name":"vasp","scope":"global","id":0},"#,
        r#"{"type":"note","name":"mine","scope":"mona","id":0}],"resources":[{"hostname":"n01","hwthreads":[0,1,2,3],"#,
        r#""accelerators":["00000000:01:00.0"],"configuration":"boost"},{"hostname":"n02"}],"#,
        r#""energyFootprint":{"power":0.123456789},"footprint":{"flops_avg":7.0},"#,
        r#""metaData":{"jobScript":"#,
        "\"#!/bin/sh\\nsrun <in >\\\"out\\\" 🚀\\u0001\"},",
        r#""concurrentJobs":{"items":null,"count":0},"energy":0.30000000000000004,"arrayJobId":1403000,"#,
        r#""walltime":86400,"requestedMemory":128000,"submitTime":1608920000,"jobId":1403244,"duration":3601,"#,
        r#""smt":2,"monitoringStatus":3,"numAcc":1,"numHwthreads":8,"numNodes":2,"#,
        r#""statistics":{"flops":{"unit":{"base":"F/s","prefix":"G"},"avg":0.0012345678901234,"min":-1.0,"max":1e+300}},"#,
        r#""startTime":1608923076}"#,
        "\n"
    );
    assert_eq!(folder.read(&format!("{PLACE}/meta.json")), expected);
}

#[test]
fn the_importer_takes_jobs_with_everything_and_with_next_to_nothing() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    let sparse = FinishedJob {
        meta: JobMeta {
            partition: String::new(),
            array_job_id: 0,
            num_hwthreads: 0,
            num_acc: 0,
            smt: 0,
            walltime: 0,
            requested_memory: 0,
            submit_time: UnixTime(0),
            meta_data: BTreeMap::new(),
            tags: Vec::new(),
            statistics: BTreeMap::new(),
            ..full_job().meta
        },
        energy_kwh: 0.0,
        energy_footprint_kwh: BTreeMap::new(),
        footprint: BTreeMap::new(),
    };
    for (job, data) in [(full_job(), small_data()), (sparse, JobData::new())] {
        archive.store_job(&job, &data).unwrap();
        let meta: StrictJob = serde_json::from_str(&folder.read(&format!("{PLACE}/meta.json"))).unwrap();
        assert_eq!(meta.monitoring_status, Some(3));
        assert_eq!(meta.concurrent_jobs.count, 0);
        assert!(meta.meta_data.is_some() && meta.footprint.is_some() && meta.energy_footprint.is_some());
        let read: StrictData = serde_json::from_str(&data_json(&folder, PLACE)).unwrap();
        assert_eq!(read.len(), data.len());
    }
}

#[test]
fn the_importer_takes_all_kinds_of_made_up_jobs() {
    let options = synthetic::Options { jobs: 40, longest_job_s: 7200, ..Default::default() };
    let folder = ArchiveFolder::empty();
    for cluster in ["aurora", "borealis"] {
        folder.write(&format!("{cluster}/cluster.json"), cluster_json(cluster));
    }
    let archive = folder.open();
    for (meta, data) in synthetic::jobs(options) {
        let job = FinishedJob {
            meta,
            energy_kwh: 1.0,
            energy_footprint_kwh: BTreeMap::new(),
            footprint: BTreeMap::new(),
        };
        archive.store_job(&job, &data.unwrap()).unwrap();
    }
    let locations = archive.list_jobs().unwrap();
    assert_eq!(locations.len(), 40);
    for location in locations {
        let meta: StrictJob = serde_json::from_str(&folder.read(&format!("{location}/meta.json"))).unwrap();
        let data: StrictData = serde_json::from_str(&data_json(&folder, &location)).unwrap();
        assert_eq!(usize::try_from(meta.num_nodes), Ok(meta.resources.len()));
        assert!(!data.is_empty());
    }
}

#[test]
fn what_has_no_value_is_written_as_the_readers_of_the_field_can_read_it() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    let no_value = JobStatistics { avg: f64::NAN, min: f64::NAN, max: f64::NAN, unit: Unit::default() };
    let mut job = full_job();
    job.meta.statistics.insert("silent".to_owned(), no_value);
    job.footprint.insert("silent_max".to_owned(), f64::NAN);
    job.energy_kwh = f64::INFINITY;
    let silent = JobMetric {
        series: vec![series("n01", Some("at node scope"), &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY])],
        timestep_s: 60,
        ..JobMetric::default()
    };
    let data = JobData::from([
        ("silent".to_owned(), BTreeMap::from([(MetricScope::Node, silent)])),
        ("nowhere".to_owned(), BTreeMap::new()),
    ]);
    archive.store_job(&job, &data).unwrap();

    let meta: StrictJob = serde_json::from_str(&folder.read(&format!("{PLACE}/meta.json"))).unwrap();
    assert_eq!(meta.statistics.keys().collect::<Vec<_>>(), ["flops"]);
    assert!(meta.footprint.unwrap()["silent_max"].abs() < f64::EPSILON);
    assert!(meta.energy.abs() < f64::EPSILON);
    assert_eq!(
        folder.read(&format!("{PLACE}/data.json")),
        concat!(
            r#"{"silent":{"node":{"unit":{"base":""},"series":[{"hostname":"n01","#,
            r#""statistics":{"avg":0.0,"min":0.0,"max":0.0},"data":[null,null,null]}],"timestep":60}}}"#,
            "\n"
        )
    );
}

#[test]
fn a_job_without_data_is_a_job_all_the_same() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    archive.store_job(&full_job(), &JobData::new()).unwrap();
    assert_eq!(folder.read(&format!("{PLACE}/data.json")), "{}\n");
    assert_eq!(archive.load_data(&full_job().meta.key()).unwrap(), Some(JobData::new()));
}

#[test]
fn tags_and_metadata_of_a_stored_job_can_be_changed() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    let job = full_job();
    let stored = archive.store_job(&job, &small_data()).unwrap();
    let labels = crate::folder::labels(&[["app", "vasp", "global"], ["note", "mine", "mona"]], &[]);
    assert_eq!(
        archive.write_labels(&job.meta.key(), &labels).unwrap(),
        Some(stored),
        "they are there already"
    );
    let other = crate::folder::labels(&[], &[("message", "low load")]);
    assert_ne!(archive.write_labels(&job.meta.key(), &other).unwrap(), Some(stored));
    let (meta, _) = read_job(&archive, PLACE);
    assert_eq!((meta.tags.len(), meta.meta_data.len()), (0, 2));
}

#[test]
fn what_nobody_could_read_again_is_refused_and_leaves_nothing() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    let refuse = |change: fn(&mut JobMeta), reason: &str| {
        let mut job = full_job();
        change(&mut job.meta);
        let error = archive.store_job(&job, &small_data()).unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Conflict, "{error:?}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(reason), "{cause} does not say {reason}");
    };
    refuse(|meta| meta.job_state = JobState::Running, "jobState");
    refuse(|meta| meta.num_nodes = 3, "numNodes");
    refuse(|meta| meta.user.clear(), "user");
    refuse(|meta| meta.resources.clear(), "resources");
    refuse(|meta| meta.duration = -1, "duration");
    refuse(|meta| meta.start_time = UnixTime(0), "startTime");
    refuse(|meta| meta.start_time = UnixTime(-5), "startTime");
    refuse(|meta| meta.job_id = -1, "jobId");
    refuse(|meta| "..".clone_into(&mut meta.cluster), "cluster");
    refuse(|meta| "emmy/1403".clone_into(&mut meta.cluster), "cluster");
    refuse(|meta| drop(meta.meta_data.insert("jobScript".to_owned(), "x".repeat(33 << 20))), "larger than");

    let mut data = small_data();
    data.get_mut("flops").unwrap().get_mut(&MetricScope::Node).unwrap().timestep_s = 0;
    assert_eq!(archive.store_job(&full_job(), &data).unwrap_err().kind, PortErrorKind::Conflict);
    let error = archive.with_data_limit(100).store_job(&full_job(), &small_data()).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Conflict);
    assert_eq!(folder.names("emmy"), ["cluster.json"]);
}

fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ -~äß🚀\n\u{0}\u{2028}]{1,12}").unwrap()
}

fn sample() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -1e6..1e6_f64,
        2 => Just(f64::NAN),
        1 => prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO
}

fn unit() -> impl Strategy<Value = Unit> {
    (text(), proptest::option::of(text())).prop_map(|(base, prefix)| Unit { base, prefix })
}

prop_compose! {
    fn job()(
        (job_id, start, duration) in (0..i64::MAX, 1..i64::MAX, 0..i32::MAX),
        (user, project, partition) in (text(), text(), text()),
        hosts in vec((text(), vec(0..512_u32, 0..4), vec(text(), 0..2)), 1..5),
        counts in vec(0..i32::MAX, 3),
        long_counts in vec(0..i64::MAX, 4),
        (state, shared) in (0..12_usize, 0..3_usize),
        meta_data in btree_map(text(), text(), 0..3),
        tags in vec((text(), text(), text()), 0..3),
        statistics in btree_map(text(), (unit(), number(), number(), number()), 0..3),
        numbers in btree_map(text(), number(), 0..3),
        energy_kwh in number(),
    ) -> FinishedJob {
        let resources: Vec<Resource> = hosts
            .into_iter()
            .map(|(hostname, hwthreads, accelerators)| Resource { hostname, hwthreads, accelerators, ..Default::default() })
            .collect();
        let job_state = JobState::ALL[state];
        let is_going_on = matches!(job_state, JobState::Running | JobState::Pending);
        let meta = JobMeta {
            job_id,
            cluster: "emmy".to_owned(),
            sub_cluster: "main".to_owned(),
            user,
            project,
            partition,
            array_job_id: long_counts[0],
            num_nodes: i32::try_from(resources.len()).unwrap(),
            num_hwthreads: counts[0],
            num_acc: counts[1],
            shared: [Shared::None, Shared::SingleUser, Shared::MultiUser][shared],
            smt: counts[2],
            walltime: long_counts[1],
            requested_memory: long_counts[2],
            submit_time: UnixTime(long_counts[3]),
            start_time: UnixTime(start),
            duration,
            job_state: if is_going_on { JobState::Completed } else { job_state },
            resources,
            meta_data,
            tags: tags.into_iter().map(|(tag_type, name, scope)| Tag { id: 9, tag_type, name, scope }).collect(),
            statistics: statistics
                .into_iter()
                .map(|(metric, (unit, avg, min, max))| (metric, JobStatistics { unit, avg, min, max }))
                .collect(),
        };
        FinishedJob { meta, energy_kwh, energy_footprint_kwh: numbers.clone(), footprint: numbers }
    }
}

fn metric_data() -> impl Strategy<Value = JobData> {
    let one_series = (text(), proptest::option::of(text()), vec(sample(), 0..40));
    let over_series = vec(sample(), 0..10).prop_map(|values| StatisticsSeries {
        mean: values.clone(),
        median: values.clone(),
        min: Vec::new(),
        max: values,
    });
    let metric = (proptest::option::of(over_series), unit(), vec(one_series, 0..4), 1..u32::MAX).prop_map(
        |(statistics_series, unit, series, timestep_s)| JobMetric {
            statistics_series,
            unit,
            series: series
                .into_iter()
                .map(|(hostname, id, data)| {
                    let SeriesStatistics { avg, min, max } = Series::computed_statistics(&data);
                    let statistics = if [avg, min, max].into_iter().all(f64::is_finite) {
                        SeriesStatistics { avg, min, max }
                    } else {
                        SeriesStatistics::default()
                    };
                    Series { hostname, id, statistics, data }
                })
                .collect(),
            timestep_s,
        },
    );
    let scope = prop_oneof![
        Just(MetricScope::Socket),
        Just(MetricScope::Core),
        Just(MetricScope::HwThread),
        Just(MetricScope::Accelerator)
    ];
    btree_map(text(), btree_map(scope, metric, 1..3), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_stored_is_read_as_it_was(job in job(), first in metric_data(), second in metric_data()) {
        let folder = folder_of_emmy();
        let archive = folder.open();
        for data in [first, second] {
            let fingerprint = archive.store_job(&job, &data).unwrap();
            let locations = archive.list_jobs().unwrap();
            prop_assert_eq!(locations.len(), 1);
            prop_assert_eq!(read_job(&archive, &locations[0]), (as_read(&job.meta), fingerprint));
            let read = archive.load_data(&job.meta.key()).unwrap().unwrap();
            // Text, because a missing sample equals nothing; it is the shortest that reads back.
            prop_assert_eq!(format!("{read:?}"), format!("{data:?}"));
            prop_assert_eq!(folder.names(&locations[0]).len(), 2);

            let meta: StrictJob =
                serde_json::from_str(&folder.read(&format!("{}/meta.json", locations[0]))).unwrap();
            prop_assert_eq!(meta.energy.to_bits(), job.energy_kwh.to_bits());
            prop_assert_eq!(meta.footprint.as_ref(), Some(&job.footprint));
            prop_assert_eq!(meta.energy_footprint.as_ref(), Some(&job.energy_footprint_kwh));
        }
    }
}
