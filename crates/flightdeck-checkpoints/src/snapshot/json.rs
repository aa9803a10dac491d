//! Reads JSON snapshots. Their values have one decimal; what was cut off is lost.

use super::{DEPTH_MAX, Entry, Series, are_times_possible};
use crate::error::Reason;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
struct Level {
    // Both are null when that server has nothing to put in them.
    metrics: Option<BTreeMap<String, Metric>>,
    children: Option<BTreeMap<String, Level>>,
}

#[derive(Debug, Deserialize)]
struct Metric {
    frequency: i64,
    start: i64,
    data: Option<Vec<Option<f32>>>,
}

/// Hands out the series of a snapshot; nothing of one that is not whole.
pub(crate) fn read_json(snapshot: &[u8], take: &mut dyn FnMut(Entry<'_>)) {
    match serde_json::from_slice::<Level>(snapshot) {
        Ok(root) => hand_out(&root, &mut Vec::new(), take),
        Err(source) => take(Entry::Damage(Reason::NotJson(source))),
    }
}

fn hand_out<'a>(level: &'a Level, levels: &mut Vec<&'a str>, take: &mut dyn FnMut(Entry<'_>)) {
    if levels.len() > DEPTH_MAX {
        return take(Entry::Damage(Reason::Levels { levels: levels.join("/") }));
    }
    for (metric, found) in level.metrics.iter().flatten() {
        let data = found.data.as_deref().unwrap_or_default();
        if !are_times_possible(found.frequency, found.start, data.len()) {
            let series = levels.iter().copied().chain([metric.as_str()]).collect::<Vec<_>>().join("/");
            take(Entry::Damage(Reason::Times { series }));
            continue;
        }
        let values: Vec<f32> = data.iter().map(|value| value.unwrap_or(f32::NAN)).collect();
        let (timestep_s, start_s) = (found.frequency, found.start);
        take(Entry::Series(Series { levels, metric, timestep_s, start_s, values: &values }));
    }
    for (name, child) in level.children.iter().flatten() {
        levels.push(name);
        hand_out(child, levels, take);
        levels.pop();
    }
}
