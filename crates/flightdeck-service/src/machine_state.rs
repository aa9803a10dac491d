//! Keeps the state files of machines and shows them.

use crate::field_rules::file_name;
use crate::permission::{require, require_any_job};
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{AuditAction, MachineState, MachineStates, Principal, Role};
use futures_executor::block_on;
use serde::de::IgnoredAny;

impl Services {
    /// What a machine said of itself last; `None` when it said nothing yet.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `api`, Invalid for a name that no machine can have, `NotFound` when this server keeps
    /// no such states, Port when they cannot be read.
    pub fn machine_state(
        &self,
        principal: &Principal,
        cluster: &str,
        host: &str,
    ) -> Result<Option<MachineState>, ServiceError> {
        require(principal, Role::Api)?;
        check_names(cluster, host)?;
        Ok(self.kept_machine_states()?.read(cluster, host)?)
    }

    /// Keeps what a machine says of itself in place of what it said before. The cluster need not be configured.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not change any job, Invalid for a name that no machine can have and for a text that is
    /// not JSON, `NotFound` when this server keeps no such states, Port when they cannot be written.
    pub fn store_machine_state(
        &self,
        caller: &Caller,
        cluster: &str,
        host: &str,
        body: &[u8],
    ) -> Result<(), ServiceError> {
        let object = format!("machine {}/{}", shown(cluster), shown(host));
        let attempt = self.attempt(caller, AuditAction::StoreMachineState, object);
        if let Err(error) = self.check_and_store(&caller.principal, cluster, host, body) {
            return Err(attempt.refused(error));
        }
        block_on(attempt.made())?;
        Ok(())
    }

    fn check_and_store(
        &self,
        principal: &Principal,
        cluster: &str,
        host: &str,
        body: &[u8],
    ) -> Result<(), ServiceError> {
        require_any_job(principal)?;
        check_names(cluster, host)?;
        let states = self.kept_machine_states()?;
        check_json(body)?;
        Ok(states.store(cluster, host, body)?)
    }

    fn kept_machine_states(&self) -> Result<&dyn MachineStates, ServiceError> {
        let states = self.machine_states.as_deref();
        states.ok_or_else(|| ServiceError::NotFound("this server keeps no states of machines".to_owned()))
    }
}

fn check_names(cluster: &str, host: &str) -> Result<(), ServiceError> {
    file_name(cluster).map_err(|reason| ServiceError::invalid("cluster", reason))?;
    file_name(host).map_err(|reason| ServiceError::invalid("host", reason))
}

fn check_json(body: &[u8]) -> Result<(), ServiceError> {
    let not_json =
        |reason: &dyn std::fmt::Display| ServiceError::invalid("body", format!("is not JSON: {reason}"));
    // The parser passes over texts that it need not keep, whatever bytes they have.
    let text = std::str::from_utf8(body).map_err(|error| not_json(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
    Ok(())
}
