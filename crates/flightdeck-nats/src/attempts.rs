//! Tries again to store what could not be stored.

use crate::counts::add;
use crate::delivery::Verdict;
use crate::settling::delay;
use crate::work::Work;
use flightdeck_model::with_causes;
use flightdeck_model::{PortError, PortErrorKind};
use flightdeck_service::ServiceError;
use std::fmt;

#[cfg(test)]
mod tests;

/// Attempts at most to store what comes once, while the storage is away.
const AWAY_ATTEMPTS_MAX: u64 = 8;
/// Attempts at most in a row when the storage is there, and fails.
const BROKEN_ATTEMPTS_MAX: u64 = 3;
/// Deliveries at most of what the storage fails at. With the pauses between them they last for some seven minutes: an
/// event that can never be stored is to go some time, but not the backlog while a database is mended.
pub(crate) const BROKEN_DELIVERIES_MAX: u64 = 20;

/// What is to happen while something cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It is tried again some times, then it is lost: it does not come again.
    SomeTimes,
    /// While the storage is away it is tried again until the listener stops: it comes again after a restart, but now
    /// nothing may overtake it. When the storage fails, it is handed back.
    HoldingOthersBack {
        /// How often it was delivered up to now.
        deliveries: u64,
    },
    /// It is handed back at once: it comes again, and may be overtaken.
    HandingBack {
        /// How often it was delivered up to now.
        deliveries: u64,
    },
}

/// What something is that is to be stored, for the log.
#[derive(Clone, Copy)]
pub(crate) struct Described<'a> {
    /// A few words.
    pub(crate) name: &'a str,
    /// What it says, for when the log is the only place that has it.
    pub(crate) content: Option<&'a (dyn fmt::Debug + Sync)>,
}

/// Why something was not stored.
#[derive(Debug)]
pub(crate) enum NotStored {
    /// It was refused, and always would be.
    Refused(ServiceError),
    /// The storage failed too often; this was logged, and it counts as lost unless it comes again.
    Failed(Verdict),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Refused,
    /// Later perhaps.
    Away,
    Broken,
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    TryAgain,
    HandBack,
    GiveUp,
}

/// Attempts until something is stored or refused, or patience ends.
pub(crate) async fn until_stored<T, F: Future<Output = Result<T, ServiceError>>>(
    work: &Work,
    patience: Patience,
    what: Described<'_>,
    mut attempt: impl FnMut() -> F,
) -> Result<T, NotStored> {
    let mut failures = 0;
    loop {
        let error = match attempt().await {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        failures += 1;
        let trouble = trouble(&error);
        if trouble == Trouble::Refused {
            return Err(NotStored::Refused(error));
        }
        let next = next(trouble, patience, failures, work.stopping.has_come());
        if next == Next::GiveUp {
            return Err(give_up(work, what, &error));
        }
        say_it_waits(work, what.name, &error);
        if next == Next::HandBack {
            return Err(NotStored::Failed(Verdict::Again));
        }
        tokio::select! {
            () = tokio::time::sleep(delay(failures - 1)) => {}
            () = work.stopping.come() => {}
        }
    }
}

/// What follows the latest of so many failures in a row.
const fn next(trouble: Trouble, patience: Patience, failures: u64, is_stopping: bool) -> Next {
    let is_away = matches!(trouble, Trouble::Away);
    match patience {
        Patience::SomeTimes => {
            let attempts_max = if is_away { AWAY_ATTEMPTS_MAX } else { BROKEN_ATTEMPTS_MAX };
            if failures < attempts_max && !is_stopping { Next::TryAgain } else { Next::GiveUp }
        }
        Patience::HoldingOthersBack { .. } if !is_stopping && (is_away || failures < BROKEN_ATTEMPTS_MAX) => {
            Next::TryAgain
        }
        Patience::HoldingOthersBack { deliveries } | Patience::HandingBack { deliveries } => {
            let may_come_again = is_away || is_stopping || deliveries < BROKEN_DELIVERIES_MAX;
            if may_come_again { Next::HandBack } else { Next::GiveUp }
        }
    }
}

fn give_up(work: &Work, what: Described<'_>, error: &ServiceError) -> NotStored {
    add(&work.counters.lost, 1);
    let Described { name, content } = what;
    let content = content.map(tracing::field::debug);
    tracing::error!(content, "{name} is lost, because it cannot be stored: {}", with_causes(error));
    NotStored::Failed(Verdict::Refused)
}

fn say_it_waits(work: &Work, what: &str, error: &ServiceError) {
    if let Some(times) = work.logs.storage.count(1) {
        let causes = with_causes(error);
        tracing::warn!(
            "{what} cannot be stored now and is tried again ({times} failures since the last word): {causes}"
        );
    }
}

fn trouble(error: &ServiceError) -> Trouble {
    match error {
        ServiceError::NotFound(_)
        | ServiceError::Forbidden(_)
        | ServiceError::Invalid { .. }
        | ServiceError::Unprocessable(_)
        | ServiceError::Unavailable(_) => Trouble::Refused,
        ServiceError::Port(error) => port_trouble(error),
        ServiceError::Encode(_) => Trouble::Broken,
    }
}

fn port_trouble(error: &PortError) -> Trouble {
    match error.kind {
        PortErrorKind::Unavailable | PortErrorKind::NoAnswer | PortErrorKind::NoSpace => Trouble::Away,
        PortErrorKind::Conflict | PortErrorKind::Corrupt | PortErrorKind::Internal => Trouble::Broken,
    }
}
