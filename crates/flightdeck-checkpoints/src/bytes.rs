//! Takes little-endian numbers and texts off the front of bytes. Must not know what they mean.

/// Bytes of which some have been taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    pub(crate) const fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    /// How many have been taken.
    pub(crate) const fn taken(&self) -> usize {
        self.at
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.at >= self.all.len()
    }

    /// The next `length` bytes; `None`, and nothing is taken, when there are not so many.
    pub(crate) fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let slice = self.all.get(self.at..end)?;
        self.at = end;
        Some(slice)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn f32(&mut self) -> Option<f32> {
        self.array().map(f32::from_le_bytes)
    }

    /// A name of `length` bytes, when it can be one: neither empty nor with control characters.
    pub(crate) fn name(&mut self, length: usize) -> Option<&'a str> {
        let name = str::from_utf8(self.slice(length)?).ok()?;
        let is_possible = !name.is_empty() && !name.chars().any(char::is_control);
        is_possible.then_some(name)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.slice(LENGTH)?.try_into().ok()
    }
}
