//! The checks that a use case repeats, whatever its caller has checked already.

use crate::ServiceError;
use flightdeck_model::{Principal, Role};

/// Refuses a principal without the role.
pub(crate) fn require(principal: &Principal, role: Role) -> Result<(), ServiceError> {
    if principal.roles.has(role) {
        return Ok(());
    }
    Err(ServiceError::Forbidden(format!("only the role {role} may do this")))
}

/// Refuses whoever may not change any job whatever: allowed are programs of the site, that is `api` alone, and
/// administrators' programs.
pub(crate) fn require_any_job(principal: &Principal) -> Result<(), ServiceError> {
    require(principal, Role::Api)?;
    if principal.roles.is_exactly(Role::Api) || principal.roles.has(Role::Admin) {
        return Ok(());
    }
    Err(ServiceError::Forbidden("only the role api alone, or with the role admin, may do this".to_owned()))
}

/// Refuses whoever may not store samples: allowed are programs that do nothing else, programs of the site, and programs
/// of users, managers and administrators.
pub(crate) fn require_writer(principal: &Principal) -> Result<(), ServiceError> {
    if principal.roles.has(Role::Ingest) {
        return Ok(());
    }
    require_sample_owner(principal)
}

/// Refuses whoever may not look into the metric store and drop samples: as [`require_writer`], without the programs that may do nothing but store.
pub(crate) fn require_sample_owner(principal: &Principal) -> Result<(), ServiceError> {
    require(principal, Role::Api)?;
    let persons = [Role::User, Role::Manager, Role::Admin];
    if principal.roles.is_exactly(Role::Api) || principal.roles.has_any(&persons) {
        return Ok(());
    }
    let allowed = "only the role api alone, or with one of user, manager and admin, may do this";
    Err(ServiceError::Forbidden(allowed.to_owned()))
}

/// Refuses whoever may not ask for samples of any host: allowed are programs of the site, of support and of administrators.
pub(crate) fn require_sample_reader(principal: &Principal) -> Result<(), ServiceError> {
    require(principal, Role::Api)?;
    if principal.roles.is_exactly(Role::Api) || principal.roles.has_any(&[Role::Support, Role::Admin]) {
        return Ok(());
    }
    let allowed = "only the role api alone, or with one of support and admin, may do this";
    Err(ServiceError::Forbidden(allowed.to_owned()))
}

/// Refuses who may not write tags of this scope.
pub(crate) fn require_tag_scope(principal: &Principal, scope: &str) -> Result<(), ServiceError> {
    let roles = principal.roles;
    let is_allowed = match scope {
        "admin" => roles.has(Role::Admin) || roles.is_exactly(Role::Api),
        "global" => roles.has_any(&[Role::Admin, Role::Support]) || roles.is_exactly(Role::Api),
        owner => owner == principal.username,
    };
    if is_allowed {
        return Ok(());
    }
    let scope = crate::shown::shown(scope);
    Err(ServiceError::Forbidden(format!("tags of the scope \"{scope}\" are not yours to write")))
}
