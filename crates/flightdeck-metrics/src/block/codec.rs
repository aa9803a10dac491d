//! The stored format of a block, version 1; also what a closed block is in memory. Knows no open blocks.
//!
//! ```text
//! version and flags   1 byte: 0x10, + 1 values are floating-point bits, + 2 differences are stored, + 4 there are gaps
//! first step          1 byte
//! steps - 1           1 byte: from the first to the last sample
//! scale               1 byte: digits behind the point; 0 with floating-point bits
//! gaps                with flag 4: how many, 1 byte; for each: steps from the last gap's end, steps, 1 byte each;
//!                     0 gaps: instead one bit a step, set when there is a sample
//! first value         with flag 2: signed number
//! least               signed number: the smallest number stored
//! factor              number: what all, less the least, are multiples of; at least 1
//! widths              1 byte: bits of a number; 255: instead one byte for every 32 numbers follows
//! numbers             (number - least) / factor, in that many bits each, lowest bit first; filled up with zeros
//! ```
//!
//! A number has seven bits a byte, the lowest first, the highest bit set when more follow; a signed one is folded
//! first (0, -1, 1, -2, ...). The numbers are the samples as integers (see `decimal`) or as their bits, with those of
//! negative numbers turned so that they order like the values; or the differences of each to the one before.
//!
//! Against pco at its best level, on such short runs: as small or smaller, and several times as fast (the benchmark
//! `blocks` has both).

use super::bits::{BitWriter, ByteReader, width_of, write_number, write_signed};
use super::{BLOCK_STEPS, BlockValues, DamagedBlock, bits, decimal};

/// The version in the upper half of the first byte.
const VERSION: u8 = 0x10;
/// The numbers are floating-point bits.
const FLAG_BITS: u8 = 1;
/// The numbers are differences.
const FLAG_DIFFERENCES: u8 = 2;
/// There are steps without a sample between the first and the last.
const FLAG_GAPS: u8 = 4;
/// Every group of numbers has a width of its own.
const OWN_WIDTHS: u8 = 0xff;
/// Numbers of a group.
const GROUP: usize = 32;

/// The first and the last step of an encoded block.
pub(super) fn span(bytes: &[u8]) -> Option<(u8, u8)> {
    let [_, first, steps_less_one, ..] = bytes else {
        return None;
    };
    Some((*first, first.checked_add(*steps_less_one)?))
}

/// How many samples an encoded block has.
pub(super) fn present(bytes: &[u8]) -> u16 {
    let mut reader = ByteReader::new(bytes);
    let presence = Head::read(&mut reader).ok().and_then(|head| Presence::read(&mut reader, &head));
    presence.map_or(0, |presence| presence.count)
}

/// The stored form of the values that are not NaN; empty when there are none.
pub(super) fn encode(values: &BlockValues) -> Vec<u8> {
    let samples = (0..=u8::MAX).zip(values.iter().copied()).filter(|(_, value)| !value.is_nan());
    let Some((first, _)) = samples.clone().next() else {
        return Vec::new();
    };
    let last = samples.clone().next_back().map_or(first, |(slot, _)| slot);
    let steps = values.get(usize::from(first)..=usize::from(last)).unwrap_or_default();

    let mut integers = Vec::with_capacity(BLOCK_STEPS);
    let scale = decimal::to_integers(samples.clone().map(|(_, value)| value), &mut integers);
    if scale.is_none() {
        integers.clear();
        integers.extend(samples.map(|(_, value)| ordered_bits(value)));
    }
    let differences: Vec<i64> = integers.windows(2).filter_map(difference).collect();
    let plain = Packing::of(&integers);
    let differing = Packing::of(&differences);
    // The first value stands apart from the differences, and takes about as much as the least value otherwise does.
    let is_differing = differing.bytes() + 2 < plain.bytes();

    let has_gaps = integers.len() < steps.len();
    let flags = [(scale.is_none(), FLAG_BITS), (is_differing, FLAG_DIFFERENCES), (has_gaps, FLAG_GAPS)];
    let head = flags.iter().filter(|(is_set, _)| *is_set).fold(VERSION, |head, (_, flag)| head | flag);
    let mut out = Vec::with_capacity(64 + plain.bytes().min(differing.bytes()));
    out.extend_from_slice(&[head, first, last - first, scale.unwrap_or(0)]);
    if has_gaps {
        write_gaps(&mut out, steps);
    }
    if is_differing {
        write_signed(&mut out, integers.first().copied().unwrap_or(0));
        differing.write(&mut out, &differences);
    } else {
        plain.write(&mut out, &integers);
    }
    out
}

