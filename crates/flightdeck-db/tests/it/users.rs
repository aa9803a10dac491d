use crate::store::TestStore;
use flightdeck_model::{PortErrorKind, Role, Roles, UserRepository};

#[test]
fn odd_texts_of_other_programs_are_read() {
    let store = TestStore::new();
    store.execute(
        r#"INSERT INTO hpc_user (username, password, ldap, name, roles, email, projects) VALUES
           ('a', NULL, 0, NULL, 'null', NULL, 'null'),
           ('b', NULL, 2, '', '["user","wizard"]', '', '[""]'),
           ('c', '$2a$10$x', 3, 'C', '[]', 'c@example.org', '["p1","p2"]')"#,
    );
    let users = store.database.list_users().unwrap();
    assert_eq!(users[0].name, "");
    assert!(users[0].roles.is_empty() && users[0].projects.is_empty());
    assert!(users[1].roles.has(Role::User) && !users[1].roles.is_exactly(Role::User));
    assert!(users[1].projects.is_empty());
    assert_eq!(users[2].roles, Roles::of(&[]));
    assert_eq!(users[2].projects, ["p1", "p2"]);
}

#[test]
fn a_damaged_account_is_named() {
    let store = TestStore::new();
    store.execute("INSERT INTO hpc_user (username, roles) VALUES ('mona', '[user')");
    let error = store.database.find_user("mona").unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Corrupt);
    assert_eq!(error.what, "table hpc_user holds an unusable roles in the row of mona");
}
