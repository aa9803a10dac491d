//! What every source of samples has to do. Each implementation's tests hand in a way to make one that is empty and to
//! put samples into it.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use flightdeck_model::{
    FoundSeries, MetricSource, SeriesName, SeriesParts, SeriesRequest, SubParts, TimeSpan, UnixTime,
};

/// A source of its own for one check, and the means to fill it.
pub trait MetricsUnderTest {
    /// The source.
    fn source(&self) -> &dyn MetricSource;
    /// Stores a sample so that it is read by everything that is asked afterwards. The metric is one of
    /// [`METRICS_OF_SUITE`]; the time is in Unix seconds.
    fn put(&self, name: SeriesName<'_>, time_s: i64, value: f64);
}

/// The metrics that a source has to know for [`metric_source_suite`]: cluster, metric, seconds between two samples.
pub const METRICS_OF_SUITE: [(&str, &str, u32); 4] =
    [("alpha", "load", 60), ("alpha", "power", 10), ("alpha", "bytes", 60), ("beta", "load", 30)];

/// A time in Unix seconds that is a multiple of all timesteps of [`METRICS_OF_SUITE`]; the samples of the suite lie
/// within a day of it.
pub const START_OF_SUITE_S: i64 = 1_700_000_100;

/// Checks a [`MetricSource`]; `empty` makes one that knows [`METRICS_OF_SUITE`] and has no samples.
///
/// # Panics
///
/// When the source does not keep a promise of the port.
pub fn metric_source_suite<Fixture: MetricsUnderTest>(empty: impl Fn() -> Fixture) {
    nothing_is_found_where_nothing_is(&empty());
    samples_come_back_at_their_steps(&empty());
    a_span_ends_before_its_end(&empty());
    series_begin_at_the_step_of_the_start(&empty());
    gaps_stay_and_the_tail_is_cut(&empty());
    the_last_sample_of_a_step_wins(&empty());
    order_of_arrival_does_not_matter(&empty());
    values_come_back_bit_for_bit(&empty());
    series_without_samples_in_the_span_are_left_out(&empty());
    each_metric_has_its_own_grid(&empty());
    clusters_and_hosts_are_kept_apart(&empty());
    the_node_is_not_its_parts(&empty());
    a_node_without_samples_is_what_lies_below_it(&empty());
    parts_come_in_the_order_asked_for(&empty());
    parts_below_are_found_by_both_ids(&empty());
    everything_is_every_series_of_the_metric(&empty());
    answers_come_in_the_order_of_the_requests(&empty());
    long_series_come_back_whole(&empty());
    an_endless_span_costs_no_more_than_its_samples(&empty());
    the_stamp_changes_with_the_samples(&empty());
}

const T: i64 = START_OF_SUITE_S;

fn load(host: &str) -> SeriesName<'_> {
    SeriesName { cluster: "alpha", host, metric: "load", ..SeriesName::default() }
}

fn part<'a>(kind: &'a str, id: &'a str) -> SeriesName<'a> {
    SeriesName { kind, id, ..load("a001") }
}

fn request(metric: &str, host: &str, parts: SeriesParts) -> SeriesRequest {
    SeriesRequest { metric: metric.to_owned(), host: host.to_owned(), parts }
}

