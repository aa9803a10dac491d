//! The server on a socket.

use crate::site::{Site, get};
use flightdeck::{Server, StartError};
use flightdeck_model::Role;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

#[test]
fn the_server_answers_each_role_on_a_free_port_and_stops() {
    let site = Site::with_jobs(20);
    site.run(&["import"]).success();
    let server = Server::builder(site.config()).start().unwrap();
    let address = server.address();
    let admin = server.token_for(Role::Admin).unwrap();
    let user = server.token("user007", &[Role::User, Role::Api]).unwrap();
    assert_eq!(get(address, "/api/users/", &admin).status, 200);
    assert_eq!(get(address, "/api/jobs/", &user).status, 401);
    let all = get(address, "/userapi/jobs/", &admin).json()["total"].as_u64();
    assert_eq!(all, Some(20));
    let own = get(address, "/userapi/jobs/?items-per-page=100", &user).json();
    assert!(own["jobs"].as_array().unwrap().iter().all(|job| job["user"] == "user007"));
    server.stop().unwrap();
    assert!(TcpListener::bind(address).is_ok(), "the port is free again");
}

#[test]
fn a_damaged_data_file_fails_its_own_job_alone() {
    let site = Site::with_jobs(6);
    site.run(&["import"]).success();
    let with_data: Vec<_> =
        site.job_folders().into_iter().filter(|folder| folder.join("data.json.gz").exists()).collect();
    std::fs::write(with_data[0].join("data.json.gz"), b"not gzip").unwrap();
    let server = Server::builder(site.config()).start().unwrap();
    let token = server.token("robot", &[Role::Api]).unwrap();
    let list = get(server.address(), "/api/jobs/?items-per-page=100", &token).json();
    let ids = list["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_i64().unwrap());
    let mut statuses: Vec<u16> =
        ids.map(|id| get(server.address(), &format!("/api/jobs/metrics/{id}"), &token).status).collect();
    statuses.sort_unstable();
    // Five jobs have data, one of them damaged; one has none.
    assert_eq!(statuses, [200, 200, 200, 200, 404, 500]);
}

#[test]
fn a_broken_cluster_is_left_out_and_the_others_are_served() {
    let site = Site::with_jobs(20);
    std::fs::write(site.archive().join("borealis/cluster.json"), b"{").unwrap();
    let summary = site.output(&["import"]);
    assert!(
        summary.contains("left out the whole cluster") && summary.contains("borealis/cluster.json"),
        "{summary}"
    );
    let server = Server::builder(site.config()).start().unwrap();
    let clusters =
        get(server.address(), "/api/clusters/", &server.token("robot", &[Role::Api]).unwrap()).json();
    let names: Vec<_> =
        clusters["clusters"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["aurora"]);
}

#[test]
fn a_port_that_is_taken_is_said_with_what_to_do() {
    let site = Site::with_jobs(1);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = site.config();
    config.main.addr.port = taken.local_addr().unwrap().port();
    let refused = Server::builder(config).start();
    assert!(matches!(&refused, Err(StartError::Bind { .. })), "{refused:?}");
    assert!(refused.unwrap_err().to_string().contains("main.addr"));
}

#[test]
fn without_a_key_or_an_allow_list_the_server_does_not_start() {
    let site = Site::with_jobs(1);
    let mut without_key = site.config();
    without_key.secrets.jwt_public_key = None;
    assert!(matches!(Server::builder(without_key).start(), Err(StartError::NoKey)));
    let mut open_to_nobody = site.config();
    open_to_nobody.main.api_allowed_ips = Vec::new();
    assert!(matches!(Server::builder(open_to_nobody).start(), Err(StartError::Addresses { .. })));
}

/// The demo as a newcomer runs it: its output is read, its curl lines are run as requests, and a second run uses
/// the same folder.
#[test]
fn the_demo_prints_lines_that_work_and_uses_its_folder_again() {
    let folder = tempfile::tempdir().unwrap();
    for run in ["first", "second"] {
        let mut demo = Command::new(assert_cmd::cargo::cargo_bin!("flightdeck"))
            .args(["demo", "--addr", "127.0.0.1:0"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(demo.stdout.take().unwrap()).lines();
        let mut curls = 0;
        for line in lines.map_while(Result::ok) {
            if let Some(rest) = line.trim().strip_prefix("curl -s -H 'Authorization: Bearer ") {
                let (token, url) = rest.trim_end_matches('\'').split_once("' '").unwrap();
                let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
                let answer = get(address.parse().unwrap(), &format!("/{path}"), token);
                assert_eq!(answer.status, 200, "{run} run: {line}");
                curls += 1;
            }
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        demo.kill().unwrap();
        demo.wait().unwrap();
        assert_eq!(curls, 7, "{run} run");
    }
    let archive = folder.path().join("flightdeck-demo/var/job-archive");
    assert!(archive.join("aurora").exists() && archive.join("borealis").exists());
}
