//! Who asks, and which jobs and tags they may see.
//!
//! Knows nothing of tokens or passwords: `flightdeck-auth` turns those into a [`Principal`].

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// What somebody is allowed to be. There is no inheritance: every rule names its roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Nobody in particular; allows nothing by itself.
    Anonymous,
    /// A program that may store samples, and nothing else.
    Ingest,
    /// A program that uses the REST API.
    Api,
    /// Sees their own jobs.
    User,
    /// Sees the jobs of their projects.
    Manager,
    /// Sees all jobs.
    Support,
    /// Sees and changes everything.
    Admin,
}

impl Role {
    /// All roles, the weakest first.
    pub const ALL: [Self; 7] =
        [Self::Anonymous, Self::Ingest, Self::Api, Self::User, Self::Manager, Self::Support, Self::Admin];

    /// The role's name in tokens, the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Ingest => "ingest",
            Self::Api => "api",
            Self::User => "user",
            Self::Manager => "manager",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a role: allowed are anonymous, ingest, api, user, manager, support and admin")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A set of roles. Names are case-sensitive; a name that is no role gives no right, but is remembered,
/// because such a set is not "exactly `api`" any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Roles {
    bits: u8,
    has_unknown: bool,
}

impl Roles {
    /// The set of the given roles.
    #[must_use]
    pub fn of(roles: &[Role]) -> Self {
        let bits = roles.iter().fold(0, |bits, role| bits | Self::bit(*role));
        Self { bits, has_unknown: false }
    }

    /// The set of the roles with these names.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().fold(Self::default(), |mut roles, name| {
            match name.parse::<Role>() {
                Ok(role) => roles.bits |= Self::bit(role),
                Err(UnknownRole(_)) => roles.has_unknown = true,
            }
            roles
        })
    }

    const fn bit(role: Role) -> u8 {
        1 << role as u8
    }

    /// Whether the role is in the set.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.bits & Self::bit(role) != 0
    }

    /// The set and this role.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self { bits: self.bits | Self::bit(role), has_unknown: self.has_unknown }
    }

    /// The set without this role.
    #[must_use]
    pub const fn without(self, role: Role) -> Self {
        Self { bits: self.bits & !Self::bit(role), has_unknown: self.has_unknown }
    }

    /// Whether any of the roles is in the set.
    #[must_use]
    pub fn has_any(self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// Whether the set holds this role and nothing else, unknown names included.
    #[must_use]
    pub const fn is_exactly(self, role: Role) -> bool {
        self.bits == Self::bit(role) && !self.has_unknown
    }

    /// Whether nothing was named at all.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bits == 0 && !self.has_unknown
    }

    /// The known roles of the set, the weakest first.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// The names of the known roles, the weakest first.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Role::as_str).collect()
    }
}

/// Where a user account comes from: 0 local, 1 LDAP, 2 token, 3 `OpenID` Connect, as in the reference's table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AuthSource {
    /// Made by an administrator; may have a password.
    #[default]
    Local,
    /// Synchronised from LDAP.
    Ldap,
    /// Made by a token login.
    Token,
    /// Made by an `OpenID` Connect login.
    Oidc,
}

impl AuthSource {
    /// The number in the database.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Local => 0,
            Self::Ldap => 1,
            Self::Token => 2,
            Self::Oidc => 3,
        }
    }

    /// The source with this number.
    #[must_use]
    pub const fn from_code(code: i16) -> Option<Self> {
        match code {
            0 => Some(Self::Local),
            1 => Some(Self::Ldap),
            2 => Some(Self::Token),
            3 => Some(Self::Oidc),
            _ => None,
        }
    }
}

/// An account in the user table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name, the key of the table.
    pub username: String,
    /// Full name; empty when unknown.
    pub name: String,
    /// Mail address; empty when unknown.
    pub email: String,
    /// What the account may be.
    pub roles: Roles,
    /// Projects whose jobs a manager sees.
    pub projects: Vec<String>,
    /// Where the account comes from.
    pub auth_source: AuthSource,
}

/// Somebody whose identity is established.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Name in the token (`sub`) or of the account.
    pub username: String,
    /// What they may be.
    pub roles: Roles,
    /// Projects that a manager manages; empty for others.
    pub projects: Vec<String>,
}

/// Which jobs a principal may see. A job outside looks as if it were not there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JobVisibility {
    /// Every job.
    All,
    /// Jobs of these projects, and the user's own.
    ProjectsAndOwn {
        /// The managed projects; may be empty.
        projects: Vec<String>,
        /// The manager's own name.
        username: String,
    },
    /// The user's own jobs alone.
    Own {
        /// The user's name.
        username: String,
    },
}

