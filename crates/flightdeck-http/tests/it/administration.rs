//! Accounts, the audit log, the quarantine and periodic work, as administrators see them.

use crate::world::{NOW, STARTED, World, starting, with_token};
use actix_web::test::TestRequest;
use flightdeck_auth::TrustedProxies;
use flightdeck_model::{Role, UserRepository as _};
use flightdeck_service::{RefusedJobs, Settings};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Arc;

#[actix_web::test]
async fn an_account_is_given_and_loses_roles_and_projects() {
    let world = World::new();
    world.add_user("mona", &[Role::User], &[]);
    for (body, msg) in [
        (r#"{"add-role": "Manager"}"#, "Add Role Success for user mona"),
        (r#"{"remove-role": "user"}"#, "Remove Role Success for user mona"),
        (r#"{"add-project": "physics"}"#, "Add Project Success for user mona"),
        (r#"{"add-role": "", "ADD-PROJECT": "chemistry"}"#, "Add Project Success for user mona"),
        (r#"{"remove-project": "physics"}"#, "Remove Project Success for user mona"),
        (r#"{"add-role": "api", "remove-role": "manager"}"#, "Add Role Success for user mona"),
    ] {
        let answer = world.write_as(&world.admin(), "POST", "/api/user/mona", body).await;
        assert_eq!(answer.status, 200, "{body}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.json(), json!({"msg": msg}));
    }
    let mona = world.users.find_user("mona").unwrap().unwrap();
    assert_eq!((mona.roles.names(), mona.projects), (vec!["api", "manager"], vec!["chemistry".to_owned()]));
}

#[rstest]
#[case("mona", "{}", 400, "add-role")]
#[case("mona", "null", 400, "add-role")]
#[case("mona", r#"{"add-role": ""}"#, 400, "add-role")]
#[case("mona", r#"{"add-role": "emperor"}"#, 400, "emperor")]
#[case("mona", r#"{"remove-role": "emperor"}"#, 400, "emperor")]
#[case("mona", r#"{"hue": 1}"#, 400, "hue")]
#[case("mona", r#"{"add-role": ["user"]}"#, 400, "add-role")]
#[case("mona", r#"["user"]"#, 400, "list")]
#[case("mona", r#"{"add-role": "user"}"#, 422, "already")]
#[case("mona", r#"{"remove-role": "support"}"#, 422, "support")]
#[case("mona", r#"{"add-project": "physics"}"#, 422, "manager")]
#[case("mona", r#"{"remove-project": "physics"}"#, 422, "physics")]
#[case("ghost", r#"{"add-role": "support"}"#, 422, "ghost")]
#[actix_web::test]
async fn a_change_of_an_account_that_cannot_be_is_refused(
    #[case] username: &str,
    #[case] body: &str,
    #[case] status: u16,
    #[case] named: &str,
) {
    let world = World::new();
    world.add_user("mona", &[Role::User], &[]);
    let path = format!("/api/user/{username}");
    let answer = world.write_as(&world.admin(), "POST", &path, body).await;
    assert_eq!(answer.status.as_u16(), status, "{}", String::from_utf8_lossy(&answer.body));
    assert!(answer.error().contains(named), "{}", answer.error());
    let mona = world.users.find_user("mona").unwrap().unwrap();
    assert_eq!((mona.roles.names(), mona.projects.len()), (vec!["user"], 0));
}

#[actix_web::test]
async fn accounts_audit_quarantine_and_tasks_are_for_administrators_alone() {
    let world = World::new();
    world.add_user("mona", &[Role::User], &[]);
    let change = world.post("/api/user/mona", r#"{"add-role": "admin"}"#).await;
    assert_eq!(change.status, 403);
    assert!(!change.error().is_empty());
    for path in ["/api/audit/", "/api/quarantine/", "/api/tasks/"] {
        assert_eq!(world.get(path).await.status, 403, "{path}");
        assert_eq!(world.get_as(path, &world.admin()).await.status, 200, "{path}");
    }
}

async fn audit(world: &World, query: &str) -> Value {
    let answer = world.get_as(&format!("/api/audit/{query}"), &world.admin()).await;
    assert_eq!(answer.status, 200, "{query}");
    answer.json()
}

#[actix_web::test]
async fn the_audit_log_has_the_request_id_and_address_of_who_asked() {
    let mut world = World::new();
    world.state.trusted_proxies = Arc::new(TrustedProxies::parse(&["198.51.100.0/24".to_owned()]).unwrap());
    let token = world.token("robot", &[Role::Api]);
    let from_proxy = |path: &str| {
        with_token(TestRequest::post().uri(path), &token)
            .peer_addr("198.51.100.7:1000".parse().unwrap())
            .insert_header(("x-forwarded-for", "203.0.113.1, 192.0.2.7"))
    };
    let started =
        world.send(from_proxy("/api/jobs/start_job/").set_payload(starting(5001).to_string())).await;
    assert_eq!(started.status, 201);
    let refused =
        world.send(from_proxy("/api/jobs/start_job/").set_payload(starting(5001).to_string())).await;
    assert_eq!(refused.status, 422);
    let log = audit(&world, "").await;
    assert_eq!((&log["total"], &log["page"], &log["items"]), (&json!(2), &json!(1), &json!(25)));
    let [latest, first] = [&log["entries"][0], &log["entries"][1]];
    assert_eq!(first["requestId"], started.header("x-request-id"));
    assert_eq!(first["address"], "192.0.2.7");
    assert_eq!((&first["user"], &first["time"]), (&json!("robot"), &json!(NOW)));
    assert_eq!((&first["action"], &first["outcome"]), (&json!("start_job"), &json!("done")));
    assert_eq!(first["object"], json!(format!("alpha/5001/{STARTED}")));
    assert_eq!(latest["requestId"], refused.header("x-request-id"));
    assert_eq!(latest["outcome"], "refused");
    assert!(latest["detail"].as_str().unwrap().contains("5001"), "{}", latest["detail"]);
    assert!(latest["id"].as_i64() > first["id"].as_i64());
}

#[actix_web::test]
async fn the_audit_log_is_filtered_and_paged() {
    let world = World::new();
    for job_id in 5001..5004 {
        world.start(job_id).await;
    }
    world.post("/api/jobs/stop_job/", format!(r#"{{"jobId": 5001, "stopTime": {NOW}}}"#)).await;
    world.post("/api/jobs/stop_job/", format!(r#"{{"jobId": 5001, "stopTime": {NOW}}}"#)).await;
    let total = async |query: &str| audit(&world, query).await["total"].as_u64().unwrap();
    assert_eq!(total("").await, 5);
    assert_eq!(total("?action=stop_job").await, 2);
    assert_eq!(total("?action=stop_job&action=start_job&outcome=done").await, 4);
    assert_eq!(total("?outcome=refused&user=robot").await, 1);
    assert_eq!(total("?user=root").await, 0);
    assert_eq!(total(&format!("?object=alpha/5002/{STARTED}")).await, 1);
    assert_eq!(total(&format!("?time={NOW}-{NOW}")).await, 5);
    assert_eq!(total("?time=0-5").await, 0);
    let second = audit(&world, "?items-per-page=2&page=2").await;
    assert_eq!((&second["items"], &second["page"], &second["total"]), (&json!(2), &json!(2), &json!(5)));
    assert_eq!(second["entries"].as_array().unwrap().len(), 2);
    for query in ["?colour=red", "?action=dance", "?time=5", "?page=0", "?items-per-page=100000"] {
        let answer = world.get_as(&format!("/api/audit/{query}"), &world.admin()).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[actix_web::test]
async fn a_refused_start_that_is_kept_is_shown_as_it_was_sent() {
    let settings = Settings { refused_jobs: RefusedJobs::Quarantine, ..Settings::default() };
    let world = World::with(settings, |_| {});
    let mut body = starting(5001);
    body["cluster"] = json!("nowhere");
    let answer = world.post("/api/jobs/start_job/", body.to_string()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.error().contains("quarantine"), "{}", answer.error());
    let kept = world.get_as("/api/quarantine/", &world.admin()).await.json();
    assert_eq!((&kept["total"], &kept["page"], &kept["items"]), (&json!(1), &json!(1), &json!(25)));
    let request = &kept["requests"][0];
    assert_eq!((&request["kind"], &request["jobId"]), (&json!("start_job"), &json!(5001)));
    assert_eq!((&request["cluster"], &request["user"]), (&json!("nowhere"), &json!("robot")));
    assert_eq!((&request["eventTime"], &request["received"]), (&json!(STARTED), &json!(NOW)));
    assert!(request["reason"].as_str().unwrap().contains("cluster"), "{}", request["reason"]);
    assert_eq!((&request["body"]["jobId"], &request["body"]["user"]), (&json!(5001), &json!("mona")));
    let unreadable = world.post("/api/jobs/start_job/", "{\"jobId\": 5002, \"hue\": 1}").await;
    assert_eq!(unreadable.status, 400, "what cannot be read is not kept");
    assert_eq!(world.get_as("/api/quarantine/?page=x", &world.admin()).await.status, 400);
}

#[actix_web::test]
async fn each_task_is_shown_with_its_last_run() {
    let world = World::new();
    let name = world.state.services.periodic_tasks()[0].name;
    let tasks = |shown: Value| -> Vec<Value> { shown["tasks"].as_array().unwrap().clone() };
    let never = tasks(world.get_as("/api/tasks/", &world.admin()).await.json());
    assert!(never.contains(&json!({"name": name})), "{never:?}");
    let services = world.state.services.clone();
    let run = actix_web::web::block(move || services.run_periodic_task(name)).await.unwrap();
    assert_eq!(run.error, None);
    let shown = tasks(world.get_as("/api/tasks/", &world.admin()).await.json());
    assert_eq!(shown.len(), never.len());
    assert_eq!(shown.iter().find(|task| task["name"] == name).unwrap()["started"], NOW);
}
