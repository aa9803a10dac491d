//! Lists the user accounts.

use crate::permission::require;
use crate::{ServiceError, Services};
use flightdeck_model::{Principal, Role, Roles, User};

impl Services {
    /// All accounts by name; with `not_just_user` without those that are plain users or have no role.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, Port when the database fails.
    pub fn list_users(&self, principal: &Principal, not_just_user: bool) -> Result<Vec<User>, ServiceError> {
        require(principal, Role::Admin)?;
        let mut users = self.users.list_users()?;
        if not_just_user {
            users.retain(|user| !user.roles.is_empty() && user.roles != Roles::of(&[Role::User]));
        }
        Ok(users)
    }
}
