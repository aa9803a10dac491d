//! Texts that break what is put together from texts, in every place that takes one, on real databases: stored exactly or
//! refused, never a failure of ours.

use crate::postgres::PostgresDatabase;
use crate::process::Client;
use crate::site::{Site, get};
use crate::writing::start_of;
use flightdeck::RunningServer;
use flightdeck_model::Role;
use serde_json::{Value, json};
use std::cell::Cell;
use std::net::SocketAddr;

const T: i64 = 1_760_000_000;
/// Stands for the text in requests.
const HERE: &str = "HERE";

fn texts() -> Vec<String> {
    let short = [
        "",
        " ",
        "'",
        "\"",
        "'; DROP TABLE job; --",
        "%",
        "%%",
        "_",
        "\\",
        "\\'",
        "$1",
        "?",
        ":x",
        "%00",
        "../..",
        "\0",
        "a\0b",
        "\u{1}",
        "\r\n",
        "\t",
        "\u{7f}",
        "\u{85}",
        "\u{1b}[31m",
        "\u{fffd}",
        "\u{10ffff}",
        "\u{1f600}",
        "e\u{301}",
        "\u{202e}abc",
        "null",
        "{}",
        "\u{2028}",
    ];
    let mut texts = short.map(str::to_owned).to_vec();
    texts.push("x".repeat(1 << 20));
    texts.push("'\u{1f600}\"\\%".repeat(1 << 17));
    texts.push("\0".repeat(1 << 18));
    texts
}

