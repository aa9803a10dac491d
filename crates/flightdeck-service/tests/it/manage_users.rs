//! Which accounts and changes of roles are refused, and that a refusal changes nothing.

use flightdeck_model::{AuthSource, Role, Roles, User, UserChangeError, UserRepository};
use flightdeck_service::{
    ManageUserError, ProjectChange, RoleChange, add_user, change_projects, change_roles,
};
use flightdeck_testkit::MemoryUsers;
use rstest::rstest;

fn account(username: &str, roles: &[Role], projects: &[&str]) -> User {
    User {
        username: username.to_owned(),
        name: String::new(),
        email: String::new(),
        roles: Roles::of(roles),
        projects: projects.iter().map(|&project| project.to_owned()).collect(),
        auth_source: AuthSource::Local,
    }
}

#[rstest]
#[case::plain("mona")]
#[case::mail_address("mona.müller@example.org")]
#[case::as_long_as_allowed(&"x".repeat(100))]
fn a_usable_name_is_taken(#[case] username: &str) {
    let users = MemoryUsers::new();
    let user = account(username, &[Role::User], &[]);
    add_user(&users, &user, Some("a hash")).unwrap();
    assert_eq!(users.find_user(username).unwrap(), Some(user));
}

#[rstest]
#[case::empty("")]
#[case::space("mona m")]
#[case::line_end("mona\n")]
#[case::wide_space("mona\u{3000}")]
#[case::control("mona\u{7}")]
#[case::one_byte_too_long(&"x".repeat(101))]
#[case::too_long_in_bytes(&"ü".repeat(51))]
fn a_name_that_nobody_can_log_in_with_is_refused(#[case] username: &str) {
    let users = MemoryUsers::new();
    let refused = add_user(&users, &account(username, &[Role::User], &[]), None).unwrap_err();
    assert!(matches!(refused, ManageUserError::Username(name) if name == username));
    assert_eq!(users.list_users().unwrap(), []);
}

#[test]
fn managers_have_projects_and_others_have_none() {
    let users = MemoryUsers::new();
    let refused = add_user(&users, &account("mona", &[Role::Manager], &[]), None).unwrap_err();
    assert!(matches!(refused, ManageUserError::ManagerWithoutProject));
    let refused = add_user(&users, &account("mona", &[Role::User], &["physics"]), None).unwrap_err();
    assert!(matches!(refused, ManageUserError::ProjectsWithoutManager));
    assert_eq!(users.list_users().unwrap(), []);
    add_user(&users, &account("mona", &[Role::Manager, Role::User], &["physics"]), None).unwrap();
}

#[test]
fn a_name_is_given_once() {
    let users = MemoryUsers::new();
    add_user(&users, &account("mona", &[Role::User], &[]), None).unwrap();
    let refused = add_user(&users, &account("mona", &[Role::Admin], &[]), None).unwrap_err();
    assert!(matches!(&refused, ManageUserError::Change(UserChangeError::Exists(name)) if name == "mona"));
    assert_eq!(users.find_user("mona").unwrap().unwrap().roles, Roles::of(&[Role::User]));
}

#[test]
fn roles_are_given_and_taken_together() {
    let users = MemoryUsers::new();
    let before = account("mona", &[Role::User, Role::Api], &[]);
    users.add_user(&before, None).unwrap();
    let change = RoleChange { add: vec![Role::Support, Role::Admin], remove: vec![Role::Api] };
    let changed = change_roles(&users, "mona", &change).unwrap();
    assert_eq!(changed, User { roles: Roles::of(&[Role::User, Role::Support, Role::Admin]), ..before });
    assert_eq!(users.find_user("mona").unwrap(), Some(changed));
}

#[rstest]
#[case::has_it(&[Role::Support, Role::User], &[], "user \"mona\" has the role user already")]
#[case::given_twice(&[Role::Support, Role::Support], &[], "user \"mona\" has the role support already")]
#[case::lacks_it(&[Role::Support], &[Role::Api], "user \"mona\" does not have the role api")]
#[case::taken_twice(&[], &[Role::User, Role::User], "user \"mona\" does not have the role user")]
#[case::keeps_projects(&[Role::Support], &[Role::Manager], "user \"mona\" would have projects without the role manager")]
fn a_change_of_roles_is_made_as_a_whole_or_not_at_all(
    #[case] add: &[Role],
    #[case] remove: &[Role],
    #[case] reason: &str,
) {
    let users = MemoryUsers::new();
    let before = account("mona", &[Role::User, Role::Manager], &["physics"]);
    users.add_user(&before, None).unwrap();
    let number = users.change_number();
    let change = RoleChange { add: add.to_vec(), remove: remove.to_vec() };
    assert_eq!(change_roles(&users, "mona", &change).unwrap_err().to_string(), reason);
    assert_eq!(users.find_user("mona").unwrap(), Some(before));
    assert_eq!(users.change_number(), number, "the table was not written");
}

#[test]
fn nobody_has_no_roles_to_change() {
    let users = MemoryUsers::new();
    let refused = change_roles(&users, "mona", &RoleChange::default()).unwrap_err();
    assert!(matches!(&refused, ManageUserError::Change(UserChangeError::Unknown(name)) if name == "mona"));
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn projects_of_a_manager_are_given_and_taken_together() {
    let users = MemoryUsers::new();
    let before = account("mona", &[Role::Manager], &["physics"]);
    users.add_user(&before, None).unwrap();
    let change = ProjectChange { add: texts(&["biology", "maths"]), remove: texts(&["physics"]) };
    let changed = change_projects(&users, "mona", &change).unwrap();
    assert_eq!(changed, User { projects: texts(&["biology", "maths"]), ..before });
    assert_eq!(users.find_user("mona").unwrap(), Some(changed));
}

#[rstest]
#[case::has_it(&["maths", "physics"], &[], "user \"mona\" manages the project \"physics\" already")]
#[case::lacks_it(&["maths"], &["biology"], "user \"mona\" does not manage the project \"biology\"")]
#[case::no_project(&["maths", ""], &[], "\"\" cannot be a project: allowed are 1 to 255 bytes without control characters")]
#[case::line_end(&["a\nb"], &[], "\"a\\nb\" cannot be a project: allowed are 1 to 255 bytes without control characters")]
fn a_change_of_projects_is_made_as_a_whole_or_not_at_all(
    #[case] add: &[&str],
    #[case] remove: &[&str],
    #[case] reason: &str,
) {
    let users = MemoryUsers::new();
    let before = account("mona", &[Role::Manager], &["physics"]);
    users.add_user(&before, None).unwrap();
    let change = ProjectChange { add: texts(add), remove: texts(remove) };
    assert_eq!(change_projects(&users, "mona", &change).unwrap_err().to_string(), reason);
    assert_eq!(users.find_user("mona").unwrap(), Some(before));
}

#[test]
fn only_a_manager_is_given_projects() {
    let users = MemoryUsers::new();
    users.add_user(&account("mona", &[Role::User], &[]), None).unwrap();
    let change = ProjectChange { add: texts(&["physics"]), remove: vec![] };
    let refused = change_projects(&users, "mona", &change).unwrap_err();
    assert_eq!(refused.to_string(), "user \"mona\" would have projects without the role manager");
}
