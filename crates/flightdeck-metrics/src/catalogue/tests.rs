use super::Catalogue;
use flightdeck_model::Cluster;
use std::sync::Arc;

fn cluster(name: &str, timestep_s: u32) -> Arc<Cluster> {
    let json = format!(
        r#"{{"name": "{name}", "metricConfig": [{{"name": "load", "timestep": {timestep_s}}},
            {{"name": "power", "timestep": 30}}], "subClusters": [{{"name": "main", "nodes": "*", "topology":
            {{"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}}}]}}"#
    );
    Arc::new(Cluster::from_json(json.as_bytes()).unwrap().0)
}

#[test]
fn each_cluster_has_its_own_timesteps() {
    let catalogue = Catalogue::new(&[cluster("alpha", 60), cluster("beta", 10), cluster("alpha", 5)]);
    let timestep_s = |name: &str| catalogue.metric(catalogue.cluster(name).unwrap(), "load").unwrap().1;
    assert_eq!((timestep_s("alpha"), timestep_s("beta")), (60, 10));
    assert_eq!(catalogue.cluster("gamma"), None);
}

#[test]
fn numbers_lead_back_to_names() {
    let catalogue = Catalogue::new(&[cluster("alpha", 60)]);
    let alpha = catalogue.cluster("alpha").unwrap();
    let (power, _) = catalogue.metric(alpha, "power").unwrap();
    assert_eq!((catalogue.cluster_name(alpha), catalogue.metric_name(alpha, power)), ("alpha", "power"));
    assert_eq!((catalogue.metric(alpha, "no_such_metric"), catalogue.metric_name(alpha, 99)), (None, ""));
    assert_eq!((catalogue.metric(7, "load"), catalogue.cluster_name(7)), (None, ""));
}
