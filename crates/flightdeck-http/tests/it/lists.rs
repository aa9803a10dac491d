//! Lists and single jobs, as clients read them.

use crate::world::{World, with_token};
use actix_web::test::TestRequest;
use flightdeck_model::Role;
use flightdeck_service::Settings;
use flightdeck_testkit::archived_job;

#[actix_web::test]
async fn the_bodies_are_those_that_clients_know() {
    let world = World::new();
    world.add_user("meg", &[Role::Manager, Role::Api], &["chemistry"]);
    let id = world.id_of(1).await;
    let admin = world.token("root", &[Role::Admin, Role::Api]);
    insta::assert_json_snapshot!("job_list", world.get("/api/jobs/?items-per-page=2").await.json());
    insta::assert_json_snapshot!(
        "job_list_with_metadata",
        world.get("/api/jobs/?job-id=1&with-metadata").await.json()
    );
    insta::assert_json_snapshot!("job", world.get(&format!("/api/jobs/{id}")).await.json());
    insta::assert_json_snapshot!("clusters", world.get("/api/clusters/?cluster=alpha").await.json());
    insta::assert_json_snapshot!("users", world.get_as("/api/users/", &admin).await.json());
    insta::assert_json_snapshot!("used_nodes", world.get("/api/jobs/used_nodes?ts=1700000000").await.json());
}

#[actix_web::test]
async fn json_answers_end_with_a_new_line() {
    let world = World::new();
    let id = world.id_of(1).await;
    for path in
        ["/api/jobs/".to_owned(), "/api/clusters/".to_owned(), format!("/api/jobs/{id}?all-metrics=true")]
    {
        assert!(world.get(&path).await.body.ends_with(b"}\n"), "{path}");
    }
    assert!(world.get("/api/nothing/").await.body.ends_with(b"}\n"), "refusals too");
}

#[actix_web::test]
async fn metadata_is_given_only_when_asked_for() {
    let world = World::new();
    let metadata = async |query: &str| {
        let list = world.get(&format!("/api/jobs/?job-id=1{query}")).await.json();
        list["jobs"][0]["metaData"]["jobName"].as_str().map(str::to_owned)
    };
    assert_eq!(metadata("").await, None);
    assert_eq!(metadata("&with-metadata=false").await, None);
    assert_eq!(metadata("&with-metadata").await.as_deref(), Some("wind"));
    assert_eq!(metadata("&with-metadata=true").await.as_deref(), Some("wind"));
}

#[actix_web::test]
async fn plain_users_are_hidden_on_request() {
    let world = World::new();
    world.add_user("meg", &[Role::Manager], &["chemistry"]);
    world.add_user("otto", &[Role::User], &[]);
    world.add_user("norole", &[], &[]);
    let admin = world.token("root", &[Role::Admin, Role::Api]);
    let all = world.get_as("/api/users/", &admin).await.json();
    assert_eq!(all.as_array().unwrap().len(), 3);
    let some = world.get_as("/api/users/?not-just-user=true", &admin).await.json();
    assert_eq!(some.as_array().unwrap().len(), 1);
    assert_eq!(some[0]["username"], "meg");
}

#[actix_web::test]
async fn a_list_of_any_length_is_whole_and_in_order() {
    let world = World::with(Settings::default(), |archive| {
        for number in 1..=2345 {
            archive.insert_job(archived_job(number).build().meta);
        }
    });
    let long = world.get("/api/jobs/?items-per-page=9999999").await;
    let expected: Vec<i64> = (1..=2345).rev().collect();
    assert_eq!(long.job_ids(), expected);
    let body = long.json();
    assert_eq!((&body["total"], &body["items"], &body["page"]), (&2345.into(), &9_999_999.into(), &1.into()));

    let second = world.get("/api/jobs/?items-per-page=2000&page=2&sort=start-time").await;
    assert_eq!(second.job_ids(), (2001..=2345).collect::<Vec<i64>>());
    assert_eq!(second.json()["total"], 2345);

    let beyond = world.get("/api/jobs/?items-per-page=2000&page=9223372036854775807").await;
    assert_eq!(beyond.json()["jobs"], serde_json::json!([]));
    let none = world.get("/api/jobs/?items-per-page=9999999&user=nobody").await.json();
    assert_eq!((&none["jobs"], &none["total"]), (&serde_json::json!([]), &0.into()));
}

#[actix_web::test]
async fn a_configured_limit_refuses_and_never_clips() {
    let settings = Settings { max_items_per_page: 100, ..Settings::default() };
    let world = World::with(settings, |_| {});
    assert_eq!(world.get("/api/jobs/?items-per-page=100").await.status, 200);
    let small = World::with(Settings { max_items_per_page: 10, ..Settings::default() }, |_| {});
    assert_eq!(small.get("/api/jobs/").await.json()["items"], 10, "who says nothing gets what is allowed");
    for too_many in ["101", "9999999"] {
        let answer = world.get(&format!("/api/jobs/?items-per-page={too_many}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error().contains("100"), "{}", answer.error());
    }
}

#[actix_web::test]
async fn answers_are_packed_for_those_who_ask() {
    let world = World::new();
    let token = world.token("robot", &[Role::Api]);
    let plain = world.get("/api/clusters/").await;
    assert_eq!(plain.header("content-encoding"), "");
    for encoding in ["gzip", "zstd"] {
        let request = with_token(TestRequest::get().uri("/api/clusters/"), &token)
            .insert_header(("accept-encoding", encoding));
        let packed = world.send(request).await;
        assert_eq!(packed.header("content-encoding"), encoding);
        assert!(packed.body.len() < plain.body.len());
    }
}
