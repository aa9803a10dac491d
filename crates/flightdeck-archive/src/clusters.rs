//! Reads the cluster configurations of an archive. A broken one is left out and said; it never stands in the way
//! of the others.

use crate::layout::{ClusterName, Layout};
use crate::{ArchiveError, FileError, bounded_read};
use flightdeck_model::{ArchiveProblem, Cluster, ClusterWarning, LoadedClusters};
use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

/// Far more than the configuration of any cluster.
const MAX_BYTES: u64 = 32 << 20;
/// Clusters of more nodes than this are not searched for nodes that two subclusters name.
const MAX_NODES_COMPARED: usize = 100_000;

/// Reads all clusters, by name.
pub(crate) fn load(layout: &Layout) -> Result<LoadedClusters, ArchiveError> {
    let mut loaded = LoadedClusters::default();
    for name in candidates(layout)? {
        let path = layout.cluster_file(&name).display().to_string();
        let problem = |reason| ArchiveProblem { path: path.clone(), reason };
        match read(layout, &name) {
            Ok((cluster, odd)) => {
                loaded.warnings.extend(odd.into_iter().map(|ClusterWarning(reason)| problem(reason)));
                loaded.warnings.extend(doubly_listed(&cluster).map(problem));
                loaded.clusters.push(Arc::new(cluster));
            }
            // A folder that is not meant to be a cluster, such as lost+found.
            Err(FileError::Missing) => {}
            Err(error) => loaded.problems.push(problem(error.in_full())),
        }
    }
    Ok(loaded)
}

/// The names of the clusters that [`load`] would give, in order.
pub(crate) fn names(layout: &Layout) -> Result<Vec<ClusterName>, ArchiveError> {
    let mut names = candidates(layout)?;
    names.retain(|name| read(layout, name).is_ok());
    Ok(names)
}

fn candidates(layout: &Layout) -> Result<Vec<ClusterName>, ArchiveError> {
    let unreadable = |source| ArchiveError::Read { path: layout.root().to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(layout.root()).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_folder = entry.file_type().is_ok_and(|file_type| file_type.is_dir());
        if is_folder {
            names.extend(entry.file_name().to_str().and_then(ClusterName::new));
        }
    }
    names.sort();
    Ok(names)
}

fn read(layout: &Layout, name: &ClusterName) -> Result<(Cluster, Vec<ClusterWarning>), FileError> {
    let bytes = bounded_read::read(&layout.cluster_file(name), MAX_BYTES)?;
    let (cluster, warnings) =
        Cluster::from_json(bounded_read::text(&bytes).as_bytes()).map_err(FileError::Cluster)?;
    if cluster.name != name.as_str() {
        return Err(FileError::ClusterName { name: cluster.name, folder: name.as_str().to_owned() });
    }
    Ok((cluster, warnings))
}

/// Says, if so, that subclusters name the same node: the first of them has it.
fn doubly_listed(cluster: &Cluster) -> Option<String> {
    let mut owners: HashMap<String, &str> = HashMap::new();
    let mut example = None;
    let mut count = 0_usize;
    for subcluster in &cluster.subclusters {
        // A list of every node, or one too long to write out, is no reason to warn.
        let Ok(hosts) = subcluster.nodes.expand(MAX_NODES_COMPARED) else { continue };
        for host in hosts {
            if let Some(owner) = owners.get(&host) {
                count += 1;
                example.get_or_insert((host, *owner, &subcluster.name));
            } else {
                owners.insert(host, &subcluster.name);
            }
        }
    }
    let (host, owner, second) = example?;
    Some(format!(
        "{count} nodes belong to several subclusters, for example \"{host}\" to \"{owner}\" and \"{second}\"; \
         the first in the file has them"
    ))
}
