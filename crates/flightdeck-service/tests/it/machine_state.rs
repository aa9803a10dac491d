//! State files of machines: what is kept comes back as it was, and names lead nowhere else.

use crate::world::{World, robot, robot_call};
use flightdeck_service::{ServiceError, Services};
use rstest::rstest;

#[test]
fn what_a_machine_says_comes_back_as_it_was() {
    let world = World::new();
    assert_eq!(world.services.machine_state(&robot(), "alpha", "a001").unwrap(), None);
    let json = br#" {"b": 1, "a": [1.50, "\u00fc"]} "#;
    world.services.store_machine_state(&robot_call(), "unlisted", "a001", b"[]").unwrap();
    world.services.store_machine_state(&robot_call(), "alpha", "a001", b"[]").unwrap();
    world.services.store_machine_state(&robot_call(), "alpha", "a001", json).unwrap();
    assert_eq!(world.services.machine_state(&robot(), "alpha", "a001").unwrap().unwrap().json, json);
    assert_eq!(world.audit_lines()[2], "store_machine_state machine alpha/a001 done");
}

#[rstest]
#[case("..", "a001", b"{}", "cluster")]
#[case("", "a001", b"{}", "cluster")]
#[case("alpha", "../a001", b"{}", "host")]
#[case("alpha", "a\\b", b"{}", "host")]
#[case("alpha", ".a001", b"{}", "host")]
#[case("alpha", "a\0b", b"{}", "host")]
#[case::no_json("alpha", "a001", b"up", "body")]
#[case::nothing("alpha", "a001", b"", "body")]
#[case::two_values("alpha", "a001", b"{} {}", "body")]
#[case::no_text("alpha", "a001", b"[\"\xff\"]", "body")]
fn what_cannot_be_a_state_file_is_refused_by_the_fields_name(
    #[case] cluster: &str,
    #[case] host: &str,
    #[case] body: &[u8],
    #[case] name: &str,
) {
    let world = World::new();
    let refused = world.services.store_machine_state(&robot_call(), cluster, host, body).unwrap_err();
    assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == name), "{refused:?}");
    if name != "body" {
        let refused = world.services.machine_state(&robot(), cluster, host).unwrap_err();
        assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == name), "{refused:?}");
    }
}

#[test]
fn a_server_that_keeps_none_says_so() {
    let world = World::new();
    let services = Services::new(world.parts());
    let refused = services.machine_state(&robot(), "alpha", "a001").unwrap_err();
    assert!(matches!(refused, ServiceError::NotFound(_)));
}
