//! Who may ask for the clusters, and what they get.

use crate::world::{World, principal, robot};
use flightdeck_model::Role;
use flightdeck_service::{ClusterCatalog, Parts, ServiceError, Services};

fn names(services: &Services, name: Option<&str>) -> Vec<String> {
    let clusters = services.list_clusters(&robot(), name).unwrap();
    clusters.iter().map(|cluster| cluster.name.clone()).collect()
}

#[test]
fn clusters_are_listed_by_name() {
    let world = World::new();
    assert_eq!(names(&world.services, None), ["alpha", "beta"]);
    assert_eq!(names(&world.services, Some("beta")), ["beta"]);
}

#[test]
fn an_unknown_cluster_is_answered_with_the_known_ones() {
    let world = World::new();
    for unknown in ["gamma", "Alpha", ""] {
        let refused = world.services.list_clusters(&robot(), Some(unknown)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("cluster: there is no cluster \"{unknown}\": there are alpha, beta")
        );
        assert!(matches!(refused, ServiceError::Invalid { field, .. } if field == "cluster"));
    }
}

#[test]
fn a_site_without_clusters_says_so() {
    let world = World::new();
    let services = Services::new(Parts { clusters: ClusterCatalog::default(), ..world.parts() });
    assert_eq!(names(&services, None), [""; 0]);
    let refused = services.list_clusters(&robot(), Some("alpha")).unwrap_err();
    assert_eq!(refused.to_string(), "cluster: there is no cluster \"alpha\": there are none");
}

#[test]
fn only_the_role_api_asks_for_clusters() {
    let world = World::new();
    for role in Role::ALL {
        let asker = principal("ada", &[role], &["physics"]);
        for name in [None, Some("alpha"), Some("gamma")] {
            let answer = world.services.list_clusters(&asker, name);
            let is_forbidden = matches!(answer, Err(ServiceError::Forbidden(_)));
            assert_eq!(is_forbidden, role != Role::Api, "{role} asks for {name:?}");
        }
    }
}
