//! Tags of the reference, used ones and others.

use super::file::ReferenceFile;
use super::tables::tag;
use super::values::{BrokenRule, Cell, name, required_name};
use super::{BATCH, ReferenceReport};
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::Tag;
use std::collections::HashMap;

/// The numbers that the reference's tags have here.
pub(super) type TagIds = HashMap<i64, i64>;

/// Takes over the tags.
pub(super) fn take_tags(
    file: &mut ReferenceFile,
    into: &Database,
    report: &mut ReferenceReport,
) -> Result<TagIds, DbError> {
    let mut all_ids = TagIds::new();
    let mut last_id = i64::MIN;
    loop {
        let rows: Vec<(i64, Cell, Cell, Cell)> = file.read(|connection| {
            let following = tag::table.filter(tag::id.gt(last_id)).order(tag::id).limit(BATCH);
            following.load(connection)
        })?;
        let Some((id, ..)) = rows.last() else { return Ok(all_ids) };
        last_id = *id;
        let mut tags = Vec::new();
        for (id, tag_type, tag_name, scope) in rows {
            match tag_of(id, tag_type, tag_name, scope) {
                Ok(tag) => tags.push(tag),
                Err(reason) => report.leave_out("tag", &id.to_string(), &reason),
            }
        }
        let (ids, added) = into.write(move |transaction| add_tags(transaction, &tags))?;
        all_ids.extend(ids);
        report.tags += added;
    }
}

/// The tag, with the number that it has in the file.
fn tag_of(id: i64, tag_type: Cell, tag_name: Cell, scope: Cell) -> Result<Tag, BrokenRule> {
    let mut scope = name("tag_scope", scope)?;
    if scope.is_empty() {
        "global".clone_into(&mut scope);
    }
    Ok(Tag {
        id,
        tag_type: required_name("tag_type", tag_type)?,
        name: required_name("tag_name", tag_name)?,
        scope,
    })
}

fn add_tags(transaction: &mut WriteTransaction<'_>, tags: &[Tag]) -> Result<(TagIds, u64), DbError> {
    use crate::schema::tag;
    let mut ids = TagIds::new();
    let mut added = 0;
    for wanted in tags {
        let of_name = tag::table
            .filter(tag::tag_type.eq(&wanted.tag_type))
            .filter(tag::tag_name.eq(&wanted.name))
            .filter(tag::tag_scope.eq(&wanted.scope));
        let known: Option<i64> = of_name.select(tag::id).get_result(transaction.connection).optional()?;
        let id = known.unwrap_or_else(|| transaction.next_id());
        if known.is_none() {
            let row = (
                tag::id.eq(id),
                tag::tag_type.eq(&wanted.tag_type),
                tag::tag_name.eq(&wanted.name),
                tag::tag_scope.eq(&wanted.scope),
            );
            diesel::insert_into(tag::table).values(row).execute(transaction.connection)?;
            added += 1;
        }
        ids.insert(wanted.id, id);
    }
    if added > 0 {
        transaction.tags_changed();
    }
    Ok((ids, added))
}
