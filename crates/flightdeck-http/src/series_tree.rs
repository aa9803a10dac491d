//! The metric store's content as the reference shows it: objects within objects, from cluster to part, and in each the
//! metrics that are stored there.

use flightdeck_model::{BlockInfo, SeriesInfo, UnixTime};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Samples of a series that are kept together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"start": 1_760_000_040, "len": 60, "end": 1_760_003_640, "bytes": 118, "saved": true}))]
pub(crate) struct BlockBody {
    /// When the first sample's step begins, in Unix seconds.
    start: UnixTime,
    /// Steps from the first to the last sample.
    len: u32,
    /// When the last sample's step ends, in Unix seconds.
    end: UnixTime,
    /// Bytes that the samples take.
    bytes: u64,
    /// Whether a snapshot on disk has it.
    saved: bool,
}

impl From<BlockInfo> for BlockBody {
    fn from(block: BlockInfo) -> Self {
        Self {
            start: block.start,
            len: block.steps,
            end: block.end,
            bytes: block.bytes,
            saved: block.is_saved,
        }
    }
}

/// What is stored at one place, and below it.
#[derive(Debug, Default)]
pub(crate) struct SeriesTree {
    metrics: BTreeMap<String, Vec<BlockBody>>,
    below: BTreeMap<String, SeriesTree>,
}

impl SeriesTree {
    /// Puts series together that all lie at or below a place, whose path is so many names long.
    pub(crate) fn of(series: Vec<SeriesInfo>, path_len: usize) -> Self {
        let mut root = Self::default();
        for one in series {
            let names = one.path.into_iter().skip(path_len);
            let place = names.fold(&mut root, |place, name| place.below.entry(name).or_default());
            place.metrics.insert(one.metric, one.blocks.into_iter().map(BlockBody::from).collect());
        }
        root
    }
}

impl Serialize for SeriesTree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metrics = self.metrics.iter().map(|(name, blocks)| (name.clone(), Entry::Metric(blocks)));
        let below = self.below.iter().map(|(name, tree)| {
            // No two keys of an object may be the same.
            let slash = if self.metrics.contains_key(name) { "/" } else { "" };
            (format!("{name}{slash}"), Entry::Below(tree))
        });
        serializer.collect_map(metrics.chain(below))
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Metric(&'a [BlockBody]),
    Below(&'a SeriesTree),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn series(path: &[&str], metric: &str) -> SeriesInfo {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        let block =
            BlockInfo { start: UnixTime(60), end: UnixTime(180), steps: 2, bytes: 16, is_saved: true };
        SeriesInfo { path, metric: metric.to_owned(), timestep_s: 60, blocks: vec![block] }
    }

    #[test]
    fn a_metric_and_a_part_of_the_same_name_are_both_shown() {
        let blocks = json!([{"start": 60, "len": 2, "end": 180, "bytes": 16, "saved": true}]);
        let tree = SeriesTree::of(
            vec![
                series(&["alpha", "a001"], "socket0"),
                series(&["alpha", "a001", "socket0"], "power"),
                series(&["alpha", "a001", "socket1"], "power"),
            ],
            1,
        );
        let expected =
            json!({"a001": {"socket0": blocks, "socket0/": {"power": blocks}, "socket1": {"power": blocks}}});
        assert_eq!(serde_json::to_value(&tree).unwrap(), expected);
    }
}
