//! Reads the records of a host's log. Must not know how its levels are called.

use crate::bytes::Bytes;
use crate::error::Reason;

const FILE_MARK: u32 = 0xCC1D_A701;
const RECORD_MARK: u32 = 0xCC1D_A7A1;
/// The mark of a record and the length of what it holds.
const RECORD_HEAD_LENGTH: usize = 8;
/// The least that a record can hold: a time, a metric of one byte, no level and a value. Less is not looked at, because
/// the checksum of nothing is zero, which stands everywhere.
const PAYLOAD_LENGTH_MIN: usize = 8 + 2 + 1 + 1 + 4;
/// The most that a record can hold: a time, a metric of 65,535 bytes, 255 levels of 255 bytes and a value.
const PAYLOAD_LENGTH_MAX: usize = 8 + 2 + 65_535 + 1 + 255 * 256 + 4;

/// A sample in a log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record<'a> {
    pub(crate) time_s: i64,
    pub(crate) metric: &'a str,
    pub(crate) levels: Vec<&'a str>,
    pub(crate) value: f32,
}

/// What stands in a log, in order.
#[derive(Debug)]
pub(crate) enum Entry<'a> {
    Record(Record<'a>),
    Damage(Reason),
}

/// Hands out what stands in a log. After a damaged stretch it goes on with the next record that is whole.
pub(crate) fn read_log(log: &[u8], take: &mut dyn FnMut(Entry<'_>)) {
    let mut head = Bytes::new(log);
    let mut at = if head.u32() == Some(FILE_MARK) {
        head.taken()
    } else {
        take(Entry::Damage(Reason::WrongStart { expected: "log" }));
        next_record(log, 0)
    };
    while at < log.len() {
        let Some((payload, next)) = payload_at(log, at) else {
            let next = next_record(log, at + 1);
            take(Entry::Damage(Reason::LogDamaged { offset: at, length: next - at }));
            at = next;
            continue;
        };
        take(match record_of(payload) {
            Some(record) => Entry::Record(record),
            None => Entry::Damage(Reason::RecordMeaningless { offset: at }),
        });
        at = next;
    }
}

/// What the record at `at` holds, and where the next one begins; `None` when there is no whole record.
fn payload_at(log: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let (payload, sum, next) = unchecked_payload_at(log, at)?;
    (crc32fast::hash(payload) == sum).then_some((payload, next))
}

/// The same without a look at the checksum, which is the third.
fn unchecked_payload_at(log: &[u8], at: usize) -> Option<(&[u8], u32, usize)> {
    let mut rest = Bytes::new(log.get(at..)?);
    if rest.u32()? != RECORD_MARK {
        return None;
    }
    let length = usize::try_from(rest.u32()?).ok()?;
    if !(PAYLOAD_LENGTH_MIN..=PAYLOAD_LENGTH_MAX).contains(&length) {
        return None;
    }
    let payload = rest.slice(length)?;
    let sum = rest.u32()?;
    Some((payload, sum, at + rest.taken()))
}

/// Where, from `from` on, the next record begins that is whole and makes sense; the end of the log when none does.
fn next_record(log: &[u8], from: usize) -> usize {
    let candidates = from..log.len().saturating_sub(RECORD_HEAD_LENGTH);
    let is_record = |at: &usize| {
        // In this order, because a checksum over bytes that are no record takes far longer than a look at them.
        unchecked_payload_at(log, *at)
            .is_some_and(|(payload, sum, _)| record_of(payload).is_some() && crc32fast::hash(payload) == sum)
    };
    candidates.into_iter().find(is_record).unwrap_or(log.len())
}

fn record_of(payload: &[u8]) -> Option<Record<'_>> {
    let mut rest = Bytes::new(payload);
    let time_s = rest.i64()?;
    let metric_length = rest.u16()?;
    let metric = rest.name(usize::from(metric_length))?;
    let level_count = rest.u8()?;
    let mut levels = Vec::new();
    for _ in 0..level_count {
        let length = rest.u8()?;
        levels.push(rest.name(usize::from(length))?);
    }
    let value = rest.f32()?;
    rest.is_empty().then_some(Record { time_s, metric, levels, value })
}

#[cfg(test)]
mod tests;
