//! Listens to NATS as the configuration says.

use super::StartError;
use crate::config::Config;
use flightdeck_nats::{NatsListener, NatsOptions, SampleSubscription, StreamOptions};
use flightdeck_service::Services;

/// With what the names of this server's consumers begin.
const CONSUMER_PREFIX: &str = "flightdeck";

/// Starts listening; `None` when nothing is to be listened to. A broker that is away is no error: it is tried again.
pub(super) fn listen(config: &Config, services: &Services) -> Result<Option<NatsListener>, StartError> {
    let Some(settings) = &config.nats else { return Ok(None) };
    if settings.events.is_none() && settings.samples.is_empty() {
        return Ok(None);
    }
    let events = settings.events.as_ref();
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let defaults = NatsOptions::default();
    let options = NatsOptions {
        addresses: settings.addresses.clone(),
        username: filled(&settings.username),
        password: filled(settings.password.reveal()),
        credentials_file: settings.credentials_file.clone(),
        stream: settings
            .stream
            .clone()
            .map(|name| StreamOptions { name, consumer_prefix: CONSUMER_PREFIX.to_owned() }),
        job_event_subject: events.map(|subjects| subjects.job_event.clone()),
        node_state_subject: events.map(|subjects| subjects.node_state.clone()),
        samples: settings
            .samples
            .iter()
            .map(|(subject, cluster)| SampleSubscription {
                subject: subject.clone(),
                cluster_tag: cluster.clone(),
            })
            .collect(),
        job_concurrency: events.map_or(defaults.job_concurrency, |subjects| subjects.job_concurrency),
        node_concurrency: events.map_or(defaults.node_concurrency, |subjects| subjects.node_concurrency),
    };
    Ok(Some(NatsListener::start(options, services.clone())?))
}