/// Reads samples into `values`. Other steps are left as they are.
///
/// # Errors
///
/// When [`encode`] does not make such bytes. It does not find all damage, but it ends well with whatever bytes.
pub(super) fn decode(bytes: &[u8], values: &mut BlockValues) -> Result<(), DamagedBlock> {
    let mut reader = ByteReader::new(bytes);
    let head = Head::read(&mut reader)?;
    let steps = values.get_mut(head.first..head.first + head.steps).unwrap_or_default();
    let presence = Presence::read(&mut reader, &head).ok_or(DamagedBlock { reason: "gaps" })?;
    let mut numbers = [0_i64; BLOCK_STEPS];
    let numbers = numbers.get_mut(..usize::from(presence.count)).unwrap_or_default();
    read_numbers(reader, head.flags & FLAG_DIFFERENCES != 0, numbers)?;

    let power = decimal::power(head.scale);
    let is_bits = head.flags & FLAG_BITS != 0;
    let value_of =
        |number: &i64| if is_bits { from_ordered_bits(*number) } else { decimal::to_value(*number, power) };
    match presence.with_gaps {
        None => steps.iter_mut().zip(numbers.iter()).for_each(|(to, number)| *to = value_of(number)),
        Some(is_there) => {
            let present = steps.iter_mut().zip(is_there).filter(|(_, there)| *there);
            present.zip(numbers.iter()).for_each(|((to, _), number)| *to = value_of(number));
        }
    }
    Ok(())
}

/// The fixed part of an encoded block.
#[derive(Debug)]
struct Head {
    /// What the first byte has besides the version.
    flags: u8,
    /// The first step.
    first: usize,
    /// From the first to the last sample; the block has so many.
    steps: usize,
    /// Digits behind the point.
    scale: u8,
}

impl Head {
    /// Reads and checks it.
    fn read(reader: &mut ByteReader<'_>) -> Result<Self, DamagedBlock> {
        let Some([head, first, steps_less_one, scale]) =
            reader.bytes(4).and_then(|bytes| bytes.first_chunk())
        else {
            return Err(DamagedBlock { reason: "too short" });
        };
        let flags = head & 0x0f;
        if head & 0xf0 != VERSION || flags > (FLAG_BITS | FLAG_DIFFERENCES | FLAG_GAPS) {
            return Err(DamagedBlock { reason: "another version" });
        }
        let first = usize::from(*first);
        let steps = usize::from(*steps_less_one) + 1;
        if first + steps > BLOCK_STEPS {
            return Err(DamagedBlock { reason: "too many steps" });
        }
        let scale_max = if flags & FLAG_BITS == 0 { decimal::SCALE_MAX } else { 0 };
        if *scale > scale_max {
            return Err(DamagedBlock { reason: "scale" });
        }
        Ok(Self { flags, first, steps, scale: *scale })
    }
}

/// Which steps have a sample.
#[derive(Debug)]
struct Presence {
    /// How many.
    count: u16,
    /// One entry a step; `None`: all have.
    with_gaps: Option<[bool; BLOCK_STEPS]>,
}

impl Presence {
    /// Reads it behind the head.
    fn read(reader: &mut ByteReader<'_>, head: &Head) -> Option<Self> {
        if head.flags & FLAG_GAPS == 0 {
            return Some(Self { count: u16::try_from(head.steps).ok()?, with_gaps: None });
        }
        let is_there = read_gaps(reader, head.steps)?;
        let count = is_there.iter().filter(|there| **there).count();
        Some(Self { count: u16::try_from(count).ok()?, with_gaps: Some(is_there) })
    }
}

