use super::*;
use flightdeck_model::{Cluster, PortErrorKind, SeriesName, UnixTime};
use flightdeck_testkit::MemoryMetrics;
use proptest::prelude::*;
use rstest::rstest;

/// Two sockets of two cores of two hardware threads; the second threads of the cores are 4 to 7.
const CLUSTER: &str = r#"{
  "name": "alpha",
  "metricConfig": [
    {"name": "load", "unit": {"base": "F/s", "prefix": "G"}, "scope": "node", "aggregation": "avg", "timestep": 60},
    {"name": "flops", "unit": {"base": "F/s"}, "scope": "core", "aggregation": "sum", "timestep": 60},
    {"name": "power", "unit": {"base": "W"}, "scope": "socket", "aggregation": "sum", "timestep": 30},
    {"name": "gpu", "unit": {"base": ""}, "scope": "accelerator", "aggregation": "avg", "timestep": 60}
  ],
  "subClusters": [{"name": "main", "nodes": "*",
    "topology": {"node": [0, 1, 2, 3, 4, 5, 6, 7], "socket": [[0, 1, 4, 5], [2, 3, 6, 7]],
                 "memoryDomain": [[0, 1, 4, 5], [2, 3, 6, 7]], "core": [[0, 4], [1, 5], [2, 6], [3, 7]]}}]
}"#;

const START: i64 = 1_700_000_040;

fn cluster() -> Cluster {
    Cluster::from_json(CLUSTER.as_bytes()).unwrap().0
}

fn store() -> MemoryMetrics {
    let store = MemoryMetrics::new().with_metric("alpha", "power", 30);
    ["load", "flops", "gpu"].into_iter().fold(store, |store, name| store.with_metric("alpha", name, 60))
}

fn put(store: &MemoryMetrics, (metric, host): (&str, &str), (kind, id): (&str, &str), time: i64, value: f64) {
    let name = SeriesName { cluster: "alpha", host, kind, id, metric, ..SeriesName::default() };
    store.put(name, time, value);
}

fn on(hostname: &str, hwthreads: &[u32], accelerators: &[&str]) -> Resource {
    Resource {
        hostname: hostname.to_owned(),
        hwthreads: hwthreads.to_vec(),
        accelerators: accelerators.iter().map(|&id| id.to_owned()).collect(),
        configuration: String::new(),
    }
}

fn load_span(store: &dyn MetricSource, resources: &[Resource], metrics: &[&str], span: TimeSpan) -> LiveData {
    let cluster = cluster();
    let place = JobPlace { cluster: "alpha", subcluster: &cluster.subclusters[0], resources };
    let metrics: Vec<_> = metrics.iter().map(|name| place.subcluster.metric(name).unwrap()).collect();
    place.load(store, &metrics, span).unwrap()
}

/// Five minutes from [`START`] on.
fn load(store: &dyn MetricSource, resources: &[Resource], metrics: &[&str]) -> LiveData {
    let span = TimeSpan { from: UnixTime(START), to: UnixTime(START + 300) };
    load_span(store, resources, metrics, span)
}

fn ids(metric: &JobMetric) -> Vec<&str> {
    metric.series.iter().map(|series| series.id.as_deref().unwrap_or("node")).collect()
}

#[test]
fn series_begin_at_the_jobs_start_and_end_together() {
    let store = store();
    put(&store, ("load", "a1"), ("", ""), START + 60, 1.0);
    put(&store, ("load", "a1"), ("", ""), START + 180, 3.0);
    put(&store, ("load", "a2"), ("", ""), START, 7.0);
    put(&store, ("load", "a2"), ("", ""), START - 60, 6.0);
    put(&store, ("load", "a2"), ("", ""), START + 300, 8.0);
    let live = load(&store, &[on("a1", &[], &[]), on("a2", &[], &[])], &["load"]);
    let metric = &live.data["load"][&MetricScope::Node];
    assert_eq!((metric.timestep_s, metric.unit.prefix.as_deref()), (60, Some("G")));
    let shown: Vec<String> =
        metric.series.iter().map(|series| format!("{} {:?}", series.hostname, series.data)).collect();
    assert_eq!(shown, ["a1 [NaN, 1.0, NaN, 3.0]", "a2 [7.0, NaN, NaN, NaN]"]);
    let statistics = metric.series[0].statistics;
    assert_eq!((statistics.avg, statistics.min, statistics.max), (2.0, 1.0, 3.0));
    assert_eq!(metric.series[0].id, None);
    assert!(live.missing.is_empty());
}

