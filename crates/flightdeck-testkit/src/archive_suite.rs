//! What every archive of finished jobs has to do. Each implementation's tests hand in a way to make one that is
//! empty and to put things into it.

use flightdeck_model::{
    ArchiveEntry, ArchiveProblem, JobArchive, JobData, JobKey, JobMeta, JobMetric, JobState, JobStatistics,
    MetricScope, PortErrorKind, Resource, Series, SeriesStatistics, Shared, StatisticsSeries, Tag, Unit,
    UnixTime,
};
use std::collections::BTreeMap;
use std::thread;

mod changes;
mod storing;

/// An archive of its own for one check, and the means to fill and to damage it.
pub trait ArchiveUnderTest: Sync {
    /// The archive.
    fn archive(&self) -> &dyn JobArchive;
    /// Puts or replaces the cluster.json of a cluster.
    fn put_cluster(&self, name: &str, json: &str);
    /// Puts or replaces the meta.json of a job.
    fn put_job(&self, meta: &JobMeta);
    /// Puts or replaces the data of a job.
    fn put_data(&self, key: &JobKey, data: &JobData);
    /// Makes the meta.json of a job that is there one that cannot be understood.
    fn damage_job(&self, key: &JobKey);
    /// Makes the data of a job that is there ones that cannot be understood.
    fn damage_data(&self, key: &JobKey);
}

/// Checks everything that the port promises. `empty` makes an archive without clusters and jobs.
///
/// # Panics
///
/// When the archive breaks a promise.
pub fn job_archive_suite<Fixture: ArchiveUnderTest>(empty: impl Fn() -> Fixture) {
    an_empty_archive_has_nothing(&empty());
    jobs_are_listed_by_cluster_number_and_start(&empty());
    a_job_comes_back_as_it_was_put(&empty());
    the_fingerprint_tells_whether_a_job_changed(&empty());
    a_damaged_job_spoils_itself_alone(&empty());
    what_is_no_location_is_a_problem(&empty());
    data_come_back_bit_for_bit(&empty());
    data_are_absent_or_damaged_each_in_its_way(&empty());
    a_broken_cluster_is_left_out(&empty());
    many_threads_read_the_same(&empty());
    changes::check(&empty);
    storing::check(&empty);
}

fn an_empty_archive_has_nothing(fixture: &impl ArchiveUnderTest) {
    assert_eq!(locations(fixture), Vec::<String>::new());
    let Ok(loaded) = fixture.archive().load_clusters() else { panic!("an empty archive can be read") };
    assert!(loaded.clusters.is_empty() && loaded.problems.is_empty() && loaded.warnings.is_empty());
    assert!(matches!(fixture.archive().load_data(&job("alpha", 1, 1).key()), Ok(None)));
}

fn jobs_are_listed_by_cluster_number_and_start(fixture: &impl ArchiveUnderTest) {
    let in_order = [
        ("alpha", 7, 900),
        ("alpha", 7, 1000),
        ("alpha", 999, 5),
        ("alpha", 1000, 5),
        ("alpha", 2_000, 5),
        ("alpha", 10_000, 5),
        ("alpha", 10_007, 5),
        ("beta", 1, 5),
    ];
    for cluster in ["alpha", "beta"] {
        fixture.put_cluster(cluster, &cluster_json(cluster));
    }
    for (cluster, job_id, start) in in_order.into_iter().rev() {
        fixture.put_job(&job(cluster, job_id, start));
    }
    let expected: Vec<JobKey> =
        in_order.map(|(cluster, job_id, start)| job(cluster, job_id, start).key()).to_vec();
    let found: Vec<JobKey> = locations(fixture).iter().map(|it| read(fixture, it).0.key()).collect();
    assert_eq!(found, expected);
}

fn a_job_comes_back_as_it_was_put(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let meta = full_job();
    fixture.put_job(&meta);
    let found: Vec<JobMeta> = locations(fixture).iter().map(|it| read(fixture, it).0).collect();
    assert_eq!(found, [meta]);
}

fn the_fingerprint_tells_whether_a_job_changed(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let meta = full_job();
    fixture.put_job(&meta);
    let Some(location) = locations(fixture).pop() else { panic!("the job is listed") };
    let (_, fingerprint) = read(fixture, &location);
    fixture.put_job(&meta);
    assert_eq!(read(fixture, &location).1, fingerprint, "the same job");
    fixture.put_job(&JobMeta { duration: meta.duration + 1, ..meta });
    assert_ne!(read(fixture, &location).1, fingerprint, "a job that changed");
}

