//! Finds the checkpoints in a folder, `<root>/<cluster>/<host>/`, and hands out what they hold. Must not know how the
//! files are written.

use crate::error::{CheckpointError, Reason};
use crate::level_name::Part;
use crate::log::{self, read_log};
use crate::report::{FileProblems, Report};
use crate::snapshot::{self, Series, TIME_MAX_S, read_binary, read_json};
use flightdeck_model::SeriesName;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The log of a host.
const LOG_NAME: &str = "current.wal";

/// The checkpoints of a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostFolder {
    /// The cluster.
    pub cluster: String,
    /// The host.
    pub host: String,
    /// Where they are.
    pub path: PathBuf,
}

/// Samples of a series. Values have 32 bits; the number that was sent is most likely the shortest decimal that reads
/// back as the value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece<'a> {
    /// From a snapshot.
    Run {
        /// Seconds from one value to the next; at least 1. That server's, which need not be the configured timestep.
        timestep_s: i64,
        /// The time of the first value, in seconds since 1970. It need not be a multiple of the timestep.
        start_s: i64,
        /// The values; NaN where there is none.
        values: &'a [f32],
    },
    /// From a log.
    Sample {
        /// When it was measured, in seconds since 1970.
        time_s: i64,
        /// The value; finite.
        value: f32,
    },
}

/// Takes the pieces of the series, in the order in which later ones overrule earlier ones.
pub type Sink<'s> = dyn FnMut(SeriesName<'_>, Piece<'_>) + 's;

/// Reads all checkpoints of `root` and hands out what they hold, host by host.
///
/// # Errors
/// [`CheckpointError::Unlisted`] when `root` cannot be listed. All else that goes wrong is in the report.
pub fn read_checkpoints(root: &Path, sink: &mut Sink<'_>) -> Result<Report, CheckpointError> {
    let mut report = Report::default();
    for folder in list_hosts(root, &mut report)? {
        read_host(&folder, &mut report, sink);
    }
    Ok(report)
}

/// The hosts that have a folder in `root`, sorted by cluster and host. Counts clusters and hosts, and what is neither.
///
/// # Errors
/// [`CheckpointError::Unlisted`] when `root` cannot be listed.
pub fn list_hosts(root: &Path, report: &mut Report) -> Result<Vec<HostFolder>, CheckpointError> {
    let unlisted = |source| CheckpointError::Unlisted { path: root.to_owned(), source };
    let mut hosts = Vec::new();
    for path in sorted_paths(root).map_err(unlisted)? {
        let Some(cluster) = folder_name(&path, report) else {
            continue;
        };
        report.clusters += 1;
        let host_paths = sorted_paths(&path).unwrap_or_else(|source| {
            report.tell(&path, source.into());
            Vec::new()
        });
        for host_path in host_paths {
            if let Some(host) = folder_name(&host_path, report) {
                report.hosts += 1;
                hosts.push(HostFolder { cluster: cluster.clone(), host, path: host_path });
            }
        }
    }
    Ok(hosts)
}

/// Reads the checkpoints of a host: its snapshots by their time, then its log. Counts files and samples in the report.
pub fn read_host(folder: &HostFolder, report: &mut Report, sink: &mut Sink<'_>) {
    let paths = sorted_paths(&folder.path).unwrap_or_else(|source| {
        report.tell(&folder.path, source.into());
        Vec::new()
    });
    let mut checkpoints = Vec::new();
    for path in paths {
        match Kind::of_file(&path) {
            Some(kind) => checkpoints.push((kind, path)),
            None => report.passed_over += 1,
        }
    }
    checkpoints.sort();
    for (kind, path) in checkpoints {
        report.files += 1;
        match fs::read(&path) {
            Ok(content) => read_file(kind, &path, &content, folder, report, sink),
            Err(source) => report.tell(&path, source.into()),
        }
    }
}

/// Sorted as they are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Snapshot { from_s: u64, format: Format },
    Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Format {
    Json,
    Binary,
}

