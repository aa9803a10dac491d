//! Who may do what.

use crate::world::{NOW, World, starting, with_token};
use actix_web::ResponseError as _;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use flightdeck_auth::{AllowList, TrustedProxies};
use flightdeck_http::{ApiError, ROUTES, Route, RouteAccess, openapi};
use flightdeck_model::{
    DeleteBefore, JobDbId, JobMatch, MetaEdit, OmitTagged, Principal, Role, Roles, StopJobBody, TagBody,
    UnixTime, WhichJob,
};
use flightdeck_service::Caller;
use std::collections::BTreeSet;
use std::sync::Arc;

fn roles_tried() -> Vec<(&'static str, Vec<Role>)> {
    vec![
        ("nothing", vec![]),
        ("anonymous", vec![Role::Anonymous]),
        ("ingest", vec![Role::Ingest]),
        ("api", vec![Role::Api]),
        ("user", vec![Role::User]),
        ("manager", vec![Role::Manager]),
        ("support", vec![Role::Support]),
        ("admin", vec![Role::Admin]),
        ("anonymous and api", vec![Role::Anonymous, Role::Api]),
        ("user and api", vec![Role::User, Role::Api]),
        ("manager and api", vec![Role::Manager, Role::Api]),
        ("support and api", vec![Role::Support, Role::Api]),
        ("admin and api", vec![Role::Admin, Role::Api]),
        ("ingest and api", vec![Role::Ingest, Role::Api]),
        ("ingest and admin", vec![Role::Ingest, Role::Admin]),
        ("ingest, user and api", vec![Role::Ingest, Role::User, Role::Api]),
        ("ingest, admin and api", vec![Role::Ingest, Role::Admin, Role::Api]),
        ("admin and user", vec![Role::Admin, Role::User]),
    ]
}

/// The rules of the documentation, written down a second time.
fn expected(access: RouteAccess, roles: &str) -> StatusCode {
    let admitted = match access {
        RouteAccess::Public => true,
        RouteAccess::Api | RouteAccess::ApiAdmin => {
            matches!(roles, "api" | "admin and api" | "ingest, admin and api")
        }
        RouteAccess::UserApi => matches!(
            roles,
            "api"
                | "user and api"
                | "manager and api"
                | "support and api"
                | "admin and api"
                | "ingest, user and api"
                | "ingest, admin and api"
        ),
        RouteAccess::Ingest => {
            roles.contains("ingest")
                || matches!(roles, "api" | "user and api" | "manager and api" | "admin and api")
        }
        RouteAccess::Store => matches!(
            roles,
            "api"
                | "user and api"
                | "manager and api"
                | "admin and api"
                | "ingest, user and api"
                | "ingest, admin and api"
        ),
    };
    if !admitted {
        return StatusCode::UNAUTHORIZED;
    }
    if access == RouteAccess::ApiAdmin && roles == "api" {
        return StatusCode::FORBIDDEN;
    }
    StatusCode::OK
}

