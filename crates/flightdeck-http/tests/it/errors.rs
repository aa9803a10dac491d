//! Refusals and failures: the right status, one shape, a text that helps, nothing that is secret.

use crate::world::{NOW, World, starting, with_token};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use flightdeck_model::{PortErrorKind, Role};
use rstest::rstest;

#[rstest]
#[case("/api/nothing/")]
#[case("/api")]
#[case("/api/jobs")]
#[case("/api/clusters")]
#[case("/api/users")]
#[case("/api/jobs/used_nodes/")]
#[case("/userapi/clusters/")]
#[case("/api/tags")]
#[case("/api/user/")]
#[case("/api/user/mona/")]
#[case("/api/nodestate")]
#[case("/api/audit")]
#[case("/api/quarantine")]
#[case("/api/tasks")]
#[case("/api/jobs/tag_job/")]
#[case("/api/jobs/tag_job/7/")]
#[case("/api/jobs/edit_meta/7/")]
#[case("/api/jobs/delete_job_before/")]
#[case("/api/machine_state/alpha/")]
#[case("/api/write/x")]
#[case("/api/debug//")]
#[case("/userapi/jobs/stop_job/")]
#[case("/nothing")]
#[case("/")]
#[actix_web::test]
async fn an_unknown_path_is_not_found_without_a_token(#[case] path: &str) {
    let world = World::new();
    let answer = world.send(TestRequest::get().uri(path)).await;
    assert_eq!(answer.status, 404);
    assert!(answer.error().contains("does not exist"));
}

#[rstest]
#[case(Method::DELETE, "/api/clusters/", "GET")]
#[case(Method::PUT, "/api/jobs/7", "GET, POST")]
#[case(Method::HEAD, "/api/jobs/", "GET")]
#[case(Method::DELETE, "/api/jobs/used_nodes", "GET")]
#[case(Method::OPTIONS, "/api/jobs/", "GET")]
#[case(Method::POST, "/userapi/jobs/metrics/7", "GET")]
#[case(Method::GET, "/api/jobs/start_job/", "POST, PUT")]
#[case(Method::DELETE, "/api/jobs/stop_job/", "POST, PUT")]
#[case(Method::GET, "/api/jobs/tag_job/7", "POST, PATCH, DELETE")]
#[case(Method::GET, "/api/jobs/edit_meta/7", "POST, PATCH")]
#[case(Method::DELETE, "/api/jobs/edit_meta/", "POST, PATCH")]
#[case(Method::POST, "/api/jobs/delete_job/", "DELETE")]
#[case(Method::GET, "/api/jobs/delete_job/7", "DELETE")]
#[case(Method::POST, "/api/jobs/delete_job_before/7", "DELETE")]
#[case(Method::GET, "/api/tags/", "DELETE")]
#[case(Method::GET, "/api/user/mona", "POST")]
#[case(Method::DELETE, "/api/nodestate/", "GET, POST, PUT")]
#[case(Method::DELETE, "/api/machine_state/alpha/a001", "GET, POST, PUT")]
#[case(Method::POST, "/api/audit/", "GET")]
#[case(Method::GET, "/api/write/", "POST")]
#[case(Method::PUT, "/api/free", "POST")]
#[case(Method::DELETE, "/api/healthcheck/", "GET, POST")]
#[case(Method::PUT, "/api/query", "GET, POST")]
#[actix_web::test]
async fn a_wrong_method_is_told_all_right_ones(
    #[case] method: Method,
    #[case] path: &str,
    #[case] allowed: &str,
) {
    let world = World::new();
    let answer = world.send(TestRequest::with_uri(path).method(method)).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), allowed);
}

#[actix_web::test]
async fn the_user_api_cannot_start_jobs_and_has_no_used_nodes() {
    let world = World::new();
    let token = world.token("mona", &[Role::User, Role::Api]);
    let start = with_token(TestRequest::post().uri("/userapi/jobs/start_job/"), &token).set_payload("{}");
    assert_eq!(world.send(start).await.status, 404);
    assert_eq!(world.get_as("/userapi/jobs/used_nodes", &token).await.status, 400);
}

