//! Accounts of the reference, and their settings. Knows nothing of how a password is hashed.

use super::file::ReferenceFile;
use super::tables::{ReferenceUser, configuration, hpc_user};
use super::values::{BrokenRule, Cell, integer, json, name, optional_text, required_name, to_json, word};
use super::{BATCH, ReferenceReport};
use crate::copy::rows::{ConfigurationRow, UserRow};
use crate::ignoring::Ignoring;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::AuthSource;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::sync::atomic::Ordering;

/// Takes over the accounts. There are so few that they are read at once.
pub(super) fn take_users(
    file: &mut ReferenceFile,
    into: &Database,
    report: &mut ReferenceReport,
) -> Result<(), DbError> {
    let rows: Vec<ReferenceUser> = file.read(|connection| hpc_user::table.load(connection))?;
    let mut users = Vec::new();
    for row in rows {
        let username = shown(row.username.as_ref());
        match user_of(row) {
            Ok(user) => users.push(user),
            Err(reason) => report.leave_out("hpc_user", &username, &reason),
        }
    }
    let number = users.len() as u64;
    let added = into.write(move |transaction| {
        let mut added = 0;
        for user in &users {
            let insert = diesel::insert_into(crate::schema::hpc_user::table).values(user);
            added += Ignoring(insert).execute(transaction.connection)? as u64;
        }
        Ok(added)
    })?;
    into.user_changes().fetch_add(1, Ordering::AcqRel);
    report.users = added;
    report.users_kept = number - added;
    Ok(())
}

/// A key as a message shows it.
fn shown(cell: Option<&Vec<u8>>) -> String {
    cell.map(|bytes| String::from_utf8_lossy(bytes).escape_debug().to_string()).unwrap_or_default()
}

fn user_of(row: ReferenceUser) -> Result<UserRow, BrokenRule> {
    let source_code = integer("ldap", row.ldap, 0..=i64::from(AuthSource::Oidc.code()))?;
    Ok(UserRow {
        username: word("username", row.username)?,
        password: optional_text("password", row.password)?.filter(|hash| !hash.is_empty()),
        ldap: i16::try_from(source_code).map_err(|error| BrokenRule::new("ldap", error))?,
        name: optional_text("name", row.name)?,
        // Names that are no roles stay: without them a set could be "exactly api", which is more than it was.
        roles: list_of_names("roles", row.roles)?,
        email: optional_text("email", row.email)?,
        projects: list_of_names("projects", row.projects)?,
    })
}

fn list_of_names(column: &'static str, cell: Cell) -> Result<String, BrokenRule> {
    let names: Vec<Option<String>> = json(column, cell)?.unwrap_or_default();
    let mut names: Vec<String> = names.into_iter().flatten().collect();
    names.retain(|name| !name.is_empty());
    to_json(column, &names)
}

/// Takes over the settings of users that are known here, page by page.
pub(super) fn take_settings(
    file: &mut ReferenceFile,
    into: &Database,
    report: &mut ReferenceReport,
) -> Result<(), DbError> {
    let usernames: Vec<String> = into.read(|connection| {
        Ok(crate::schema::hpc_user::table.select(crate::schema::hpc_user::username).load(connection)?)
    })?;
    let usernames: HashSet<String> = usernames.into_iter().collect();
    let mut offset = 0;
    loop {
        let rows: Vec<(Cell, Cell, Cell)> = file.read(|connection| {
            let in_order = configuration::table.order((configuration::username, configuration::confkey));
            in_order.limit(BATCH).offset(offset).load(connection)
        })?;
        if rows.is_empty() {
            return Ok(());
        }
        offset += BATCH;
        let mut settings = Vec::new();
        for row in rows {
            let key = format!("{}, {}", shown(row.0.as_ref()), shown(row.1.as_ref()));
            match setting_of(row, &usernames) {
                Ok(setting) => settings.push(setting),
                Err(reason) => report.leave_out("configuration", &key, &reason),
            }
        }
        report.settings += into.write(move |transaction| {
            let mut added = 0;
            for setting in &settings {
                let insert = diesel::insert_into(crate::schema::configuration::table).values(setting);
                added += Ignoring(insert).execute(transaction.connection)? as u64;
            }
            Ok(added)
        })?;
    }
}

fn setting_of(
    (username, key, value): (Cell, Cell, Cell),
    usernames: &HashSet<String>,
) -> Result<ConfigurationRow, BrokenRule> {
    let username = name("username", username)?;
    if !usernames.contains(&username) {
        return Err(BrokenRule::new("username", "is no account"));
    }
    let confkey = required_name("confkey", key)?;
    let value: Box<RawValue> =
        json("value", value)?.ok_or_else(|| BrokenRule::new("value", "must not be empty"))?;
    Ok(ConfigurationRow { username, confkey, value: value.get().to_owned() })
}
