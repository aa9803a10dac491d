//! The stored format of a block, version 1; also what a closed block is in memory. Knows no open blocks.
//!
//! ```text
//! version and flags   1 byte: 0x10, + 1 values are floating-point bits, + 2 differences are stored, + 4 there are gaps,
//!                     + 8 values are quotients
//! first step          1 byte
//! steps - 1           1 byte: from the first to the last sample
//! scale               1 byte: digits behind the point; 0 with floating-point bits and quotients
//! gaps                with flag 4: how many, 1 byte; for each: steps from the last gap's end, steps, 1 byte each;
//!                     0 gaps: instead one bit a step, set when there is a sample
//! spans               with flag 8: the spans of the quotients in nanoseconds, packed as from `least` on
//! first value         with flag 2: signed number
//! least               signed number: the smallest number stored
//! factor              number: what all, less the least, are multiples of; at least 1
//! widths              1 byte: bits of a number; 255: instead for every 32 numbers follow their bits, 1 byte, and their
//!                     base, a number; with 128 on top of the bits also the usual one less the base, a number, and how many
//!                     others there are, 1 byte
//! numbers             (number - least) / factor - base, in that many bits each, lowest bit first; filled up with zeros.
//!                     With 128: the usual one is a bit 0, others a bit 1 and their bits
//! ```
//!
//! A number has seven bits a byte, the lowest first, the highest bit set when more follow; a signed one is folded
//! first (0, -1, 1, -2, ...). The numbers are the samples as integers (see `decimal`), or the counts of quotients (see
//! `quotient`), or the samples' bits, with those of negative numbers turned so that they order like the values; or the
//! differences of each to the one before.
//!
//! Against pco at its best level, on such short runs: as small or smaller, and several times as fast (the benchmark
//! `blocks` has both).

use super::bits::{BitWriter, ByteReader, width_of, write_number, write_signed};
use super::{BLOCK_STEPS, BlockValues, DamagedBlock, bits, decimal, quotient};

