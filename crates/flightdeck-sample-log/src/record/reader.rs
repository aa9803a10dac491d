//! Reads the samples of a record.

use super::{NEW_FORM, NEW_TIME, RecordError, SAMPLES};
use crate::series_code::SeriesReader;
use crate::value_code::{self, FIRST_FORM};
use crate::varint::{Cursor, Malformed};
use flightdeck_model::SeriesName;

/// A sample of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoggedSample<'a> {
    /// The series it belongs to.
    pub series: SeriesName<'a>,
    /// Its time in seconds since the epoch.
    pub time_s: i64,
    /// Its value.
    pub value: f64,
}

/// The samples of a record, one after the other. After an error there are no more.
#[derive(Debug)]
pub struct RecordReader<'a> {
    cursor: Cursor<'a>,
    series: SeriesReader<'a>,
    time_before_s: i64,
    form_before: u8,
    left: u32,
}

impl<'a> RecordReader<'a> {
    /// Reads a record of samples. Any bytes may be given; what is taken for them in memory is a small multiple of their
    /// number.
    ///
    /// # Errors
    ///
    /// When they do not begin as such a record does.
    pub fn new(record: &'a [u8]) -> Result<Self, RecordError> {
        match record.split_first() {
            Some((&SAMPLES, content)) => Self::of_content(content),
            _ => Err(RecordError),
        }
    }

    pub(super) fn of_content(content: &'a [u8]) -> Result<Self, RecordError> {
        let mut cursor = Cursor::new(content);
        let left = u32::from_le_bytes(cursor.array()?);
        let series = SeriesReader::default();
        Ok(Self { cursor, series, time_before_s: 0, form_before: FIRST_FORM, left })
    }

    /// How many samples the record says are to come.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.left
    }

    #[inline]
    fn read(&mut self) -> Result<LoggedSample<'a>, Malformed> {
        let flags = self.cursor.byte()?;
        let series = self.series.read(flags, &mut self.cursor)?;
        if flags & NEW_TIME != 0 {
            self.time_before_s = self.time_before_s.wrapping_add(self.cursor.signed()?);
        }
        if flags & NEW_FORM != 0 {
            self.form_before = self.cursor.byte()?;
        }
        let value = value_code::read(self.form_before, &mut self.cursor)?;
        Ok(LoggedSample { series, time_s: self.time_before_s, value })
    }
}

impl<'a> Iterator for RecordReader<'a> {
    type Item = Result<LoggedSample<'a>, RecordError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            if self.cursor.is_empty() {
                return None;
            }
            self.cursor = Cursor::new(&[]);
            return Some(Err(RecordError));
        }
        self.left -= 1;
        let sample = self.read();
        if sample.is_err() {
            self.left = 0;
            self.cursor = Cursor::new(&[]);
        }
        Some(sample.map_err(RecordError::from))
    }
}