/// A request to the route that succeeds for those who may make it. `seen` is the id of a job, `number` one of the
/// batch system that was not used before.
async fn request(world: &World, route: &Route, seen: i64, number: i64) -> TestRequest {
    let started = if route.path.contains("stop_job") || route.path.contains("delete_job/") {
        let body = serde_json::from_value(starting(number)).unwrap();
        world.state.services.start_job(&Caller::on_machine(), body).await.unwrap().0
    } else {
        0
    };
    let tag = r#"[{"type": "debug", "name": "slow", "scope": "admin"}]"#;
    let (path, body) = match route.path {
        "/api/jobs/used_nodes" => ("/api/jobs/used_nodes?ts=1700000000".to_owned(), String::new()),
        "/api/jobs/start_job/" => (route.path.to_owned(), starting(number).to_string()),
        "/api/jobs/stop_job/" => {
            (route.path.to_owned(), format!(r#"{{"jobId": {number}, "stopTime": {NOW}}}"#))
        }
        "/api/jobs/tag_job/{id}" => (format!("/api/jobs/tag_job/{seen}"), tag.to_owned()),
        "/api/tags/" => (route.path.to_owned(), tag.to_owned()),
        "/api/jobs/edit_meta/{id}" => {
            (format!("/api/jobs/edit_meta/{seen}"), r#"{"key": "k", "value": "v"}"#.to_owned())
        }
        "/api/jobs/edit_meta/" => {
            (route.path.to_owned(), r#"{"jobId": 1, "payload": {"key": "k", "value": "v"}}"#.to_owned())
        }
        "/api/jobs/delete_job/" => (route.path.to_owned(), format!(r#"{{"jobId": {number}}}"#)),
        "/api/jobs/delete_job/{id}" => (format!("/api/jobs/delete_job/{started}"), String::new()),
        "/api/jobs/delete_job_before/{ts}" => ("/api/jobs/delete_job_before/1".to_owned(), String::new()),
        "/api/user/{id}" => ("/api/user/mona".to_owned(), format!(r#"{{"add-project": "p{number}"}}"#)),
        "/api/nodestate/" => (route.path.to_owned(), r#"{"cluster": "alpha"}"#.to_owned()),
        "/api/machine_state/{cluster}/{host}" => {
            ("/api/machine_state/alpha/a001".to_owned(), "{}".to_owned())
        }
        "/api/write" | "/api/write/" => {
            (route.path.to_owned(), "cpu_load,cluster=alpha,hostname=a001 value=1\n".to_owned())
        }
        "/api/free" | "/api/free/" => (format!("{}?to=1", route.path), "[[]]".to_owned()),
        "/api/healthcheck" | "/api/healthcheck/" => {
            (route.path.to_owned(), r#"{"cluster": "alpha", "nodes": [], "metric-names": []}"#.to_owned())
        }
        "/api/query" | "/api/query/" => {
            (route.path.to_owned(), r#"{"cluster": "alpha", "from": 0, "to": 60}"#.to_owned())
        }
        _ => (route.path.replace("{id}", &seen.to_string()), "[]".to_owned()),
    };
    TestRequest::with_uri(&path).method(route.method.clone()).set_payload(body)
}

#[actix_web::test]
async fn every_route_lets_in_exactly_the_roles_of_the_table() {
    let world = World::new();
    world.add_user("mona", &[Role::Manager], &["physics"]);
    assert_eq!(world.write("PUT", "/api/machine_state/alpha/a001", "{}").await.status, 201);
    let seen = world.id_of(1).await;
    let application = world.application().await;
    let mut number = 10_000;
    for route in ROUTES {
        for (name, roles) in roles_tried() {
            number += 1;
            let tried = with_token(request(&world, route, seen, number).await, &world.token("mona", &roles));
            let answer = application.send(tried).await;
            let status = if answer.status.is_success() { StatusCode::OK } else { answer.status };
            assert_eq!(status, expected(route.access, name), "{} {} as {name}", route.method, route.path);
        }
        number += 1;
        let without = application.send(request(&world, route, seen, number).await).await.status;
        let public = route.access == RouteAccess::Public;
        assert_eq!(without == StatusCode::OK, public, "{} {} without a token", route.method, route.path);
    }
}

/// Nobody who enters `/api` is kept from a job, so the check of each job is asked below the door.
#[actix_web::test]
async fn a_change_of_anothers_job_is_refused_as_if_it_were_not_there() {
    let world = World::new();
    let others = JobDbId(world.id_of(2).await);
    let roles = Roles::of(&[Role::User, Role::Api]);
    let mona = Principal { username: "mona".to_owned(), roles, projects: Vec::new() };
    let caller = Caller { principal: mona, address: String::new(), request_id: String::new() };
    let services = &world.state.services;
    let tags =
        [TagBody { tag_type: "note".to_owned(), name: "x".to_owned(), scope: "mona".to_owned(), id: None }];
    let edit = MetaEdit { key: "k".to_owned(), value: "v".to_owned() };
    for (what, refused) in [
        ("tag", services.tag_job(&caller, others, &tags).unwrap_err()),
        ("untag", services.untag_job(&caller, others, &tags).unwrap_err()),
        ("edit", services.edit_meta(&caller, WhichJob::Id(others), &edit).unwrap_err()),
    ] {
        assert_eq!(ApiError::from(refused).status_code(), StatusCode::NOT_FOUND, "{what}");
    }
    for (what, refused) in [
        ("delete", services.delete_job(&caller, WhichJob::Id(others), true).unwrap_err()),
        (
            "stop",
            services
                .stop_job(
                    &caller,
                    StopJobBody { job_id: Some(2), stop_time: Some(NOW), ..StopJobBody::default() },
                )
                .await
                .unwrap_err(),
        ),
    ] {
        let status = ApiError::from(refused).status_code();
        assert!(matches!(status.as_u16(), 403 | 404), "{what}: {status}");
    }
    let by_number = WhichJob::Match(JobMatch { job_id: 2, cluster: None, start_time: None });
    let old = DeleteBefore {
        started_before: UnixTime(NOW),
        omit_tagged: OmitTagged::None,
        include_running: true,
        with_archive: true,
    };
    for (what, refused) in [
        ("edit by number", services.edit_meta(&caller, by_number.clone(), &edit).unwrap_err()),
        ("delete by number", services.delete_job(&caller, by_number, true).unwrap_err()),
        ("delete old ones", services.delete_jobs_before(&caller, old).unwrap_err()),
    ] {
        let status = ApiError::from(refused).status_code();
        assert!(matches!(status.as_u16(), 403 | 404), "{what}: {status}");
    }
    assert_eq!(world.id_of(2).await, others.0, "it is still there");
}

#[test]
fn the_table_has_every_route_of_the_description_and_no_other() {
    let description = serde_json::to_value(openapi()).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let with_token = ROUTES.iter().filter(|route| route.access != RouteAccess::Public);
    let table: BTreeSet<_> =
        with_token.map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    assert_eq!(described, table);
}

#[actix_web::test]
async fn a_token_is_taken_from_either_header_and_not_from_elsewhere() {
    let world = World::new();
    let token = world.token("robot", &[Role::Api]);
    let get = || TestRequest::get().uri("/api/clusters/");
    let status = async |request: TestRequest| world.send(request).await.status.as_u16();
    assert_eq!(status(get().insert_header(("x-auth-token", token.clone()))).await, 200);
    assert_eq!(status(get().insert_header(("authorization", token.clone()))).await, 200);
    assert_eq!(status(get().insert_header(("x-auth-token", format!("Bearer {token}")))).await, 401);
    assert_eq!(status(get().insert_header(("authorization", format!("bearer {token}")))).await, 401);
    assert_eq!(status(get().insert_header(("authorization", "Basic cm9vdDpyb290"))).await, 401);
    assert_eq!(status(get().insert_header(("cookie", format!("session={token}")))).await, 401);
    let in_query = TestRequest::get().uri(&format!("/api/clusters/?token={token}"));
    assert_eq!(status(in_query).await, 401);
}

#[actix_web::test]
async fn a_refused_token_is_told_why_and_never_repeated() {
    let world = World::new();
    let token = world.token("robot", &[Role::Api]);
    let answer = world.get_as("/api/jobs/", &format!("{token}x")).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert!(!answer.error().contains(token.split('.').next().unwrap()));
}

#[actix_web::test]
async fn a_token_ends_at_its_time_even_when_it_was_just_used() {
    let world = World::new();
    let token = world.token_with_age("robot", &[Role::Api], Some(30));
    assert_eq!(world.get_as("/api/jobs/", &token).await.status, 200);
    world.clock.advance(29);
    assert_eq!(world.get_as("/api/jobs/", &token).await.status, 200);
    world.clock.advance(1);
    let answer = world.get_as("/api/jobs/", &token).await;
    assert_eq!(answer.status, 401);
    assert!(answer.error().contains("expired"));
}

#[actix_web::test]
async fn the_allow_list_holds_for_the_admin_api_alone() {
    let mut world = World::new();
    world.state.allowed_addresses = Arc::new(AllowList::parse(&["192.0.2.0/24".to_owned()]).unwrap());
    let token = world.token("robot", &[Role::Api]);
    let from = |path: &str, peer: &str| {
        with_token(TestRequest::get().uri(path), &token).peer_addr(peer.parse().unwrap())
    };
    assert_eq!(world.send(from("/api/jobs/", "192.0.2.7:1000")).await.status, 200);
    assert_eq!(world.send(from("/api/jobs/", "198.51.100.7:1000")).await.status, 401);
    assert_eq!(world.send(from("/userapi/jobs/", "198.51.100.7:1000")).await.status, 200);
}

#[actix_web::test]
async fn a_forwarded_address_is_believed_from_trusted_proxies_alone() {
    let mut world = World::new();
    world.state.allowed_addresses = Arc::new(AllowList::parse(&["192.0.2.7".to_owned()]).unwrap());
    let token = world.token("robot", &[Role::Api]);
    let spoofed = |header: &'static str| {
        with_token(TestRequest::get().uri("/api/jobs/"), &token)
            .peer_addr("198.51.100.7:1000".parse().unwrap())
            .insert_header((header, "192.0.2.7"))
    };
    assert_eq!(world.send(spoofed("x-forwarded-for")).await.status, 401);
    assert_eq!(world.send(spoofed("x-real-ip")).await.status, 401);
    world.state.trusted_proxies = Arc::new(TrustedProxies::parse(&["198.51.100.0/24".to_owned()]).unwrap());
    assert_eq!(world.send(spoofed("x-forwarded-for")).await.status, 200);
}

#[actix_web::test]
async fn with_validate_user_the_user_table_says_who_may() {
    let mut world = World::new();
    world.state.validate_user = true;
    let token = world.token("robot", &[Role::Admin, Role::Api]);
    assert_eq!(world.get_as("/api/jobs/", &token).await.status, 401);
    world.add_user("robot", &[Role::Api], &[]);
    assert_eq!(world.get_as("/api/jobs/", &token).await.status, 200);
    assert_eq!(world.get_as("/api/users/", &token).await.status, 403, "the table does not say admin");
}

#[actix_web::test]
async fn a_managers_projects_come_from_the_user_table() {
    let world = World::new();
    let token = world.token("meg", &[Role::Manager, Role::Api]);
    assert_eq!(world.get_as("/userapi/jobs/", &token).await.job_ids(), [0_i64; 0]);
    world.add_user("meg", &[Role::Manager], &["chemistry"]);
    assert_eq!(world.get_as("/userapi/jobs/", &token).await.job_ids(), [3, 2]);
}

#[actix_web::test]
async fn a_user_finds_no_trace_of_others_jobs() {
    let world = World::new();
    let mona = world.token("mona", &[Role::User, Role::Api]);
    assert_eq!(world.get_as("/userapi/jobs/", &mona).await.job_ids(), [1]);
    let others = world.id_of(2).await;
    for path in [
        format!("/userapi/jobs/{others}"),
        format!("/userapi/jobs/{others}?all-metrics=true"),
        format!("/userapi/jobs/metrics/{others}"),
    ] {
        let hidden = world.get_as(&path, &mona).await;
        assert_eq!(hidden.status, 404, "{path}");
        let absent = world.get_as(&path.replace(&others.to_string(), "424242"), &mona).await;
        let differing = hidden.error().replace(&others.to_string(), "424242");
        assert_eq!(differing, absent.error(), "the answer must not tell hidden from absent");
    }
    for filter in [
        "user=otto",
        "project=chemistry",
        "job-id=2",
        "node=a002",
        "state=failed",
        "num-nodes=2",
        "start-time=1700000120-1700000120",
        "sort=duration&user=otto",
    ] {
        let list = world.get_as(&format!("/userapi/jobs/?{filter}"), &mona).await.json();
        assert_eq!(
            (&list["jobs"], &list["total"]),
            (&serde_json::json!([]), &serde_json::json!(0)),
            "{filter}"
        );
    }
}

#[actix_web::test]
async fn private_and_admin_tags_are_shown_to_those_they_are_for() {
    let world = World::with(flightdeck_service::Settings::default(), |archive| {
        let job = flightdeck_testkit::archived_job(1)
            .tag("quality", "good", "global")
            .tag("note", "mine", "mona")
            .tag("note", "watch", "admin");
        archive.insert_job(job.build().meta);
    });
    let shown = async |name: &str, roles: &[Role]| {
        let list = world.get_as("/userapi/jobs/", &world.token(name, roles)).await.json();
        let tags = list["jobs"][0]["tags"].as_array().unwrap().clone();
        tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(shown("mona", &[Role::User, Role::Api]).await, set(&["good", "mine"]));
    assert_eq!(shown("sue", &[Role::Support, Role::Api]).await, set(&["good", "watch"]));
    assert_eq!(shown("robot", &[Role::Api]).await, set(&["good", "watch"]));
    let robot = world.token("robot", &[Role::Api]);
    let hidden = world.get_as("/api/jobs/?tag=note:mine", &robot).await.json();
    assert_eq!(hidden["total"], 0, "a tag that is not seen cannot be searched for");
}
