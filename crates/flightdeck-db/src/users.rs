//! User accounts in the database. Knows nothing of how a password is hashed.

use crate::audit_log::add_entry;
use crate::connection::AnyConnection;
use crate::ignoring::Ignoring;
use crate::schema::hpc_user;
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::{
    AuditEntry, AuthSource, PortError, Roles, User, UserChange, UserChangeError, UserRepository,
};
use std::sync::atomic::Ordering;

type UserRow = (String, i16, Option<String>, String, Option<String>, String);

const COLUMNS: (
    hpc_user::username,
    hpc_user::ldap,
    hpc_user::name,
    hpc_user::roles,
    hpc_user::email,
    hpc_user::projects,
) = (
    hpc_user::username,
    hpc_user::ldap,
    hpc_user::name,
    hpc_user::roles,
    hpc_user::email,
    hpc_user::projects,
);

fn user_of((username, source_code, name, roles, email, projects): UserRow) -> Result<User, DbError> {
    let auth_source = AuthSource::from_code(source_code)
        .ok_or_else(|| corrupt(&username, "ldap", format!("{source_code} is not 0 to 3")))?;
    let role_names = names_in(&username, "roles", &roles)?;
    let project_names = names_in(&username, "projects", &projects)?;
    Ok(User {
        name: name.unwrap_or_default(),
        email: email.unwrap_or_default(),
        roles: Roles::from_names(role_names.iter().map(String::as_str)),
        projects: project_names,
        auth_source,
        username,
    })
}

/// Reads a list of names. `null` and empty names stand for nothing in tables that the reference wrote.
fn names_in(username: &str, column: &'static str, json: &str) -> Result<Vec<String>, DbError> {
    if json.is_empty() {
        return Ok(Vec::new());
    }
    let names: Option<Vec<Option<String>>> =
        serde_json::from_str(json).map_err(|error| corrupt(username, column, error))?;
    let names = names.unwrap_or_default().into_iter().flatten();
    Ok(names.filter(|name| !name.is_empty()).collect())
}

fn corrupt(
    username: &str,
    column: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> DbError {
    DbError::Corrupt { table: "hpc_user", column, id: username.to_owned(), source: source.into() }
}

fn json_names<S: serde::Serialize>(username: &str, names: &[S]) -> Result<String, DbError> {
    serde_json::to_string(names).map_err(|source| DbError::Encode {
        what: "the list of names",
        owner: format!("user {username}"),
        source,
    })
}

fn find(connection: &mut AnyConnection, username: &str) -> Result<Option<User>, DbError> {
    let of_name = hpc_user::table.filter(hpc_user::username.eq(username)).select(COLUMNS);
    let row: Option<UserRow> = of_name.get_result(connection).optional()?;
    row.map(user_of).transpose()
}

/// Stores name, mail address, roles and projects of an account that is there.
fn store(transaction: &mut WriteTransaction<'_>, user: &User) -> Result<usize, DbError> {
    let roles = json_names(&user.username, &user.roles.names())?;
    let projects = json_names(&user.username, &user.projects)?;
    let of_name = hpc_user::table.filter(hpc_user::username.eq(&user.username));
    let columns = (
        hpc_user::name.eq(&user.name),
        hpc_user::roles.eq(&roles),
        hpc_user::email.eq(&user.email),
        hpc_user::projects.eq(&projects),
    );
    Ok(diesel::update(of_name).set(columns).execute(transaction.connection)?)
}

impl Database {
    fn change_users(
        &self,
        change: impl FnMut(&mut WriteTransaction<'_>) -> Result<usize, DbError> + Send + 'static,
    ) -> Result<usize, UserChangeError> {
        let changed = self.write(change).map_err(PortError::from)?;
        self.user_changes().fetch_add(1, Ordering::AcqRel);
        Ok(changed)
    }
}

impl UserRepository for Database {
    fn find_user(&self, username: &str) -> Result<Option<User>, PortError> {
        Ok(self.read(|connection| find(connection, username))?)
    }

    fn list_users(&self) -> Result<Vec<User>, PortError> {
        let rows: Vec<UserRow> = self.read(|connection| {
            Ok(hpc_user::table.select(COLUMNS).order(hpc_user::username).load(connection)?)
        })?;
        Ok(rows.into_iter().map(user_of).collect::<Result<_, _>>()?)
    }

    fn add_user(&self, user: &User, password_hash: Option<&str>) -> Result<(), UserChangeError> {
        let roles = json_names(&user.username, &user.roles.names()).map_err(PortError::from)?;
        let projects = json_names(&user.username, &user.projects).map_err(PortError::from)?;
        let (new, hash) = (user.clone(), password_hash.map(str::to_owned));
        let added = self.change_users(move |transaction| {
            let row = (
                hpc_user::username.eq(&new.username),
                hpc_user::password.eq(hash.as_deref()),
                hpc_user::ldap.eq(new.auth_source.code()),
                hpc_user::name.eq(&new.name),
                hpc_user::roles.eq(&roles),
                hpc_user::email.eq(&new.email),
                hpc_user::projects.eq(&projects),
            );
            Ok(Ignoring(diesel::insert_into(hpc_user::table).values(row)).execute(transaction.connection)?)
        })?;
        if added == 0 { Err(UserChangeError::Exists(user.username.clone())) } else { Ok(()) }
    }

    fn remove_user(&self, username: &str) -> Result<(), UserChangeError> {
        let name = username.to_owned();
        let removed = self.change_users(move |transaction| {
            let of_name = hpc_user::table.filter(hpc_user::username.eq(&name));
            Ok(diesel::delete(of_name).execute(transaction.connection)?)
        })?;
        if removed == 0 { Err(UserChangeError::Unknown(username.to_owned())) } else { Ok(()) }
    }

    fn update_user(&self, user: &User) -> Result<(), UserChangeError> {
        let changed = user.clone();
        let updated = self.change_users(move |transaction| store(transaction, &changed))?;
        if updated == 0 { Err(UserChangeError::Unknown(user.username.clone())) } else { Ok(()) }
    }

    fn change_user(
        &self,
        username: &str,
        change: &UserChange,
        audit: AuditEntry,
    ) -> Result<User, UserChangeError> {
        let (name, wanted) = (username.to_owned(), change.clone());
        let changed = self.write(move |transaction| {
            let Some(user) = find(transaction.connection, &name)? else {
                return Ok(Err(UserChangeError::Unknown(name.clone())));
            };
            let changed = match user.changed(&wanted) {
                Ok(changed) => changed,
                Err(broken_rule) => return Ok(Err(broken_rule.into())),
            };
            store(transaction, &changed)?;
            add_entry(transaction, &audit)?;
            Ok(Ok(changed))
        });
        let user = changed.map_err(PortError::from)??;
        self.user_changes().fetch_add(1, Ordering::AcqRel);
        Ok(user)
    }

    fn change_number(&self) -> u64 {
        self.user_changes().load(Ordering::Acquire)
    }
}
