//! Names of series that are kept.

use flightdeck_model::{SeriesName, SeriesParts};

/// A [`SeriesName`] that owns its texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SeriesId {
    pub(super) cluster: String,
    pub(super) host: String,
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) sub_kind: String,
    pub(super) sub_id: String,
    pub(super) metric: String,
}

impl SeriesId {
    /// A part of the kind `node` is the node itself, whatever its id.
    pub(super) fn of(name: SeriesName<'_>) -> Self {
        let is_node = name.kind.is_empty() || name.kind == "node";
        let (kind, id) = if is_node { ("", "") } else { (name.kind, name.id) };
        Self {
            cluster: name.cluster.to_owned(),
            host: name.host.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            sub_kind: name.sub_kind.to_owned(),
            sub_id: name.sub_id.to_owned(),
            metric: name.metric.to_owned(),
        }
    }

    /// The series that are asked for, in order. Nothing for [`SeriesParts::Everything`].
    pub(super) fn wanted(cluster: &str, host: &str, metric: &str, parts: &SeriesParts) -> Vec<Self> {
        let node = SeriesName { cluster, host, metric, ..SeriesName::default() };
        match parts {
            SeriesParts::Everything => Vec::new(),
            SeriesParts::Node => vec![Self::of(node)],
            SeriesParts::Parts { kind, ids, below } => {
                let parts = ids.iter().map(|id| SeriesName { kind, id, ..node });
                match below {
                    None => parts.map(Self::of).collect(),
                    Some(below) => parts
                        .flat_map(|part| {
                            below.ids.iter().map(move |sub_id| {
                                Self::of(SeriesName { sub_kind: &below.kind, sub_id, ..part })
                            })
                        })
                        .collect(),
                }
            }
        }
    }

    /// The id by which a reader tells it from others of its kind.
    pub(super) fn shown_id(&self) -> &str {
        if self.sub_kind.is_empty() { &self.id } else { &self.sub_id }
    }

    /// Cluster, host, part, part below.
    pub(super) fn path(&self) -> Vec<String> {
        let mut path = vec![self.cluster.clone(), self.host.clone()];
        for (kind, id) in [(&self.kind, &self.id), (&self.sub_kind, &self.sub_id)] {
            if !kind.is_empty() {
                path.push(format!("{kind}{id}"));
            }
        }
        path
    }

    pub(super) fn is_at_or_below(&self, path: &[String]) -> bool {
        self.path().starts_with(path)
    }
}
