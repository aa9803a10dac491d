//! Things with a number that stays theirs, kept in chunks so that growing moves none. Knows not what they are.

/// Places of a chunk.
const CHUNK: usize = 64;

/// Things by number.
#[derive(Debug)]
pub(super) struct Slab<T> {
    /// The places; number = chunk × [`CHUNK`] + place.
    chunks: Vec<Box<[Option<T>]>>,
    /// Numbers that were in use and are not now.
    free: Vec<u32>,
    /// The first number that was never in use.
    unused: u32,
    /// How many things there are.
    len: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), unused: 0, len: 0 }
    }
}

impl<T> Slab<T> {
    /// The thing of a number.
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        let place = number as usize;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)?.as_ref()
    }

    /// The thing of a number.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let place = number as usize;
        self.chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)?.as_mut()
    }

    /// Takes a thing in and returns its number.
    pub(super) fn insert(&mut self, thing: T) -> u32 {
        let number = self.free.pop().unwrap_or(self.unused);
        if number == self.unused {
            self.unused += 1;
        }
        let place = number as usize;
        if self.chunks.len() <= place / CHUNK {
            self.chunks.push((0..CHUNK).map(|_| None).collect());
        }
        if let Some(free_place) =
            self.chunks.get_mut(place / CHUNK).and_then(|chunk| chunk.get_mut(place % CHUNK))
        {
            *free_place = Some(thing);
            self.len += 1;
        }
        number
    }

    /// Takes a thing out; its number is given to another one later.
    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let place = number as usize;
        let thing = self.chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)?.take()?;
        self.free.push(number);
        self.len -= 1;
        Some(thing)
    }

    /// How many things there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The numbers that may be in use, for those who cannot hold on to the slab while they walk it; see
    /// [`numbers_in`](Self::numbers_in).
    pub(super) fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// The numbers of a chunk.
    pub(super) fn numbers_in(chunk: usize) -> std::ops::Range<u32> {
        let first = u32::try_from(chunk * CHUNK).unwrap_or(u32::MAX);
        first..first.saturating_add(64)
    }

    /// All things with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let places = self.chunks.iter().flat_map(|chunk| chunk.iter());
        (0_u32..).zip(places).filter_map(|(number, place)| Some((number, place.as_ref()?)))
    }

    /// All things.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flat_map(|chunk| chunk.iter_mut()).filter_map(Option::as_mut)
    }

    /// Bytes this takes besides itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.chunks.len() * CHUNK * size_of::<Option<T>>()
            + self.chunks.capacity() * size_of::<Box<[Option<T>]>>()
            + self.free.capacity() * size_of::<u32>()
    }
}
