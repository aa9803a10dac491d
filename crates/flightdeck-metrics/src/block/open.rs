//! A block that is written to: values of a fixed width from the first to the last step that has one.
//!
//! Most metrics have few digits and move little within some hours, so a value is an integer (see `decimal`), less a base,
//! in one, two or four bytes. A value that does not fit makes the block choose anew; numbers that are no short decimal
//! fractions are kept as they are. Knows nothing of the stored format.

use super::decimal;
use super::{BLOCK_STEPS, BlockValues};

/// Bytes of the base, in front of the slots.
const BASE_BYTES: usize = 8;

/// Slots of a new block, at least.
const SLOTS_MIN: usize = 8;

/// Slots that a block grows by, at least.
const GROWTH_MIN: usize = 4;

/// How a slot is kept. All its bits set is no value, whatever the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    /// One byte: integer less base.
    One,
    /// Two bytes: integer less base.
    Two,
    /// Four bytes: integer less base.
    Four,
    /// Eight bytes: the value's own bits.
    Eight,
}

impl Width {
    /// Bytes of a slot.
    const fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// What a slot without a value has.
    const fn missing(self) -> u64 {
        match self {
            Self::One => 0xff,
            Self::Two => 0xffff,
            Self::Four => 0xffff_ffff,
            Self::Eight => u64::MAX,
        }
    }
}

/// Values of a fixed width.
#[derive(Debug, Clone)]
pub(super) struct OpenBlock {
    /// The base, and then the slots, from `first` on. Empty without samples.
    bytes: Box<[u8]>,
    /// How many steps have a sample.
    present: u16,
    /// The first step that has one.
    first: u8,
    /// The last step that has one.
    last: u8,
    /// Digits behind the point.
    scale: u8,
    /// Of a slot.
    width: Width,
}

impl OpenBlock {
    /// Without samples.
    pub(super) fn new() -> Self {
        Self { bytes: Box::default(), present: 0, first: 0, last: 0, scale: 0, width: Width::One }
    }

    /// With the values that are not NaN.
    pub(super) fn from_values(values: &BlockValues) -> Self {
        Self::with_capacity(values, SLOTS_MIN)
    }

    /// With the values that are not NaN, and room for as many slots, if there are so many steps.
    fn with_capacity(values: &BlockValues, capacity_min: usize) -> Self {
        let samples = (0..=u8::MAX).zip(values.iter().copied()).filter(|(_, value)| !value.is_nan());
        let Some((first, _)) = samples.clone().next() else {
            return Self::new();
        };
        let last = samples.clone().next_back().map_or(first, |(slot, _)| slot);
        let mut integers = Vec::with_capacity(BLOCK_STEPS);
        let scale = decimal::to_integers(samples.clone().map(|(_, value)| value), &mut integers);
        let slots = usize::from(last - first) + 1;
        let mut block = Self::fitting(&integers, scale, first, slots.max(capacity_min));
        block.last = last;
        for (slot, value) in samples {
            if let Some(code) = block.code_of(value) {
                block.put(usize::from(slot - first), code);
                block.present += 1;
            }
        }
        block
    }

    /// With one value, that is not NaN.
    fn with_one(slot: u8, value: f64) -> Self {
        let mut integers = Vec::with_capacity(1);
        let scale = decimal::to_integers(std::iter::once(value), &mut integers);
        let mut block = Self::fitting(&integers, scale, slot, SLOTS_MIN);
        if let Some(code) = block.code_of(value) {
            block.put(0, code);
            block.present = 1;
        }
        block
    }

    /// Without samples, but with slots from `first` on that are as wide as the integers need; without a scale, wide
    /// enough for every value.
    fn fitting(integers: &[i64], scale: Option<u8>, first: u8, slots: usize) -> Self {
        let (width, base) = if scale.is_some() { fitting_width(integers) } else { (Width::Eight, 0) };
        let mut bytes = vec![0xff; bytes_for(slots, first, width)];
        if let Some(place) = bytes.first_chunk_mut::<BASE_BYTES>() {
            *place = base.to_le_bytes();
        }
        let scale = scale.unwrap_or(0);
        Self { bytes: bytes.into_boxed_slice(), present: 0, first, last: first, scale, width }
    }

    /// How many samples there are.
    pub(super) fn present(&self) -> u16 {
        self.present
    }

    /// The first and the last step that have a sample.
    pub(super) fn span(&self) -> Option<(u8, u8)> {
        (self.present > 0).then_some((self.first, self.last))
    }

    /// Bytes besides the block itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// All values; NaN where there is none.
    pub(super) fn values(&self) -> BlockValues {
        let mut values = [f64::NAN; BLOCK_STEPS];
        self.read(0, &mut values);
        values
    }

    /// Stores the value of a step; NaN takes it away.
    pub(super) fn set(&mut self, slot: u8, value: f64) {
        if value.is_nan() && !self.has(slot) {
            return;
        }
        if self.present == 0 {
            *self = Self::with_one(slot, value);
            return;
        }
        let fitting = if value.is_nan() { None } else { self.code_of(value) };
        let (Some(code), Some(index)) = (fitting, slot.checked_sub(self.first)) else {
            self.rebuild_with(slot, value);
            return;
        };
        let index = usize::from(index);
        if index >= self.capacity() {
            self.grow(index + 1);
        }
        if self.code_at(index) == self.width.missing() {
            self.present += 1;
        }
        self.put(index, code);
        self.last = self.last.max(slot);
    }

    /// Whether a step has a sample.
    fn has(&self, slot: u8) -> bool {
        let is_within = self.present > 0 && (self.first..=self.last).contains(&slot);
        is_within && self.code_at(usize::from(slot - self.first)) != self.width.missing()
    }

