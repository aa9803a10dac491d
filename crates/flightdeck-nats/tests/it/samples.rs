//! Samples.

use crate::broker::{Broker, until};
use crate::site::{START, Site};
use flightdeck_nats::{NatsListener, NatsOptions, SampleSubscription};

fn subscription(subject: &str, cluster: Option<&str>) -> SampleSubscription {
    SampleSubscription { subject: subject.to_owned(), cluster_tag: cluster.map(str::to_owned) }
}

#[tokio::test]
async fn samples_without_a_cluster_belong_to_that_of_their_subject() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let (alpha, beta, any) = (broker.subject("alpha"), broker.subject("beta"), broker.subject("any"));
    let samples = vec![
        subscription(&alpha, Some("alpha")),
        subscription(&beta, Some("beta")),
        subscription(&any, None),
    ];
    let options = NatsOptions { samples, ..broker.options() };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.wait_for_listener(&listener, &[&alpha, &beta, &any]).await;

    for host in 1..=500 {
        broker.publish(&alpha, format!("cpu_load,hostname=a{host:04},type=node value=1 {START}\n")).await;
        broker.publish(&beta, format!("cpu_load,hostname=a{host:04},type=node value=2 {START}\n")).await;
    }
    broker.publish(&any, format!("cpu_load,cluster=beta,hostname=a1000 value=3 {START}\n")).await;
    until("all is stored", || listener.counts().stored_samples == 1001).await;
    for host in 1..=500 {
        let host = format!("a{host:04}");
        let loads = (site.cpu_load("alpha", &host, START), site.cpu_load("beta", &host, START));
        assert_eq!(loads, (Some(1.0), Some(2.0)), "{host}");
    }
    assert_eq!(site.cpu_load("beta", "a1000", START), Some(3.0));
    assert_eq!(site.cpu_load("alpha", "a1000", START), None);
    listener.stop().await;
}

#[tokio::test]
async fn a_bad_line_does_not_cost_the_good_ones_of_its_message() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("alpha");
    let options = NatsOptions { samples: vec![subscription(&subject, Some("alpha"))], ..broker.options() };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.wait_for_listener(&listener, &[&subject]).await;

    let lines = [
        format!("cpu_load,hostname=a0001 value=1 {START}"),
        "not a line".to_owned(),
        format!("cpu_load,hostname=a0002 value=2 {START}"),
    ];
    broker.publish(&subject, "not a line either").await;
    broker.publish(&subject, lines.join("\n")).await;
    until("the good lines are stored", || listener.counts().stored_samples == 2).await;
    until("the bad lines are counted", || listener.counts().bad_lines == 2).await;
    assert_eq!(site.cpu_load("alpha", "a0002", START), Some(2.0));
    listener.stop().await;
}