fn texts(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn parts(kind: &str, ids: &[&str]) -> SeriesParts {
    SeriesParts::Parts { kind: kind.to_owned(), ids: texts(ids), below: None }
}

fn parts_below(kind: &str, ids: &[&str], sub_kind: &str, sub_ids: &[&str]) -> SeriesParts {
    let below = Some(SubParts { kind: sub_kind.to_owned(), ids: texts(sub_ids) });
    SeriesParts::Parts { kind: kind.to_owned(), ids: texts(ids), below }
}

fn span(from_s: i64, to_s: i64) -> TimeSpan {
    TimeSpan { from: UnixTime(from_s), to: UnixTime(to_s) }
}

/// The series of one request on the cluster `alpha`.
#[track_caller]
fn found(fixture: &impl MetricsUnderTest, asked: SeriesRequest, span: TimeSpan) -> Vec<FoundSeries> {
    let mut answers = fixture.source().read_series("alpha", &[asked], span).unwrap();
    assert_eq!(answers.len(), 1, "one answer a request");
    let answer = answers.pop().unwrap();
    assert_eq!(answer.problem, None);
    answer.series
}

/// The samples of the load of a host; missing ones are `None`.
#[track_caller]
fn loads(fixture: &impl MetricsUnderTest, host: &str, from_s: i64, to_s: i64) -> Vec<Option<f64>> {
    let series = found(fixture, request("load", host, SeriesParts::Node), span(from_s, to_s));
    assert!(series.len() <= 1, "{series:?}");
    series.into_iter().flat_map(|it| it.values).map(|value| Some(value).filter(|it| !it.is_nan())).collect()
}

/// Id and first sample of each series.
fn ids_and_firsts(series: &[FoundSeries]) -> Vec<(&str, f64)> {
    series.iter().map(|it| (it.id.as_str(), it.values.first().copied().unwrap_or(f64::NAN))).collect()
}

fn nothing_is_found_where_nothing_is(fixture: &impl MetricsUnderTest) {
    let nodes = |metric, host| request(metric, host, SeriesParts::Node);
    let day = span(T, T + 86_400);
    assert!(found(fixture, nodes("load", "a001"), day).is_empty(), "an empty source");
    fixture.put(load("a001"), T, 1.0);
    assert!(found(fixture, nodes("load", "a002"), day).is_empty(), "another host");
    assert!(found(fixture, nodes("load", ""), day).is_empty(), "no host");
    assert!(found(fixture, nodes("no_such_metric", "a001"), day).is_empty());
    assert!(found(fixture, nodes("power", "a001"), day).is_empty(), "a metric without samples");
    assert!(found(fixture, request("load", "a001", parts("core", &["0"])), day).is_empty());
    assert!(found(fixture, request("load", "a001", parts("core", &[])), day).is_empty());
    let elsewhere = fixture.source().read_series("gamma", &[nodes("load", "a001")], day).unwrap();
    assert!(elsewhere.iter().all(|answer| answer.series.is_empty()), "another cluster");
    assert_eq!(fixture.source().read_series("alpha", &[], day).unwrap(), []);
}

fn samples_come_back_at_their_steps(fixture: &impl MetricsUnderTest) {
    for (step, value) in [(0, 1.5), (1, 2.5), (2, 3.5)] {
        fixture.put(load("a001"), T + step * 60, value);
    }
    let series = found(fixture, request("load", "a001", SeriesParts::Node), span(T, T + 180));
    let expected = FoundSeries { id: String::new(), timestep_s: 60, values: vec![1.5, 2.5, 3.5] };
    assert_eq!(series, [expected]);
}

fn a_span_ends_before_its_end(fixture: &impl MetricsUnderTest) {
    for step in 0..4 {
        fixture.put(load("a001"), T + step * 60 + 59, 1.0);
    }
    for (to_s, steps) in [(0, 0), (1, 1), (60, 1), (61, 2), (120, 2), (239, 4), (10_000, 4)] {
        assert_eq!(loads(fixture, "a001", T, T + to_s).len(), steps, "{to_s} seconds");
    }
    assert!(loads(fixture, "a001", T + 120, T).is_empty(), "a span that ends before it begins");
}

fn series_begin_at_the_step_of_the_start(fixture: &impl MetricsUnderTest) {
    for (step, value) in [(-1, 9.0), (0, 1.0), (1, 2.0)] {
        fixture.put(load("a001"), T + step * 60 + 7, value);
    }
    let both = [Some(1.0), Some(2.0)];
    for late_s in [0, 1, 30, 59] {
        assert_eq!(loads(fixture, "a001", T + late_s, T + 120), both, "{late_s} s after the step began");
    }
    assert_eq!(loads(fixture, "a001", T + 60, T + 120), [Some(2.0)]);
    assert_eq!(loads(fixture, "a001", T - 1, T + 60), [Some(9.0), Some(1.0)]);
}

fn gaps_stay_and_the_tail_is_cut(fixture: &impl MetricsUnderTest) {
    for step in [2, 5] {
        fixture.put(load("a001"), T + step * 60, 1.0);
    }
    let expected = [None, None, Some(1.0), None, None, Some(1.0)];
    assert_eq!(loads(fixture, "a001", T, T + 86_400), expected);
    assert_eq!(loads(fixture, "a001", T, T + 300), [None, None, Some(1.0)], "the tail of the span");
}

fn the_last_sample_of_a_step_wins(fixture: &impl MetricsUnderTest) {
    for (time_s, value) in [(0, 1.0), (60, 2.0), (30, 3.0), (0, 4.0)] {
        fixture.put(load("a001"), T + time_s, value);
        fixture.put(load("a002"), T - time_s, value);
    }
    assert_eq!(loads(fixture, "a001", T, T + 120), [Some(4.0), Some(2.0)]);
    assert_eq!(loads(fixture, "a002", T - 60, T + 60), [Some(3.0), Some(4.0)]);
}

fn order_of_arrival_does_not_matter(fixture: &impl MetricsUnderTest) {
    let steps = [700_i32, 3, 1439, 0, 701, 1, 2, 699, 200];
    for step in steps {
        fixture.put(load("a001"), T + i64::from(step) * 60, f64::from(step));
    }
    let mut expected = vec![None; 1440];
    for step in steps {
        *expected.get_mut(usize::try_from(step).unwrap()).unwrap() = Some(f64::from(step));
    }
    assert_eq!(loads(fixture, "a001", T, T + 86_400), expected);
}

fn values_come_back_bit_for_bit(fixture: &impl MetricsUnderTest) {
    let odd = [0.1 + 0.2, -0.0, f64::MIN_POSITIVE, f64::MAX, -1e300, 5e-324, 9_007_199_254_740_993.0];
    for (step, value) in (0..).zip(odd) {
        fixture.put(load("a001"), T + step * 60, value);
    }
    let series = found(fixture, request("load", "a001", SeriesParts::Node), span(T, T + 86_400)).remove(0);
    assert_eq!(series.values.iter().map(|it| it.to_bits()).collect::<Vec<_>>(), odd.map(f64::to_bits));
}

fn series_without_samples_in_the_span_are_left_out(fixture: &impl MetricsUnderTest) {
    fixture.put(part("core", "0"), T, 1.0);
    fixture.put(part("core", "1"), T + 600, 2.0);
    let cores = |from_s, to_s| {
        let series = found(fixture, request("load", "a001", parts("core", &["0", "1"])), span(from_s, to_s));
        series.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(cores(T, T + 60), ["0"]);
    assert_eq!(cores(T, T + 660), ["0", "1"]);
    assert_eq!(cores(T + 60, T + 3600), ["1"]);
    assert!(cores(T + 60, T + 600).is_empty());
    assert!(cores(T - 3600, T).is_empty());
}

fn each_metric_has_its_own_grid(fixture: &impl MetricsUnderTest) {
    for second in [0, 10, 20, 30] {
        let power = SeriesName { metric: "power", ..load("a001") };
        fixture.put(power, T + second, 100.0);
    }
    fixture.put(load("a001"), T, 1.0);
    fixture.put(SeriesName { cluster: "beta", ..load("a001") }, T + 31, 2.0);
    let asked = [request("power", "a001", SeriesParts::Node), request("load", "a001", SeriesParts::Node)];
    let answers = fixture.source().read_series("alpha", &asked, span(T + 5, T + 60)).unwrap();
    let shapes: Vec<(u32, usize)> =
        answers.iter().flat_map(|it| &it.series).map(|it| (it.timestep_s, it.values.len())).collect();
    assert_eq!(shapes, [(10, 4), (60, 1)]);
    let beta = fixture.source().read_series("beta", &asked, span(T, T + 60)).unwrap();
    let shapes: Vec<(u32, usize)> =
        beta.iter().flat_map(|it| &it.series).map(|it| (it.timestep_s, it.values.len())).collect();
    assert_eq!(shapes, [(30, 2)], "the timestep is that of the cluster");
}

fn clusters_and_hosts_are_kept_apart(fixture: &impl MetricsUnderTest) {
    fixture.put(load("a001"), T, 1.0);
    fixture.put(load("a0012"), T, 2.0);
    fixture.put(SeriesName { cluster: "beta", ..load("a001") }, T, 3.0);
    assert_eq!(loads(fixture, "a001", T, T + 60), [Some(1.0)]);
    assert_eq!(loads(fixture, "a0012", T, T + 60), [Some(2.0)]);
    assert!(loads(fixture, "a00", T, T + 60).is_empty());
    assert!(loads(fixture, "A001", T, T + 60).is_empty());
}

fn the_node_is_not_its_parts(fixture: &impl MetricsUnderTest) {
    fixture.put(load("a001"), T, 1.0);
    fixture.put(part("socket", "0"), T, 2.0);
    fixture.put(SeriesName { sub_kind: "network", sub_id: "eth0", ..load("a001") }, T, 3.0);
    fixture.put(SeriesName { sub_kind: "network", sub_id: "eth0", ..part("socket", "0") }, T, 4.0);
    let of = |parts| {
        let series = found(fixture, request("load", "a001", parts), span(T, T + 60));
        series.into_iter().flat_map(|it| it.values).collect::<Vec<_>>()
    };
    assert_eq!(of(SeriesParts::Node), [1.0]);
    assert_eq!(of(parts("socket", &["0"])), [2.0]);
    assert_eq!(of(parts_below("", &[""], "network", &["eth0"])), [3.0]);
    assert_eq!(of(parts_below("socket", &["0"], "network", &["eth0"])), [4.0]);
}

fn a_node_without_samples_is_what_lies_below_it(fixture: &impl MetricsUnderTest) {
    let network = |id| SeriesName { sub_kind: "network", sub_id: id, ..load("a001") };
    fixture.put(part("socket", "0"), T, 2.0);
    fixture.put(SeriesName { sub_kind: "network", sub_id: "eth0", ..part("socket", "0") }, T, 4.0);
    let node = || request("load", "a001", SeriesParts::Node);
    assert!(found(fixture, node(), span(T, T + 60)).is_empty(), "its sockets are not below the node itself");
    fixture.put(network("eth0"), T, 3.0);
    let only = FoundSeries { id: String::new(), timestep_s: 60, values: vec![3.0] };
    assert_eq!(found(fixture, node(), span(T, T + 60)), [only]);
    fixture.put(network("ib0"), T, 5.0);
    let several = fixture.source().read_series("alpha", &[node()], span(T, T + 60)).unwrap().remove(0);
    assert!(several.series.is_empty() && several.problem.is_some(), "no aggregation says how: {several:?}");
    fixture.put(load("a001"), T, 1.0);
    assert_eq!(loads(fixture, "a001", T, T + 60), [Some(1.0)], "its own samples count more");
}

fn parts_come_in_the_order_asked_for(fixture: &impl MetricsUnderTest) {
    for (id, value) in [("0", 0.0), ("1", 1.0), ("10", 10.0), ("2", 2.0)] {
        fixture.put(part("core", id), T, value);
        fixture.put(part("hwthread", id), T, value + 100.0);
    }
    fixture.put(part("accelerator", "00000000:19:00.0"), T, 7.0);
    let day = span(T, T + 86_400);
    let cores = found(fixture, request("load", "a001", parts("core", &["2", "10", "99", "0"])), day);
    assert_eq!(ids_and_firsts(&cores), [("2", 2.0), ("10", 10.0), ("0", 0.0)], "unknown ones are left out");
    let threads = found(fixture, request("load", "a001", parts("hwthread", &["1"])), day);
    assert_eq!(ids_and_firsts(&threads), [("1", 101.0)]);
    let device = found(fixture, request("load", "a001", parts("accelerator", &["00000000:19:00.0"])), day);
    assert_eq!(ids_and_firsts(&device), [("00000000:19:00.0", 7.0)]);
}

fn parts_below_are_found_by_both_ids(fixture: &impl MetricsUnderTest) {
    for (socket, device, value) in [("0", "eth0", 1.0), ("0", "ib0", 2.0), ("1", "eth0", 3.0)] {
        let sub =
            SeriesName { metric: "bytes", sub_kind: "network", sub_id: device, ..part("socket", socket) };
        fixture.put(sub, T, value);
    }
    let bytes = |parts| found(fixture, request("bytes", "a001", parts), span(T, T + 60));
    let of_one = bytes(parts_below("socket", &["0"], "network", &["ib0", "eth1", "eth0"]));
    assert_eq!(ids_and_firsts(&of_one), [("ib0", 2.0), ("eth0", 1.0)]);
    let of_both = bytes(parts_below("socket", &["1", "0"], "network", &["eth0"]));
    assert_eq!(ids_and_firsts(&of_both), [("eth0", 3.0), ("eth0", 1.0)]);
    assert!(bytes(parts_below("socket", &["0"], "disk", &["eth0"])).is_empty());
    assert!(bytes(parts("socket", &["0"])).is_empty(), "the part itself has no samples");
}

fn everything_is_every_series_of_the_metric(fixture: &impl MetricsUnderTest) {
    fixture.put(load("a001"), T, 1.0);
    fixture.put(part("core", "0"), T, 2.0);
    fixture.put(part("socket", "3"), T, 3.0);
    fixture.put(SeriesName { sub_kind: "network", sub_id: "eth0", ..part("socket", "3") }, T, 4.0);
    fixture.put(part("core", "1"), T + 3600, 5.0);
    fixture.put(SeriesName { metric: "bytes", ..part("core", "0") }, T, 6.0);
    fixture.put(load("a002"), T, 7.0);
    let series = found(fixture, request("load", "a001", SeriesParts::Everything), span(T, T + 60));
    let mut all = ids_and_firsts(&series);
    all.sort_by(|left, right| left.1.total_cmp(&right.1));
    assert_eq!(all, [("", 1.0), ("0", 2.0), ("3", 3.0), ("eth0", 4.0)]);
}

fn answers_come_in_the_order_of_the_requests(fixture: &impl MetricsUnderTest) {
    for (host, value) in [("a001", 1.0), ("a002", 2.0), ("a003", 3.0)] {
        fixture.put(load(host), T, value);
    }
    let hosts = ["a003", "a001", "a004", "a002", "a001"];
    let asked = hosts.map(|host| request("load", host, SeriesParts::Node));
    let answers = fixture.source().read_series("alpha", &asked, span(T, T + 60)).unwrap();
    let firsts: Vec<Option<f64>> = answers
        .iter()
        .map(|it| it.series.first().and_then(|series| series.values.first().copied()))
        .collect();
    assert_eq!(firsts, [Some(3.0), Some(1.0), None, Some(2.0), Some(1.0)]);
}

fn long_series_come_back_whole(fixture: &impl MetricsUnderTest) {
    let values: Vec<f64> = (0..5000_i32).map(|step| f64::from(step % 97) * 0.25).collect();
    let power = SeriesName { metric: "power", ..load("a001") };
    for (step, value) in (0..).zip(&values) {
        fixture.put(power, T + step * 10, *value);
    }
    let read = |from_s, to_s| {
        found(fixture, request("power", "a001", SeriesParts::Node), span(from_s, to_s)).remove(0).values
    };
    assert_eq!(read(T, T + 50_000), values);
    assert_eq!(read(T + 12_345, T + 34_567), values.get(1234..3457).unwrap());
    assert_eq!(read(T + 49_990, T + 99_999), values.get(4999..).unwrap());
}

fn an_endless_span_costs_no_more_than_its_samples(fixture: &impl MetricsUnderTest) {
    fixture.put(load("a001"), T, 1.0);
    fixture.put(load("a001"), T + 120, 3.0);
    assert_eq!(loads(fixture, "a001", T, i64::MAX), [Some(1.0), None, Some(3.0)]);
    for (from_s, to_s) in [(i64::MIN, i64::MAX), (i64::MIN, i64::MIN), (i64::MAX, i64::MIN), (0, i64::MAX)] {
        assert!(loads(fixture, "a002", from_s, to_s).is_empty(), "{from_s} to {to_s}");
    }
    for (from_s, to_s) in [(i64::MIN, 0), (0, T), (T + 180, i64::MAX), (i64::MAX - 1, i64::MAX)] {
        assert!(loads(fixture, "a001", from_s, to_s).is_empty(), "{from_s} to {to_s}");
    }
}

fn the_stamp_changes_with_the_samples(fixture: &impl MetricsUnderTest) {
    let stamp = || fixture.source().change_stamp("alpha", &["a001", "a002"]);
    let Some(empty) = stamp() else { return };
    fixture.put(load("a001"), T, 1.0);
    let first = stamp();
    assert_ne!(first, Some(empty));
    assert_eq!(first, stamp(), "nothing was stored since");
    fixture.put(part("core", "0"), T, 1.0);
    let second = stamp();
    assert_ne!(second, first, "a part of a host");
    fixture.put(load("a002"), T - 3600, 1.0);
    let third = stamp();
    assert_ne!(third, second, "an old sample of the other host");
    fixture.put(load("a002"), T - 3600, 2.0);
    assert_ne!(stamp(), third, "another value in place of one");
}