#[rstest]
#[case("/api/jobs/abc", 400, "id")]
#[case("/api/jobs/9223372036854775808", 400, "id")]
#[case("/api/jobs/424242", 404, "424242")]
#[case("/api/jobs/-1", 404, "-1")]
#[case("/api/jobs/metrics/abc", 400, "id")]
#[case("/api/jobs/metrics/424242", 404, "424242")]
#[case("/api/jobs/metrics/1?scope=galaxy", 400, "memoryDomain")]
#[case("/api/jobs/metrics/1?resample=spline", 400, "minmax")]
#[case("/api/jobs/metrics/1?max-points=0", 400, "max-points")]
#[case("/api/jobs/used_nodes", 400, "ts")]
#[case("/api/jobs/used_nodes?ts=noon", 400, "ts")]
#[case("/api/jobs/?colour=red", 400, "colour")]
#[case("/api/jobs/?sort=beauty", 400, "cpu_load_avg")]
#[case("/api/clusters/?cluster=nowhere", 400, "alpha")]
#[case("/api/clusters/?cluster=", 400, "cluster")]
#[actix_web::test]
async fn a_wrong_request_is_refused_by_name(#[case] path: &str, #[case] status: u16, #[case] text: &str) {
    let world = World::new();
    let answer = world.get(path).await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.error());
    assert!(answer.error().contains(text), "{}", answer.error());
}

#[rstest]
#[case("")]
#[case("{not json")]
#[case(r#"{"metrics": 3}"#)]
#[case(r#"["cpu_load", 7]"#)]
#[case(r#"["cpu_load"] ["mem_used"]"#)]
#[case(r#"["cpu_load"],"#)]
#[case("\u{feff}[]")]
#[actix_web::test]
async fn a_body_that_is_not_one_list_of_names_is_refused(#[case] body: &str) {
    let world = World::new();
    let id = world.id_of(1).await;
    let answer = world.post(&format!("/api/jobs/{id}"), body).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().starts_with("body"), "{}", answer.error());
}

#[actix_web::test]
async fn a_body_beyond_the_limit_is_refused_packed_or_not() {
    let mut world = World::new();
    world.state.request_body_limit_bytes = 1024;
    let id = world.id_of(1).await;
    let path = format!("/api/jobs/{id}");
    let long = format!("[{}]", " ".repeat(5000));
    let answer = world.post(&path, long.clone()).await;
    assert_eq!(answer.status, 413);
    assert!(answer.error().contains("1024"));

    // 5000 blanks pack into a few dozen bytes.
    let packed = gzip(long.as_bytes());
    assert!(packed.len() < 1024);
    let token = world.token("robot", &[Role::Api]);
    let request = with_token(TestRequest::post().uri(&path), &token)
        .insert_header(("content-encoding", "gzip"))
        .set_payload(packed);
    assert_eq!(world.send(request).await.status, 413);
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[actix_web::test]
async fn a_body_packed_in_an_unknown_way_is_refused() {
    let world = World::new();
    let path = format!("/api/jobs/{}", world.id_of(1).await);
    let token = world.token("robot", &[Role::Api]);
    for encoding in ["br", "gzip, gzip", "nonsense"] {
        let request = with_token(TestRequest::post().uri(&path), &token)
            .insert_header(("content-encoding", encoding))
            .set_payload("[]");
        let answer = world.send(request).await;
        assert_eq!(answer.status, 415, "{encoding}");
        assert!(answer.error().contains("gzip"));
    }
}

#[actix_web::test]
async fn a_body_that_never_ends_is_given_up() {
    use actix_web::FromRequest as _;
    use actix_web::dev::Payload;
    let mut world = World::new();
    world.state.request_body_timeout = std::time::Duration::ZERO;
    let request =
        TestRequest::post().app_data(actix_web::web::Data::new(world.state.clone())).to_http_request();
    let endless = futures_util::stream::pending::<Result<bytes::Bytes, actix_web::error::PayloadError>>();
    let mut payload: Payload = Payload::Stream { payload: Box::pin(endless) };
    let refused = flightdeck_http::LimitedBody::from_request(&request, &mut payload).await.unwrap_err();
    assert_eq!(actix_web::ResponseError::status_code(&refused), 408);
}

#[actix_web::test]
async fn a_damaged_data_file_spoils_its_job_alone_and_tells_no_path() {
    let world = World::new();
    let damaged = flightdeck_testkit::archived_job(1).build().meta.key();
    world.archive.damage_data(damaged, "is cut off");
    let (first, second) = (world.id_of(1).await, world.id_of(2).await);
    let answer = world.get(&format!("/api/jobs/{first}?all-metrics=true")).await;
    assert_eq!(answer.status, 500);
    let text = answer.error();
    assert!(text.contains(answer.header("x-request-id")), "{text}");
    assert!(!text.contains("alpha") && !text.contains("cut off"), "{text}");
    assert_eq!(world.get(&format!("/api/jobs/metrics/{first}")).await.status, 500);
    assert_eq!(world.get(&format!("/api/jobs/{first}")).await.status, 200);
    assert_eq!(world.get(&format!("/api/jobs/{second}?all-metrics=true")).await.status, 200);
    assert_eq!(world.get("/api/jobs/").await.job_ids(), [3, 2, 1]);
}

#[actix_web::test]
async fn a_job_without_data_says_so() {
    let world = World::new();
    let id = world.id_of(3).await;
    for path in [format!("/api/jobs/{id}?all-metrics=true"), format!("/api/jobs/metrics/{id}")] {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 404);
        assert!(answer.error().contains("no metric data"), "{}", answer.error());
    }
}

