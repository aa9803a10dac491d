//! Reads binary snapshots. They have no checksum, so what cannot be is taken for damage.

use super::{DEPTH_MAX, Entry, Series, are_times_possible};
use crate::bytes::Bytes;
use crate::error::Reason;

const FILE_MARK: u32 = 0xCC5B_0001;

/// A series as it stands in the file.
#[derive(Debug)]
struct Found<'a> {
    levels: Vec<&'a str>,
    metric: &'a str,
    timestep_s: i64,
    start_s: i64,
    /// Little-endian 32-bit floats.
    values: &'a [u8],
}

/// The span of a snapshot.
#[derive(Debug, Clone, Copy)]
struct Span {
    from_s: i64,
    to_s: i64,
}

impl Span {
    /// Whether the snapshot can hold this series. A series may be labelled up to a step off the span.
    fn can_hold(self, found: &Found<'_>) -> bool {
        let step_count = found.values.len() / size_of::<f32>();
        if !are_times_possible(found.timestep_s, found.start_s, step_count) {
            return false;
        }
        let (from_s, to_s) = (i128::from(self.from_s), i128::from(self.to_s));
        let (start_s, timestep_s) = (i128::from(found.start_s), i128::from(found.timestep_s));
        let last_s = start_s + timestep_s * i128::try_from(step_count).unwrap_or(i128::MAX).saturating_sub(1);
        start_s >= from_s - timestep_s && last_s <= to_s + timestep_s
    }
}

/// Hands out the series of a snapshot. What is behind damage cannot be told from it, so the first ends the snapshot;
/// and as the length of the series before it may be what is wrong, that one is left out as well.
pub(crate) fn read_binary(snapshot: &[u8], take: &mut dyn FnMut(Entry<'_>)) {
    let mut rest = Bytes::new(snapshot);
    let Some(span) = span(&mut rest) else {
        take(Entry::Damage(Reason::WrongStart { expected: "snapshot" }));
        return;
    };
    let mut all = Vec::new();
    let is_whole = read_level(&mut rest, span, &mut Vec::new(), &mut all).is_some() && rest.is_empty();
    if !is_whole {
        all.pop();
    }
    let mut values = Vec::new();
    for found in &all {
        values.clear();
        let (floats, _) = found.values.as_chunks();
        values.extend(floats.iter().map(|&float| f32::from_le_bytes(float)));
        let Found { levels, metric, timestep_s, start_s, .. } = found;
        let (metric, timestep_s, start_s) = (*metric, *timestep_s, *start_s);
        take(Entry::Series(Series { levels, metric, timestep_s, start_s, values: &values }));
    }
    if !is_whole {
        take(Entry::Damage(Reason::SnapshotDamaged { offset: rest.taken(), taken: all.len() }));
    }
}

fn span(rest: &mut Bytes<'_>) -> Option<Span> {
    if rest.u32()? != FILE_MARK {
        return None;
    }
    let span = Span { from_s: rest.i64()?, to_s: rest.i64()? };
    (span.from_s <= span.to_s).then_some(span)
}

/// Adds the series of a level and of all below it; `None` at the first thing that cannot be. The counts are not trusted:
/// whatever they announce must be there.
fn read_level<'a>(
    rest: &mut Bytes<'a>,
    span: Span,
    levels: &mut Vec<&'a str>,
    all: &mut Vec<Found<'a>>,
) -> Option<()> {
    if levels.len() > DEPTH_MAX {
        return None;
    }
    for _ in 0..rest.u32()? {
        let found = read_series(rest, levels).filter(|found| span.can_hold(found))?;
        all.push(found);
    }
    for _ in 0..rest.u32()? {
        let length = rest.u16()?;
        levels.push(rest.name(usize::from(length))?);
        read_level(rest, span, levels, all)?;
        levels.pop();
    }
    Some(())
}

fn read_series<'a>(rest: &mut Bytes<'a>, levels: &[&'a str]) -> Option<Found<'a>> {
    let length = rest.u16()?;
    let metric = rest.name(usize::from(length))?;
    let timestep_s = rest.i64()?;
    let start_s = rest.i64()?;
    let count = usize::try_from(rest.u32()?).ok()?;
    let values = rest.slice(count.checked_mul(size_of::<f32>())?)?;
    Some(Found { levels: levels.to_vec(), metric, timestep_s, start_s, values })
}
