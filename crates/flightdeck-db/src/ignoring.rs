//! An insert that leaves alone what is there already.

use crate::connection::{AnyConnection, Backend};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

/// An insert of one row with `ON CONFLICT DO NOTHING`, for which diesel has no words over several backends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ignoring<Q>(pub(crate) Q);

impl<Q: QueryFragment<Backend>> QueryFragment<Backend> for Ignoring<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" ON CONFLICT DO NOTHING");
        Ok(())
    }
}

impl<Q> QueryId for Ignoring<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> RunQueryDsl<AnyConnection> for Ignoring<Q> {}
