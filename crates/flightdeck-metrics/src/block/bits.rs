//! Numbers of few bits one behind the other, and numbers of few bytes. Knows no blocks.

/// Writes numbers of few bits, the lowest bit first.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    /// Where the full bytes go.
    out: &'a mut Vec<u8>,
    /// Bits that are not written yet; fewer than 64 between two calls.
    pending: u128,
    /// How many.
    pending_bits: u32,
}

impl<'a> BitWriter<'a> {
    /// Appends to `out`.
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, pending: 0, pending_bits: 0 }
    }

    /// Appends a number that has no more than `width` bits, at most 64.
    pub(super) fn write(&mut self, number: u64, width: u8) {
        self.pending |= u128::from(number) << self.pending_bits;
        self.pending_bits += u32::from(width);
        if self.pending_bits >= 64 {
            self.out.extend_from_slice(&low_half(self.pending).to_le_bytes());
            self.pending >>= 64;
            self.pending_bits -= 64;
        }
    }

    /// Writes what is left, the last byte filled up with zeros.
    pub(super) fn finish(self) {
        let bytes = self.pending.to_le_bytes();
        self.out.extend(bytes.iter().take(self.pending_bits.div_ceil(8) as usize));
    }
}

/// Reads numbers of `width` bits, at most 64, that begin at a bit of `bytes`. Bits behind the end are zeros.
pub(super) fn read_numbers(bytes: &[u8], from: usize, width: u8, mut take: impl FnMut(u64), count: usize) {
    let bits = usize::from(width);
    let mask = u64::MAX.checked_shr(u64::BITS - u32::from(width.min(64))).unwrap_or(0);
    let positions = (from..).step_by(bits.max(1)).take(count);
    // A number lies within the eight bytes that begin with its first bit, if it is not too wide for that.
    if bits <= 57 {
        positions.for_each(|position| take(read_word(bytes, position / 8) >> (position % 8) & mask));
        return;
    }
    for position in positions {
        let word = u128::from(read_word(bytes, position / 8));
        let next = u128::from(read_word(bytes, position / 8 + 8));
        take(low_half((next << 64 | word) >> (position % 8)) & mask);
    }
}

/// The lower 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "what it is for")]
const fn low_half(number: u128) -> u64 {
    number as u64
}

/// Eight bytes as a number. Bytes behind the end are zeros.
fn read_word(bytes: &[u8], from: usize) -> u64 {
    let rest = bytes.get(from..).unwrap_or_default();
    if let Some(word) = rest.first_chunk::<8>() {
        return u64::from_le_bytes(*word);
    }
    // Near the end the last eight bytes have what is wanted, unless there are not even eight.
    let bits = u64::BITS - 8 * u32::try_from(rest.len()).unwrap_or(0);
    let last_word =
        bytes.last_chunk::<8>().map(|last| u64::from_le_bytes(*last).checked_shr(bits).unwrap_or(0));
    last_word.unwrap_or_else(|| rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)))
}

/// How many bits a number has.
pub(super) fn width_of(number: u64) -> u8 {
    // At most 64, which a byte holds.
    u8::try_from(u64::BITS - number.leading_zeros()).unwrap_or(64)
}

/// Appends a number in groups of seven bits, the lowest first; all but the last byte have the highest bit set.
pub(super) fn write_number(out: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// Appends a signed number so that small ones of either sign take few bytes.
pub(super) fn write_signed(out: &mut Vec<u8>, number: i64) {
    write_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Reads bytes from the front.
#[derive(Debug)]
pub(super) struct ByteReader<'a> {
    /// What was not read yet.
    rest: &'a [u8],
}

impl<'a> ByteReader<'a> {
    /// Reads `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// The next `count` bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A number as [`write_number`] wrote it.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let group = u64::from(byte & 0x7f);
            let shifted = group << shift;
            if shifted >> shift != group {
                return None;
            }
            number |= shifted;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number as [`write_signed`] wrote it.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// What was not read yet.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }
}