    /// Copies the samples of the steps from `from_slot` on to `out`. Steps without one leave `out` as it is.
    pub(super) fn read(&self, from_slot: usize, out: &mut [f64]) {
        if self.present == 0 {
            return;
        }
        let first = usize::from(self.first);
        let slots_to_skip = from_slot.saturating_sub(first);
        let slots_used = usize::from(self.last - self.first) + 1;
        let Some(used) = self.slots().get(..slots_used * self.width.bytes()) else {
            return;
        };
        let used = used.get(slots_to_skip * self.width.bytes()..).unwrap_or_default();
        let out = out.get_mut(first.saturating_sub(from_slot)..).unwrap_or_default();
        let codes = out.iter_mut();
        match self.width {
            Width::One => codes.zip(used).for_each(|(to, byte)| self.copy_code(to, u64::from(*byte))),
            Width::Two => codes
                .zip(used.as_chunks().0)
                .for_each(|(to, bytes)| self.copy_code(to, u64::from(u16::from_le_bytes(*bytes)))),
            Width::Four => codes
                .zip(used.as_chunks().0)
                .for_each(|(to, bytes)| self.copy_code(to, u64::from(u32::from_le_bytes(*bytes)))),
            Width::Eight => codes
                .zip(used.as_chunks().0)
                .for_each(|(to, bytes)| self.copy_code(to, u64::from_le_bytes(*bytes))),
        }
    }

    /// Sets `to` to what a slot stands for, if there is a value.
    fn copy_code(&self, to: &mut f64, code: u64) {
        if code != self.width.missing() {
            *to = self.value_of(code);
        }
    }

    /// Chooses width, base and scale again, for the values there are and one more.
    #[cold]
    fn rebuild_with(&mut self, slot: u8, value: f64) {
        let mut values = self.values();
        if let Some(place) = values.get_mut(usize::from(slot)) {
            *place = value;
        }
        *self = Self::with_capacity(&values, self.capacity().max(SLOTS_MIN));
    }

    /// Makes room for at least so many slots.
    #[cold]
    fn grow(&mut self, slots: usize) {
        let wanted = bytes_for(slots.max(self.capacity() + GROWTH_MIN), self.first, self.width);
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        bytes.reserve_exact(wanted.saturating_sub(bytes.len()));
        bytes.resize(wanted, 0xff);
        self.bytes = bytes.into_boxed_slice();
    }

    /// How many slots there are.
    fn capacity(&self) -> usize {
        self.slots().len() / self.width.bytes()
    }

    /// The slots' bytes.
    fn slots(&self) -> &[u8] {
        self.bytes.get(BASE_BYTES..).unwrap_or_default()
    }

    /// What all integers have in common.
    fn base(&self) -> i64 {
        self.bytes.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
    }

    /// What a slot has for a value that is not NaN; `None` when it does not fit.
    fn code_of(&self, value: f64) -> Option<u64> {
        if self.width == Width::Eight {
            return Some(value.to_bits());
        }
        let integer = decimal::to_integer(value, decimal::power(self.scale))?;
        let code = u64::try_from(integer - self.base()).ok()?;
        (code < self.width.missing()).then_some(code)
    }

    /// The value of a slot that has one.
    fn value_of(&self, code: u64) -> f64 {
        if self.width == Width::Eight {
            return f64::from_bits(code);
        }
        decimal::to_value(self.base() + code.cast_signed(), decimal::power(self.scale))
    }

    /// What a slot has.
    fn code_at(&self, index: usize) -> u64 {
        let width = self.width.bytes();
        let mut code = [0; 8];
        for (to, byte) in code.iter_mut().zip(self.slots().iter().skip(index * width).take(width)) {
            *to = *byte;
        }
        u64::from_le_bytes(code)
    }

    /// Sets a slot.
    fn put(&mut self, index: usize, code: u64) {
        let width = self.width.bytes();
        let at = BASE_BYTES + index * width;
        if let Some(place) = self.bytes.get_mut(at..at + width) {
            for (to, byte) in place.iter_mut().zip(code.to_le_bytes()) {
                *to = byte;
            }
        }
    }
}

/// Bytes of a block with room for at least so many slots, if there are so many steps: as many as the allocator would take
/// for it anyway.
fn bytes_for(slots: usize, first: u8, width: Width) -> usize {
    let steps = BLOCK_STEPS - usize::from(first);
    let most = BASE_BYTES + steps * width.bytes();
    let wanted = allocated_bytes(BASE_BYTES + slots.min(steps) * width.bytes());
    // Whole slots: all widths divide the sizes, and the base has as many bytes as the widest.
    wanted.min(most)
}

/// What allocators of size classes (mimalloc, jemalloc) take for so many bytes: the next multiple of 16 up to 128, then of a
/// quarter of the power of two below.
fn allocated_bytes(bytes: usize) -> usize {
    let step = (bytes.max(65) - 1).ilog2().saturating_sub(2);
    bytes.next_multiple_of(1 << step)
}

/// The narrowest slots that take the integers, with some room on both sides for those to come, and the base for it.
fn fitting_width(integers: &[i64]) -> (Width, i64) {
    let least = integers.iter().copied().min().unwrap_or(0);
    let most = integers.iter().copied().max().unwrap_or(0);
    // Integers have at most 54 bits with their sign, so neither this nor the base overflows.
    let range = (most - least).cast_unsigned();
    let with_room = range + range / 4;
    let widths = [Width::One, Width::Two, Width::Four];
    widths.into_iter().find(|width| with_room < width.missing()).map_or((Width::Eight, 0), |width| {
        let room_below = (width.missing() - 1 - range) / 2;
        (width, least - room_below.cast_signed())
    })
}
