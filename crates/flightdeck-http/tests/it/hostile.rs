//! Every text that a client can send, in every place, as every kind of client: stored exactly or refused, never a
//! failure of ours.

use crate::world::{NOW, World, starting, with_token};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use flightdeck_model::Role;
use serde_json::{Value, json};

/// Texts that break what is put together from texts.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "'",
        "\"",
        "'; DROP TABLE job; --",
        "%",
        "_",
        "\\",
        "%00",
        "../..",
        "\0",
        "a\0b",
        "\u{1}",
        "\r\nX-Evil: 1",
        "\u{7f}",
        "\u{1b}[31m",
        "\u{fffd}",
        "\u{10ffff}",
        "\u{1f600}",
        "e\u{301}",
        "\u{202e}abc",
        "null",
        "true",
        "-1",
        "{}",
        "[]",
        "\u{2028}",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("x".repeat(1 << 20));
    texts.push("\u{1f600}".repeat(1 << 18));
    texts.push("\0".repeat(1 << 20));
    texts
}

/// The places in bodies: method, path, and a body in which the text stands in the place of `HERE`.
fn places(job: i64) -> Vec<(&'static str, String, Value)> {
    let mut places = Vec::new();
    let here = || json!("HERE");
    let start = |key: &str, value: Value| {
        let mut body = starting(7001);
        body[key] = value;
        body
    };
    for key in ["cluster", "subCluster", "user", "project", "partition", "shared", "jobState"] {
        places.push(("POST", "/api/jobs/start_job/".to_owned(), start(key, here())));
    }
    for (key, value) in [
        ("resources", json!([{"hostname": "HERE"}])),
        ("resources", json!([{"hostname": "a001", "accelerators": ["HERE"]}])),
        ("resources", json!([{"hostname": "a001", "configuration": "HERE"}])),
        ("metaData", json!({"HERE": "x"})),
        ("metaData", json!({"x": "HERE"})),
        ("tags", json!([{"type": "HERE", "name": "x"}])),
        ("tags", json!([{"type": "x", "name": "HERE"}])),
        ("tags", json!([{"type": "x", "name": "x", "scope": "HERE"}])),
        ("HERE", json!("x")),
        ("jobId", here()),
    ] {
        places.push(("PUT", "/api/jobs/start_job/".to_owned(), start(key, value)));
    }
    places.push((
        "POST",
        "/api/jobs/stop_job/".to_owned(),
        json!({"jobId": 7002, "stopTime": NOW, "cluster": "HERE"}),
    ));
    places.push((
        "PUT",
        "/api/jobs/stop_job/".to_owned(),
        json!({"jobId": 7002, "stopTime": NOW, "jobState": "HERE"}),
    ));
    for (method, path) in [
        ("POST", format!("/api/jobs/tag_job/{job}")),
        ("PATCH", format!("/api/jobs/tag_job/{job}")),
        ("DELETE", format!("/api/jobs/tag_job/{job}")),
        ("DELETE", "/api/tags/".to_owned()),
    ] {
        places.push((method, path.clone(), json!([{"type": "HERE", "name": "x"}])));
        places.push((method, path.clone(), json!([{"type": "x", "name": "HERE"}])));
        places.push((method, path, json!([{"type": "x", "name": "x", "scope": "HERE"}])));
    }
    let edit = format!("/api/jobs/edit_meta/{job}");
    places.push(("PATCH", edit.clone(), json!({"key": "HERE", "value": "x"})));
    places.push(("POST", edit, json!({"key": "x", "value": "HERE"})));
    let by_request = "/api/jobs/edit_meta/".to_owned();
    places.push((
        "PATCH",
        by_request.clone(),
        json!({"jobId": 1, "cluster": "HERE", "payload": {"key": "x"}}),
    ));
    places.push(("POST", by_request, json!({"jobId": 1, "payload": {"key": "HERE", "value": "HERE"}})));
    places.push(("DELETE", "/api/jobs/delete_job/".to_owned(), json!({"jobId": 999, "cluster": "HERE"})));
    for key in ["add-role", "remove-role", "add-project", "remove-project"] {
        places.push(("POST", "/api/user/mona".to_owned(), json!({key: "HERE"})));
    }
    let nodes = "/api/nodestate/".to_owned();
    places.push(("POST", nodes.clone(), json!({"cluster": "HERE", "nodes": [{"hostname": "a001"}]})));
    places.push(("PUT", nodes.clone(), json!({"cluster": "alpha", "nodes": [{"hostname": "HERE"}]})));
    places.push((
        "PUT",
        nodes,
        json!({"cluster": "alpha", "nodes": [{"hostname": "a001", "states": ["HERE"]}]}),
    ));
    places.push(("PUT", "/api/machine_state/alpha/a001".to_owned(), here()));
    places
}

