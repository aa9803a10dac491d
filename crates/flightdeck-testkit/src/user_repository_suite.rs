//! What every store of user accounts has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::audit_entry;
use flightdeck_model::{
    AuditAction, AuthSource, Role, Roles, User, UserChange, UserChangeError, UserRepository, UserRuleError,
};
use std::sync::Arc;
use std::thread;

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
    changes_one_thing(&*make());
    refuses_a_change_that_breaks_a_rule(&*make());
    loses_no_change_of_many_threads(&*make());
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
    change(users, &UserChange::AddRole(Role::Admin)).unwrap();
    has_grown("changing");
    users.remove_user("mona").unwrap();
    has_grown("removing");
}

fn change(users: &dyn UserRepository, wanted: &UserChange) -> Result<User, UserChangeError> {
    users.change_user("mona", wanted, audit_entry(AuditAction::ChangeUser, "user mona"))
}

fn changes_one_thing(users: &dyn UserRepository) {
    users.add_user(&user("mona"), Some("a hash")).unwrap();
    users.add_user(&user("otto"), None).unwrap();
    let project = |name: &str| name.to_owned();
    let user_and_admin = Roles::of(&[Role::User, Role::Manager, Role::Admin]);
    for (wanted, roles, projects) in [
        (UserChange::AddRole(Role::Admin), user_and_admin, vec!["physics", "o'hara"]),
        (
            UserChange::AddProject(project("100%_\u{1f680}")),
            user_and_admin,
            vec!["physics", "o'hara", "100%_\u{1f680}"],
        ),
        (UserChange::RemoveProject(project("o'hara")), user_and_admin, vec!["physics", "100%_\u{1f680}"]),
        (
            UserChange::RemoveRole(Role::User),
            Roles::of(&[Role::Manager, Role::Admin]),
            vec!["physics", "100%_\u{1f680}"],
        ),
    ] {
        let projects = projects.into_iter().map(str::to_owned).collect();
        let expected = User { roles, projects, ..user("mona") };
        assert_eq!(change(users, &wanted).unwrap(), expected, "{wanted:?}");
        assert_eq!(users.find_user("mona").unwrap(), Some(expected), "{wanted:?}");
    }
    assert_eq!(users.find_user("otto").unwrap(), Some(user("otto")), "others stay as they are");
}

fn refuses_a_change_that_breaks_a_rule(users: &dyn UserRepository) {
    let before = users.change_number();
    let unknown = change(users, &UserChange::AddRole(Role::Admin));
    assert!(matches!(unknown, Err(UserChangeError::Unknown(ref name)) if name == "mona"), "{unknown:?}");
    assert_eq!(users.change_number(), before);
    users.add_user(&user("mona"), None).unwrap();
    for wanted in [
        UserChange::AddRole(Role::User),
        UserChange::RemoveRole(Role::Admin),
        UserChange::AddProject("physics".to_owned()),
        UserChange::RemoveProject("Physics".to_owned()),
    ] {
        let refused = change(users, &wanted);
        assert!(matches!(refused, Err(UserChangeError::Rule(_))), "{wanted:?}: {refused:?}");
    }
    let refused = change(users, &UserChange::RemoveRole(Role::Manager));
    let Err(UserChangeError::Rule(UserRuleError::ProjectsWithoutManager { username })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(username, "mona");
    assert_eq!(users.find_user("mona").unwrap(), Some(user("mona")));
}

fn loses_no_change_of_many_threads(users: &dyn UserRepository) {
    users.add_user(&user("mona"), None).unwrap();
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || change(users, &UserChange::AddProject(format!("p{number}"))).unwrap());
        }
    });
    assert_eq!(users.find_user("mona").unwrap().unwrap().projects.len(), 2 + 8);
}
