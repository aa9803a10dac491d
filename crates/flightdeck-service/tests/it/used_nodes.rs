//! Who may ask for the hosts in use, and what they get.

use crate::world::{NOW, World, principal, robot};
use flightdeck_model::{Role, UnixTime};
use flightdeck_service::ServiceError;
use flightdeck_testkit::archived_job;
use std::collections::BTreeMap;

#[test]
fn hosts_of_running_jobs_are_told_by_cluster() {
    let world = World::with_jobs([
        archived_job(1).start(NOW - 100).hosts(&["a002", "a001"]),
        archived_job(2).start(NOW - 50).hosts(&["a002", "a003"]),
        archived_job(3).start(NOW - 100).hosts(&["a004"]),
    ]);
    world.start_again(1);
    world.start_again(2);
    let used = |before| world.services.used_nodes(&robot(), UnixTime(before)).unwrap();
    let on_alpha = |hosts: &[&str]| {
        BTreeMap::from([("alpha".to_owned(), hosts.iter().map(|&host| host.to_owned()).collect::<Vec<_>>())])
    };
    assert_eq!(used(NOW), on_alpha(&["a001", "a002", "a003"]));
    assert_eq!(used(NOW - 50), on_alpha(&["a001", "a002"]));
    assert_eq!(used(NOW - 100), BTreeMap::new());
}

#[test]
fn only_the_role_api_asks_for_the_hosts_in_use() {
    let world = World::new();
    for role in Role::ALL {
        let answer = world.services.used_nodes(&principal("ada", &[role], &["physics"]), UnixTime(NOW));
        match role {
            Role::Api => assert!(answer.is_ok()),
            _ => assert!(matches!(answer, Err(ServiceError::Forbidden(_))), "{role}"),
        }
    }
    let both = principal("ada", &[Role::User, Role::Api], &[]);
    assert!(world.services.used_nodes(&both, UnixTime(NOW)).is_ok());
}
