//! The cluster.json files.

use crate::folder::{ArchiveFolder, cluster_json, cluster_json_with_nodes};
use flightdeck_model::JobArchive;
use std::fs;

#[test]
fn folders_without_a_configuration_are_no_clusters() {
    let folder = ArchiveFolder::with_three_jobs();
    for name in ["lost+found", ".git", ".snapshot/emmy"] {
        fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write(".hidden/cluster.json", cluster_json(".hidden"));
    folder.write("cluster.json", cluster_json("root"));

    let loaded = folder.open().load_clusters().unwrap();
    assert_eq!(loaded.clusters.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["emmy"]);
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn each_broken_configuration_is_said_with_its_path_and_left_out() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write("a-empty/cluster.json", "");
    folder.write("b-list/cluster.json", "[]");
    folder.write("c-none/cluster.json", r#"{"name": "c-none", "metricConfig": [], "subClusters": []}"#);
    folder.write("d-nodes/cluster.json", cluster_json_with_nodes("d-nodes", "n[01-", "m1"));
    folder.write("e-other/cluster.json", cluster_json("emmy"));
    fs::create_dir_all(folder.path("f-folder/cluster.json")).unwrap();

    let loaded = folder.open().load_clusters().unwrap();
    assert_eq!(loaded.clusters.len(), 1);
    let expected = [
        ("a-empty", "EOF"),
        ("b-list", "not a usable cluster"),
        ("c-none", "\"metricConfig\" is missing or empty"),
        ("d-nodes", "\"nodes\" is not a node list"),
        ("e-other", "is the cluster \"emmy\""),
        ("f-folder", "not a regular file"),
    ];
    assert_eq!(loaded.problems.len(), expected.len(), "{:#?}", loaded.problems);
    for (problem, (name, reason)) in loaded.problems.iter().zip(expected) {
        let path = folder.path(name).join("cluster.json");
        assert_eq!(problem.path, path.to_str().unwrap());
        assert!(problem.reason.contains(reason), "{name}: {}", problem.reason);
    }
}

#[test]
fn nodes_of_two_subclusters_are_a_warning() {
    let folder = ArchiveFolder::empty();
    folder.write("emmy/cluster.json", cluster_json_with_nodes("emmy", "n[01-10]", "n[08-12]"));
    folder.write("fine/cluster.json", cluster_json_with_nodes("fine", "n[01-10]", "*"));

    let loaded = folder.open().load_clusters().unwrap();
    assert_eq!(loaded.clusters.len(), 2);
    let [warning] = loaded.warnings.as_slice() else { panic!("{:?}", loaded.warnings) };
    assert!(warning.path.ends_with("emmy/cluster.json"));
    for part in ["3 nodes", "\"n08\"", "\"main\"", "\"side\""] {
        assert!(warning.reason.contains(part), "{}", warning.reason);
    }
}
