//! Paths to series: cluster, host, part, part below. Knows no samples.

use super::parts::PartName;
use flightdeck_model::SeriesInfo;

/// Whether a path leads to a cluster, or to something in it.
pub(super) fn has_cluster(path: &[String], cluster: &str) -> bool {
    path.first().is_none_or(|wanted| wanted == cluster)
}

/// Whether a path leads to a host, or to something on it, or to its whole cluster.
pub(super) fn has_host(path: &[String], cluster: &str, host: &str) -> bool {
    has_cluster(path, cluster) && path.get(1).is_none_or(|wanted| wanted == host)
}

/// Whether a path that leads to the host leads to a part too, or to something above it.
pub(super) fn has_part(path: &[String], part: PartName<'_>) -> bool {
    let mut steps = part.path();
    path.iter().skip(2).all(|wanted| {
        let is_it = |(kind, id): (&str, &str)| wanted.strip_prefix(kind) == Some(id);
        steps.next().is_some_and(is_it)
    })
}

/// The path to a part, as [`SeriesInfo::path`] has it.
pub(super) fn path_of(cluster: &str, host: &str, part: PartName<'_>) -> Vec<String> {
    let host_path = [cluster.to_owned(), host.to_owned()];
    host_path.into_iter().chain(part.path().map(|(kind, id)| format!("{kind}{id}"))).collect()
}

/// Puts series in the order of lists.
pub(super) fn sort(series: &mut [SeriesInfo]) {
    series.sort_by(|left, right| (&left.path, &left.metric).cmp(&(&right.path, &right.metric)));
}
