//! `flightdeck user add|remove|list|role|project`

use crate::config::Config;
use crate::server::open_database;
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use flightdeck_auth::hash_password;
use flightdeck_model::{
    AuditAction, AuditEntry, AuditLog, AuditOutcome, AuthSource, Clock, Origin, Role, Roles, SystemClock,
    User, UserRepository,
};
use flightdeck_service::{ProjectChange, RoleChange, add_user, change_projects, change_roles};
use std::io::Read as _;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Adds an account
    Add(AddArgs),
    /// Removes an account
    Remove {
        /// Login name
        name: String,
    },
    /// Lists all accounts: name, roles, projects, full name and mail address, separated by tabs
    List,
    /// Gives and takes roles
    Role(RoleArgs),
    /// Gives a manager projects and takes them away
    Project(ProjectArgs),
}

/// The new account.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Login name
    name: String,
    /// Roles, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "user", value_name = "ROLE,…")]
    roles: Vec<Role>,
    /// Projects that a manager sees, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "PROJECT,…")]
    projects: Vec<String>,
    /// Full name
    #[arg(long, default_value = "")]
    full_name: String,
    /// Mail address
    #[arg(long, default_value = "")]
    email: String,
    /// Read a password from standard input; without one the account cannot log in by password
    #[arg(long)]
    password_stdin: bool,
}

/// Which roles to give and take.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct RoleChanges {
    /// Roles to give, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…")]
    add: Vec<Role>,
    /// Roles to take away, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…")]
    remove: Vec<Role>,
}

/// Whose roles to change, and how.
#[derive(Debug, Args)]
pub(super) struct RoleArgs {
    /// Login name
    name: String,
    #[command(flatten)]
    changes: RoleChanges,
}

/// Which projects to give and take.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct ProjectChanges {
    /// Projects to give, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "PROJECT,…")]
    add: Vec<String>,
    /// Projects to take away, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "PROJECT,…")]
    remove: Vec<String>,
}

/// Whose projects to change, and how.
#[derive(Debug, Args)]
pub(super) struct ProjectArgs {
    /// Login name
    name: String,
    #[command(flatten)]
    changes: ProjectChanges,
}

/// Runs the command. What it changes is noted in the audit log.
pub(super) fn run(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    let database = open_database(config)?;
    let note = |name: &str, detail: String| note(&database, name, detail);
    match command {
        UserCommand::Add(args) => {
            let user = add(&database, args)?;
            note(&user.username, format!("added with the roles {}", user.roles.names().join(", ")))
        }
        UserCommand::Remove { name } => {
            database.remove_user(&name)?;
            note(&name, "removed".to_owned())
        }
        UserCommand::List => list(&database),
        UserCommand::Role(RoleArgs { name, changes: RoleChanges { add, remove } }) => {
            let user = change_roles(&database, &name, &RoleChange { add, remove })?;
            let roles = user.roles.names();
            note(&name, format!("now has the roles {}", roles.join(", ")))?;
            super::print(&format!("{}\t{}", user.username, roles.join(",")))
        }
        UserCommand::Project(ProjectArgs { name, changes: ProjectChanges { add, remove } }) => {
            let user = change_projects(&database, &name, &ProjectChange { add, remove })?;
            note(&name, format!("now manages the projects {}", user.projects.join(", ")))?;
            super::print(&format!("{}\t{}", user.username, user.projects.join(",")))
        }
    }
}

fn note(log: &dyn AuditLog, username: &str, detail: String) -> anyhow::Result<()> {
    let entry = AuditEntry {
        time: SystemClock.now(),
        origin: Origin { username: "cli".to_owned(), ..Origin::default() },
        action: AuditAction::ChangeUser,
        object: format!("user {username}"),
        outcome: AuditOutcome::Done,
        detail,
    };
    Ok(futures_executor::block_on(log.record(entry))?)
}

fn add(users: &dyn UserRepository, args: AddArgs) -> anyhow::Result<User> {
    let hash = if args.password_stdin { Some(hash_password(&read_password()?)?) } else { None };
    let user = User {
        username: args.name,
        name: args.full_name,
        email: args.email,
        roles: Roles::of(&args.roles),
        projects: args.projects,
        auth_source: AuthSource::Local,
    };
    add_user(users, &user, hash.as_deref())?;
    Ok(user)
}

fn read_password() -> anyhow::Result<String> {
    const BYTES_MAX: u64 = 4096;
    let mut text = String::new();
    let read = std::io::stdin().take(BYTES_MAX).read_to_string(&mut text);
    read.context("cannot read the password from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("the password on standard input is empty");
    }
    Ok(password.to_owned())
}

fn list(users: &dyn UserRepository) -> anyhow::Result<()> {
    for user in users.list_users()? {
        let roles = user.roles.names().join(",");
        let projects = user.projects.join(",");
        super::print(&format!("{}\t{roles}\t{projects}\t{}\t{}", user.username, user.name, user.email))?;
    }
    Ok(())
}