/// Where an accepted text is to be found afterwards.
#[derive(Clone, Copy)]
enum Kept {
    /// Nowhere: it was looked for, or is passed over.
    Nowhere,
    /// At this place of the job that was started.
    InJob(&'static str),
    /// It is a key of the started job's metadata.
    AsKeyInJob,
    /// At this place of each tag of the answered job.
    InTags(&'static str),
    /// As the only key or this key's value of the answered job's metadata.
    AsKeyInAnswer,
    InAnswer(&'static str),
    /// Among mona's projects.
    InProjects,
    /// Among the hosts that the answer calls unknown.
    InUnknown,
    /// What is answered by GET at the same path.
    AtSamePath,
}

struct Place {
    method: &'static str,
    path: String,
    body: Value,
    kept: Kept,
}

fn place(method: &'static str, path: &str, body: Value, kept: Kept) -> Place {
    Place { method, path: path.to_owned(), body, kept }
}

fn places_of_starts() -> Vec<Place> {
    let named = [
        ("cluster", "/cluster"),
        ("subCluster", "/subCluster"),
        ("user", "/user"),
        ("project", "/project"),
        ("partition", "/partition"),
        ("shared", "/shared"),
    ];
    let named = named.map(|(key, pointer)| (key, json!(HERE), Kept::InJob(pointer)));
    let nested = [
        ("jobState", json!(HERE), Kept::Nowhere),
        ("jobId", json!(HERE), Kept::Nowhere),
        (HERE, json!("x"), Kept::Nowhere),
        ("resources", json!([{ "hostname": HERE }]), Kept::InJob("/resources/0/hostname")),
        (
            "resources",
            json!([{ "hostname": "a0001", "accelerators": [HERE] }]),
            Kept::InJob("/resources/0/accelerators/0"),
        ),
        (
            "resources",
            json!([{ "hostname": "a0001", "configuration": HERE }]),
            Kept::InJob("/resources/0/configuration"),
        ),
        ("metaData", json!({ HERE: "x" }), Kept::AsKeyInJob),
        ("metaData", json!({ "x": HERE }), Kept::InJob("/metaData/x")),
        ("tags", json!([{ "type": HERE, "name": "x" }]), Kept::InJob("/tags/0/type")),
        ("tags", json!([{ "type": "x", "name": HERE }]), Kept::InJob("/tags/0/name")),
        ("tags", json!([{ "type": "x", "name": "x", "scope": HERE }]), Kept::Nowhere),
    ];
    let with = |(key, value, kept): (&str, Value, Kept)| {
        let mut body = start_of(1, T);
        body["subCluster"] = "milan".into();
        body[key] = value;
        place("POST", "/api/jobs/start_job/", body, kept)
    };
    named.into_iter().chain(nested).map(with).collect()
}

fn places_of_changes(id: i64) -> Vec<Place> {
    let stop = |key: &str| {
        let mut body = json!({ "jobId": 999_999, "stopTime": T + 60 });
        body[key] = HERE.into();
        place("PUT", "/api/jobs/stop_job/", body, Kept::Nowhere)
    };
    let mut places = vec![stop("cluster"), stop("jobState"), stop(HERE)];
    let tag_job = format!("/api/jobs/tag_job/{id}");
    for (method, path) in [("POST", tag_job.as_str()), ("DELETE", &tag_job), ("DELETE", "/api/tags/")] {
        let kept = |pointer| if method == "POST" { Kept::InTags(pointer) } else { Kept::Nowhere };
        places.push(place(method, path, json!([{ "type": HERE, "name": "x" }]), kept("type")));
        places.push(place(method, path, json!([{ "type": "x", "name": HERE }]), kept("name")));
        let scoped = json!([{ "type": "x", "name": "x", "scope": HERE }]);
        places.push(place(method, path, scoped, Kept::Nowhere));
    }
    let edit = format!("/api/jobs/edit_meta/{id}");
    places.push(place("PATCH", &edit, json!({ "key": HERE, "value": "x" }), Kept::AsKeyInAnswer));
    places.push(place("POST", &edit, json!({ "key": "x", "value": HERE }), Kept::InAnswer("/metaData/x")));
    let edited = json!({ "jobId": 1, "cluster": HERE, "payload": { "key": "x", "value": "x" } });
    places.push(place("PATCH", "/api/jobs/edit_meta/", edited, Kept::Nowhere));
    let edited = json!({ "jobId": 1, "payload": { "key": "x", "value": HERE } });
    places.push(place("POST", "/api/jobs/edit_meta/", edited, Kept::InAnswer("/metaData/x")));
    let deleted = json!({ "jobId": 999_999, "cluster": HERE });
    places.push(place("DELETE", "/api/jobs/delete_job/", deleted, Kept::Nowhere));
    for key in ["add-role", "remove-role", "remove-project"] {
        places.push(place("POST", "/api/user/mona", json!({ key: HERE }), Kept::Nowhere));
    }
    places.push(place("POST", "/api/user/mona", json!({ "add-project": HERE }), Kept::InProjects));
    let nodes = |cluster: &str, host: &str, state: &str| json!({ "cluster": cluster, "nodes": [{ "hostname": host, "states": [state] }] });
    places.push(place("POST", "/api/nodestate/", nodes(HERE, "a0001", "idle"), Kept::Nowhere));
    places.push(place("PUT", "/api/nodestate/", nodes("aurora", HERE, "idle"), Kept::InUnknown));
    places.push(place("PUT", "/api/nodestate/", nodes("aurora", "a0001", HERE), Kept::Nowhere));
    places.push(place("PUT", "/api/machine_state/aurora/a0001", json!(HERE), Kept::AtSamePath));
    places
}

/// Paths with a text in their path or query.
fn paths(id: i64) -> Vec<(&'static str, String)> {
    let of_jobs = [
        "state",
        "cluster",
        "subcluster",
        "partition",
        "project",
        "user",
        "job-id",
        "start-time",
        "node",
        "tag",
        "sort",
        "page",
        HERE,
    ];
    let mut paths: Vec<_> = of_jobs.map(|key| ("GET", format!("/api/jobs/?{key}={HERE}"))).to_vec();
    for key in ["user", "action", "object", "time"] {
        paths.push(("GET", format!("/api/audit/?{key}={HERE}")));
    }
    for path in
        ["/api/nodestate/?cluster=HERE", "/api/machine_state/aurora/HERE", "/api/machine_state/HERE/a0001"]
    {
        paths.push(("GET", path.to_owned()));
    }
    paths.push(("PUT", "/api/machine_state/aurora/HERE".to_owned()));
    for action in ["tag_job", "edit_meta"] {
        paths.push(("POST", format!("/api/jobs/{action}/HERE")));
    }
    paths.push(("POST", "/api/user/HERE".to_owned()));
    paths.push(("DELETE", "/api/jobs/delete_job/HERE".to_owned()));
    paths.push(("DELETE", "/api/jobs/delete_job_before/HERE".to_owned()));
    paths.push(("DELETE", "/api/jobs/delete_job_before/1?omit-tagged=HERE".to_owned()));
    paths.push(("DELETE", format!("/api/jobs/delete_job/{id}?with-archive=HERE&x=HERE")));
    paths
}

/// Somebody who sends requests.
struct Sender {
    token: String,
    is_admitted: bool,
    is_admin: bool,
    /// Opened when it is needed: the server closes one on which nothing comes.
    connection: Option<Client>,
}

impl Sender {
    fn new(server: &RunningServer, username: &str, roles: &[Role], is_admitted: bool) -> Self {
        let token = server.token(username, roles).unwrap();
        Self { token, is_admitted, is_admin: roles.contains(&Role::Admin), connection: None }
    }

    /// Sends a request on the connection that there is, or a new one when the server has closed that.
    fn send(&mut self, address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
        if let Some(Ok(answer)) = self.connection.as_mut().map(|it| it.send(method, path, body)) {
            return answer;
        }
        let connection = self.connection.insert(Client::connect(address, &self.token).unwrap());
        connection.send(method, path, body).unwrap()
    }
}

fn senders(server: &RunningServer) -> Vec<Sender> {
    let sender = |username, roles: &[Role], is_admitted| Sender::new(server, username, roles, is_admitted);
    vec![
        sender("slurm", &[Role::Api], true),
        sender("root", &[Role::Admin, Role::Api], true),
        sender("mona", &[Role::Manager, Role::Api], false),
        sender("sue", &[Role::Support, Role::Api], false),
        sender("uma", &[Role::User, Role::Api], false),
        sender("root", &[Role::Admin], false),
    ]
}

fn is_or_was_empty(stored: Option<&Value>, text: &str) -> bool {
    // What is empty may be left out.
    stored.and_then(Value::as_str).unwrap_or_default() == text
}

/// Whether an accepted text is where it belongs, unchanged.
fn is_kept(address: SocketAddr, token: &str, place: &Place, answer: &str, text: &str) -> bool {
    let parsed = || serde_json::from_str::<Value>(answer).unwrap();
    let started = || {
        let shown = get(address, &format!("/api/jobs/{}", parsed()["id"]), token).json();
        let job_id = &shown["Meta"]["jobId"];
        let list = get(address, &format!("/api/jobs/?job-id={job_id}&with-metadata=true"), token).json();
        assert_eq!(list["total"], 1);
        list["jobs"][0].clone()
    };
    match place.kept {
        Kept::Nowhere => true,
        // Words that stand for something when they are left out.
        Kept::InJob("/shared" | "/subCluster") if text.is_empty() => true,
        Kept::InJob(pointer) => is_or_was_empty(started().pointer(pointer), text),
        Kept::AsKeyInJob => started()["metaData"][text] == "x",
        Kept::AsKeyInAnswer => parsed()["metaData"][text] == "x",
        Kept::InAnswer(pointer) => is_or_was_empty(parsed().pointer(pointer), text),
        Kept::InTags(key) => parsed()["tags"].as_array().unwrap().iter().any(|tag| tag[key] == text),
        Kept::InUnknown => parsed()["unknown"] == json!([text]),
        Kept::AtSamePath => get(address, &place.path, token).json() == text,
        Kept::InProjects => {
            let users = get(address, "/api/users/", token).json();
            let mona = users.as_array().unwrap().iter().find(|user| user["username"] == "mona").unwrap();
            mona["projects"].as_array().unwrap().contains(&json!(text))
        }
    }
}

/// The body of somebody who may not enter is not read, and the server takes a second to close the connection: once is
/// enough to see that its length does no harm.
fn is_worth_sending(sender: &Sender, place: &Place, text: &str) -> bool {
    let is_read = sender.is_admitted && (sender.is_admin || !place.path.starts_with("/api/user/"));
    let is_first_of_long = matches!(place.kept, Kept::InJob("/metaData/x")) && text.starts_with('x');
    text.len() < 1000 || is_read || is_first_of_long
}

fn check_bodies(server: &RunningServer, places: &[Place]) {
    let address = server.address();
    let next_job = Cell::new(1000);
    for sender in &mut senders(server) {
        for place in places {
            for text in texts() {
                if !is_worth_sending(sender, place, &text) {
                    continue;
                }
                let mut body = place.body.clone();
                if place.path.contains("start_job") && body["jobId"] == 1 {
                    next_job.set(next_job.get() + 1);
                    body["jobId"] = next_job.get().into();
                }
                let body = body.to_string().replace("\"HERE\"", &json!(text).to_string());
                let (status, answer) = sender.send(address, place.method, &place.path, &body);
                let shown: String = text.chars().take(20).collect();
                let what = format!("{} {} {} with {shown:?}", place.method, place.path, place.body);
                assert!(status < 500, "{status}: {what}");
                assert_eq!(status == 401, !sender.is_admitted, "{status}: {what}");
                if status < 300 {
                    assert!(is_kept(address, &sender.token, place, &answer, &text), "{what}: {answer:.300}");
                }
            }
        }
    }
}

fn check_paths(server: &RunningServer, id: i64) {
    let hex = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap();
    let short: Vec<String> = texts().into_iter().filter(|text| text.len() < 1000).collect();
    for sender in senders(server).iter_mut().filter(|sender| sender.is_admitted) {
        for (method, path) in paths(id) {
            for text in &short {
                let encoded: String =
                    text.bytes().flat_map(|byte| ['%', hex(byte >> 4), hex(byte & 15)]).collect();
                let path = path.replace(HERE, &encoded);
                let (status, answer) = sender.send(server.address(), method, &path, "{}");
                assert!(status < 500, "{status}: {method} {path}: {answer}");
            }
        }
    }
}

/// Sends everything to a server with this database.
fn check(database: Option<&PostgresDatabase>, refused_jobs: &str) {
    let site = Site::with_jobs(0);
    site.configure(|config| {
        config["main"]["machine-state-dir"] = "var/machines".into();
        config["main"]["refused-jobs"] = refused_jobs.into();
        if let Some(database) = database {
            config["main"]["db"] = database.url().into();
        }
    });
    site.run(&["user", "add", "mona", "--roles", "manager", "--projects", "proj01"]).success();
    let server = site.serve();
    let mut root = Sender::new(&server, "root", &[Role::Admin, Role::Api], true);
    let mut start = |job_id| {
        let body = start_of(job_id, T).to_string();
        let (status, answer) = root.send(server.address(), "POST", "/api/jobs/start_job/", &body);
        assert_eq!(status, 201, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["id"].as_i64().unwrap()
    };
    let id = start(1);
    let changes = places_of_changes(id);
    check_bodies(&server, &places_of_starts());
    if refused_jobs == "error" {
        check_bodies(&server, &changes);
        check_paths(&server, id);
    } else {
        // Nothing else is ever kept.
        let stops: Vec<Place> = changes.into_iter().filter(|it| it.path.contains("stop_job")).collect();
        check_bodies(&server, &stops);
    }
    // What was recorded of all this can be shown.
    for path in ["audit/?items-per-page=1000", "quarantine/?items-per-page=1000", "jobs/?items-per-page=1000"]
    {
        let (status, answer) = root.send(server.address(), "GET", &format!("/api/{path}"), "");
        assert_eq!(status, 200, "{path}: {answer:.300}");
    }
    server.stop().unwrap();
    assert!(site.output(&["db", "check"]).starts_with("ok"));
}

#[test]
fn no_text_harms_a_file_of_the_embedded_database() {
    check(None, "error");
}

#[test]
fn no_text_that_is_kept_in_quarantine_harms_a_file_of_the_embedded_database() {
    check(None, "quarantine");
}

#[test]
fn no_text_harms_a_database_on_a_server() {
    let Some(database) = PostgresDatabase::make() else { return };
    check(Some(&database), "error");
}

#[test]
fn no_text_that_is_kept_in_quarantine_harms_a_database_on_a_server() {
    let Some(database) = PostgresDatabase::make() else { return };
    check(Some(&database), "quarantine");
}
