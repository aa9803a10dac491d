//! Adds accounts and changes their roles and projects, as an administrator on the machine itself does.

use crate::field_rules;
use flightdeck_model::{Role, User, UserChange, UserChangeError, UserRepository};

/// Bytes of a login name at most, as the field's servers have it.
const USERNAME_BYTES_MAX: usize = 100;

/// An account cannot be what it was asked to be.
#[derive(Debug, thiserror::Error)]
pub enum ManageUserError {
    /// The login name cannot be used.
    #[error(
        "\"{0}\" cannot be a login name: allowed are 1 to 100 bytes without white space or control characters"
    )]
    Username(String),
    /// A manager manages nothing.
    #[error("a manager needs at least one project")]
    ManagerWithoutProject,
    /// Somebody else would manage projects.
    #[error("only a manager can have projects")]
    ProjectsWithoutManager,
    /// The project cannot be one.
    #[error("\"{0}\" cannot be a project: allowed are 1 to 255 bytes without control characters")]
    Project(String),
    /// The table refused.
    #[error(transparent)]
    Change(#[from] UserChangeError),
}

/// Adds an account.
///
/// # Errors
///
/// When the name cannot be a login name, projects and the role `manager` do not go together, the account exists,
/// or the table cannot be written.
pub fn add_user(
    users: &dyn UserRepository,
    user: &User,
    password_hash: Option<&str>,
) -> Result<(), ManageUserError> {
    let username = &user.username;
    let odd = |character: char| character.is_whitespace() || character.is_control();
    if username.is_empty() || username.len() > USERNAME_BYTES_MAX || username.contains(odd) {
        return Err(ManageUserError::Username(username.clone()));
    }
    check_projects(user)?;
    Ok(users.add_user(user, password_hash)?)
}

/// Which roles to give and take.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    /// Roles to give.
    pub add: Vec<Role>,
    /// Roles to take away.
    pub remove: Vec<Role>,
}

/// Gives and takes roles of an account, all or none, and returns the account as it is then.
///
/// # Errors
///
/// When the account does not exist, has a role that is to be given, lacks one that is to be taken away, keeps
/// projects without being a manager, or the table cannot be written.
pub fn change_roles(
    users: &dyn UserRepository,
    username: &str,
    change: &RoleChange,
) -> Result<User, ManageUserError> {
    let added = change.add.iter().map(|role| UserChange::AddRole(*role));
    let removed = change.remove.iter().map(|role| UserChange::RemoveRole(*role));
    change_account(users, username, added.chain(removed))
}

/// Which projects to give and take.
#[derive(Debug, Clone, Default)]
pub struct ProjectChange {
    /// Projects to give.
    pub add: Vec<String>,
    /// Projects to take away.
    pub remove: Vec<String>,
}

/// Gives and takes projects of a manager, all or none, and returns the account as it is then.
///
/// # Errors
///
/// When the account does not exist, is no manager, manages a project that is to be given, does not manage one that is
/// to be taken away, a project cannot be one, or the table cannot be written.
pub fn change_projects(
    users: &dyn UserRepository,
    username: &str,
    change: &ProjectChange,
) -> Result<User, ManageUserError> {
    if let Some(odd) = change.add.iter().find(|project| field_rules::required_name(project).is_err()) {
        return Err(ManageUserError::Project(odd.escape_debug().to_string()));
    }
    let added = change.add.iter().cloned().map(UserChange::AddProject);
    let removed = change.remove.iter().cloned().map(UserChange::RemoveProject);
    change_account(users, username, added.chain(removed))
}

fn change_account(
    users: &dyn UserRepository,
    username: &str,
    mut changes: impl Iterator<Item = UserChange>,
) -> Result<User, ManageUserError> {
    let found = users.find_user(username).map_err(UserChangeError::from)?;
    let before = found.ok_or_else(|| UserChangeError::Unknown(username.to_owned()))?;
    let after = changes.try_fold(before, |user, change| user.changed(&change));
    let user = after.map_err(UserChangeError::from)?;
    users.update_user(&user)?;
    Ok(user)
}

fn check_projects(user: &User) -> Result<(), ManageUserError> {
    match (user.roles.has(Role::Manager), user.projects.is_empty()) {
        (true, true) => Err(ManageUserError::ManagerWithoutProject),
        (false, false) => Err(ManageUserError::ProjectsWithoutManager),
        _ => Ok(()),
    }
}
