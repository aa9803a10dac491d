//! Who asks for a change: the identity, and what the audit log says of the request.

use crate::shown::shown;
use flightdeck_model::{Origin, Principal, Role, Roles};

/// Who asks for a change, from where, by which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who, and what they may be.
    pub principal: Principal,
    /// Address of the client; empty when the change is asked for on the machine itself.
    pub address: String,
    /// The request's id, as the log has it; empty when there is none.
    pub request_id: String,
}

impl Caller {
    /// An administrator at a command line of the machine itself.
    #[must_use]
    pub fn on_machine() -> Self {
        Self::local("cli")
    }

    /// The server itself, in its periodic work.
    #[must_use]
    pub fn server() -> Self {
        Self::local("server")
    }

    fn local(username: &str) -> Self {
        let roles = Roles::of(&[Role::Admin, Role::Api]);
        let principal = Principal { username: username.to_owned(), roles, projects: Vec::new() };
        Self { principal, address: String::new(), request_id: String::new() }
    }

    /// What the audit log says of the caller.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            username: shown(&self.principal.username).into_owned(),
            address: shown(&self.address).into_owned(),
            request_id: shown(&self.request_id).into_owned(),
        }
    }
}
