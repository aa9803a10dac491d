//! How names and keys are hashed and compared: seeded anew for each store, since names come from outside.

use std::hash::{BuildHasher, Hash};

/// Makes hashers.
pub(super) type Hashes = foldhash::fast::RandomState;

/// The hash of a key.
pub(super) fn hash_of<Key: Hash + ?Sized>(hashes: &Hashes, key: &Key) -> u64 {
    hashes.hash_one(key)
}

/// Whether two names are the same. Most are so short that calling the C library's comparison takes longer than all
/// else that is done to find a series.
pub(super) fn is_same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    match left.len() {
        0..4 => left.iter().zip(right).all(|(one, other)| one == other),
        4..8 => same_ends::<4>(left, right),
        8..=16 => same_ends::<8>(left, right),
        _ => left == right,
    }
}

/// Whether the first and the last bytes are the same.
fn same_ends<const COUNT: usize>(left: &[u8], right: &[u8]) -> bool {
    left.first_chunk::<COUNT>() == right.first_chunk::<COUNT>()
        && left.last_chunk::<COUNT>() == right.last_chunk::<COUNT>()
}
