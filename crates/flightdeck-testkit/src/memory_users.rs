//! User accounts in memory.

use flightdeck_model::{AuditEntry, PortError, User, UserChange, UserChangeError, UserRepository};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A [`UserRepository`] in memory, for tests of services and routes.
#[derive(Debug, Default)]
pub struct MemoryUsers {
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    users: BTreeMap<String, User>,
    changes: u64,
    audit_entries: Vec<AuditEntry>,
}

impl MemoryUsers {
    /// No accounts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The audit entries of the changes, the oldest first.
    #[must_use]
    pub fn audit_entries(&self) -> Vec<AuditEntry> {
        self.lock().audit_entries.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UserRepository for MemoryUsers {
    fn find_user(&self, username: &str) -> Result<Option<User>, PortError> {
        Ok(self.lock().users.get(username).cloned())
    }

    fn list_users(&self) -> Result<Vec<User>, PortError> {
        Ok(self.lock().users.values().cloned().collect())
    }

    fn add_user(&self, user: &User, _password_hash: Option<&str>) -> Result<(), UserChangeError> {
        let mut content = self.lock();
        if content.users.contains_key(&user.username) {
            return Err(UserChangeError::Exists(user.username.clone()));
        }
        content.users.insert(user.username.clone(), user.clone());
        content.changes += 1;
        Ok(())
    }

    fn remove_user(&self, username: &str) -> Result<(), UserChangeError> {
        let mut content = self.lock();
        if content.users.remove(username).is_none() {
            return Err(UserChangeError::Unknown(username.to_owned()));
        }
        content.changes += 1;
        Ok(())
    }

    fn update_user(&self, user: &User) -> Result<(), UserChangeError> {
        let mut content = self.lock();
        let Some(known) = content.users.get_mut(&user.username) else {
            return Err(UserChangeError::Unknown(user.username.clone()));
        };
        let auth_source = known.auth_source;
        *known = User { auth_source, ..user.clone() };
        content.changes += 1;
        Ok(())
    }

    fn change_user(
        &self,
        username: &str,
        change: &UserChange,
        audit: AuditEntry,
    ) -> Result<User, UserChangeError> {
        let mut content = self.lock();
        let Some(known) = content.users.get_mut(username) else {
            return Err(UserChangeError::Unknown(username.to_owned()));
        };
        let changed = known.clone().changed(change)?;
        *known = changed.clone();
        content.changes += 1;
        content.audit_entries.push(audit);
        Ok(changed)
    }

    fn change_number(&self) -> u64 {
        self.lock().changes
    }
}
