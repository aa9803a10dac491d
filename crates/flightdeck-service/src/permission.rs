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
