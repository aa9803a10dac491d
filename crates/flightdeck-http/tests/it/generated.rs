//! The description of the API: committed, complete, and served without a network.

use crate::world::World;
use actix_web::test::TestRequest;
use flightdeck_http::openapi;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn generated_description_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let current = serde_json::to_string_pretty(&openapi()).unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "asks the developer at the keyboard, not the program")]
    if std::env::var_os("FLIGHTDECK_WRITE_DOCS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(current == committed, "docs/openapi.json is out of date: `just generate` writes it anew");
}

#[test]
fn every_operation_says_what_it_does_takes_and_refuses() {
    let description = serde_json::to_value(openapi()).unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{name}: {id} is another operation's");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{name}: no summary");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("200") || responses.contains_key("201"), "{name}: no success");
            let always = if name == "get /api/tasks/" {
                &["401", "500", "503"][..]
            } else {
                &["400", "401", "500", "503"]
            };
            for status in always {
                assert!(responses.contains_key(*status), "{name}: no {status}");
            }
            if path.contains("jobs/") && path.contains("{id}") {
                assert!(responses.contains_key("404"), "{name}: no 404");
            }
            let takes_a_body = !operation["requestBody"].is_null();
            for status in ["408", "413", "415"] {
                assert_eq!(takes_a_body, responses.contains_key(status), "{name}: {status}");
            }
            let reads = method == "get" || path.ends_with("jobs/{id}") || path.starts_with("/api/query");
            assert_eq!(!reads, responses.contains_key("507"), "{name}: 507");
            // Samples contradict nothing.
            let of_samples = ["/api/write", "/api/free"].iter().any(|route| path.starts_with(route));
            assert_eq!(!reads && !of_samples, responses.contains_key("409"), "{name}: 409");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let text = parameter["description"].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{name}: {} is not described", parameter["name"]);
            }
        }
    }
}

/// The description of a job is written by hand, so it is compared with what is sent.
#[actix_web::test]
async fn the_described_job_has_exactly_the_keys_that_are_sent() {
    let world = World::new();
    let description = serde_json::to_value(openapi()).unwrap();
    let schema = &description["components"]["schemas"]["Job"];
    let described: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    let required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let list = world.get("/api/jobs/?with-metadata").await.json();
    for job in list["jobs"].as_array().unwrap() {
        let sent = job.as_object().unwrap();
        for key in sent.keys() {
            assert!(described.contains(&key), "{key} is not described");
        }
        for key in &required {
            assert!(sent.contains_key(*key), "{key} is described as always there");
        }
    }
}

#[actix_web::test]
async fn the_description_and_its_pages_are_served() {
    let world = World::new();
    let served = world.send(TestRequest::get().uri("/openapi.json")).await;
    assert_eq!(served.status, 200);
    assert_eq!(served.json(), serde_json::to_value(openapi()).unwrap());
    let page = world.send(TestRequest::get().uri("/swagger/index.html")).await;
    let html = String::from_utf8(page.body).unwrap();
    assert!(html.contains("swagger-ui"));
    assert!(!html.contains("https://"), "nothing may be loaded from elsewhere");
    let asset = world.send(TestRequest::get().uri("/swagger/swagger-ui-bundle.js")).await;
    assert_eq!(asset.status, 200);
    assert_ne!(served.json()["paths"], Value::Null);
}
