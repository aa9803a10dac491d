//! What request bodies look like: where objects stand, and the names of their keys. Clients may write the names in
//! any case of letters: a body with such keys is rewritten, after it was refused as it is. What stands below keys that
//! are not named here stays as it is.

use super::walk::{Found, Walk};

/// An object, or a list of objects of one kind.
#[derive(Debug)]
pub(crate) struct Shape {
    is_list: bool,
    keys: &'static [&'static str],
    below: &'static [(&'static str, &'static Shape)],
}

/// A list of [`TagBody`](flightdeck_model::TagBody).
pub(crate) const TAGS: Shape = Shape { is_list: true, keys: &["type", "name", "scope", "id"], below: &[] };

const RESOURCES: Shape =
    Shape { is_list: true, keys: &["hostname", "hwthreads", "accelerators", "configuration"], below: &[] };

/// [`StartJobBody`](flightdeck_model::StartJobBody)
pub(crate) const START_JOB: Shape = Shape {
    is_list: false,
    keys: &[
        "jobId",
        "cluster",
        "subCluster",
        "user",
        "project",
        "partition",
        "arrayJobId",
        "numNodes",
        "numHwthreads",
        "numAcc",
        "shared",
        "smt",
        "walltime",
        "requestedMemory",
        "submitTime",
        "startTime",
        "monitoringStatus",
        "resources",
        "metaData",
        "tags",
        "jobState",
        "id",
        "duration",
        "energy",
        "energyFootprint",
        "footprint",
        "statistics",
        "concurrentJobs",
    ],
    below: &[("resources", &RESOURCES), ("tags", &TAGS)],
};

/// [`StopJobBody`](flightdeck_model::StopJobBody)
pub(crate) const STOP_JOB: Shape =
    Shape { is_list: false, keys: &["jobId", "cluster", "startTime", "jobState", "stopTime"], below: &[] };

/// [`MetaEdit`](flightdeck_model::MetaEdit)
pub(crate) const META_EDIT: Shape = Shape { is_list: false, keys: &["key", "value"], below: &[] };

/// [`EditMetaBody`](super::EditMetaBody)
pub(crate) const EDIT_META: Shape = Shape {
    is_list: false,
    keys: &["jobId", "cluster", "startTime", "payload"],
    below: &[("payload", &META_EDIT)],
};

/// [`WhichJobBody`](super::WhichJobBody)
pub(crate) const WHICH_JOB: Shape =
    Shape { is_list: false, keys: &["jobId", "cluster", "startTime"], below: &[] };

/// [`ChangeUserBody`](super::ChangeUserBody)
pub(crate) const CHANGE_USER: Shape =
    Shape { is_list: false, keys: &["add-role", "remove-role", "add-project", "remove-project"], below: &[] };

const NODES: Shape = Shape {
    is_list: true,
    keys: &["hostname", "states", "cpusAllocated", "memoryAllocated", "gpusAllocated", "jobsRunning"],
    below: &[],
};

/// [`NodeStatesBody`](flightdeck_model::NodeStatesBody)
pub(crate) const NODE_STATES: Shape =
    Shape { is_list: false, keys: &["cluster", "nodes"], below: &[("nodes", &NODES)] };

/// [`HealthBody`](flightdeck_service::HealthBody)
pub(crate) const HEALTH: Shape =
    Shape { is_list: false, keys: &["cluster", "nodes", "metric-names"], below: &[] };

const SAMPLE_QUERY: Shape = Shape {
    is_list: true,
    keys: &[
        "metric",
        "host",
        "resolution",
        "type",
        "type-ids",
        "subtype",
        "subtype-ids",
        "scale-by",
        "aggreg",
    ],
    below: &[],
};

/// [`QueryBody`](flightdeck_service::QueryBody)
pub(crate) const SAMPLE_QUERIES: Shape = Shape {
    is_list: false,
    keys: &["cluster", "queries", "for-all-nodes", "from", "to", "with-stats", "with-data", "with-padding"],
    below: &[("queries", &SAMPLE_QUERY)],
};

impl Shape {
    /// The text with its keys as this server writes them; `None` when they are so already. No key changes its length,
    /// so that places in one text are places in the other.
    pub(super) fn with_usual_keys(&'static self, text: &[u8]) -> Option<Vec<u8>> {
        let mut rewritten: Option<Vec<u8>> = None;
        let mut walk = Walk::through(text);
        while let Some(found) = walk.next(text.len()) {
            let Found::Key(place) = found else { continue };
            let mut above: Vec<&[u8]> = walk.keys().collect();
            let Some(written) = above.pop() else { continue };
            let shape = self.below(above.into_iter());
            let Some(usual) = shape.and_then(|shape| shape.usual(written)) else { continue };
            let copy = rewritten.get_or_insert_with(|| text.to_vec());
            if let Some(bytes) = copy.get_mut(place) {
                bytes.copy_from_slice(usual.as_bytes());
            }
        }
        rewritten
    }

    /// The way to the first list that stands where an object belongs. The decoder takes such a list for an object
    /// without its keys, which no client can mean.
    pub(super) fn misplaced_list(&'static self, text: &[u8]) -> Option<String> {
        let mut walk = Walk::through(text);
        while let Some(found) = walk.next(text.len()) {
            let Found::List = found else { continue };
            let Some(shape) = self.below(walk.keys()) else { continue };
            if walk.lists_here() > usize::from(shape.is_list) {
                // The way leads into the list, which has just begun.
                return walk.path().strip_suffix("[0]").map(str::to_owned);
            }
        }
        None
    }

    /// The shape of what stands below these keys.
    fn below<'a>(&'static self, mut way: impl Iterator<Item = &'a [u8]>) -> Option<&'static Self> {
        way.try_fold(self, |shape, key| {
            let named = |(name, _): &&(&str, &Self)| name.as_bytes().eq_ignore_ascii_case(key);
            shape.below.iter().find(named).map(|(_, below)| *below)
        })
    }

    /// The name that this key has here, when it is written in another case of letters.
    fn usual(&self, written: &[u8]) -> Option<&'static str> {
        let known = self.keys.iter().copied().find(|key| key.as_bytes().eq_ignore_ascii_case(written));
        known.filter(|key| key.as_bytes() != written)
    }
}

#[cfg(test)]
impl Shape {
    /// The keys of the outermost object.
    pub(super) fn keys(&self) -> &'static [&'static str] {
        self.keys
    }

    /// The shapes below.
    pub(super) fn shapes_below(&self) -> impl Iterator<Item = &'static Shape> {
        self.below.iter().map(|(_, shape)| *shape)
    }
}
