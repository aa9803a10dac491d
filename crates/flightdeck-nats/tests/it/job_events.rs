//! Starts and stops of jobs.

use crate::broker::{Broker, until};
use crate::site::{START, Site, line, start_line, stop_line};
use flightdeck_model::JobState;
use flightdeck_nats::{NatsListener, NatsOptions};
use serde_json::json;

#[tokio::test]
async fn a_thousand_jobs_that_stop_as_soon_as_they_start_have_all_ended() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions { job_event_subject: Some(subject.clone()), ..broker.options() };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.wait_for_listener(&listener, &[&subject]).await;

    for job in 1..=1000 {
        broker.publish(&subject, start_line(job)).await;
        broker.publish(&subject, stop_line(job)).await;
    }
    until("all events are stored", || listener.counts().stored_events == 2000).await;
    listener.stop().await;

    let ended = site.jobs_in(JobState::Completed);
    assert_eq!(ended.len(), 1000);
    assert!(site.jobs_in(JobState::Running).is_empty());
    let script = &ended[0].fragments.meta_data.as_ref().unwrap().get();
    assert!(script.contains(r#""jobName":"say \"hello\"""#), "{script}");
    assert!(script.contains(r##""jobScript":"#!/bin/bash\necho \\\"a\\tb\\\" , =\n""##), "{script}");
}

#[tokio::test]
async fn bad_messages_and_lines_cost_nothing_but_themselves() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions { job_event_subject: Some(subject.clone()), ..broker.options() };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.wait_for_listener(&listener, &[&subject]).await;

    let unknown_key = line("job,function=start_job", &json!({"jobId": 9, "colour": "red"}), START);
    let unknown_host = start_line(8).replace("a0001", "nowhere");
    let no_time = start_line(4).split_inclusive("}\"").collect::<Vec<_>>()[0].to_owned();
    let messages = [
        "job,function=start_job event=\"{".to_owned(),
        "\n\n\u{0}\u{1}".to_owned(),
        "cpu_load,hostname=a0001 value=1.5 1700000000".to_owned(),
        "job,function=fly event=\"{}\"".to_owned(),
        format!("{}not a line\n{}{unknown_key}{}", start_line(1), stop_line(1), start_line(2)),
        format!("{unknown_host}{}", start_line(3)),
        no_time,
    ];
    for message in messages {
        broker.publish(&subject, message).await;
    }
    broker.client.publish(subject.clone(), vec![0xff, 0xfe, b'\n'].into()).await.unwrap();
    broker.publish(&subject, start_line(5)).await;
    until("the last job runs", || listener.counts().stored_events == 6).await;

    let mut running: Vec<_> = site.jobs_in(JobState::Running).iter().map(|job| job.key.job_id).collect();
    running.sort_unstable();
    assert_eq!(running, [2, 3, 4, 5]);
    assert_eq!(site.jobs_in(JobState::Completed).len(), 1);
    let counts = listener.counts();
    assert_eq!(counts.refused_events, 1);
    assert!(counts.bad_lines >= 4, "{counts:?}");
    listener.stop().await;
}

#[tokio::test]
async fn what_is_told_twice_is_stored_once() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions { job_event_subject: Some(subject.clone()), ..broker.options() };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.wait_for_listener(&listener, &[&subject]).await;

    for _ in 0..3 {
        broker.publish(&subject, start_line(1)).await;
        broker.publish(&subject, stop_line(1)).await;
    }
    until("all was heard", || {
        let counts = listener.counts();
        counts.stored_events + counts.refused_events == 6
    })
    .await;
    assert_eq!(listener.counts().stored_events, 2);
    assert_eq!(site.jobs_in(JobState::Completed).len(), 1);
    listener.stop().await;
}

#[tokio::test]
async fn what_was_received_is_finished_before_the_listener_stops() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("jobs");
    let options = NatsOptions { job_event_subject: Some(subject.clone()), ..broker.options() };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.wait_for_listener(&listener, &[&subject]).await;

    for job in 1..=2000 {
        broker.publish(&subject, start_line(job)).await;
    }
    // The broker has sent them all by then.
    broker.client.flush().await.unwrap();
    listener.stop().await;
    assert_eq!(site.jobs_in(JobState::Running).len(), 2000);
}
