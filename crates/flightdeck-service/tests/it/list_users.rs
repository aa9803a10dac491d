//! Who may list the accounts, and which are listed.

use crate::world::{World, principal};
use flightdeck_model::{AuthSource, Role, Roles, User, UserRepository};
use flightdeck_service::ServiceError;

fn account(username: &str, roles: Roles) -> User {
    User {
        username: username.to_owned(),
        name: format!("{username} of the tests"),
        email: String::new(),
        roles,
        projects: Vec::new(),
        auth_source: AuthSource::Local,
    }
}

fn world_with_accounts() -> World {
    let world = World::new();
    let accounts = [
        ("zoe", Roles::of(&[Role::User])),
        ("nobody", Roles::default()),
        ("ada", Roles::of(&[Role::Admin])),
        ("bot", Roles::of(&[Role::Api, Role::User])),
        ("mona", Roles::of(&[Role::Manager])),
    ];
    for (username, roles) in accounts {
        world.users.add_user(&account(username, roles), None).unwrap();
    }
    world
}

#[test]
fn accounts_are_listed_by_name_with_or_without_plain_users() {
    let world = world_with_accounts();
    let listed = |not_just_user| -> Vec<String> {
        let admin = principal("ada", &[Role::Admin], &[]);
        let users = world.services.list_users(&admin, not_just_user).unwrap();
        users.into_iter().map(|user| user.username).collect()
    };
    assert_eq!(listed(false), ["ada", "bot", "mona", "nobody", "zoe"]);
    assert_eq!(listed(true), ["ada", "bot", "mona"]);
}

#[test]
fn only_the_role_admin_lists_accounts() {
    let world = world_with_accounts();
    for role in Role::ALL {
        let answer = world.services.list_users(&principal("ada", &[role], &["physics"]), false);
        match role {
            Role::Admin => assert_eq!(answer.unwrap().len(), 5),
            _ => assert!(matches!(answer, Err(ServiceError::Forbidden(_))), "{role}"),
        }
    }
    assert!(world.services.list_users(&principal("x", &[Role::Api, Role::Admin], &[]), true).is_ok());
}
