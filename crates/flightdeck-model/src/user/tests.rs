use super::*;

fn principal(roles: &[&str], projects: &[&str]) -> Principal {
    Principal {
        username: "mona".to_owned(),
        roles: Roles::from_names(roles.iter().copied()),
        projects: projects.iter().map(|project| (*project).to_owned()).collect(),
    }
}

#[test]
fn a_pure_api_token_sees_all_jobs_and_admin_tags() {
    let robot = principal(&["api"], &[]);
    assert_eq!(robot.job_visibility(), Ok(JobVisibility::All));
    assert!(robot.tag_visibility().allows("admin"));
}

#[test]
fn a_repeated_role_name_counts_once() {
    assert_eq!(principal(&["api", "api"], &[]).job_visibility(), Ok(JobVisibility::All));
    assert_eq!(Roles::from_names(["admin", "api", "api"]), Roles::of(&[Role::Admin, Role::Api]));
}

#[test]
fn an_unknown_role_gives_nothing_and_spoils_exactly_api() {
    assert_eq!(principal(&["api", "operator"], &[]).job_visibility(), Err(NoJobAccess));
    assert_eq!(principal(&["API"], &[]).job_visibility(), Err(NoJobAccess));
    assert!(!Roles::from_names(["operator"]).is_empty());
}

#[test]
fn a_manager_sees_their_projects_and_their_own_jobs() {
    let visibility = principal(&["manager", "api"], &["proj03"]).job_visibility().unwrap();
    assert!(visibility.allows("somebody", "proj03"));
    assert!(visibility.allows("mona", "proj99"));
    assert!(!visibility.allows("somebody", "proj99"));
}

#[test]
fn an_empty_project_name_manages_no_jobs() {
    let visibility = principal(&["manager"], &[""]).job_visibility().unwrap();
    assert!(!visibility.allows("somebody", ""));
}

#[test]
fn a_user_sees_their_own_jobs_alone() {
    let visibility = principal(&["user", "api"], &["proj03"]).job_visibility().unwrap();
    assert!(visibility.allows("mona", "any"));
    assert!(!visibility.allows("somebody", "proj03"));
}

#[test]
fn private_tags_are_for_their_owner() {
    let tags = principal(&["user"], &[]).tag_visibility();
    assert!(tags.allows("global"));
    assert!(tags.allows("mona"));
    assert!(!tags.allows("admin"));
    assert!(!tags.allows("somebody"));
}
