//! Jobs go.

use crate::world::{NOW, World};
use flightdeck_model::JobArchive as _;
use flightdeck_testkit::archived_job;
use rstest::rstest;
use serde_json::json;

const BY_REQUEST: &str = "/api/jobs/delete_job/";

#[actix_web::test]
async fn a_deleted_job_is_gone_and_its_number_is_told() {
    let world = World::new();
    let [first, second] = [world.id_of(1).await, world.id_of(2).await];
    let by_id = world.write("DELETE", &format!("{BY_REQUEST}{first}"), "").await;
    assert_eq!(by_id.json(), json!({"msg": format!("Successfully deleted job {first}")}));
    let by_request = world.write("DELETE", BY_REQUEST, r#"{"jobId": 2, "CLUSTER": "alpha"}"#).await;
    assert_eq!(by_request.json(), json!({"msg": format!("Successfully deleted job {second}")}));
    assert_eq!(world.get("/api/jobs/").await.job_ids(), [3]);
    assert_eq!(world.write("DELETE", &format!("{BY_REQUEST}{first}"), "").await.status, 404);
    assert_eq!(world.write("DELETE", BY_REQUEST, r#"{"jobId": 2}"#).await.status, 404);
    assert_ne!(world.start(900).await, second, "numbers are never used again");
}

#[actix_web::test]
async fn archived_files_go_when_that_is_asked_for() {
    let world = World::new();
    let archived = |job_id: i64| {
        let key = archived_job(job_id).build().meta.key();
        world.archive.load_data(&key).unwrap().is_some()
    };
    let [first, second] = [world.id_of(1).await, world.id_of(2).await];
    assert_eq!(
        world.write("DELETE", &format!("{BY_REQUEST}{first}?with-archive=false"), "").await.status,
        200
    );
    assert_eq!(
        world.write("DELETE", &format!("{BY_REQUEST}{second}?with-archive=true"), "").await.status,
        200
    );
    assert_eq!((archived(1), archived(2)), (true, false));
}

#[rstest]
#[case("", r#"{"cluster": "alpha"}"#, 400, "jobId")]
#[case("", r#"{"jobId": 0}"#, 400, "jobId")]
#[case("", "null", 400, "jobId")]
#[case("", "[2]", 400, "list")]
#[case("", r#"{"jobId": 2, "hue": 1}"#, 400, "hue")]
#[case("", "delete it", 400, "JSON")]
#[case("?with-archive=perhaps", r#"{"jobId": 2}"#, 400, "with-archive")]
#[case("?omit-tagged=all", r#"{"jobId": 2}"#, 400, "omit-tagged")]
#[case("", r#"{"jobId": 2, "cluster": "beta"}"#, 404, "no such job")]
#[case("", r#"{"jobId": 2, "startTime": 5}"#, 404, "no such job")]
#[case("six", "", 400, "id")]
#[case("424242", "", 404, "no such job")]
#[case("2?colour=red", "", 400, "colour")]
#[actix_web::test]
async fn a_deletion_that_makes_no_sense_deletes_nothing(
    #[case] target: &str,
    #[case] body: &str,
    #[case] status: u16,
    #[case] named: &str,
) {
    let world = World::new();
    let answer = world.write("DELETE", &format!("{BY_REQUEST}{target}"), body).await;
    assert_eq!(answer.status.as_u16(), status);
    assert!(answer.error().contains(named), "{}", answer.error());
    assert_eq!(world.get("/api/jobs/").await.job_ids(), [3, 2, 1]);
}

#[rstest]
#[case("", "Successfully deleted 3 jobs", &[500])]
#[case("?omit-tagged=all", "Successfully deleted 2 jobs", &[500, 1])]
#[case("?omit-tagged=user", "Successfully deleted 2 jobs", &[500, 1])]
#[case("?omit-tagged=none&include-running=true", "Successfully deleted 4 jobs", &[])]
#[case("?include-running=false&with-archive=true", "Successfully deleted 3 jobs", &[500])]
#[actix_web::test]
async fn old_jobs_go_as_asked(#[case] query: &str, #[case] msg: &str, #[case] left: &[i64]) {
    let world = World::new();
    world.start(500).await;
    let none = world.write("DELETE", "/api/jobs/delete_job_before/1000", "").await;
    assert_eq!(none.json(), json!({"msg": "Successfully deleted 0 jobs"}));
    let answer = world.write("DELETE", &format!("/api/jobs/delete_job_before/{NOW}{query}"), "").await;
    assert_eq!(answer.json(), json!({"msg": msg}));
    assert_eq!(world.get("/api/jobs/").await.job_ids(), left);
}

#[rstest]
#[case("yesterday", "ts")]
#[case("9223372036854775808", "ts")]
#[case("1700099999?omit-tagged=some", "none, all and user")]
#[case("1700099999?include-running=perhaps", "include-running")]
#[case("1700099999?include_running=true", "include_running")]
#[actix_web::test]
async fn a_bad_time_or_option_deletes_nothing(#[case] target: &str, #[case] named: &str) {
    let world = World::new();
    let answer = world.write("DELETE", &format!("/api/jobs/delete_job_before/{target}"), "").await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().contains(named), "{}", answer.error());
    assert_eq!(world.get("/api/jobs/").await.job_ids(), [3, 2, 1]);
}
