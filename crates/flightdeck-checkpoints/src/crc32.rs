//! The checksum of log records: CRC-32 as in IEEE 802.3 (reflected polynomial 0xEDB88320), which Ethernet, gzip and PNG
//! use too. Written out, because the checksum of our own formats is another one.

/// What each byte does to the checksum.
#[derive(Debug)]
pub(crate) struct Crc32 {
    table: [u32; 256],
}

impl Crc32 {
    pub(crate) fn new() -> Self {
        let table = std::array::from_fn(|byte| {
            let start = u32::try_from(byte).unwrap_or_default();
            (0..8).fold(start, |sum, _bit| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
        });
        Self { table }
    }

    pub(crate) fn of(&self, bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |sum, &byte| {
            let [low, ..] = sum.to_le_bytes();
            let change = self.table.get(usize::from(low ^ byte)).copied().unwrap_or_default();
            (sum >> 8) ^ change
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Crc32;

    #[test]
    fn the_check_value_of_the_standard_comes_out() {
        assert_eq!(Crc32::new().of(b"123456789"), 0xCBF4_3926);
        assert_eq!(Crc32::new().of(b""), 0);
    }
}