impl JobVisibility {
    /// Whether a job of this user and project may be seen.
    #[must_use]
    pub fn allows(&self, job_user: &str, job_project: &str) -> bool {
        match self {
            Self::All => true,
            Self::ProjectsAndOwn { projects, username } => {
                username == job_user || projects.iter().any(|project| project == job_project)
            }
            Self::Own { username } => username == job_user,
        }
    }
}

/// Which tags a principal may see: global ones always, private ones of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagVisibility {
    /// Whether tags of scope `admin` are shown.
    pub admin_tags: bool,
    /// Whose private tags are shown.
    pub username: String,
}

impl TagVisibility {
    /// Whether a tag of this scope may be seen.
    #[must_use]
    pub fn allows(&self, scope: &str) -> bool {
        match scope {
            "global" => true,
            "admin" => self.admin_tags,
            owner => owner == self.username,
        }
    }
}

/// The roles of the principal let them see no job at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "none of the roles allows reading jobs: needed is api alone, or one of user, manager, support, admin"
)]
pub struct NoJobAccess;

impl Principal {
    /// Which jobs the principal may see.
    ///
    /// The first rule that fits decides: exactly `api`, `admin` or `support`: all; `manager`: the managed
    /// projects and their own; `user`: their own.
    ///
    /// # Errors
    ///
    /// [`NoJobAccess`] when none of the rules fits.
    pub fn job_visibility(&self) -> Result<JobVisibility, NoJobAccess> {
        if self.roles.is_exactly(Role::Api) || self.roles.has_any(&[Role::Admin, Role::Support]) {
            return Ok(JobVisibility::All);
        }
        if self.roles.has(Role::Manager) {
            let projects = self.projects.iter().filter(|project| !project.is_empty()).cloned().collect();
            return Ok(JobVisibility::ProjectsAndOwn { projects, username: self.username.clone() });
        }
        if self.roles.has(Role::User) {
            return Ok(JobVisibility::Own { username: self.username.clone() });
        }
        Err(NoJobAccess)
    }

    /// Which tags the principal may see. A pure `api` token may make `admin` tags, hence it also sees them.
    #[must_use]
    pub fn tag_visibility(&self) -> TagVisibility {
        let admin_tags =
            self.roles.is_exactly(Role::Api) || self.roles.has_any(&[Role::Admin, Role::Support]);
        TagVisibility { admin_tags, username: self.username.clone() }
    }
}

/// One change of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChange {
    /// Gives a role.
    AddRole(Role),
    /// Takes a role away.
    RemoveRole(Role),
    /// Gives a manager a project.
    AddProject(String),
    /// Takes a project away.
    RemoveProject(String),
}

/// A change of an account breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserRuleError {
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
    /// Somebody else would manage projects.
    #[error("user \"{username}\" would have projects without the role manager")]
    ProjectsWithoutManager {
        /// Whose projects.
        username: String,
    },
    /// The project is there already.
    #[error("user \"{username}\" manages the project \"{project}\" already")]
    HasProject {
        /// Whose project.
        username: String,
        /// Which one.
        project: String,
    },
    /// The project is not there.
    #[error("user \"{username}\" does not manage the project \"{project}\"")]
    LacksProject {
        /// Whose project.
        username: String,
        /// Which one.
        project: String,
    },
}

impl User {
    /// The account as it is after a change.
    ///
    /// # Errors
    ///
    /// When it has already what it is to be given, lacks what is to be taken away, or would have projects without
    /// being a manager.
    pub fn changed(mut self, change: &UserChange) -> Result<Self, UserRuleError> {
        let username = self.username.clone();
        match change {
            UserChange::AddRole(role) if self.roles.has(*role) => {
                return Err(UserRuleError::HasRole { username, role: *role });
            }
            UserChange::AddRole(role) => self.roles = self.roles.with(*role),
            UserChange::RemoveRole(role) if !self.roles.has(*role) => {
                return Err(UserRuleError::LacksRole { username, role: *role });
            }
            UserChange::RemoveRole(role) => self.roles = self.roles.without(*role),
            UserChange::AddProject(project) if self.projects.contains(project) => {
                return Err(UserRuleError::HasProject { username, project: project.clone() });
            }
            UserChange::AddProject(project) => self.projects.push(project.clone()),
            UserChange::RemoveProject(project) if !self.projects.contains(project) => {
                return Err(UserRuleError::LacksProject { username, project: project.clone() });
            }
            UserChange::RemoveProject(project) => self.projects.retain(|kept| kept != project),
        }
        if !self.projects.is_empty() && !self.roles.has(Role::Manager) {
            return Err(UserRuleError::ProjectsWithoutManager { username });
        }
        Ok(self)
    }
}