fn a_damaged_job_spoils_itself_alone(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    for job_id in [1, 2, 3] {
        fixture.put_job(&job("alpha", job_id, 100));
    }
    let damaged = job("alpha", 2, 100).key();
    fixture.damage_job(&damaged);

    let mut good = Vec::new();
    let mut problems = Vec::new();
    for location in locations(fixture) {
        match fixture.archive().read_meta(&location) {
            ArchiveEntry::Job { meta, .. } => good.push(meta.job_id),
            ArchiveEntry::Problem(problem) => problems.push(problem),
        }
    }
    assert_eq!(good, [1, 3]);
    let [ArchiveProblem { path, reason }] = problems.as_slice() else {
        panic!("one problem is expected, found {problems:?}");
    };
    assert!(path.contains("alpha") && path.ends_with("meta.json"), "{path}");
    assert!(!reason.is_empty());
}

fn what_is_no_location_is_a_problem(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    for location in ["", "alpha", "alpha/x/y/z", "../alpha/0/001/5", "/", "alpha/0/001/5"] {
        let entry = fixture.archive().read_meta(location);
        assert!(matches!(entry, ArchiveEntry::Problem(_)), "{location:?} gave {entry:?}");
    }
}

fn data_come_back_bit_for_bit(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let key = full_job().key();
    fixture.put_job(&full_job());
    fixture.put_data(&key, &data());
    let found = match fixture.archive().load_data(&key) {
        Ok(Some(found)) => found,
        other => panic!("the data of {key} are there, but: {other:?}"),
    };
    // Text, because a missing sample equals nothing, not even itself. It is the shortest that reads back.
    assert_eq!(format!("{found:?}"), format!("{:?}", data()));
}

fn data_are_absent_or_damaged_each_in_its_way(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    for job_id in [1, 2] {
        fixture.put_job(&job("alpha", job_id, 100));
    }
    let (without, damaged) = (job("alpha", 1, 100).key(), job("alpha", 2, 100).key());
    fixture.put_data(&damaged, &data());
    fixture.damage_data(&damaged);

    assert!(matches!(fixture.archive().load_data(&without), Ok(None)));
    for other in
        [job("alpha", 9, 100), job("gamma", 1, 100), job("..", 1, 100), job("a/b", 1, 100), job("", 1, 1)]
    {
        assert!(matches!(fixture.archive().load_data(&other.key()), Ok(None)), "{}", other.key());
    }
    match fixture.archive().load_data(&damaged) {
        Err(error) => {
            assert_eq!(error.kind, PortErrorKind::Corrupt);
            assert!(error.what.contains("alpha") && error.what.contains("data.json"), "{}", error.what);
        }
        Ok(found) => panic!("damaged data were read: {found:?}"),
    }
    // What is wrong with the data is not wrong with the job.
    assert_eq!(locations(fixture).iter().map(|it| read(fixture, it).0.job_id).collect::<Vec<_>>(), [1, 2]);
}

fn a_broken_cluster_is_left_out(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    fixture.put_cluster("broken", "{\"name\": \"broken\"");
    fixture.put_cluster("renamed", &cluster_json("other"));
    for cluster in ["alpha", "broken", "renamed"] {
        fixture.put_job(&job(cluster, 1, 100));
    }

    let Ok(loaded) = fixture.archive().load_clusters() else { panic!("a broken cluster is no failure") };
    assert_eq!(loaded.clusters.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["alpha"]);
    assert_eq!(loaded.problems.len(), 2, "{:?}", loaded.problems);
    for (problem, name) in loaded.problems.iter().zip(["broken", "renamed"]) {
        assert!(problem.path.contains(name) && problem.path.ends_with("cluster.json"), "{problem:?}");
    }
    assert_eq!(
        locations(fixture).iter().map(|it| read(fixture, it).0.cluster).collect::<Vec<_>>(),
        ["alpha"]
    );
}

fn many_threads_read_the_same(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    for job_id in 1..=20 {
        fixture.put_job(&job("alpha", job_id, 100));
        fixture.put_data(&job("alpha", job_id, 100).key(), &data());
    }
    let read_all = || {
        let metas: Vec<JobMeta> = locations(fixture).iter().map(|it| read(fixture, it).0).collect();
        assert!(metas.iter().all(|meta| matches!(fixture.archive().load_data(&meta.key()), Ok(Some(_)))));
        metas
    };
    let expected = read_all();
    thread::scope(|scope| {
        for reader in [scope.spawn(read_all), scope.spawn(read_all), scope.spawn(read_all)] {
            assert_eq!(reader.join().ok().as_ref(), Some(&expected));
        }
    });
}

fn locations(fixture: &impl ArchiveUnderTest) -> Vec<String> {
    match fixture.archive().list_jobs() {
        Ok(locations) => locations,
        Err(error) => panic!("the jobs cannot be listed: {error}"),
    }
}

