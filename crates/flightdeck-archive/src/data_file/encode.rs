//! From metric data to the JSON of a data.json, or that of a data.json.gz when it is long, without ever holding a long
//! text as a whole.

use crate::FileError;
use flate2::{Compression, write::GzEncoder};
use flightdeck_model::{JobData, JobMetric, MetricScope, Series, SeriesStatistics, StatisticsSeries, Unit};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

#[cfg(test)]
mod tests;

/// Up to this length, with the end of line, the data are kept as they are; the limit is that of the field's archives.
const PLAIN_BYTES_MAX: usize = 2000;
/// The encoder hands out many short pieces.
const BUFFER_BYTES: usize = 64 << 10;

/// The content of one of the two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EncodedData {
    /// Of data.json.
    Plain(Vec<u8>),
    /// Of data.json.gz.
    Packed(Vec<u8>),
}

/// Encodes metric data in at most `limit_bytes` before packing.
///
/// Samples have as many digits as they need; those that are no finite number are `null`. Left out is what a reader
/// passes over anyway: metrics without any scope, and ids at node scope.
///
/// # Errors
///
/// When they would become too long to be read, or have a timestep of 0, which nobody can read.
pub(super) fn job_data(data: &JobData, limit_bytes: u64) -> Result<EncodedData, FileError> {
    let mut buffered = BufWriter::with_capacity(BUFFER_BYTES, DataSink::new(limit_bytes));
    let encoded = serde_json::to_writer(&mut buffered, &archived(data)?)
        .map_err(io::Error::from)
        .and_then(|()| buffered.write_all(b"\n"))
        .and_then(|()| buffered.into_inner().map_err(io::IntoInnerError::into_error))
        .and_then(DataSink::finish);
    encoded.map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => FileError::WouldBeTooLarge { limit_bytes },
        _ => FileError::Encode(serde_json::Error::io(error)),
    })
}

/// Takes the JSON, and packs it from the piece on with which it becomes too long to be left plain.
struct DataSink {
    plain: Vec<u8>,
    packed: Option<GzEncoder<Vec<u8>>>,
    room_bytes: u64,
}

impl DataSink {
    fn new(limit_bytes: u64) -> Self {
        Self { plain: Vec::new(), packed: None, room_bytes: limit_bytes }
    }

    fn finish(self) -> io::Result<EncodedData> {
        match self.packed {
            None => Ok(EncodedData::Plain(self.plain)),
            Some(packer) => packer.finish().map(EncodedData::Packed),
        }
    }
}

impl Write for DataSink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.room_bytes = self.room_bytes.checked_sub(length).ok_or(io::ErrorKind::FileTooLarge)?;
        if self.packed.is_none() && self.plain.len() + piece.len() <= PLAIN_BYTES_MAX {
            self.plain.extend_from_slice(piece);
            return Ok(piece.len());
        }
        let packer = self.packed.get_or_insert_with(|| GzEncoder::new(Vec::new(), Compression::default()));
        // Nothing after the first piece that is packed.
        packer.write_all(&std::mem::take(&mut self.plain))?;
        packer.write_all(piece)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type ArchivedScopes<'a> = BTreeMap<MetricScope, ArchivedMetric<'a>>;

/// A metric as the archives of the field have it: these keys and no others, since one of the importers refuses those
/// that it does not know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArchivedMetric<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics_series: Option<ArchivedStatisticsSeries<'a>>,
    unit: &'a Unit,
    series: Vec<ArchivedSeries<'a>>,
    timestep: u32,
}

#[derive(Serialize)]
struct ArchivedStatisticsSeries<'a> {
    min: &'a [f64],
    median: &'a [f64],
    max: &'a [f64],
    mean: &'a [f64],
}

#[derive(Serialize)]
struct ArchivedSeries<'a> {
    hostname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    statistics: SeriesStatistics,
    data: &'a [f64],
}

fn archived(data: &JobData) -> Result<BTreeMap<&str, ArchivedScopes<'_>>, FileError> {
    let mut metrics = BTreeMap::new();
    for (name, scopes) in data.iter().filter(|(_, scopes)| !scopes.is_empty()) {
        if scopes.values().any(|metric| metric.timestep_s == 0) {
            let what = format!("of metric {name:?} is 0, must be above 0");
            return Err(FileError::Senseless { key: "timestep", what });
        }
        let archived_scopes: ArchivedScopes<'_> =
            scopes.iter().map(|(scope, metric)| (*scope, archived_metric(*scope, metric))).collect();
        metrics.insert(name.as_str(), archived_scopes);
    }
    Ok(metrics)
}

fn archived_metric(scope: MetricScope, metric: &JobMetric) -> ArchivedMetric<'_> {
    let JobMetric { statistics_series, unit, series, timestep_s } = metric;
    let over_series = statistics_series.as_ref().map(|it| {
        let StatisticsSeries { mean, median, min, max } = it;
        ArchivedStatisticsSeries { min, median, max, mean }
    });
    ArchivedMetric {
        statistics_series: over_series,
        unit,
        series: series.iter().map(|it| archived_series(scope, it)).collect(),
        timestep: *timestep_s,
    }
}

fn archived_series(scope: MetricScope, series: &Series) -> ArchivedSeries<'_> {
    let Series { hostname, id, statistics, data } = series;
    ArchivedSeries {
        hostname,
        id: id.as_deref().filter(|_| scope != MetricScope::Node),
        statistics: archived_statistics(*statistics),
        data,
    }
}

/// Readers of the field want three numbers; those of a series without samples are 0, as the reference has it.
fn archived_statistics(statistics: SeriesStatistics) -> SeriesStatistics {
    let SeriesStatistics { avg, min, max } = statistics;
    let has_value = [avg, min, max].into_iter().all(f64::is_finite);
    if has_value { statistics } else { SeriesStatistics::default() }
}
