//! Gives an account a role or a project, or takes one away.

use crate::permission::require;
use crate::shown::shown;
use crate::{Caller, ServiceError, Services, field_rules};
use flightdeck_model::{AuditAction, Role, User, UserChange, UserChangeError};

impl Services {
    /// Makes one change of an account and returns the account as it is then.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, Invalid for a project that cannot be one, Unprocessable when there is no
    /// such account or the change breaks a rule of roles and projects, Port when the database fails.
    pub fn change_user(
        &self,
        caller: &Caller,
        username: &str,
        change: &UserChange,
    ) -> Result<User, ServiceError> {
        let object = format!("user {}", shown(username));
        let attempt = self.attempt(caller, AuditAction::ChangeUser, object).with_detail(in_words(change));
        let allowed = require(&caller.principal, Role::Admin).and_then(|()| check(username, change));
        if let Err(refusal) = allowed {
            return Err(attempt.refused(refusal));
        }
        attempt.settle(self.users.change_user(username, change, attempt.entry()))
    }
}

/// A project that is taken away need not obey the rules: it may be older than they are.
fn check(username: &str, change: &UserChange) -> Result<(), ServiceError> {
    if field_rules::name(username).is_err() {
        return Err(UserChangeError::Unknown(shown(username).into_owned()).into());
    }
    let UserChange::AddProject(project) = change else { return Ok(()) };
    field_rules::required_name(project).map_err(|reason| ServiceError::invalid("add-project", reason))
}

fn in_words(change: &UserChange) -> String {
    match change {
        UserChange::AddRole(role) => format!("add role {role}"),
        UserChange::RemoveRole(role) => format!("remove role {role}"),
        UserChange::AddProject(project) => format!("add project {}", shown(project)),
        UserChange::RemoveProject(project) => format!("remove project {}", shown(project)),
    }
}