impl Kind {
    /// What the file is, going by its name; `None` when it is no checkpoint.
    fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        if path.is_dir() {
            return None;
        }
        if name == LOG_NAME {
            return Some(Self::Log);
        }
        let (stem, extension) = name.split_once('.')?;
        let format = match extension {
            "json" => Format::Json,
            "bin" => Format::Binary,
            _ => return None,
        };
        stem.parse().ok().map(|from_s| Self::Snapshot { from_s, format })
    }
}

fn read_file(
    kind: Kind,
    path: &Path,
    content: &[u8],
    folder: &HostFolder,
    report: &mut Report,
    sink: &mut Sink<'_>,
) {
    let mut problems = FileProblems::new(report, path);
    match kind {
        Kind::Log => read_log(content, &mut |entry| match entry {
            log::Entry::Record(record) => take_record(&record, folder, &mut problems, sink),
            log::Entry::Damage(reason) => problems.tell(reason),
        }),
        Kind::Snapshot { format, .. } => {
            let read = match format {
                Format::Json => read_json,
                Format::Binary => read_binary,
            };
            read(content, &mut |entry| match entry {
                snapshot::Entry::Series(series) => take_series(&series, folder, &mut problems, sink),
                snapshot::Entry::Damage(reason) => problems.tell(reason),
            });
        }
    }
}

fn take_series(
    series: &Series<'_>,
    folder: &HostFolder,
    problems: &mut FileProblems<'_>,
    sink: &mut Sink<'_>,
) {
    let Some(name) = name_of(series.levels, series.metric, folder) else {
        return problems.tell(Reason::Levels { levels: series.levels.join("/") });
    };
    let report = problems.report();
    report.samples += count(series.values, f32::is_finite);
    let infinite = count(series.values, f32::is_infinite);
    report.infinite += infinite;
    let Series { timestep_s, start_s, .. } = *series;
    if infinite == 0 {
        return sink(name, Piece::Run { timestep_s, start_s, values: series.values });
    }
    let as_hole = |value: &f32| if value.is_infinite() { f32::NAN } else { *value };
    let values: Vec<f32> = series.values.iter().map(as_hole).collect();
    sink(name, Piece::Run { timestep_s, start_s, values: &values });
}

fn take_record(
    record: &log::Record<'_>,
    folder: &HostFolder,
    problems: &mut FileProblems<'_>,
    sink: &mut Sink<'_>,
) {
    let Some(name) = name_of(&record.levels, record.metric, folder) else {
        return problems.tell(Reason::Levels { levels: record.levels.join("/") });
    };
    if record.time_s.unsigned_abs() > TIME_MAX_S.unsigned_abs() {
        let series = record.levels.iter().copied().chain([record.metric]).collect::<Vec<_>>().join("/");
        return problems.tell(Reason::Times { series });
    }
    let report = problems.report();
    report.infinite += u64::from(record.value.is_infinite());
    if record.value.is_finite() {
        report.samples += 1;
        sink(name, Piece::Sample { time_s: record.time_s, value: record.value });
    }
}

fn name_of<'a>(levels: &[&'a str], metric: &'a str, folder: &'a HostFolder) -> Option<SeriesName<'a>> {
    let Part { kind, id, sub_kind, sub_id } = Part::of_levels(levels)?;
    Some(SeriesName { cluster: &folder.cluster, host: &folder.host, kind, id, sub_kind, sub_id, metric })
}

fn count(values: &[f32], counts: impl Fn(f32) -> bool) -> u64 {
    let count = values.iter().filter(|value| counts(**value)).count();
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn sorted_paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|found| found.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The name of a folder. What is none, or has a name that is no text, is counted.
fn folder_name(path: &Path, report: &mut Report) -> Option<String> {
    if !path.is_dir() {
        report.passed_over += 1;
        return None;
    }
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    if name.is_none() {
        report.tell(path, Reason::NameNotUtf8);
    }
    name
}
