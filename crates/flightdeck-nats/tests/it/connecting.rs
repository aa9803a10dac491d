//! Brokers that are away.

use crate::broker::{OwnBroker, until};
use crate::site::{Site, start_line};
use flightdeck_model::JobState;
use flightdeck_nats::{NatsListener, NatsOptions};
use std::path::PathBuf;

#[tokio::test]
async fn a_listener_starts_and_stops_without_any_broker() {
    for credentials_file in [None, Some(PathBuf::from("/nowhere/flightdeck.creds"))] {
        let options = NatsOptions {
            // The port of the discard service, where nobody answers.
            addresses: vec!["nats://127.0.0.1:9".to_owned()],
            credentials_file,
            job_event_subject: Some("jobs".to_owned()),
            ..NatsOptions::default()
        };
        let listener = NatsListener::start(options, Site::new().services).unwrap();
        assert!(!listener.counts().is_connected);
        listener.stop().await;
    }
}

#[tokio::test]
async fn a_broker_that_comes_late_and_goes_and_comes_again_is_found_each_time() {
    let login = ["--user", "mona", "--pass", "p@ss word"];
    let Some(mut broker) = OwnBroker::of_environment(&login) else { return };
    let site = Site::new();
    let options = NatsOptions {
        addresses: vec![broker.url()],
        username: Some("mona".to_owned()),
        password: Some("p@ss word".to_owned()),
        job_event_subject: Some("jobs".to_owned()),
        ..NatsOptions::default()
    };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    for round in 1..=3 {
        broker.start();
        until("the listener is connected", || listener.counts().is_connected).await;
        let sender = async_nats::ConnectOptions::with_user_and_password("mona".into(), "p@ss word".into());
        let sender = sender.connect(broker.url()).await.unwrap();
        // Again and again: the listener subscribes some time after it is connected.
        while site.jobs_in(JobState::Running).len() < round {
            let job = i64::try_from(round).unwrap();
            sender.publish("jobs", start_line(job).into()).await.unwrap();
            sender.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        broker.kill();
        until("the listener is disconnected", || !listener.counts().is_connected).await;
    }
    listener.stop().await;
}