/// Reads as many numbers as there is room for, and nothing may follow.
fn read_numbers(
    mut reader: ByteReader<'_>,
    is_differing: bool,
    numbers: &mut [i64],
) -> Result<(), DamagedBlock> {
    if !is_differing {
        return read_packed(reader, numbers);
    }
    let Some((first, differences)) = numbers.split_first_mut() else {
        return Err(DamagedBlock { reason: "no samples" });
    };
    *first = reader.signed().ok_or(DamagedBlock { reason: "first value" })?;
    read_packed(reader, differences)?;
    let mut sum = *first;
    for number in differences {
        sum = sum.wrapping_add(*number);
        *number = sum;
    }
    Ok(())
}

/// Reads what [`Packing::write`] wrote.
fn read_packed(mut reader: ByteReader<'_>, numbers: &mut [i64]) -> Result<(), DamagedBlock> {
    let least = reader.signed().ok_or(DamagedBlock { reason: "least value" })?;
    let factor = reader.number().ok_or(DamagedBlock { reason: "factor" })?;
    let common_width = reader.byte().ok_or(DamagedBlock { reason: "widths" })?;
    let own_widths = if common_width == OWN_WIDTHS {
        Some(reader.bytes(numbers.len().div_ceil(GROUP)).ok_or(DamagedBlock { reason: "widths" })?)
    } else {
        None
    };
    let width_of_group =
        |group: usize| own_widths.map_or(common_width, |widths| widths.get(group).copied().unwrap_or(0));
    let packed = reader.rest();
    let mut position = 0;
    for (group, members) in numbers.chunks_mut(GROUP).enumerate() {
        let width = width_of_group(group);
        if width > 64 {
            return Err(DamagedBlock { reason: "widths" });
        }
        let count = members.len();
        let mut places = members.iter_mut();
        let place = |multiple: u64| {
            if let Some(number) = places.next() {
                *number = least.wrapping_add(multiple.wrapping_mul(factor).cast_signed());
            }
        };
        bits::read_numbers(packed, position, width, place, count);
        position += usize::from(width) * count;
    }
    if packed.len() != position.div_ceil(8) {
        return Err(DamagedBlock { reason: "length" });
    }
    Ok(())
}

/// How numbers are packed.
#[derive(Debug)]
struct Packing {
    /// The smallest of them.
    least: i64,
    /// What all are multiples of, less the least.
    factor: u64,
    /// Bits of a number in each group.
    widths: [u8; BLOCK_STEPS / GROUP],
    /// How many of these there are.
    groups: usize,
    /// Whether all groups have the width of the widest.
    is_common: bool,
    /// Bytes of the packed numbers and the widths.
    packed_bytes: usize,
}

impl Packing {
    /// The best for these numbers.
    fn of(numbers: &[i64]) -> Self {
        let least = numbers.iter().copied().min().unwrap_or(0);
        let factor = common_factor(numbers, least);
        let mut widths = [0; BLOCK_STEPS / GROUP];
        let mut own_bits = 0;
        for (width, group) in widths.iter_mut().zip(numbers.chunks(GROUP)) {
            let most = group.iter().copied().max().unwrap_or(least);
            *width = width_of(offset(most, least) / factor);
            own_bits += usize::from(*width) * group.len();
        }
        let groups = numbers.len().div_ceil(GROUP);
        let widest = widths.iter().copied().max().unwrap_or(0);
        let common_bytes = (usize::from(widest) * numbers.len()).div_ceil(8);
        let own_bytes = own_bits.div_ceil(8) + groups;
        let is_common = common_bytes <= own_bytes;
        if is_common {
            widths = [widest; BLOCK_STEPS / GROUP];
        }
        Self { least, factor, widths, groups, is_common, packed_bytes: 1 + common_bytes.min(own_bytes) }
    }

