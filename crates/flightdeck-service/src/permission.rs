//! The check that a use case repeats, whatever its caller has checked already.

use crate::ServiceError;
use flightdeck_model::{Principal, Role};

/// Refuses a principal without the role.
pub(crate) fn require(principal: &Principal, role: Role) -> Result<(), ServiceError> {
    if principal.roles.has(role) {
        return Ok(());
    }
    Err(ServiceError::Forbidden(format!("only the role {role} may do this")))
}
