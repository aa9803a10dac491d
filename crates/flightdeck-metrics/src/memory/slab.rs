//! Things with a number that stays theirs, kept in chunks so that growing moves none. Knows not what they are.

/// Places of a chunk.
const CHUNK: usize = 64;

/// Things by number.
#[derive(Debug)]
pub(super) struct Slab<T> {
    /// The places; number = chunk × [`CHUNK`] + place. A chunk without things may have none.
    chunks: Vec<Box<[Option<T>]>>,
    /// How many chunks have places.
    chunks_with_places: usize,
    /// Numbers that were in use and are not now.
    free: Vec<u32>,
    /// The first number that was never in use.
    unused: u32,
    /// How many things there are.
    len: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), chunks_with_places: 0, free: Vec::new(), unused: 0, len: 0 }
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
            self.chunks.push(Box::default());
        }
        let Some(chunk) = self.chunks.get_mut(place / CHUNK) else { return number };
        if chunk.is_empty() {
            *chunk = (0..CHUNK).map(|_| None).collect();
            self.chunks_with_places += 1;
        }
        if let Some(free_place) = chunk.get_mut(place % CHUNK) {
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

    /// Gives back the memory of chunks without things. Those that are there keep their numbers.
    pub(super) fn trim(&mut self) {
        for chunk in self.chunks.iter_mut().filter(|chunk| !chunk.is_empty()) {
            if chunk.iter().all(Option::is_none) {
                *chunk = Box::default();
                self.chunks_with_places -= 1;
            }
        }
        while self.chunks.pop_if(|chunk| chunk.is_empty()).is_some() {}
        self.chunks.shrink_to_fit();
        let end = u32::try_from(self.chunks.len() * CHUNK).unwrap_or(u32::MAX);
        self.unused = self.unused.min(end);
        self.free.retain(|number| *number < end);
        // The lowest is the next, so that the last chunks are the first to run empty.
        self.free.sort_unstable_by(|left, right| right.cmp(left));
        self.free.shrink_to_fit();
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
        let chunks = self.chunks.iter().enumerate();
        let places = chunks.flat_map(|(chunk, places)| Self::numbers_in(chunk).zip(places.iter()));
        places.filter_map(|(number, place)| Some((number, place.as_ref()?)))
    }

    /// All things.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flat_map(|chunk| chunk.iter_mut()).filter_map(Option::as_mut)
    }

    /// Bytes this takes besides itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.chunks_with_places * CHUNK * size_of::<Option<T>>()
            + self.chunks.capacity() * size_of::<Box<[Option<T>]>>()
            + self.free.capacity() * size_of::<u32>()
    }
}
