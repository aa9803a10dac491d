//! Metric data, as clients read them.

use crate::world::World;
use serde_json::{Value, json};

fn named<'a>(list: &'a Value, name: &str, scope: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|one| one["name"] == name && one["scope"] == scope);
    &found.unwrap_or_else(|| panic!("no {name} at {scope}"))["metric"]
}

fn pairs(list: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(|one| (text(&one["name"]), text(&one["scope"]))).collect()
}

async fn metrics(world: &World, job_id: i64, query: &str) -> Value {
    let id = world.id_of(job_id).await;
    let answer = world.get(&format!("/api/jobs/metrics/{id}?{query}")).await;
    assert_eq!(answer.status, 200, "{query}");
    let body = answer.json();
    assert_eq!(body["error"], Value::Null);
    body["data"]["jobMetrics"].clone()
}

#[actix_web::test]
async fn all_metrics_come_at_their_archived_scopes_by_default() {
    let world = World::new();
    let list = metrics(&world, 1, "").await;
    let expected = [("cpu_load", "node"), ("cpu_user", "core"), ("flops", "core"), ("mem_used", "node")];
    assert_eq!(pairs(&list), expected.map(|(name, scope)| (name.to_owned(), scope.to_owned())));
    insta::assert_json_snapshot!("metric", named(&list, "cpu_load", "node"));
}

#[actix_web::test]
async fn a_coarser_scope_is_summed_or_averaged_by_the_metrics_rule() {
    let world = World::new();
    let list = metrics(&world, 1, "metric=cpu_user&metric=flops&scope=socket&scope=node").await;
    // Sample i of core c is 1.5 (i + 1) + c and 0.125 (i + 1) + c; sample 3 of core 0 is missing.
    let user = named(&list, "cpu_user", "node");
    assert_eq!(user["series"][0]["data"][0], json!(3.0));
    assert_eq!(user["series"][0]["data"][3], json!(8.0), "the average over the values that are there");
    assert_eq!(user["series"][0].get("id"), None);
    let flops = named(&list, "flops", "socket");
    assert_eq!(flops["series"][0]["id"], "0");
    assert_eq!(flops["series"][0]["data"][0], json!(1.25));
    assert_eq!(flops["series"][0]["data"][3], Value::Null, "a sum without one of its parts is no sum");
    assert_eq!(flops["series"][1]["data"][0], json!(5.25));
    assert_eq!(named(&list, "flops", "node")["series"][0]["data"][0], json!(6.5));
}

#[actix_web::test]
async fn a_finer_scope_gives_the_archived_one_once() {
    let world = World::new();
    let list = metrics(&world, 1, "metric=cpu_load&scope=core&scope=hwthread&scope=accelerator").await;
    assert_eq!(pairs(&list), [("cpu_load".to_owned(), "node".to_owned())]);
}

#[actix_web::test]
async fn each_metric_is_resampled_on_its_own_grid_with_native_statistics() {
    let world = World::new();
    let list = metrics(&world, 1, "metric=cpu_load&metric=mem_used&resolution=240").await;
    let (load, memory) = (named(&list, "cpu_load", "node"), named(&list, "mem_used", "node"));
    assert_eq!((&load["timestep"], load["series"][0]["data"].as_array().unwrap().len()), (&json!(240), 10));
    assert_eq!(
        (&memory["timestep"], memory["series"][0]["data"].as_array().unwrap().len()),
        (&json!(240), 10)
    );
    let native = metrics(&world, 1, "metric=cpu_load").await;
    assert_eq!(
        load["series"][0]["statistics"],
        named(&native, "cpu_load", "node")["series"][0]["statistics"],
        "statistics are those of the native samples"
    );
    let odd = metrics(&world, 1, "metric=mem_used&resolution=100").await;
    assert_eq!(named(&odd, "mem_used", "node")["timestep"], json!(120), "rounded up to the metric's grid");
    let points = metrics(&world, 1, "metric=cpu_load&max-points=8&resample=minmax").await;
    assert!(named(&points, "cpu_load", "node")["series"][0]["data"].as_array().unwrap().len() <= 8);
}

#[actix_web::test]
async fn many_series_come_with_true_statistics_over_them() {
    let world = World::new();
    let list = metrics(&world, 2, "metric=flops").await;
    let metric = named(&list, "flops", "core");
    assert_eq!(metric["series"].as_array().unwrap().len(), 8);
    let over = &metric["statisticsSeries"];
    // At sample 0 the cores of both nodes have 0.125, 1.125, 2.125 and 3.125.
    assert_eq!(
        [&over["min"][0], &over["median"][0], &over["mean"][0], &over["max"][0]],
        [&json!(0.125), &json!(1.625), &json!(1.625), &json!(3.125)]
    );
    // At sample 3 core 0 of the first node is missing: 0.5; 1.5 twice; 2.5 twice; 3.5 twice.
    assert_eq!(over["median"][3], json!(2.5));
}

#[actix_web::test]
async fn a_job_is_shown_with_its_data_by_name_and_scope() {
    let world = World::new();
    let id = world.id_of(1).await;
    let body = world.get(&format!("/api/jobs/{id}?all-metrics=true")).await.json();
    assert_eq!(body["Meta"]["jobId"], 1);
    let data = body["Data"].as_object().unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["cpu_load", "cpu_user", "flops", "mem_used"]);
    assert_eq!(data["flops"]["core"]["series"].as_array().unwrap().len(), 4);
    let without = world.get(&format!("/api/jobs/{id}?all-metrics=yes")).await.json();
    assert_eq!(without["Data"], Value::Null);
}

#[actix_web::test]
async fn the_body_of_a_post_chooses_metrics_and_passes_over_unknown_ones() {
    let world = World::new();
    let id = world.id_of(1).await;
    let chosen =
        async |body: &str| pairs(&world.post(&format!("/api/jobs/{id}"), body).await.json()["Data"]).len();
    assert_eq!(chosen(r#"["cpu_load", "cpu_load", "no_such_metric"]"#).await, 1);
    assert_eq!(chosen(r#"["no_such_metric"]"#).await, 0);
    assert_eq!(chosen("[]").await, 4);
    assert_eq!(chosen(" null ").await, 4);
}

#[actix_web::test]
async fn a_job_on_several_nodes_is_shown_per_node() {
    let world = World::new();
    let id = world.id_of(2).await;
    let body = world.get(&format!("/api/jobs/{id}?all-metrics=true")).await.json();
    assert_eq!(body["Data"]["flops"].as_object().unwrap().keys().collect::<Vec<_>>(), ["node"]);
    assert_eq!(body["Data"]["flops"]["node"]["series"][1]["hostname"], "a003");
}

#[actix_web::test]
async fn data_that_are_archived_anew_are_shown_at_once() {
    let world = World::new();
    let before = metrics(&world, 1, "metric=cpu_load").await;
    let key = flightdeck_testkit::archived_job(1).build().meta.key();
    world.archive.insert_data(key, flightdeck_model::JobData::new());
    assert_ne!(before, json!([]));
    assert_eq!(metrics(&world, 1, "metric=cpu_load").await, json!([]));
}
