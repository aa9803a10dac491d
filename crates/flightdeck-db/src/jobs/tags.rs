//! The tag table in memory: lists name tags by number, and there are few tags.

use crate::DbError;
use crate::connection::AnyConnection;
use crate::schema::tag;
use diesel::prelude::*;
use flightdeck_model::{Tag, TagFilter, TagVisibility};
use std::collections::BTreeMap;

/// All tags, as they were in one state of the database.
#[derive(Debug, Default)]
pub(crate) struct TagTable {
    tag_number: i64,
    tags: BTreeMap<i64, Tag>,
}

impl TagTable {
    /// Reads the table in the state that the number stands for.
    pub(super) fn load(connection: &mut AnyConnection, tag_number: i64) -> Result<Self, DbError> {
        let rows: Vec<(i64, String, String, String)> =
            tag::table.select((tag::id, tag::tag_type, tag::tag_name, tag::tag_scope)).load(connection)?;
        let tags =
            rows.into_iter().map(|(id, tag_type, name, scope)| (id, Tag { id, tag_type, name, scope }));
        Ok(Self { tag_number, tags: tags.collect() })
    }

    /// Whether this is the table in that state.
    pub(super) const fn is_of(&self, tag_number: i64) -> bool {
        self.tag_number == tag_number
    }

    /// The ids of the visible tags that the filter means.
    pub(super) fn ids_fitting(&self, wanted: &TagFilter, visibility: &TagVisibility) -> Vec<i64> {
        let fits = |tag: &&Tag| {
            tag.name == wanted.name
                && wanted.tag_type.as_ref().is_none_or(|tag_type| *tag_type == tag.tag_type)
                && visibility.allows(&tag.scope)
        };
        self.tags.values().filter(fits).map(|tag| tag.id).collect()
    }

    /// The visible tags of a list of ids, in the order of ids.
    pub(super) fn visible(&self, ids: &str, visibility: &TagVisibility) -> Vec<Tag> {
        let known = ids.split(',').filter_map(|id| self.tags.get(&id.parse().ok()?));
        let mut tags: Vec<Tag> = known.filter(|tag| visibility.allows(&tag.scope)).cloned().collect();
        tags.sort_unstable_by_key(|tag| tag.id);
        tags
    }
}
