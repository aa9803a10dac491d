//! Samples are written, listed, freed and judged by way of the one store.

use crate::world::{ALL, NOW, World, admin, call, robot, robot_call};
use flightdeck_model::{NodeHealthState, Page, PortErrorKind, TimePrecision, UnixTime};
use flightdeck_service::{HealthBody, MetricSources, Parts, QueryBody, ServiceError, Services};
use flightdeck_testkit::wait;
use rstest::rstest;
use serde_json::json;

fn write(world: &World, body: &str, cluster: Option<&str>) -> flightdeck_model::WriteReport {
    wait(world.services.write_samples(&robot(), body.as_bytes(), cluster, None).unwrap()).unwrap()
}

fn paths(world: &World) -> Vec<String> {
    let page = world.services.stored_series(&robot(), &[], ALL).unwrap();
    page.series.iter().map(|series| format!("{} {}", series.path.join("/"), series.metric)).collect()
}

#[test]
fn written_samples_are_listed_and_bad_lines_told() {
    let world = World::new();
    let body = format!(
        "cpu_load,cluster=alpha,hostname=a001 value=1 {NOW}\nnonsense\nflops,hostname=a002,type=core,type-id=3 value=2\n"
    );
    let report = write(&world, &body, Some("alpha"));
    assert_eq!((report.stored, report.bad, report.first_bad.unwrap().0), (2, 1, 2));
    assert_eq!(paths(&world), ["alpha/a001 cpu_load", "alpha/a002/core3 flops"]);
    let series = world.services.stored_series(&robot(), &["alpha".into(), "a002".into()], ALL).unwrap();
    assert_eq!(series.series[0].blocks[0].start, UnixTime(NOW), "without a time: when it came");
}

#[test]
fn an_empty_name_is_no_default_cluster() {
    let world = World::new();
    write(&world, &format!("cpu_load,cluster=alpha,hostname=a001 value=1 {NOW}\n"), Some(""));
    assert_eq!(paths(&world), ["alpha/a001 cpu_load"]);
}

#[test]
fn a_disk_that_does_not_keep_up_is_told() {
    let world = World::new();
    world.metrics.fail_writes(Some(PortErrorKind::Unavailable));
    let body = b"cpu_load,cluster=alpha,hostname=a001 value=1 1";
    let written = world.services.write_samples(&robot(), body, None, Some(TimePrecision::Seconds)).unwrap();
    assert_eq!(wait(written).unwrap_err().kind, PortErrorKind::Unavailable);
}

#[test]
fn freed_samples_are_gone_and_the_audit_log_says_so() {
    let world = World::new();
    for host in ["a001", "a002"] {
        world.put("cpu_load", host, ("", ""), 600, &[1.0]);
    }
    let path = vec!["alpha".to_owned(), "a001".to_owned()];
    assert_eq!(world.services.free_samples(&robot_call(), &[path], UnixTime(NOW)).unwrap(), 1);
    assert_eq!(paths(&world), ["alpha/a002 cpu_load"]);
    assert_eq!(world.services.free_samples(&call(admin()), &[vec![]], UnixTime(NOW)).unwrap(), 1);
    let audit = world.audit();
    assert_eq!(
        world.audit_lines(),
        [
            format!("free_samples samples before {NOW} done"),
            format!("free_samples samples before {NOW} done")
        ]
    );
    assert_eq!(
        (audit[0].detail.as_str(), audit[1].detail.as_str()),
        ("1 blocks of alpha/a001", "1 blocks of everything")
    );

    world.metrics.fail_writes(Some(PortErrorKind::NoSpace));
    let failed = world.services.free_samples(&robot_call(), &[vec![]], UnixTime(NOW)).unwrap_err();
    assert!(matches!(failed, ServiceError::Port(_)));
    assert!(world.audit_lines()[2].ends_with("failed"));
    let many = vec![Vec::new(); 10_001];
    let refused = world.services.free_samples(&robot_call(), &many, UnixTime(NOW)).unwrap_err();
    assert!(matches!(refused, ServiceError::Invalid { .. }));
}

#[test]
fn a_page_of_series_has_an_end() {
    let world = World::new();
    let page = Page { offset: 0, limit: 10_001 };
    let refused = world.services.stored_series(&robot(), &[], page).unwrap_err();
    assert!(matches!(refused, ServiceError::Invalid { field, .. } if field == "items-per-page"));
}

#[test]
fn a_node_is_as_healthy_as_its_metrics_are_fresh() {
    let world = World::new();
    for (metric, ago) in [("cpu_load", 60), ("flops", 60)] {
        world.put(metric, "a001", ("", ""), ago, &[1.0]);
        world.put(metric, "a002", ("", ""), 10 * ago, &[1.0]);
    }
    world.put("cpu_load", "a003", ("", ""), 60, &[1.0]);
    let nodes = ["a001", "a002", "a003", "a004"].map(str::to_owned).to_vec();
    let metric_names = vec!["cpu_load".to_owned(), "flops".to_owned()];
    let body = HealthBody { cluster: "alpha".to_owned(), nodes, metric_names };
    let health = world.services.node_health(&robot(), &body).unwrap();
    assert_eq!(
        serde_json::to_value(&health).unwrap(),
        json!({
            "a001": {"State": "full", "HealthMetrics": "{\"missing\":[],\"degraded\":[]}"},
            "a002": {"State": "failed", "HealthMetrics": "{\"missing\":[],\"degraded\":[\"cpu_load\",\"flops\"]}"},
            "a003": {"State": "partial", "HealthMetrics": "{\"missing\":[\"flops\"],\"degraded\":[]}"},
            "a004": {"State": "failed", "HealthMetrics": ""},
        })
    );
    assert_eq!(health["a003"].state.as_str(), "partial");
    let unknown = HealthBody { cluster: "nowhere".to_owned(), ..body.clone() };
    let health = world.services.node_health(&robot(), &unknown).unwrap();
    assert!(health.values().all(|node| node.state == NodeHealthState::Failed));
    let many = HealthBody { nodes: vec!["a".to_owned(); 1_000_001], ..body };
    assert!(matches!(world.services.node_health(&robot(), &many), Err(ServiceError::Invalid { .. })));
}

#[test]
fn a_request_for_health_has_no_other_members() {
    let json = r#"{"cluster": "alpha", "nodes": ["a001"], "metric-names": ["cpu_load"], "more": 1}"#;
    assert!(serde_json::from_str::<HealthBody>(json).is_err());
}

#[rstest]
#[case::write(|services: &Services| services.write_samples(&robot(), b"", None, None).map(drop))]
#[case::free(|services: &Services| services.free_samples(&robot_call(), &[], UnixTime(1)).map(drop))]
#[case::list(|services: &Services| services.stored_series(&robot(), &[], ALL).map(drop))]
#[case::health(|services: &Services| services.node_health(&robot(), &HealthBody::default()).map(drop))]
#[case::query(|services: &Services| {
    let body: QueryBody = serde_json::from_value(json!({"cluster": "alpha", "from": 0, "to": 1})).unwrap();
    services.query_samples(&robot(), &body).map(drop)
})]
fn a_server_without_a_store_says_so(#[case] ask: fn(&Services) -> Result<(), ServiceError>) {
    let world = World::new();
    let services = Services::new(Parts { metrics: MetricSources::default(), ..world.parts() });
    assert!(matches!(ask(&services), Err(ServiceError::Unavailable(_))));
}
