//! A store with a folder and a clock of its own, and short ways to write to it and to read it.

use flightdeck_metrics::{Durability, OpenReport, SampleStore, StoreError, StoreOptions};
use flightdeck_model::{
    Cluster, MetricSource, PortError, SeriesName, SeriesParts, SeriesRequest, SubParts, TimeSpan, UnixTime,
    WriteContext, WriteReport,
};
use flightdeck_sample_log::Disk;
use flightdeck_testkit::{FixedClock, wait};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// What the clocks show at first: a multiple of 256 steps of 60 s, so that blocks of such a metric begin there.
pub(crate) const NOW_S: i64 = 256 * 60 * 116_891;

/// A store that may be open or not.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) options: StoreOptions,
}

impl Site {
    /// A store that is not there yet. Its writes are not synced, as that takes its time and only a loss of power would
    /// show it.
    pub(crate) fn new(clusters: Vec<Arc<Cluster>>) -> Self {
        crate::logged::collect();
        let folder = tempfile::tempdir().unwrap();
        let mut options = StoreOptions::new(folder.path(), clusters);
        options.durability = Durability::Flush;
        options.segment_bytes = 4096;
        options.load_threads = 2;
        Self { folder, clock: Arc::new(FixedClock::at(NOW_S)), options }
    }

    /// The cluster `alpha` with the metrics `load` (60 s), `power` (60 s) and `fast` (7 s).
    pub(crate) fn alpha() -> Self {
        Self::new(vec![cluster("alpha", &[("load", 60), ("power", 60), ("fast", 7)])])
    }

    pub(crate) fn open(&self) -> (SampleStore, OpenReport) {
        SampleStore::open(self.options.clone(), Arc::clone(&self.clock) as _).unwrap()
    }

    pub(crate) fn open_on(&self, disk: &Arc<dyn Disk>) -> Result<(SampleStore, OpenReport), StoreError> {
        SampleStore::open_on(disk, self.options.clone(), Arc::clone(&self.clock) as _)
    }

    /// How many files of the store's folder have names that begin so.
    pub(crate) fn files(&self, prefix: &str) -> usize {
        files_of(self.folder.path()).iter().filter(|name| name.starts_with(prefix)).count()
    }
}

/// The names of a folder's files, sorted.
pub(crate) fn files_of(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let mut names: Vec<String> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A cluster with these metrics and timesteps.
pub(crate) fn cluster(name: &str, metrics: &[(&str, u32)]) -> Arc<Cluster> {
    let metrics: Vec<String> = metrics
        .iter()
        .map(|(metric, timestep_s)| format!(r#"{{"name": "{metric}", "timestep": {timestep_s}}}"#))
        .collect();
    let json = format!(
        r#"{{"name": "{name}", "metricConfig": [{}], "subClusters": [{{"name": "main", "nodes": "*",
            "topology": {{"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}}}]}}"#,
        metrics.join(", ")
    );
    Arc::new(Cluster::from_json(json.as_bytes()).unwrap().0)
}

/// What goes with a body when nothing special does.
pub(crate) fn context() -> WriteContext {
    WriteContext { default_cluster: None, precision: None, received: UnixTime(NOW_S) }
}

pub(crate) fn try_write(store: &SampleStore, body: &str) -> Result<WriteReport, PortError> {
    wait(store.write(body.as_bytes(), &context()))
}

/// Writes a body, all of whose lines have to be stored.
#[track_caller]
pub(crate) fn write(store: &SampleStore, body: &str) {
    let report = try_write(store, body).unwrap();
    let lines = u64::try_from(body.lines().count()).unwrap();
    assert_eq!((report.stored, report.bad), (lines, 0), "{report:?}");
}

/// A line in line protocol.
pub(crate) fn line(name: &SeriesName<'_>, time_s: i64, value: f64) -> String {
    let all = [
        ("cluster", name.cluster),
        ("hostname", name.host),
        ("type", name.kind),
        ("type-id", name.id),
        ("stype", name.sub_kind),
        ("stype-id", name.sub_id),
    ];
    let given = all.iter().filter(|(_, text)| !text.is_empty());
    let tags: Vec<String> = given.map(|(tag, text)| format!(",{tag}={text}")).collect();
    format!("{}{} value={value:?} {time_s}\n", name.metric, tags.concat())
}

/// A metric of the cluster `alpha` on a host as a whole.
pub(crate) fn of_node<'a>(host: &'a str, metric: &'a str) -> SeriesName<'a> {
    SeriesName { cluster: "alpha", host, metric, ..SeriesName::default() }
}

/// The parts that a series is of.
fn parts_of(name: &SeriesName<'_>) -> SeriesParts {
    let below = (!name.sub_kind.is_empty())
        .then(|| SubParts { kind: name.sub_kind.to_owned(), ids: vec![name.sub_id.to_owned()] });
    if name.kind.is_empty() && below.is_none() {
        return SeriesParts::Node;
    }
    SeriesParts::Parts { kind: name.kind.to_owned(), ids: vec![name.id.to_owned()], below }
}

/// The samples of a series from a time on and before another one, by the second in which their steps begin.
#[track_caller]
pub(crate) fn read(store: &SampleStore, name: &SeriesName<'_>, from_s: i64, to_s: i64) -> BTreeMap<i64, f64> {
    let request = SeriesRequest { metric: name.metric.into(), host: name.host.into(), parts: parts_of(name) };
    let span = TimeSpan { from: UnixTime(from_s), to: UnixTime(to_s) };
    let mut answers = store.read_series(name.cluster, &[request], span).unwrap();
    assert_eq!(answers.len(), 1);
    let answer = answers.remove(0);
    assert_eq!(answer.problem, None);
    assert!(answer.series.len() <= 1, "{answer:?}");
    let mut samples = BTreeMap::new();
    for series in answer.series {
        let timestep_s = i64::from(series.timestep_s);
        let first_s = from_s.div_euclid(timestep_s) * timestep_s;
        let times = (0..).map(|index: i64| first_s + index * timestep_s);
        samples.extend(times.zip(series.values).filter(|(_, value)| !value.is_nan()));
    }
    samples
}

/// The samples of a series over the last ten days and the next one.
#[track_caller]
pub(crate) fn read_all(store: &SampleStore, name: &SeriesName<'_>) -> BTreeMap<i64, f64> {
    read(store, name, NOW_S - 10 * 86_400, NOW_S + 86_400)
}

/// Numbers that look like chance (xorshift64*; G. Marsaglia 2003, S. Vigna 2016).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let limit = u64::try_from(limit).unwrap();
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % limit).unwrap()
    }
}