#[rstest]
#[case::whole_node(&[], "flops", &["0", "1", "2", "3"])]
#[case::two_cores(&[1, 5, 6], "flops", &["1", "2"])]
#[case::one_socket(&[2, 3], "power", &["1"])]
fn only_the_jobs_own_parts_are_read(#[case] own: &[u32], #[case] metric: &str, #[case] expected: &[&str]) {
    let store = store();
    for id in ["0", "1", "2", "3"] {
        put(&store, ("flops", "a1"), ("core", id), START, 1.0);
        put(&store, ("power", "a1"), ("socket", id), START, 1.0);
    }
    let live = load(&store, &[on("a1", own, &[])], &[metric]);
    let (_, found) = live.data[metric].first_key_value().unwrap();
    assert_eq!(ids(found), expected);
}

#[test]
fn accelerators_are_those_of_the_job_and_no_job_without_them_misses_any() {
    let store = store();
    for id in ["g0", "g1"] {
        put(&store, ("gpu", "a1"), ("accelerator", id), START, 1.0);
    }
    let live = load(&store, &[on("a1", &[], &["g1"]), on("a2", &[], &[])], &["gpu"]);
    assert_eq!(ids(&live.data["gpu"][&MetricScope::Accelerator]), ["g1"]);
    assert!(live.missing.is_empty(), "a2 has none that could have samples");
    let without = load(&store, &[on("a1", &[], &[])], &["gpu"]);
    assert!(without.data.is_empty() && without.missing.is_empty());
}

#[rstest]
#[case::finest_first(&[("hwthread", "5"), ("socket", "0")], MetricScope::HwThread, "5")]
#[case::then_coarser(&[("socket", "1"), ("", "")], MetricScope::Socket, "1")]
#[case::the_node_last(&[("", "")], MetricScope::Node, "node")]
fn a_metric_without_samples_at_its_own_scope_is_found_at_another(
    #[case] kept: &[(&str, &str)],
    #[case] scope: MetricScope,
    #[case] id: &str,
) {
    let store = store();
    for part in kept {
        put(&store, ("flops", "a2"), *part, START, 1.0);
    }
    let live = load(&store, &[on("a1", &[], &[]), on("a2", &[], &[])], &["flops", "load"]);
    assert_eq!(ids(&live.data["flops"][&scope]), [id]);
    assert_eq!(live.data.len(), 1);
    let without = live.missing.iter().filter(|one| one.reason == NO_SAMPLES);
    let missing: Vec<_> = without.map(|one| (one.metric.as_str(), one.hosts.join(","))).collect();
    assert_eq!(missing, [("flops", "a1".to_owned()), ("load", String::new())]);
}

#[test]
fn a_part_of_the_job_that_sent_nothing_is_missing() {
    let store = store();
    put(&store, ("power", "a1"), ("socket", "0"), START, 100.0);
    for socket in ["0", "1"] {
        put(&store, ("power", "a2"), ("socket", socket), START, 100.0);
    }
    let live = load(&store, &[on("a1", &[], &[]), on("a2", &[], &[])], &["power"]);
    let missing: Vec<_> = live.missing.iter().map(|one| (one.hosts.join(","), one.reason.as_str())).collect();
    assert_eq!(missing, [("a1".to_owned(), "samples of 1 of 2 parts at scope socket alone")]);

    let on_one_socket = load(&store, &[on("a1", &[0, 4], &[])], &["power"]);
    assert!(on_one_socket.missing.is_empty(), "the other socket is not the job's");
}

/// Knows why it has nothing.
#[derive(Debug)]
struct Troubled;