#[rstest]
#[case(PortErrorKind::NoSpace, 507, "30", "full")]
#[case(PortErrorKind::Unavailable, 503, "1", "busy")]
#[case(PortErrorKind::NoAnswer, 503, "1", "of another server does not answer")]
#[case(PortErrorKind::Corrupt, 500, "", "failed")]
#[case(PortErrorKind::Internal, 500, "", "failed")]
#[actix_web::test]
async fn a_change_that_cannot_be_stored_says_so_and_reading_goes_on(
    #[case] kind: PortErrorKind,
    #[case] status: u16,
    #[case] retry_after: &str,
    #[case] words: &str,
) {
    let world = World::new();
    let job = world.start(500).await;
    world.jobs.fail_changes(Some(kind));
    let stop = format!(r#"{{"jobId": 500, "stopTime": {NOW}}}"#);
    for (method, path, body) in [
        ("POST", "/api/jobs/start_job/".to_owned(), starting(501).to_string()),
        ("PUT", "/api/jobs/stop_job/".to_owned(), stop.clone()),
        ("POST", format!("/api/jobs/tag_job/{job}"), r#"[{"type": "a", "name": "b"}]"#.to_owned()),
        ("PATCH", format!("/api/jobs/edit_meta/{job}"), r#"{"key": "a", "value": "b"}"#.to_owned()),
        ("DELETE", format!("/api/jobs/delete_job/{job}"), String::new()),
    ] {
        let answer = world.write(method, &path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        assert_eq!(answer.header("retry-after"), retry_after, "{method} {path}");
        let text = answer.error();
        assert!(text.contains(words) && text.contains(answer.header("x-request-id")), "{text}");
    }
    assert_eq!(world.get("/api/jobs/?state=running").await.job_ids(), [500]);
    world.jobs.fail_changes(None);
    assert_eq!(world.post("/api/jobs/stop_job/", stop).await.status, 200);
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new();
    for path in ["/api/jobs/", "/api/nothing/", "/openapi.json"] {
        let answer = world.send(TestRequest::get().uri(path)).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "not without TLS");
    }
}

#[actix_web::test]
async fn a_page_of_another_site_may_read_with_a_token_and_change_nothing() {
    let world = World::new();
    let id = world.id_of(1).await;
    let path = format!("/api/jobs/{id}");
    let token = world.token("robot", &[Role::Api]);
    let cross_site = |request: TestRequest| {
        with_token(request, &token)
            .insert_header(("sec-fetch-site", "cross-site"))
            .insert_header(("origin", "https://elsewhere.example"))
    };
    let read = world.send(cross_site(TestRequest::get().uri(&path))).await;
    assert_eq!((read.status.as_u16(), read.header("access-control-allow-origin")), (200, "*"));
    let write = world.send(cross_site(TestRequest::post().uri(&path)).set_payload("[]")).await;
    assert_eq!(write.status, 403);
    assert!(!write.error().is_empty());
}

#[actix_web::test]
async fn a_browser_may_send_the_token_header_and_every_method() {
    let world = World::new();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let preflight = TestRequest::with_uri("/api/jobs/7")
            .method(Method::OPTIONS)
            .insert_header(("origin", "https://elsewhere.example"))
            .insert_header(("access-control-request-method", method))
            .insert_header(("access-control-request-headers", "x-auth-token,content-type"));
        let answer = world.send(preflight).await;
        assert_eq!(answer.status, 200, "{method}");
        assert!(answer.header("access-control-allow-methods").contains(method), "{method}");
        assert!(answer.header("access-control-allow-headers").to_lowercase().contains("x-auth-token"));
    }
}
