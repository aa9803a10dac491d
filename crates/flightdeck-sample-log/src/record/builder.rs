//! Puts samples together to a record.

use super::{NEW_FORM, NEW_TIME, SAMPLES};
use crate::series_code::SeriesWriter;
use crate::value_code::{Coded, FIRST_FORM};
use crate::varint::put_signed;
use flightdeck_model::SeriesName;

/// The kind, and the number of samples.
const HEAD: [u8; 5] = [SAMPLES, 0, 0, 0, 0];
/// From this size on a record is large enough: a damaged one should not cost too much.
const FULL_BYTES: usize = 1 << 20;

/// Puts samples together to a record. Can be used again after [`finish`](Self::finish), which is cheaper than a new one.
///
/// Samples that follow each other should have much in common: what differs from the one before is what takes space.
#[derive(Debug)]
pub struct RecordBuilder {
    record: Vec<u8>,
    series: SeriesWriter,
    time_before_s: i64,
    form_before: u8,
    samples: u32,
}

impl Default for RecordBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl RecordBuilder {
    /// A builder without samples.
    #[must_use]
    pub fn new() -> Self {
        Self {
            record: Vec::new(),
            series: SeriesWriter::default(),
            time_before_s: 0,
            form_before: FIRST_FORM,
            samples: 0,
        }
    }

    /// Gives the builder memory for the next record: a buffer that was used for one before, say. Nothing is kept of what is in
    /// it. To be called before the first sample.
    pub fn write_into(&mut self, buffer: Vec<u8>) {
        if self.is_empty() {
            self.record = buffer;
            self.record.clear();
        }
    }

    /// Adds a sample; its time is in seconds since the epoch. Every value is kept to the bit.
    #[inline]
    pub fn push(&mut self, series: &SeriesName<'_>, time_s: i64, value: f64) {
        if self.is_empty() {
            self.record.extend_from_slice(&HEAD);
        }
        let flags_at = self.record.len();
        self.record.push(0);
        let mut flags = self.series.put(&mut self.record, series);
        if time_s != self.time_before_s {
            put_signed(&mut self.record, time_s.wrapping_sub(self.time_before_s));
            self.time_before_s = time_s;
            flags |= NEW_TIME;
        }
        let coded = Coded::of(value, self.form_before);
        if coded.form() != self.form_before {
            self.form_before = coded.form();
            self.record.push(self.form_before);
            flags |= NEW_FORM;
        }
        coded.put(&mut self.record);
        if let Some(place) = self.record.get_mut(flags_at) {
            *place = flags;
        }
        self.samples += 1;
    }

    /// How many samples there are.
    #[must_use]
    pub fn samples(&self) -> u32 {
        self.samples
    }

    /// How large the record is so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.record.len()
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Whether the record should be finished, and another one begun.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.record.len() >= FULL_BYTES
    }

    /// The record, for [`Log::append`](crate::Log::append). The builder is then without samples, and without memory.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        if self.is_empty() {
            self.record.extend_from_slice(&HEAD);
        }
        if let Some(place) = self.record.get_mut(1..HEAD.len()) {
            place.copy_from_slice(&self.samples.to_le_bytes());
        }
        self.series.clear();
        self.time_before_s = 0;
        self.form_before = FIRST_FORM;
        self.samples = 0;
        std::mem::take(&mut self.record)
    }
}
