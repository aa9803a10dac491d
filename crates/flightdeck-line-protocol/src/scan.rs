//! Finds the ends of lines and tokens, eight bytes at a time. Names, tags and values are so short that a call of a
//! vectorised search costs more than it saves.

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Has the high bit of the first byte of `word` that is `byte`, and none before it; zero when there is none.
const fn equal_bytes(word: u64, byte: u8) -> u64 {
    let differences = word ^ (LOW_BITS * byte as u64);
    differences.wrapping_sub(LOW_BITS) & !differences & HIGH_BITS
}

/// How many bytes there are before the first line feed, or in all.
pub(crate) fn line_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    let mut rest = bytes;
    while let Some((chunk, behind)) = rest.split_first_chunk::<32>() {
        // Without an early exit the compiler looks at all of them at once.
        let ends = chunk.iter().fold(0, |found, &byte| found | u8::from(byte == b'\n'));
        if ends != 0 {
            break;
        }
        length += chunk.len();
        rest = behind;
    }
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let ends = equal_bytes(u64::from_le_bytes(*chunk), b'\n');
        if ends != 0 {
            return length + first_byte(ends);
        }
        length += chunk.len();
        rest = behind;
    }
    length + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
}

/// How many bytes there are before the first comma, blank or backslash, or in all.
pub(crate) fn token_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    let mut rest = bytes;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let ends = equal_bytes(word, b',') | equal_bytes(word, b' ') | equal_bytes(word, b'\\');
        if ends != 0 {
            return length + first_byte(ends);
        }
        length += chunk.len();
        rest = behind;
    }
    let ends = |byte: &u8| matches!(byte, b',' | b' ' | b'\\');
    length + rest.iter().position(ends).unwrap_or(rest.len())
}

/// Which byte of a little-endian word has the lowest bit that is set.
const fn first_byte(bits: u64) -> usize {
    (bits.trailing_zeros() / u8::BITS) as usize
}
