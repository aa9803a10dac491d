//! Samples are written.

use crate::world::{Answer, NOW, World, with_token};
use actix_web::test::TestRequest;
use flightdeck_model::{MetricSource as _, SeriesParts, SeriesRequest};
use flightdeck_model::{PortErrorKind, Role, TimeSpan, UnixTime};
use flightdeck_service::Settings;
use rstest::rstest;
use serde_json::json;

const LINE: &str = "cpu_load,cluster=alpha,hostname=a001,type=node value=1.5 1700000000\n";

/// The values of a node metric of host `a001`, from a time on.
fn stored(world: &World, metric: &str, from: i64) -> Vec<f64> {
    let request =
        SeriesRequest { metric: metric.to_owned(), host: "a001".to_owned(), parts: SeriesParts::Node };
    let span = TimeSpan { from: UnixTime(from), to: UnixTime(from + 3600) };
    let answers = world.samples.read_series("alpha", &[request], span).unwrap();
    answers[0].series.first().map(|series| series.values.clone()).unwrap_or_default()
}

async fn send(world: &World, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let token = world.token("collector", &[Role::Ingest]);
    let request = with_token(TestRequest::post().uri(path), &token).set_payload(body.into());
    world.send(headers.iter().fold(request, |request, header| request.insert_header(*header))).await
}

#[track_caller]
fn assert_empty_success(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("content-encoding"), "", "an empty body cannot be packed");
    assert_eq!(answer.header("transfer-encoding"), "");
}

#[rstest]
#[case("/api/write")]
#[case("/api/write/")]
#[case("/api/write/?cluster=beta&unknown=1")]
#[actix_web::test]
async fn well_formed_lines_are_stored_and_answered_with_nothing(#[case] path: &str) {
    let world = World::new();
    // As cc-metric-collector sends it.
    let answer = send(&world, path, &[("accept-encoding", "gzip")], LINE).await;
    assert_empty_success(&answer);
    assert_eq!(stored(&world, "cpu_load", 1_700_000_000), [1.5]);
}

#[actix_web::test]
async fn nothing_to_store_is_no_mistake() {
    let world = World::new();
    for body in ["", "\n\n", "unknown_metric,cluster=alpha,hostname=a001 value=1\n"] {
        assert_empty_success(&send(&world, "/api/write/", &[], body).await);
    }
}

#[actix_web::test]
async fn the_default_cluster_is_for_lines_that_name_none() {
    let world = World::new();
    let line = "cpu_load,hostname=a001 value=2 1700000000\n";
    assert_empty_success(&send(&world, "/api/write/?cluster=al%70ha", &[], line).await);
    assert_eq!(stored(&world, "cpu_load", 1_700_000_000), [2.0]);
}

#[rstest]
#[case("s", "1700000000")]
#[case("ms", "1700000000000")]
#[case("us", "1700000000000000")]
#[case("u", "1700000000000000")]
#[case("ns", "1700000000000000000")]
#[case("n", "1700000000000000000")]
#[actix_web::test]
async fn times_are_in_the_unit_that_is_named(#[case] precision: &str, #[case] time: &str) {
    let world = World::new();
    let line = format!("cpu_load,cluster=alpha,hostname=a001 value=3 {time}\n");
    assert_empty_success(&send(&world, &format!("/api/write?precision={precision}"), &[], line).await);
    assert_eq!(stored(&world, "cpu_load", 1_700_000_000), [3.0]);
}

#[actix_web::test]
async fn a_line_without_a_time_is_of_now() {
    let world = World::new();
    let line = "cpu_load,cluster=alpha,hostname=a001 value=4\n";
    assert_empty_success(&send(&world, "/api/write", &[], line).await);
    assert_eq!(stored(&world, "cpu_load", NOW), [4.0]);
}

#[actix_web::test]
async fn bad_lines_cost_no_good_ones_and_the_first_is_named() {
    let world = World::new();
    let body = format!(
        "{LINE}nonsense,cluster=alpha,hostname=a001 value=1\ncpu_load,cluster=alpha,hostname=a001 value= 1\n\
         cpu_load,hostname\nmem_used,cluster=alpha,hostname=a001 value=64 1700000000\n"
    );
    let answer = send(&world, "/api/write/", &[], body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.error(),
        "line 3: there is no value; bad lines: 2, stored: 2, skipped: 1 (unknown metric: 1)"
    );
    assert_eq!(stored(&world, "cpu_load", 1_700_000_000), [1.5]);
    assert_eq!(stored(&world, "mem_used", 1_700_000_000), [64.0]);
}