impl MetricSource for Troubled {
    fn read_series(
        &self,
        _: &str,
        requests: &[SeriesRequest],
        _: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError> {
        let problem = |request: &SeriesRequest| (request.host == "a1").then(|| "out of order".to_owned());
        let answer = |request| SeriesAnswer { series: Vec::new(), problem: problem(request) };
        Ok(requests.iter().map(answer).collect())
    }

    fn change_stamp(&self, _: &str, _: &[&str]) -> Option<u64> {
        None
    }
}

#[test]
fn what_a_store_says_of_missing_samples_is_passed_on() {
    let live = load(&Troubled, &[on("a1", &[], &[]), on("a2", &[], &[])], &["load"]);
    let missing: Vec<_> = live.missing.iter().map(|one| (one.hosts.join(","), one.reason.as_str())).collect();
    assert_eq!(missing, [("a2".to_owned(), "no samples"), ("a1".to_owned(), "out of order")]);
}

#[test]
fn a_store_that_does_not_answer_is_an_error() {
    let store = store();
    store.fail_reads(Some(PortErrorKind::Unavailable));
    let cluster = cluster();
    let resources = [on("a1", &[], &[])];
    let place = JobPlace { cluster: "alpha", subcluster: &cluster.subclusters[0], resources: &resources };
    let span = TimeSpan { from: UnixTime(START), to: UnixTime(START + 300) };
    let failure = place.load(&store, &[&cluster.metrics[0]], span).unwrap_err();
    assert!(matches!(failure, ServiceError::Port(port) if port.kind == PortErrorKind::Unavailable));
}

/// Answers what the port does not allow.
#[derive(Debug)]
struct Careless;

impl MetricSource for Careless {
    fn read_series(
        &self,
        _: &str,
        requests: &[SeriesRequest],
        _: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError> {
        let series = |timestep_s, values| FoundSeries { id: "0".to_owned(), timestep_s, values };
        let odd = vec![
            series(60, vec![1.0; 100]),
            series(60, vec![f64::NAN; 3]),
            series(15, vec![9.0]),
            series(60, Vec::new()),
        ];
        let more = requests.len() + 3;
        Ok(vec![SeriesAnswer { series: odd, problem: None }; more])
    }

    fn change_stamp(&self, _: &str, _: &[&str]) -> Option<u64> {
        None
    }
}

#[test]
fn what_a_careless_store_says_beyond_the_question_is_left_out() {
    let live = load(&Careless, &[on("a1", &[], &[])], &["load"]);
    let metric = &live.data["load"][&MetricScope::Node];
    assert_eq!(metric.series.len(), 1);
    assert_eq!(metric.series[0].data, [1.0; 5]);
}

/// Is asked for no more than can be held, and has something of the host a9 alone, at no scope that could be guessed.
#[derive(Debug)]
struct Watchful;

impl MetricSource for Watchful {
    fn read_series(
        &self,
        _: &str,
        requests: &[SeriesRequest],
        span: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError> {
        let series = |parts: &SeriesParts| match parts {
            SeriesParts::Everything => 17,
            SeriesParts::Node => 1,
            SeriesParts::Parts { ids, .. } => ids.len(),
        };
        let values: usize = requests.iter().map(|request| series(&request.parts) * span.steps(60)).sum();
        assert!(values <= READ_VALUES_MAX, "{values} values at once");
        let answer = |request: &SeriesRequest| {
            let is_there = request.host == "a9" && request.parts == SeriesParts::Everything;
            let one = || FoundSeries { id: "0".to_owned(), timestep_s: 60, values: vec![1.0] };
            SeriesAnswer { series: is_there.then(one).into_iter().collect(), problem: None }
        };
        Ok(requests.iter().map(answer).collect())
    }

    fn change_stamp(&self, _: &str, _: &[&str]) -> Option<u64> {
        None
    }
}

fn load_since_1970(hosts: &[&str], metric: &str) -> Result<LiveData, ServiceError> {
    let cluster = cluster();
    let resources: Vec<Resource> = hosts.iter().map(|host| on(host, &[], &[])).collect();
    let place = JobPlace { cluster: "alpha", subcluster: &cluster.subclusters[0], resources: &resources };
    let span = TimeSpan { from: UnixTime(1), to: UnixTime(START) };
    place.load(&Watchful, &[place.subcluster.metric(metric).unwrap()], span)
}

#[rstest]
#[case::many_hosts(&["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a10"], "load")]
#[case::many_parts(&["a0", "a1", "a2"], "flops")]
#[case::many_parts_at_another_scope(&["a0", "a1", "a9"], "load")]
fn what_cannot_be_held_in_memory_is_not_read(#[case] hosts: &[&str], #[case] metric: &str) {
    let refused = load_since_1970(hosts, metric).unwrap_err();
    assert!(matches!(refused, ServiceError::Unprocessable(_)), "{refused:?}");
    assert!(refused.to_string().contains("start"), "{refused}");
}

#[test]
fn what_has_no_samples_at_all_is_missing_however_long_ago_the_job_started() {
    let live = load_since_1970(&["a0", "a1", "a2"], "load").unwrap();
    assert!(live.data.is_empty());
    assert_eq!(live.missing[0].metric, "load");
}

#[test]
fn what_is_held_for_a_job_has_a_limit() {
    let series = Series { data: vec![1.0; 4], ..Series::default() };
    let metric = JobMetric { series: vec![series; 2], ..JobMetric::default() };
    let mut held = HeldValues(HELD_VALUES_MAX - 8);
    held.add(&metric).unwrap();
    assert!(matches!(held.add(&metric), Err(ServiceError::Unprocessable(_))));
}

#[test]
fn metrics_are_read_in_batches_that_fit_into_memory() {
    let cluster = cluster();
    let metrics: Vec<&MetricConfig> = cluster.metrics.iter().collect();
    let resources: Vec<Resource> = (0..64).map(|host| on(&format!("a{host}"), &[], &[])).collect();
    let place = JobPlace { cluster: "alpha", subcluster: &cluster.subclusters[0], resources: &resources };
    let span = |hours: i64| TimeSpan { from: UnixTime(START), to: UnixTime(START + 3600 * hours) };
    let names = |hours| -> Vec<Vec<&str>> {
        let batches = place.batches(&metrics, span(hours));
        batches.iter().map(|batch| batch.iter().map(|metric| metric.name.as_str()).collect()).collect()
    };
    assert_eq!(names(1), [["load", "flops", "power", "gpu"]]);
    // 64 nodes, 4 cores, 60 × 300 steps are more than 4 million values; those of two sockets twice as often as well.
    assert_eq!(names(300), [vec!["load"], vec!["flops"], vec!["power", "gpu"]]);
    assert!(place.batches(&[], span(1)).is_empty());
}

#[derive(Debug, Clone)]
struct Put {
    host: usize,
    part: usize,
    offset_s: i64,
    value: f64,
}

fn puts() -> impl Strategy<Value = Vec<Put>> {
    let one = (0..3_usize, 0..4_usize, -500..4000_i64, -1e6..1e6_f64)
        .prop_map(|(host, part, offset_s, value)| Put { host, part, offset_s, value });
    proptest::collection::vec(one, 0..60)
}

proptest! {
    /// Against a map of every sample: sample `i` is that of the step `i` steps after the one the job started in.
    #[test]
    fn every_sample_stands_where_it_belongs(
        puts in puts(),
        start in 1_700_000_000..1_700_000_300_i64,
        duration_s in 0..3600_i64,
    ) {
        let store = store();
        let mut samples = BTreeMap::new();
        for Put { host, part, offset_s, value } in &puts {
            let (host, part) = (format!("a{host}"), part.to_string());
            put(&store, ("flops", &host), ("core", &part), start + offset_s, *value);
            samples.insert((host, part, (start + offset_s).div_euclid(60)), *value);
        }
        let span = TimeSpan { from: UnixTime(start), to: UnixTime(start + duration_s) };
        let hosts = ["a0", "a1", "a2"].map(|host| on(host, &[], &[]));
        let live = load_span(&store, &hosts, &["flops"], span);
        let first = start.div_euclid(60);
        samples.retain(|(_, _, step), _| (first..first + i64::try_from(span.steps(60)).unwrap()).contains(step));
        let length = samples.keys().map(|(_, _, step)| usize::try_from(step - first + 1).unwrap()).max();
        let mut expected: BTreeMap<(String, String), Vec<Option<f64>>> = BTreeMap::new();
        for ((host, part, step), value) in samples {
            let data = expected.entry((host, part)).or_insert_with(|| vec![None; length.unwrap()]);
            data[usize::try_from(step - first).unwrap()] = Some(value);
        }
        let shown: BTreeMap<_, _> = live.data.get("flops").into_iter().flat_map(|scopes| &scopes[&MetricScope::Core].series)
            .map(|series| {
                let data = series.data.iter().map(|value| Some(*value).filter(|it| !it.is_nan())).collect();
                ((series.hostname.clone(), series.id.clone().unwrap()), data)
            })
            .collect();
        prop_assert_eq!(shown, expected);
    }
}
