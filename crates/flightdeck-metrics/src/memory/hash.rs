//! How names and keys are hashed: seeded anew for each store, since names come from outside.

use std::hash::{BuildHasher, Hash};

/// Makes hashers.
pub(super) type Hashes = foldhash::fast::RandomState;

/// The hash of a key.
pub(super) fn hash_of<Key: Hash + ?Sized>(hashes: &Hashes, key: &Key) -> u64 {
    hashes.hash_one(key)
}
