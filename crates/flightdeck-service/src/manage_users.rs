//! Adds accounts and changes their roles, as an administrator on the machine itself does.

use flightdeck_model::{Role, Roles, User, UserChangeError, UserRepository};

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
    /// The role is there already.
    #[error("user \"{username}\" has the role {role} already")]
    HasRole {
        /// Whose role.
        username: String,
        /// Which one.
        role: Role,
    },
    /// The role is not there.
    #[error("user \"{username}\" does not have the role {role}")]
    LacksRole {
        /// Whose role.
        username: String,
        /// Which one.
        role: Role,
    },
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
    let found = users.find_user(username).map_err(UserChangeError::from)?;
    let mut user = found.ok_or_else(|| UserChangeError::Unknown(username.to_owned()))?;
    let mut roles: Vec<Role> = user.roles.iter().collect();
    for &role in &change.add {
        if roles.contains(&role) {
            return Err(ManageUserError::HasRole { username: user.username, role });
        }
        roles.push(role);
    }
    for &role in &change.remove {
        if !roles.contains(&role) {
            return Err(ManageUserError::LacksRole { username: user.username, role });
        }
        roles.retain(|kept| *kept != role);
    }
    user.roles = Roles::of(&roles);
    if !user.projects.is_empty() && !user.roles.has(Role::Manager) {
        return Err(ManageUserError::ProjectsWithoutManager);
    }
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