#[actix_web::test]
async fn no_text_in_a_body_is_a_failure_of_ours() {
    let world = World::new();
    world.add_user("mona", &[Role::Manager], &["physics"]);
    let job = world.id_of(1).await;
    let clients = [
        (world.token("robot", &[Role::Api]), true),
        (world.admin(), true),
        (world.token("mona", &[Role::User, Role::Api]), false),
        (world.token("mona", &[Role::Manager, Role::Api]), false),
        (world.token("mona", &[Role::Support, Role::Api]), false),
        (world.token("mona", &[Role::Ingest]), false),
    ];
    let application = world.application().await;
    for (method, path, place) in places(job) {
        let template = place.to_string();
        for text in texts() {
            let body = template.replace("\"HERE\"", &json!(text).to_string());
            for (token, admitted) in &clients {
                let request = TestRequest::with_uri(&path).method(method.parse().unwrap());
                let answer = application.send(with_token(request, token).set_payload(body.clone())).await;
                let shown: String = text.chars().take(30).collect();
                let status = answer.status.as_u16();
                assert!(status < 500, "{status}: {method} {path} {template} with {shown:?}");
                assert_eq!(status == 401, !admitted, "{status}: {method} {path} {template}");
                assert!(answer.body.len() < 20_000 || status == 200, "{method} {path} {template} {shown:?}");
                if status >= 400 {
                    assert!(!answer.error().is_empty());
                }
            }
        }
    }
}

fn percent_encoded(bytes: &[u8]) -> String {
    let hex = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap();
    bytes.iter().flat_map(|byte| ['%', hex(byte >> 4), hex(byte & 15)]).collect()
}

#[actix_web::test]
async fn no_text_in_a_path_or_query_is_a_failure_of_ours() {
    let world = World::new();
    let job = world.id_of(1).await;
    let application = world.application().await;
    let encoded =
        texts().into_iter().filter(|text| text.len() <= 1000).map(|text| percent_encoded(text.as_bytes()));
    for encoded in encoded.chain([b"\xff".as_slice(), b"a\xc3", b"\xed\xa0\x80"].map(percent_encoded)) {
        for (method, path) in [
            (Method::POST, format!("/api/user/{encoded}")),
            (Method::POST, format!("/api/jobs/tag_job/{encoded}")),
            (Method::POST, format!("/api/jobs/edit_meta/{encoded}")),
            (Method::DELETE, format!("/api/jobs/delete_job/{encoded}")),
            (Method::DELETE, format!("/api/jobs/delete_job/{job}?with-archive={encoded}&x={encoded}")),
            (Method::DELETE, format!("/api/jobs/delete_job_before/{encoded}")),
            (Method::DELETE, format!("/api/jobs/delete_job_before/1?omit-tagged={encoded}")),
            (Method::PUT, format!("/api/machine_state/{encoded}/a001")),
            (Method::GET, format!("/api/machine_state/alpha/{encoded}")),
            (Method::GET, format!("/api/nodestate/?cluster={encoded}")),
            (Method::GET, format!("/api/audit/?user={encoded}")),
            (Method::GET, format!("/api/audit/?object={encoded}")),
            (Method::GET, format!("/api/audit/?action={encoded}")),
            (Method::GET, format!("/api/audit/?time={encoded}")),
            (Method::GET, format!("/api/quarantine/?page={encoded}")),
        ] {
            for token in [world.token("robot", &[Role::Api]), world.admin()] {
                let request = TestRequest::with_uri(&path).method(method.clone()).set_payload("{}");
                let answer = application.send(with_token(request, &token)).await;
                assert!(answer.status.as_u16() < 500, "{}: {method} {path}", answer.status);
                if answer.status.as_u16() >= 400 {
                    assert!(!answer.error().is_empty(), "{method} {path}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn what_is_accepted_is_stored_exactly() {
    let world = World::new();
    for (number, text) in (8000..).zip(texts()) {
        let mut body = starting(number);
        body["metaData"] = json!({"script": text});
        let answer = world.post("/api/jobs/start_job/", body.to_string()).await;
        let shown: String = text.chars().take(30).collect();
        if answer.status == 201 {
            let list = world.get(&format!("/api/jobs/?job-id={number}&with-metadata")).await.json();
            assert_eq!(list["jobs"][0]["metaData"]["script"], json!(text), "{shown:?}");
        } else {
            assert_eq!(answer.status, 400, "{shown:?}");
            assert!(text.contains('\0'), "{shown:?} is refused: {}", answer.error());
        }
        for key in ["project", "partition", "user"] {
            let mut named = starting(number + 1000);
            named[key] = json!(text);
            let accepted = world.post("/api/jobs/start_job/", named.to_string()).await;
            if accepted.status == 201 {
                let id = accepted.json()["id"].as_i64().unwrap();
                let job = world.get(&format!("/api/jobs/{id}")).await.json();
                assert_eq!(job["Meta"][key].as_str().unwrap_or_default(), text, "{key}: {shown:?}");
                world.write("DELETE", &format!("/api/jobs/delete_job/{id}"), "").await;
            } else {
                assert_eq!(accepted.status, 400, "{key}: {shown:?}");
            }
        }
    }
}
