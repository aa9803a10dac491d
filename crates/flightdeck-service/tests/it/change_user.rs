//! Roles and projects of accounts, as the API changes them.

use crate::world::{World, admin, call, robot_call};
use flightdeck_model::{AuthSource, Role, Roles, User, UserChange, UserRepository};
use flightdeck_service::ServiceError;
use rstest::rstest;

fn world_with_mona() -> World {
    let world = World::new();
    let mona = User {
        username: "mona".into(),
        name: String::new(),
        email: String::new(),
        roles: Roles::of(&[Role::Manager]),
        projects: vec!["physics".into()],
        auth_source: AuthSource::Local,
    };
    world.users.add_user(&mona, None).unwrap();
    world
}

#[test]
fn a_change_is_made_and_audited() {
    let world = world_with_mona();
    let services = &world.services;
    let user = services.change_user(&call(admin()), "mona", &UserChange::AddRole(Role::Support)).unwrap();
    assert_eq!(user.roles, Roles::of(&[Role::Manager, Role::Support]));
    let change = UserChange::AddProject("biology".into());
    let user = services.change_user(&call(admin()), "mona", &change).unwrap();
    assert_eq!(user.projects, ["physics", "biology"]);
    assert_eq!(world.users.find_user("mona").unwrap(), Some(user));
    let entries = world.users.audit_entries();
    let said: Vec<_> = entries.iter().map(|entry| (entry.object.as_str(), entry.detail.as_str())).collect();
    assert_eq!(said, [("user mona", "add role support"), ("user mona", "add project biology")]);
}

#[rstest]
#[case::unknown("otto", UserChange::AddRole(Role::Api))]
#[case::nobody("\0", UserChange::AddRole(Role::Api))]
#[case::has_it("mona", UserChange::AddRole(Role::Manager))]
#[case::lacks_it("mona", UserChange::RemoveRole(Role::Admin))]
#[case::keeps_projects("mona", UserChange::RemoveRole(Role::Manager))]
#[case::has_project("mona", UserChange::AddProject("physics".into()))]
#[case::lacks_project("mona", UserChange::RemoveProject("biology".into()))]
fn a_change_that_breaks_a_rule_is_unprocessable(#[case] username: &str, #[case] change: UserChange) {
    let world = world_with_mona();
    let before = world.users.list_users().unwrap();
    let refused = world.services.change_user(&call(admin()), username, &change).unwrap_err();
    assert!(matches!(refused, ServiceError::Unprocessable(_)), "{refused:?}");
    assert_eq!(world.users.list_users().unwrap(), before);
}

#[test]
fn a_project_needs_a_name() {
    let world = world_with_mona();
    let change = UserChange::AddProject(String::new());
    let refused = world.services.change_user(&call(admin()), "mona", &change).unwrap_err();
    assert!(matches!(refused, ServiceError::Invalid { field, .. } if field == "add-project"));
}

#[test]
fn only_administrators_change_accounts() {
    let world = world_with_mona();
    let change = UserChange::AddRole(Role::Admin);
    let refused = world.services.change_user(&robot_call(), "mona", &change).unwrap_err();
    assert!(matches!(refused, ServiceError::Forbidden(_)));
    assert_eq!(world.audit_lines(), ["change_user user mona refused"]);
}