/// The version in the upper half of the first byte.
const VERSION: u8 = 0x10;
/// The numbers are floating-point bits.
const FLAG_BITS: u8 = 1;
/// The numbers are differences.
const FLAG_DIFFERENCES: u8 = 2;
/// There are steps without a sample between the first and the last.
const FLAG_GAPS: u8 = 4;
/// The numbers are counts, and their spans are before them.
const FLAG_QUOTIENTS: u8 = 8;
/// Every group of numbers has a width and a base of its own.
const OWN_WIDTHS: u8 = 0xff;
/// Most numbers of the group are the same; on top of its width.
const MOSTLY_SAME: u8 = 0x80;
/// The widest number that is read together with a bit before it.
const MOSTLY_SAME_WIDTH_MAX: u8 = 56;
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
    let mut spans_ns = None;
    if scale.is_none() {
        integers.clear();
        let values: Vec<f64> = samples.map(|(_, value)| value).collect();
        match quotient::to_quotients(&values) {
            Some(quotients) => {
                integers = quotients.counts;
                spans_ns = Some(quotients.spans_ns);
            }
            None => integers.extend(values.iter().copied().map(ordered_bits)),
        }
    }
    let differences: Vec<i64> = integers.windows(2).filter_map(difference).collect();
    let plain = Packing::of(&integers);
    let differing = Packing::of(&differences);
    // The first value stands apart from the differences, and takes about as much as the least value otherwise does.
    let is_differing = differing.bytes() + 2 < plain.bytes();

    let has_gaps = integers.len() < steps.len();
    let flags = [
        (scale.is_none() && spans_ns.is_none(), FLAG_BITS),
        (is_differing, FLAG_DIFFERENCES),
        (has_gaps, FLAG_GAPS),
        (spans_ns.is_some(), FLAG_QUOTIENTS),
    ];
    let head = flags.iter().filter(|(is_set, _)| *is_set).fold(VERSION, |head, (_, flag)| head | flag);
    let mut out = Vec::with_capacity(64 + plain.bytes().min(differing.bytes()));
    out.extend_from_slice(&[head, first, last - first, scale.unwrap_or(0)]);
    if has_gaps {
        write_gaps(&mut out, steps);
    }
    if let Some(spans_ns) = spans_ns {
        Packing::of(&spans_ns).write(&mut out, &spans_ns);
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
    let count = usize::from(presence.count);
    let mut spans_ns = [0_i64; BLOCK_STEPS];
    if head.flags & FLAG_QUOTIENTS != 0 {
        read_packed(&mut reader, spans_ns.get_mut(..count).unwrap_or_default())?;
    }
    let mut numbers = [0_i64; BLOCK_STEPS];
    let numbers = numbers.get_mut(..count).unwrap_or_default();
    read_numbers(reader, head.flags & FLAG_DIFFERENCES != 0, numbers)?;

    let numbers = numbers.iter().copied();
    let power = decimal::power(head.scale);
    match head.flags & (FLAG_BITS | FLAG_QUOTIENTS) {
        FLAG_BITS => presence.put(numbers.map(from_ordered_bits), steps),
        FLAG_QUOTIENTS => {
            presence.put(numbers.zip(spans_ns).map(|(count, span)| quotient::to_value(count, span)), steps);
        }
        _ => presence.put(numbers.map(|number| decimal::to_value(number, power)), steps),
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
        let is_both = flags & FLAG_BITS != 0 && flags & FLAG_QUOTIENTS != 0;
        if head & 0xf0 != VERSION || is_both {
            return Err(DamagedBlock { reason: "another version" });
        }
        let first = usize::from(*first);
        let steps = usize::from(*steps_less_one) + 1;
        if first + steps > BLOCK_STEPS {
            return Err(DamagedBlock { reason: "too many steps" });
        }
        let scale_max = if flags & (FLAG_BITS | FLAG_QUOTIENTS) == 0 { decimal::SCALE_MAX } else { 0 };
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

impl Presence {
    /// Puts the values where samples are.
    fn put(&self, values: impl Iterator<Item = f64>, steps: &mut [f64]) {
        match self.with_gaps {
            None => steps.iter_mut().zip(values).for_each(|(to, value)| *to = value),
            Some(is_there) => {
                let present = steps.iter_mut().zip(is_there).filter(|(_, there)| *there);
                present.zip(values).for_each(|((to, _), value)| *to = value);
            }
        }
    }
}

/// Reads as many numbers as there is room for, and nothing may follow.
fn read_numbers(
    mut reader: ByteReader<'_>,
    is_differing: bool,
    numbers: &mut [i64],
) -> Result<(), DamagedBlock> {
    if is_differing {
        let Some((first, differences)) = numbers.split_first_mut() else {
            return Err(DamagedBlock { reason: "no samples" });
        };
        *first = reader.signed().ok_or(DamagedBlock { reason: "first value" })?;
        read_packed(&mut reader, differences)?;
        let mut sum = *first;
        for number in differences {
            sum = sum.wrapping_add(*number);
            *number = sum;
        }
    } else {
        read_packed(&mut reader, numbers)?;
    }
    if reader.rest().is_empty() { Ok(()) } else { Err(DamagedBlock { reason: "length" }) }
}

/// Reads what [`Packing::write`] wrote.
fn read_packed(reader: &mut ByteReader<'_>, numbers: &mut [i64]) -> Result<(), DamagedBlock> {
    let least = reader.signed().ok_or(DamagedBlock { reason: "least value" })?;
    let factor = reader.number().ok_or(DamagedBlock { reason: "factor" })?;
    let common_width = reader.byte().ok_or(DamagedBlock { reason: "widths" })?;
    let mut groups = [Group { width: common_width, ..Group::default() }; BLOCK_STEPS / GROUP];
    let mut packed_bits = 0;
    for (group, members) in groups.iter_mut().zip(numbers.chunks(GROUP)) {
        if common_width == OWN_WIDTHS {
            *group = Group::read(reader).ok_or(DamagedBlock { reason: "groups" })?;
        }
        if group.width > 64 {
            return Err(DamagedBlock { reason: "widths" });
        }
        packed_bits += group.bits(members.len());
    }
    let packed = reader.bytes(packed_bits.div_ceil(8)).ok_or(DamagedBlock { reason: "length" })?;
    let mut position = 0;
    for (members, group) in numbers.chunks_mut(GROUP).zip(groups) {
        let end = position + group.bits(members.len());
        group.unpack(packed, position, members, |multiple| {
            least.wrapping_add(multiple.wrapping_mul(factor).cast_signed())
        });
        position = end;
    }
    Ok(())
}

/// How the numbers of a group are packed.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    /// Bits of a number.
    width: u8,
    /// What is taken off each.
    base: u64,
    /// The number that most of them are, less the base, and how many are others.
    usual: Option<(u64, u8)>,
}

impl Group {
    /// The best for numbers that [`Packing`] made smaller.
    fn of(numbers: impl Iterator<Item = u64> + Clone) -> Self {
        let smallest = numbers.clone().min().unwrap_or(0);
        let width = width_of(numbers.clone().max().unwrap_or(0) - smallest);
        let common = Self { width, base: smallest, usual: None };
        if width == 0 || width > MOSTLY_SAME_WIDTH_MAX {
            return common;
        }
        // If one is more than half of them, it is what is left. (R. Boyer and J S. Moore, MJRTY, 1981)
        let (most, _) = numbers.clone().fold((smallest, 0_u32), |(most, lead), number| match lead {
            0 => (number, 1),
            _ if number == most => (most, lead + 1),
            _ => (most, lead - 1),
        });
        let others = numbers.clone().filter(|number| *number != most).count();
        let same = Self { usual: Some((most - smallest, u8::try_from(others).unwrap_or(u8::MAX))), ..common };
        let count = numbers.count();
        if same.bits(count) + 8 * same.head_bytes() < common.bits(count) + 8 * common.head_bytes() {
            same
        } else {
            common
        }
    }

    /// Bits that so many numbers of the group take.
    fn bits(&self, count: usize) -> usize {
        match self.usual {
            None => usize::from(self.width) * count,
            Some((_, others)) => usize::from(self.width) * usize::from(others) + count,
        }
    }

    /// Bytes that [`write_head`](Self::write_head) writes.
    fn head_bytes(&self) -> usize {
        let number_bytes = |number: u64| 1 + usize::from(width_of(number).saturating_sub(1) / 7);
        1 + number_bytes(self.base) + self.usual.map_or(0, |(usual, _)| number_bytes(usual) + 1)
    }

    fn write_head(&self, out: &mut Vec<u8>) {
        out.push(if self.usual.is_some() { self.width | MOSTLY_SAME } else { self.width });
        write_number(out, self.base);
        if let Some((usual, others)) = self.usual {
            write_number(out, usual);
            out.push(others);
        }
    }

    /// Reads what [`write_head`](Self::write_head) wrote; the width may be too large.
    fn read(reader: &mut ByteReader<'_>) -> Option<Self> {
        let (width, base) = (reader.byte()?, reader.number()?);
        if width & MOSTLY_SAME == 0 {
            return Some(Self { width, base, usual: None });
        }
        let usual = (reader.number()?, reader.byte()?);
        let narrow = width & !MOSTLY_SAME;
        (narrow <= MOSTLY_SAME_WIDTH_MAX).then_some(Self { width: narrow, base, usual: Some(usual) })
    }

    fn write(&self, bits: &mut BitWriter<'_>, number: u64) {
        let above_base = number - self.base;
        match self.usual {
            None => bits.write(above_base, self.width),
            Some((usual, _)) if above_base == usual => bits.write(0, 1),
            Some(_) => bits.write(above_base << 1 | 1, self.width + 1),
        }
    }

    /// Reads the numbers that begin at a bit of `packed`.
    fn unpack(&self, packed: &[u8], from: usize, numbers: &mut [i64], number_of: impl Fn(u64) -> i64) {
        let Some((usual, _)) = self.usual else {
            let count = numbers.len();
            let mut places = numbers.iter_mut();
            let place = |above_base: u64| {
                if let Some(number) = places.next() {
                    *number = number_of(above_base.wrapping_add(self.base));
                }
            };
            return bits::read_numbers(packed, from, self.width, place, count);
        };
        let mut position = from;
        for number in numbers {
            let mut above_base = usual;
            let mut taken = 1;
            let take = |word: u64| {
                if word & 1 == 1 {
                    above_base = word >> 1;
                    taken += usize::from(self.width);
                }
            };
            bits::read_numbers(packed, position, self.width + 1, take, 1);
            *number = number_of(above_base.wrapping_add(self.base));
            position += taken;
        }
    }
}

/// How numbers are packed.
#[derive(Debug)]
struct Packing {
    /// The smallest of them.
    least: i64,
    /// What all are multiples of, less the least.
    factor: u64,
    /// The groups.
    groups: [Group; BLOCK_STEPS / GROUP],
    /// How many there are.
    group_count: usize,
    /// Whether all groups have the width of the widest, and no base.
    is_common: bool,
    /// Bytes of the packed numbers, the widths and the bases.
    packed_bytes: usize,
}

impl Packing {
    /// The best for these numbers.
    fn of(numbers: &[i64]) -> Self {
        let least = numbers.iter().copied().min().unwrap_or(0);
        let factor = common_factor(numbers, least);
        let mut groups = [Group::default(); BLOCK_STEPS / GROUP];
        let (mut widest, mut own_bits, mut own_bytes) = (0, 0, 0);
        for (group, members) in groups.iter_mut().zip(numbers.chunks(GROUP)) {
            let multiples = members.iter().map(|number| multiple_of(*number, least, factor));
            *group = Group::of(multiples.clone());
            widest = widest.max(width_of(multiples.max().unwrap_or(0)));
            own_bits += group.bits(members.len());
            own_bytes += group.head_bytes();
        }
        let group_count = numbers.len().div_ceil(GROUP);
        let common_bytes = (usize::from(widest) * numbers.len()).div_ceil(8);
        own_bytes += own_bits.div_ceil(8);
        let is_common = common_bytes <= own_bytes;
        if is_common {
            groups = [Group { width: widest, ..Group::default() }; BLOCK_STEPS / GROUP];
        }
        let packed_bytes = 1 + common_bytes.min(own_bytes);
        Self { least, factor, groups, group_count, is_common, packed_bytes }
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
            out.push(self.groups[0].width);
        } else {
            out.push(OWN_WIDTHS);
            for group in self.groups.iter().take(self.group_count) {
                group.write_head(out);
            }
        }
        let mut bits = BitWriter::new(out);
        for (members, group) in numbers.chunks(GROUP).zip(self.groups) {
            for number in members {
                group.write(&mut bits, multiple_of(*number, self.least, self.factor));
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

/// How many times the factor a number is above the least.
fn multiple_of(number: i64, least: i64, factor: u64) -> u64 {
    let distance = offset(number, least);
    if factor == 1 { distance } else { distance / factor }
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
