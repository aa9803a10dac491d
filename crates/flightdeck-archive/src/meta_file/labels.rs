//! Puts tags and metadata into the text of a meta.json. Every other byte stays as it is: foreign members, the order,
//! white space, escapes, and numbers of more digits than we would write.

use super::encode::ArchivedTag;
use super::members::{self, Object};
use crate::bounded_read;
use flightdeck_model::{JobLabels, JobMeta, Tag};
use std::collections::BTreeMap;
use std::ops::Range;

const TAGS: &str = "tags";
const META_DATA: &str = "metaData";

/// A place in the text and what will stand there instead.
struct Edit {
    place: Range<usize>,
    text: String,
}

/// The file with these labels, `meta` being what it says now; `None` when it says so already.
///
/// All of its tags are replaced. Of its metadata those are that the labels have too, if their text differs.
pub(super) fn write_into(
    json: &[u8],
    meta: &JobMeta,
    labels: &JobLabels,
) -> Result<Option<Vec<u8>>, serde_json::Error> {
    let Some(file) = members::find(json, 0) else { return Ok(None) };
    let mut edits = tag_edits(json, &file, &meta.tags, &labels.tags)?;
    edits.extend(metadata_edits(json, &file, &meta.meta_data, &labels.meta_data)?);
    Ok((!edits.is_empty()).then(|| apply(json, edits)))
}

fn tag_edits(json: &[u8], file: &Object, old: &[Tag], new: &[Tag]) -> Result<Vec<Edit>, serde_json::Error> {
    let is_same = |(before, after): (&Tag, &Tag)| *before == Tag { id: 0, ..after.clone() };
    if old.len() == new.len() && old.iter().zip(new).all(is_same) {
        return Ok(Vec::new());
    }
    let position = position_of(json, file, TAGS);
    if new.is_empty() {
        return Ok(position.map(|index| removal(file, index)).into_iter().collect());
    }
    let archived: Vec<ArchivedTag<'_>> = new.iter().map(ArchivedTag::from).collect();
    let text = serde_json::to_string(&archived)?;
    Ok(vec![set(file, position, TAGS, text)])
}

fn metadata_edits(
    json: &[u8],
    file: &Object,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> Result<Vec<Edit>, serde_json::Error> {
    let changed: BTreeMap<&str, &str> = new
        .iter()
        .filter(|(key, text)| old.get(*key) != Some(text))
        .map(|(key, text)| (key.as_str(), text.as_str()))
        .collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let position = position_of(json, file, META_DATA);
    let place = position.and_then(|index| file.members.get(index)).map(|member| member.value.clone());
    // Absent or null is no object to put anything into.
    let is_object = |place: &Range<usize>| json.get(place.start) == Some(&b'{');
    match place.filter(is_object).and_then(|place| members::find(json, place.start)) {
        Some(object) => merge(json, &object, &changed),
        None => Ok(vec![set(file, position, META_DATA, serde_json::to_string(&changed)?)]),
    }
}

/// Replaces the values of the keys that the object has, and appends the others.
fn merge(
    json: &[u8],
    object: &Object,
    changed: &BTreeMap<&str, &str>,
) -> Result<Vec<Edit>, serde_json::Error> {
    let mut edits = Vec::new();
    let mut to_append = changed.clone();
    for member in &object.members {
        let key = text_of(json, &member.key);
        if let Some(text) = changed.get(key.as_str()) {
            edits.push(Edit { place: member.value.clone(), text: serde_json::to_string(text)? });
            to_append.remove(key.as_str());
        }
    }
    let mut is_first = object.members.is_empty();
    for (key, text) in to_append {
        let comma = if is_first { "" } else { "," };
        is_first = false;
        let member = format!("{comma}{}:{}", serde_json::to_string(key)?, serde_json::to_string(text)?);
        edits.push(Edit { place: end_of(object), text: member });
    }
    Ok(edits)
}

fn position_of(json: &[u8], object: &Object, key: &str) -> Option<usize> {
    object.members.iter().position(|member| text_of(json, &member.key) == key)
}

/// A string of the file as readers understand it; empty if it is none.
fn text_of(json: &[u8], place: &Range<usize>) -> String {
    let bytes = json.get(place.clone()).unwrap_or_default();
    serde_json::from_str(&bounded_read::text(bytes)).unwrap_or_default()
}

/// Sets the value of a member, or appends it. The file has other members, since a job has a number.
fn set(file: &Object, position: Option<usize>, key: &str, value: String) -> Edit {
    match position.and_then(|index| file.members.get(index)) {
        Some(member) => Edit { place: member.value.clone(), text: value },
        None => Edit { place: end_of(file), text: format!(",\"{key}\":{value}") },
    }
}

/// Takes a member away, together with the comma that parts it from the one before or, if it is the first, after.
fn removal(object: &Object, index: usize) -> Edit {
    let before = index.checked_sub(1).and_then(|previous| object.members.get(previous));
    let own = object.members.get(index);
    let after = object.members.get(index + 1);
    let place = match (before, own, after) {
        (Some(previous), Some(member), _) => previous.value.end..member.value.end,
        (None, Some(member), Some(next)) => member.key.start..next.key.start,
        (None, Some(member), None) => member.key.start..member.value.end,
        (_, None, _) => end_of(object),
    };
    Edit { place, text: String::new() }
}

/// Where another member can be appended.
fn end_of(object: &Object) -> Range<usize> {
    let end = object.members.last().map_or(object.start, |member| member.value.end);
    end..end
}

fn apply(json: &[u8], mut edits: Vec<Edit>) -> Vec<u8> {
    // Stable: what is appended at one place keeps its order.
    edits.sort_by_key(|edit| (edit.place.start, edit.place.end));
    let mut changed =
        Vec::with_capacity(json.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut done = 0;
    for edit in edits {
        changed.extend_from_slice(json.get(done..edit.place.start).unwrap_or_default());
        changed.extend_from_slice(edit.text.as_bytes());
        done = edit.place.end;
    }
    changed.extend_from_slice(json.get(done..).unwrap_or_default());
    changed
}
