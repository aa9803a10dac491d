//! What is undamaged is found, wherever the damage is, and in time.

use super::{Damage, FRAME_HEADER_BYTES, FrameReader, MARKER, put_frame};
use crate::disk::ReadFile;
use proptest::prelude::*;
use std::io;

#[derive(Debug)]
struct MemoryFile(Vec<u8>);

impl ReadFile for MemoryFile {
    fn bytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        buffer.copy_from_slice(&self.0[start..start + buffer.len()]);
        Ok(())
    }
}

fn read_all(bytes: Vec<u8>) -> (Vec<Vec<u8>>, Damage) {
    let mut reader = FrameReader::new(Box::new(MemoryFile(bytes)), 0);
    let mut payloads = Vec::new();
    while let Some(payload) = reader.next_frame().unwrap() {
        payloads.push(payload.to_vec());
    }
    (payloads, reader.damage())
}

fn frames(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for payload in payloads {
        put_frame(&mut bytes, payload);
    }
    bytes
}

proptest! {
    #[test]
    fn frames_come_back_whatever_lies_between(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..60), 1..10),
        junk in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 10),
    ) {
        let mut bytes = Vec::new();
        for (payload, between) in payloads.iter().zip(&junk) {
            bytes.extend(between);
            put_frame(&mut bytes, payload);
        }
        let junk_bytes: usize = junk.iter().take(payloads.len()).map(Vec::len).sum();
        let (found, damage) = read_all(bytes);
        prop_assert_eq!(found, payloads);
        prop_assert_eq!(damage.bytes, junk_bytes as u64);
        prop_assert_eq!(damage.torn_bytes, 0);
    }
}

#[test]
fn frames_larger_than_the_window_come_back() {
    let payloads: Vec<Vec<u8>> =
        [10, 3 << 20, 20, (1 << 20) - 5, 1 << 20, 7].iter().map(|bytes| vec![7; *bytes]).collect();
    let (found, damage) = read_all(frames(&payloads));
    assert!(found == payloads);
    assert_eq!(damage, Damage::default());
}

#[test]
fn a_marker_across_two_windows_is_found() {
    for shift in 0..16 {
        let mut bytes = vec![1; (1 << 20) - shift];
        put_frame(&mut bytes, b"found");
        let (found, damage) = read_all(bytes);
        assert_eq!(found, [b"found"]);
        assert_eq!((damage.frames, damage.bytes), (1, (1 << 20) - shift as u64));
    }
}

#[test]
fn a_cut_off_frame_at_the_end_is_torn_and_a_changed_one_is_damaged() {
    let whole = frames(&[b"first".to_vec(), b"second".to_vec()]);
    let second_at = whole.len() - b"second".len() - FRAME_HEADER_BYTES;
    for end in second_at + 1..whole.len() {
        let (found, damage) = read_all(whole[..end].to_vec());
        assert_eq!(found, [b"first"]);
        assert_eq!(damage, Damage { torn_bytes: (end - second_at) as u64, ..Damage::default() });
    }
    let mut zeros = whole[..second_at].to_vec();
    zeros.resize(5000, 0);
    assert_eq!(read_all(zeros).1.frames, 0);
    for bit in 0..8 * (whole.len() - second_at) {
        let mut changed = whole.clone();
        changed[second_at + bit / 8] ^= 1 << (bit % 8);
        let (found, damage) = read_all(changed);
        assert_eq!(found, [b"first"]);
        let bytes = (whole.len() - second_at) as u64;
        assert_eq!(damage, Damage { frames: 1, bytes, torn_bytes: 0 }, "bit {bit}");
    }
}

#[test]
fn neighbours_that_are_damaged_are_counted_by_their_markers() {
    let mut bytes = frames(&vec![b"payload".to_vec(); 5]);
    let frame_bytes = bytes.len() / 5;
    for number in [1, 2, 4] {
        bytes[number * frame_bytes + FRAME_HEADER_BYTES] ^= 1;
    }
    let (found, damage) = read_all(bytes);
    assert_eq!(found.len(), 2);
    assert_eq!(damage.frames, 3);
}

#[test]
fn bytes_full_of_made_up_markers_are_passed_in_bounded_time() {
    let mut bytes = Vec::new();
    while bytes.len() < 4 << 20 {
        bytes.extend(MARKER);
        let length = (3_u32 << 20).to_le_bytes();
        bytes.extend(length);
        bytes.extend(crc32c::crc32c(&length).to_le_bytes());
        bytes.extend([0; 4]);
    }
    let total = bytes.len() as u64;
    // Summing behind each marker would be a terabyte.
    let (found, damage) = read_all(bytes);
    assert!(found.is_empty());
    assert_eq!(damage.bytes + damage.torn_bytes, total);
}