fn read(fixture: &impl ArchiveUnderTest, location: &str) -> (JobMeta, i64) {
    match fixture.archive().read_meta(location) {
        ArchiveEntry::Job { meta, fingerprint, .. } => (*meta, fingerprint),
        ArchiveEntry::Problem(problem) => panic!("{location} is a good job, but: {problem:?}"),
    }
}

fn cluster_json(name: &str) -> String {
    format!(
        r#"{{"name": "{name}",
            "metricConfig": [{{"name": "load", "unit": {{"base": "load"}}, "scope": "node", "timestep": 60,
                "aggregation": "avg", "peak": 4, "normal": 4, "caution": 2, "alert": 1}}],
            "subClusters": [{{"name": "main", "nodes": "n[01-10]", "processorType": "CPU", "socketsPerNode": 1,
                "coresPerSocket": 2, "threadsPerCore": 1,
                "topology": {{"node": [0, 1], "socket": [[0, 1]], "memoryDomain": [[0, 1]], "core": [[0], [1]]}}}}]}}"#
    )
}

/// A job with no more than it must have.
fn job(cluster: &str, job_id: i64, start_s: i64) -> JobMeta {
    JobMeta {
        job_id,
        cluster: cluster.to_owned(),
        sub_cluster: "main".to_owned(),
        user: "mona".to_owned(),
        project: "physics".to_owned(),
        partition: String::new(),
        array_job_id: 0,
        num_nodes: 1,
        num_hwthreads: 0,
        num_acc: 0,
        shared: Shared::None,
        smt: 0,
        walltime: 0,
        requested_memory: 0,
        submit_time: UnixTime(0),
        start_time: UnixTime(start_s),
        duration: 60,
        job_state: JobState::Completed,
        resources: vec![Resource { hostname: "n01".to_owned(), ..Resource::default() }],
        meta_data: BTreeMap::new(),
        tags: Vec::new(),
        statistics: BTreeMap::new(),
    }
}

/// A job with everything it can have.
fn full_job() -> JobMeta {
    let statistics = JobStatistics {
        unit: Unit { base: "load".to_owned(), prefix: None },
        avg: 0.1 + 0.2,
        min: 0.0,
        max: 1e-9,
    };
    JobMeta {
        partition: "long".to_owned(),
        array_job_id: 1_403_200,
        num_nodes: 2,
        num_hwthreads: 3,
        num_acc: 1,
        shared: Shared::SingleUser,
        smt: 1,
        walltime: 86_400,
        requested_memory: 16_000,
        submit_time: UnixTime(1_608_920_000),
        duration: 3600,
        job_state: JobState::OutOfMemory,
        resources: vec![
            Resource { hostname: "n01".to_owned(), hwthreads: vec![0, 1], ..Resource::default() },
            Resource {
                hostname: "n02".to_owned(),
                hwthreads: vec![1],
                accelerators: vec!["00000000:19:00.0".to_owned()],
                configuration: "fast".to_owned(),
            },
        ],
        meta_data: BTreeMap::from([("jobScript".to_owned(), "echo \"<ü> & \u{1f680}\"\n".to_owned())]),
        tags: vec![Tag {
            id: 0,
            tag_type: "note".to_owned(),
            name: "mine".to_owned(),
            scope: "mona".to_owned(),
        }],
        statistics: BTreeMap::from([("load".to_owned(), statistics)]),
        ..job("alpha", 1_403_244, 1_608_923_076)
    }
}

/// Data with the values that are easily lost: long fractions, the smallest and largest numbers, gaps.
fn data() -> JobData {
    let samples =
        vec![0.1 + 0.2, f64::NAN, -0.0, f64::MIN_POSITIVE, f64::MAX, 1.0 / 3.0, 9_007_199_254_740_993.0];
    let series = |id: Option<&str>| Series {
        hostname: "n01".to_owned(),
        id: id.map(str::to_owned),
        statistics: SeriesStatistics { avg: 2.0 / 3.0, min: -0.0, max: f64::MAX },
        data: samples.clone(),
    };
    let metric = |series| JobMetric {
        statistics_series: None,
        unit: Unit { base: "F/s".to_owned(), prefix: Some("G".to_owned()) },
        series,
        timestep_s: 60,
    };
    let over_cores = StatisticsSeries {
        mean: samples.clone(),
        median: samples.clone(),
        min: samples.clone(),
        max: samples.clone(),
    };
    let by_core = JobMetric {
        statistics_series: Some(over_cores),
        ..metric(vec![series(Some("0")), series(Some("1"))])
    };
    BTreeMap::from([
        (
            "flops".to_owned(),
            BTreeMap::from([(MetricScope::Node, metric(vec![series(None)])), (MetricScope::Core, by_core)]),
        ),
        ("load".to_owned(), BTreeMap::from([(MetricScope::Node, metric(Vec::new()))])),
    ])
}
