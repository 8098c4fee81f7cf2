//! How the database goes about a statement: for measuring, and for tests that it walks
//! along indexes.

use std::marker::PhantomData;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Integer, Text};

use crate::store::conn::{Conn, MultiBackend};

type SqlitePlan = (Integer, Integer, Integer, Text);

/// The plan of a statement instead of its rows.
struct Explained<Q, T>(&'static str, Q, PhantomData<T>);

impl<Q, T> QueryId for Explained<Q, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<MultiBackend>, T> QueryFragment<MultiBackend> for Explained<Q, T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql(self.0);
        self.1.walk_ast(out)
    }
}

impl<Q, T> Query for Explained<Q, T> {
    type SqlType = T;
}

impl<Q, T> RunQueryDsl<Conn> for Explained<Q, T> {}

/// The plan, step by step, in the words of the database.
pub(in crate::store) fn explain(
    conn: &mut Conn,
    query: impl QueryFragment<MultiBackend>,
) -> QueryResult<Vec<String>> {
    match conn {
        Conn::Pg(_) => Explained("EXPLAIN ", query, PhantomData::<Text>).load(conn),
        Conn::Sqlite(_) => {
            let plan = Explained("EXPLAIN QUERY PLAN ", query, PhantomData::<SqlitePlan>);
            let steps: Vec<(i32, i32, i32, String)> = plan.load(conn)?;
            Ok(steps.into_iter().map(|(_, _, _, step)| step).collect())
        }
    }
}
