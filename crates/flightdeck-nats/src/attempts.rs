//! Tries again to store what could not be stored.

use crate::counts::add;
use crate::delivery::Verdict;
use crate::settling::delay;
use crate::work::Work;
use flightdeck_model::with_causes;
use flightdeck_model::{PortError, PortErrorKind};
use flightdeck_service::ServiceError;

/// Attempts at most to store what comes once, while the storage is away.
const AWAY_ATTEMPTS_MAX: u64 = 8;
/// Attempts at most when the storage is there, and fails.
const BROKEN_ATTEMPTS_MAX: u64 = 3;

/// What is to happen while the storage is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It is tried again some times, then it is lost: it does not come again.
    SomeTimes,
    /// It is tried again until the listener stops: it comes again after a restart, but now nothing may overtake it.
    HoldingOthersBack,
    /// It is handed back at once: it comes again, and may be overtaken.
    HandingBack,
}

/// Why something was not stored.
#[derive(Debug)]
pub(crate) enum NotStored {
    /// It was refused, and always would be.
    Refused(ServiceError),
    /// The storage failed too often; this was logged, and it counts as lost unless it comes again.
    Failed(Verdict),
}

enum Trouble {
    Refused,
    /// Later perhaps.
    Away,
    Broken,
}

/// Attempts until something is stored or refused, or patience ends. `what` names it in the log.
pub(crate) async fn until_stored<T, F: Future<Output = Result<T, ServiceError>>>(
    work: &Work,
    patience: Patience,
    what: &str,
    mut attempt: impl FnMut() -> F,
) -> Result<T, NotStored> {
    let mut failures = 0;
    loop {
        let error = match attempt().await {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        failures += 1;
        let may_wait = match trouble(&error) {
            Trouble::Refused => return Err(NotStored::Refused(error)),
            Trouble::Broken => failures < BROKEN_ATTEMPTS_MAX,
            Trouble::Away => match patience {
                Patience::SomeTimes => failures < AWAY_ATTEMPTS_MAX,
                Patience::HoldingOthersBack => true,
                Patience::HandingBack => {
                    say_it_waits(work, what, &error);
                    return Err(NotStored::Failed(Verdict::Again));
                }
            },
        };
        let comes_again = patience != Patience::SomeTimes && matches!(trouble(&error), Trouble::Away);
        if !may_wait || work.stopping.has_come() {
            return Err(give_up(work, comes_again, what, &error));
        }
        say_it_waits(work, what, &error);
        tokio::select! {
            () = tokio::time::sleep(delay(failures - 1)) => {}
            () = work.stopping.come() => {}
        }
    }
}

fn give_up(work: &Work, comes_again: bool, what: &str, error: &ServiceError) -> NotStored {
    if comes_again {
        return NotStored::Failed(Verdict::Again);
    }
    add(&work.counters.lost, 1);
    tracing::error!("{what} is lost, because it cannot be stored: {}", with_causes(error));
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
        PortErrorKind::Unavailable | PortErrorKind::NoSpace => Trouble::Away,
        PortErrorKind::Conflict | PortErrorKind::Corrupt | PortErrorKind::Internal => Trouble::Broken,
    }
}
