//! Random numbers that are the same everywhere and forever, which the usual crates do not promise.

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// A sequence of its own for the member `index` of the family `seed`.
    pub(super) fn new(seed: u64, index: u32) -> Self {
        let mut family = Self(seed);
        Self(family.next().wrapping_add(Self(u64::from(index)).next()))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn next_u32(&mut self) -> u32 {
        // The upper half: it always fits.
        u32::try_from(self.next() >> 32).unwrap_or(u32::MAX)
    }

    /// A number from 0 up to, but not including, `end`; 0 when `end` is 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.next_u32().checked_rem(end).unwrap_or(0)
    }

    /// A number from `low` to `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (f64::from(self.next_u32()) / f64::from(u32::MAX))
    }

    /// Whether something happens that happens so many times out of a hundred.
    pub(super) fn per_cent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// One of several.
    pub(super) fn pick<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let choices = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
        let chosen = usize::try_from(self.below(choices)).unwrap_or(0);
        others.get(chosen).copied().unwrap_or(first)
    }
}