    /// Bytes that [`write`](Self::write) writes, about.
    fn bytes(&self) -> usize {
        let least_bytes = usize::from(width_of(self.least.unsigned_abs()) / 7) + 1;
        let factor_bytes = usize::from(width_of(self.factor) / 7) + 1;
        least_bytes + factor_bytes + self.packed_bytes
    }

    /// Writes the numbers this was made for.
    fn write(&self, out: &mut Vec<u8>, numbers: &[i64]) {
        write_signed(out, self.least);
        write_number(out, self.factor);
        if self.is_common {
            out.push(self.widths[0]);
        } else {
            out.push(OWN_WIDTHS);
            out.extend(self.widths.iter().take(self.groups));
        }
        let mut bits = BitWriter::new(out);
        for (group, width) in numbers.chunks(GROUP).zip(self.widths) {
            for number in group {
                let distance = offset(*number, self.least);
                let multiple = if self.factor == 1 { distance } else { distance / self.factor };
                bits.write(multiple, width);
            }
        }
        bits.finish();
    }
}

/// The largest number that all are multiples of, less the least; 1 when they are all the same.
fn common_factor(numbers: &[i64], least: i64) -> u64 {
    let mut factor = 0;
    for number in numbers {
        let (mut larger, mut smaller) = (offset(*number, least), factor);
        while smaller != 0 {
            (larger, smaller) = (smaller, larger % smaller);
        }
        factor = larger;
        if factor == 1 {
            break;
        }
    }
    factor.max(1)
}

/// How far a number is above the least.
fn offset(number: i64, least: i64) -> u64 {
    number.wrapping_sub(least).cast_unsigned()
}

/// The second of two numbers less the first, modulo 2^64.
fn difference(pair: &[i64]) -> Option<i64> {
    let [before, after] = pair else {
        return None;
    };
    Some(after.wrapping_sub(*before))
}

/// The bits of a value as a number that orders like the values.
fn ordered_bits(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

/// The value that [`ordered_bits`] made a number of.
fn from_ordered_bits(number: i64) -> f64 {
    let bits = if number < 0 { number ^ i64::MAX } else { number };
    f64::from_bits(bits.cast_unsigned())
}

/// Writes where there are no samples, as runs or as one bit a step, whichever is shorter.
fn write_gaps(out: &mut Vec<u8>, steps: &[f64]) {
    let mut runs = Vec::new();
    let mut is_short = true;
    let mut since_gap = 0_u8;
    for run in steps.chunk_by(|left, right| left.is_nan() == right.is_nan()) {
        // Runs are shorter than 256, as there is at least one of the other kind.
        let length = u8::try_from(run.len()).unwrap_or(u8::MAX);
        if run.iter().all(|value| value.is_nan()) {
            runs.extend_from_slice(&[since_gap, length]);
        } else {
            since_gap = length;
        }
        is_short = runs.len() < steps.len().div_ceil(8);
        if !is_short {
            break;
        }
    }
    if is_short {
        out.push(u8::try_from(runs.len() / 2).unwrap_or(u8::MAX));
        out.append(&mut runs);
        return;
    }
    out.push(0);
    let mut bits = BitWriter::new(out);
    for value in steps {
        bits.write(u64::from(!value.is_nan()), 1);
    }
    bits.finish();
}

/// Reads where there are samples: one entry a step, of which there are so many.
fn read_gaps(reader: &mut ByteReader<'_>, steps: usize) -> Option<[bool; BLOCK_STEPS]> {
    let mut is_there = [false; BLOCK_STEPS];
    let used = is_there.get_mut(..steps)?;
    let gaps = reader.byte()?;
    if gaps == 0 {
        let bits = reader.bytes(steps.div_ceil(8))?;
        for (index, there) in used.iter_mut().enumerate() {
            *there = bits.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1);
        }
        return Some(is_there);
    }
    used.fill(true);
    let mut position = 0;
    for _gap in 0..gaps {
        position += usize::from(reader.byte()?);
        let end = position + usize::from(reader.byte()?);
        used.get_mut(position..end)?.fill(false);
        position = end;
    }
    Some(is_there)
}
