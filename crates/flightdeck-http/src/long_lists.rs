//! How many long lists are under way for each user. A client that does not read what it asked for keeps a part of
//! it in this server's memory, so nobody may ask for too many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Long lists of one user at once.
const PER_USER: u32 = 8;

/// The long lists under way. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct LongLists(Arc<Mutex<HashMap<String, u32>>>);

impl LongLists {
    /// Takes a place for a list of this user; `None` when they have enough under way.
    pub(crate) fn begin(&self, username: &str) -> Option<LongListPlace> {
        let mut under_way = self.lock();
        let count = under_way.entry(username.to_owned()).or_default();
        if *count >= PER_USER {
            return None;
        }
        *count += 1;
        Some(LongListPlace { lists: self.clone(), username: username.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one list; given back when the list is sent or its client is gone.
#[derive(Debug)]
pub(crate) struct LongListPlace {
    lists: LongLists,
    username: String,
}

impl Drop for LongListPlace {
    fn drop(&mut self) {
        let mut under_way = self.lists.lock();
        if let Some(count) = under_way.get_mut(&self.username) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.username);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_places_and_gets_them_back() {
        let lists = LongLists::default();
        let mut places: Vec<_> = (0..PER_USER).map(|_| lists.begin("mona").unwrap()).collect();
        assert!(lists.begin("mona").is_none());
        assert!(lists.begin("otto").is_some(), "another user's places are their own");
        places.pop();
        assert!(lists.begin("mona").is_some());
        drop(places);
        assert!(lists.lock().is_empty(), "nothing is kept of those who have none");
    }
}
