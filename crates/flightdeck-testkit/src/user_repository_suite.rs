//! What every store of user accounts has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use flightdeck_model::{AuthSource, Role, Roles, User, UserChangeError, UserRepository};
use std::sync::Arc;

/// Checks a user repository; `make` makes an empty one.
///
/// # Panics
///
/// When the repository does not keep a promise of the port.
pub fn user_repository_suite(make: impl Fn() -> Arc<dyn UserRepository>) {
    keeps_all_of_an_account(&*make());
    lists_by_name(&*make());
    refuses_the_same_name_twice(&*make());
    removes_an_account(&*make());
    updates_all_but_name_and_source(&*make());
    counts_changes(&*make());
}

fn user(username: &str) -> User {
    User {
        username: username.to_owned(),
        name: "Mona Müller".to_owned(),
        email: "mona@example.org".to_owned(),
        roles: Roles::of(&[Role::User, Role::Manager]),
        projects: vec!["physics".to_owned(), "o'hara".to_owned()],
        auth_source: AuthSource::Oidc,
    }
}

fn keeps_all_of_an_account(users: &dyn UserRepository) {
    users.add_user(&user("mona"), Some("a hash")).unwrap();
    assert_eq!(users.find_user("mona").unwrap(), Some(user("mona")));
    assert_eq!(users.find_user("Mona").unwrap(), None, "names are case-sensitive");
    assert_eq!(users.find_user("").unwrap(), None);
}

fn lists_by_name(users: &dyn UserRepository) {
    assert_eq!(users.list_users().unwrap(), []);
    for name in ["zoe", "Zoe", "abe"] {
        users.add_user(&user(name), None).unwrap();
    }
    let names: Vec<String> = users.list_users().unwrap().into_iter().map(|known| known.username).collect();
    assert_eq!(names, ["Zoe", "abe", "zoe"]);
}

fn refuses_the_same_name_twice(users: &dyn UserRepository) {
    users.add_user(&user("mona"), None).unwrap();
    let other = User { name: "Another Mona".to_owned(), ..user("mona") };
    assert!(matches!(users.add_user(&other, None), Err(UserChangeError::Exists(name)) if name == "mona"));
    assert_eq!(users.find_user("mona").unwrap(), Some(user("mona")), "the first one stays");
}

fn removes_an_account(users: &dyn UserRepository) {
    assert!(matches!(users.remove_user("mona"), Err(UserChangeError::Unknown(name)) if name == "mona"));
    users.add_user(&user("mona"), None).unwrap();
    users.remove_user("mona").unwrap();
    assert_eq!(users.find_user("mona").unwrap(), None);
}

fn updates_all_but_name_and_source(users: &dyn UserRepository) {
    let changed = User {
        name: "Mona Meier".to_owned(),
        email: String::new(),
        roles: Roles::of(&[Role::Admin]),
        projects: Vec::new(),
        auth_source: AuthSource::Local,
        ..user("mona")
    };
    assert!(matches!(users.update_user(&changed), Err(UserChangeError::Unknown(_))));
    users.add_user(&user("mona"), None).unwrap();
    users.update_user(&changed).unwrap();
    let expected = User { auth_source: AuthSource::Oidc, ..changed };
    assert_eq!(users.find_user("mona").unwrap(), Some(expected));
}

fn counts_changes(users: &dyn UserRepository) {
    let mut last = users.change_number();
    let mut has_grown = |what: &str| {
        assert!(users.change_number() > last, "{what}");
        last = users.change_number();
    };
    users.add_user(&user("mona"), None).unwrap();
    has_grown("adding");
    users.update_user(&user("mona")).unwrap();
    has_grown("updating");
    users.remove_user("mona").unwrap();
    has_grown("removing");
}
