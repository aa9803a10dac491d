//! The machines' state files, which are served where a folder for them is configured.

use crate::site::{Site, get, send};
use flightdeck_model::Role;
use serde_json::json;

#[test]
fn a_machine_state_is_stored_in_the_configured_folder_and_served() {
    let site = Site::with_jobs(1);
    site.configure(|config| config["main"]["machine-state-dir"] = "var/machines".into());
    let server = site.serve();
    let (address, token) = (server.address(), server.token("robot", &[Role::Api]).unwrap());
    let path = "/api/machine_state/aurora/a0001";
    assert_eq!(get(address, path, &token).status, 404);
    let state = json!({ "cores": 128, "note": "größer" });
    let stored = send(address, "PUT", path, &token, &state);
    assert_eq!(stored.status, 201, "{}", stored.body);
    assert_eq!(get(address, path, &token).json(), state);
    assert!(site.path("var/machines/aurora/a0001.json").exists());
    server.stop().unwrap();

    let restarted = site.serve();
    let answer = get(restarted.address(), path, &token);
    assert_eq!((answer.status, answer.json()), (200, state));
}

#[test]
fn without_a_folder_there_are_no_machine_states() {
    let site = Site::with_jobs(1);
    let server = site.serve();
    let token = server.token("robot", &[Role::Api]).unwrap();
    let path = "/api/machine_state/aurora/a0001";
    assert_eq!(get(server.address(), path, &token).status, 404);
    assert_eq!(send(server.address(), "PUT", path, &token, &json!({})).status, 404);
}