#[actix_web::test]
async fn a_long_body_is_stored_as_a_short_one_is() {
    let world = World::new();
    let line = |step: i64| {
        let time = 1_700_000_000 + 60 * step;
        format!("cpu_load,cluster=alpha,hostname=a001,type=node value={step} {time}\n")
    };
    let lines = (0..3000).map(line).collect::<Vec<_>>().concat();
    assert!(lines.len() > 64 << 10);
    assert_empty_success(&send(&world, "/api/write", &[], lines.clone()).await);
    assert_eq!(stored(&world, "cpu_load", 1_700_000_000 + 60 * 2999), [2999.0]);
    let answer = send(&world, "/api/write", &[], lines + "cpu_load\n").await;
    assert!(answer.error().starts_with("line 3001: "), "{}", answer.error());
}

#[actix_web::test]
async fn packed_bodies_are_unpacked() {
    let world = World::new();
    assert_empty_success(
        &send(&world, "/api/write", &[("content-encoding", "gzip")], crate::errors::gzip(LINE.as_bytes()))
            .await,
    );
    assert_eq!(stored(&world, "cpu_load", 1_700_000_000), [1.5]);
    for (encoding, status) in [("deflate", 415), ("br", 415), ("zstd", 400)] {
        let answer = send(&world, "/api/write", &[("content-encoding", encoding)], LINE).await;
        assert_eq!(answer.status.as_u16(), status, "{encoding}: {}", answer.error());
    }
}

#[actix_web::test]
async fn bodies_are_limited_as_sent_and_unpacked_and_not_by_the_limit_of_others() {
    let mut world = World::new();
    world.state.request_body_limit_bytes = 10;
    world.state.sample_body_limits.sent_bytes = 1000;
    world.state.sample_body_limits.unpacked_bytes = 10_000;
    assert_empty_success(&send(&world, "/api/write", &[], LINE).await);
    assert_eq!(send(&world, "/api/write", &[], LINE.repeat(20)).await.status, 413);
    let gzip = [("content-encoding", "gzip")];
    let packed = |lines: usize| crate::errors::gzip(LINE.repeat(lines).as_bytes());
    assert_empty_success(&send(&world, "/api/write", &gzip, packed(100)).await);
    let answer = send(&world, "/api/write", &gzip, packed(1000)).await;
    assert_eq!(answer.status, 413);
    assert!(answer.error().contains("10000"), "{}", answer.error());
}

#[rstest]
#[case(PortErrorKind::Unavailable, 503, "1")]
#[case(PortErrorKind::NoSpace, 507, "30")]
#[case(PortErrorKind::Internal, 500, "")]
#[actix_web::test]
async fn what_is_not_on_disk_is_not_acknowledged(
    #[case] kind: PortErrorKind,
    #[case] status: u16,
    #[case] retry_after: &str,
) {
    let world = World::new();
    world.samples.fail_writes(Some(kind));
    for body in [LINE.to_owned(), LINE.repeat(2000)] {
        let answer = send(&world, "/api/write", &[], body).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.header("retry-after"), retry_after);
        assert!(answer.error().contains(answer.header("x-request-id")));
    }
    world.samples.fail_writes(None);
    assert_empty_success(&send(&world, "/api/write", &[], LINE).await);
}

#[actix_web::test]
async fn a_wrong_unit_stores_nothing() {
    let world = World::new();
    let answer = send(&world, "/api/write?precision=h", &[], LINE).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().starts_with("precision: "), "{}", answer.error());
    assert!(stored(&world, "cpu_load", 1_700_000_000).is_empty());
}

#[actix_web::test]
async fn the_allow_list_holds_for_dropping_and_not_for_writing() {
    let mut world = World::new();
    world.state.allowed_addresses =
        std::sync::Arc::new(flightdeck_auth::AllowList::parse(&["192.0.2.0/24".to_owned()]).unwrap());
    let token = world.token("robot", &[Role::Api]);
    let from_elsewhere = |path: &str, body: &'static str| {
        let request = with_token(TestRequest::post().uri(path), &token).set_payload(body);
        request.peer_addr("198.51.100.7:1000".parse().unwrap())
    };
    assert_empty_success(&world.send(from_elsewhere("/api/write", LINE)).await);
    for (path, body) in
        [("/api/free?to=1800000000", "[[]]"), ("/api/query", "{}"), ("/api/healthcheck", "{}")]
    {
        assert_eq!(world.send(from_elsewhere(path, body)).await.status, 401, "{path}");
    }
}

#[actix_web::test]
async fn a_server_without_a_store_says_so() {
    let world = World::with_parts(Settings::default(), |_| {}, |parts| parts.metrics.own = None);
    let health = json!({"cluster": "alpha", "nodes": ["a001"], "metric-names": ["cpu_load"]}).to_string();
    let query = json!({"cluster": "alpha", "from": 0, "to": 60, "queries": []}).to_string();
    for (method, path, body) in [
        ("POST", "/api/write", LINE.to_owned()),
        ("POST", "/api/free?to=1", "[[]]".to_owned()),
        ("GET", "/api/debug", String::new()),
        ("GET", "/api/healthcheck", health),
        ("POST", "/api/query", query),
    ] {
        let answer = world.write(method, path, body).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.error().contains("keeps no samples"), "{}", answer.error());
    }
}
