//! Streams: a message stays until what it says is stored.

use crate::broker::{Broker, OwnBroker, until};
use crate::site::{START, Site, start_line, stop_line};
use flightdeck_model::{JobState, PortErrorKind};
use flightdeck_nats::{NatsListener, NatsOptions, SampleSubscription};

async fn until_acknowledged(broker: &Broker) {
    while broker.unacknowledged().await > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn samples_come_again_until_the_store_has_them() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("alpha");
    let samples = vec![SampleSubscription { subject: subject.clone(), cluster_tag: Some("alpha".into()) }];
    let options = NatsOptions { samples, stream: Some(broker.make_stream().await), ..broker.options() };
    site.metrics.fail_writes(Some(PortErrorKind::Unavailable));
    // What was there before the listener counts as well.
    broker.publish(&subject, format!("cpu_load,hostname=a0001 value=1 {START}")).await;
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    until("it came at least twice", || listener.counts().messages >= 2).await;
    assert_eq!(broker.unacknowledged().await, 1);

    site.metrics.fail_writes(None);
    until("it is stored", || listener.counts().stored_samples == 1).await;
    until_acknowledged(&broker).await;
    assert_eq!(site.cpu_load("alpha", "a0001", START), Some(1.0));
    let counts = listener.counts();
    assert_eq!((counts.stored_samples, counts.lost), (1, 0));
    listener.stop().await;
}

#[tokio::test]
async fn jobs_are_stored_once_and_in_order_after_the_storage_was_away() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions {
        job_event_subject: Some(subject.clone()),
        stream: Some(broker.make_stream().await),
        ..broker.options()
    };
    site.jobs.fail_changes(Some(PortErrorKind::Unavailable));
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    for job in 1..=100 {
        broker.publish(&subject, start_line(job)).await;
        broker.publish(&subject, stop_line(job)).await;
    }
    until("all have come", || listener.counts().messages == 200).await;
    assert_eq!(broker.unacknowledged().await, 200);
    assert_eq!(listener.counts().stored_events, 0);

    site.jobs.fail_changes(None);
    until("all is stored", || listener.counts().stored_events == 200).await;
    until_acknowledged(&broker).await;
    assert_eq!(site.jobs_in(JobState::Completed).len(), 100);
    assert_eq!(listener.counts().refused_events, 0);
    listener.stop().await;
}

#[tokio::test]
async fn what_a_listener_could_not_store_is_left_to_the_next() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions {
        job_event_subject: Some(subject.clone()),
        stream: Some(broker.make_stream().await),
        ..broker.options()
    };
    site.jobs.fail_changes(Some(PortErrorKind::NoSpace));
    let listener = NatsListener::start(options.clone(), site.services.clone()).unwrap();
    for job in 1..=50 {
        broker.publish(&subject, start_line(job)).await;
        broker.publish(&subject, stop_line(job)).await;
    }
    until("some have come", || listener.counts().messages > 0).await;
    listener.stop().await;
    assert!(site.jobs_in(JobState::Running).is_empty());

    site.jobs.fail_changes(None);
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    until("all jobs have ended", || site.jobs_in(JobState::Completed).len() == 50).await;
    until_acknowledged(&broker).await;
    listener.stop().await;
}

#[tokio::test]
async fn jobs_come_again_while_the_storage_fails() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions {
        job_event_subject: Some(subject.clone()),
        stream: Some(broker.make_stream().await),
        ..broker.options()
    };
    site.jobs.fail_changes(Some(PortErrorKind::Internal));
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    for job in 1..=20 {
        broker.publish_kept(&subject, start_line(job)).await;
        broker.publish_kept(&subject, stop_line(job)).await;
    }
    until("some came again", || listener.counts().messages > 40).await;
    assert_eq!(broker.unacknowledged().await, 40);

    site.jobs.fail_changes(None);
    until("all jobs have ended", || site.jobs_in(JobState::Completed).len() == 20).await;
    until_acknowledged(&broker).await;
    assert_eq!(listener.counts().lost, 0);
    listener.stop().await;
}

#[tokio::test]
async fn a_listener_that_was_waited_for_has_stored_or_handed_back_what_it_had() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions {
        job_event_subject: Some(subject.clone()),
        stream: Some(broker.make_stream().await),
        ..broker.options()
    };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    for job in 1..=100 {
        broker.publish(&subject, start_line(job)).await;
    }
    until("some have come", || listener.counts().messages > 0).await;
    tokio::task::spawn_blocking(move || listener.stop_and_wait()).await.unwrap();
    let stored = site.jobs_in(JobState::Running).len() as u64;
    while broker.unacknowledged().await != 100 - stored {
        tokio::task::yield_now().await;
    }
    assert_eq!(site.jobs_in(JobState::Running).len() as u64, stored);
}

#[tokio::test]
async fn a_stop_that_overtook_its_start_waits_for_it() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions {
        job_event_subject: Some(subject.clone()),
        stream: Some(broker.make_stream().await),
        ..broker.options()
    };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.publish(&subject, stop_line(1)).await;
    until("the stop came", || listener.counts().finished_messages > 0).await;
    broker.publish(&subject, start_line(1)).await;
    until("the job has ended", || site.jobs_in(JobState::Completed).len() == 1).await;
    until_acknowledged(&broker).await;
    listener.stop().await;
}

#[tokio::test]
async fn what_can_never_be_stored_does_not_come_again() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions {
        job_event_subject: Some(subject.clone()),
        stream: Some(broker.make_stream().await),
        ..broker.options()
    };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    let messages =
        ["not a line".to_owned(), start_line(1).replace("a0001", "nowhere"), start_line(2), start_line(2)];
    for message in messages {
        broker.publish(&subject, message).await;
    }
    until("all have come", || listener.counts().finished_messages == 4).await;
    until_acknowledged(&broker).await;
    let counts = listener.counts();
    assert_eq!(
        (counts.messages, counts.stored_events, counts.refused_events, counts.bad_lines),
        (4, 1, 2, 1)
    );
    listener.stop().await;
}

#[tokio::test]
async fn a_broker_that_is_killed_while_jobs_wait_for_the_storage_costs_none() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--jetstream", "--store_dir", folder.path().to_str().unwrap()];
    let Some(mut own) = OwnBroker::of_environment(&arguments) else { return };
    own.start();
    let broker = Broker::at(own.url()).await;
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions {
        job_event_subject: Some(subject.clone()),
        stream: Some(broker.make_stream().await),
        ..broker.options()
    };
    site.jobs.fail_changes(Some(PortErrorKind::Unavailable));
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    for job in 1..=20 {
        broker.publish_kept(&subject, start_line(job)).await;
        broker.publish_kept(&subject, stop_line(job)).await;
    }
    until("all have come", || listener.counts().messages == 40).await;

    own.kill();
    until("the listener is disconnected", || !listener.counts().is_connected).await;
    site.jobs.fail_changes(None);
    own.start();
    until("all jobs have ended", || site.jobs_in(JobState::Completed).len() == 20).await;
    until("the listener is connected", || listener.counts().is_connected).await;
    broker.publish_kept(&subject, start_line(21)).await;
    until("the last job runs", || site.jobs_in(JobState::Running).len() == 1).await;
    assert_eq!(listener.counts().lost, 0);
    listener.stop().await;
}
