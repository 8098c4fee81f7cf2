//! A statement put together from pieces, where the parts of it hang on what is asked and
//! the query builder has no types for that.

use std::marker::PhantomData;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use uuid::Uuid;

use crate::store::conn::{Conn, MultiBackend};
use crate::store::types::{Id, Key};

/// What a statement says, and what is bound in between: no value ever becomes SQL.
pub(super) struct Asked(Vec<Piece>);

enum Piece {
    Sql(&'static str),
    Text(String),
    Case(Key),
    Number(i64),
}

impl Asked {
    pub fn new(begins: &'static str) -> Self {
        Self(vec![Piece::Sql(begins)])
    }

    pub fn sql(&mut self, sql: &'static str) -> &mut Self {
        self.put(Piece::Sql(sql))
    }

    pub fn text(&mut self, text: impl ToString) -> &mut Self {
        self.put(Piece::Text(text.to_string()))
    }

    pub fn case(&mut self, case: Uuid) -> &mut Self {
        self.put(Piece::Case(Key(case)))
    }

    pub fn number(&mut self, number: i64) -> &mut Self {
        self.put(Piece::Number(number))
    }

    /// One at the least.
    pub fn is_one_of<T: ToString>(&mut self, all: impl IntoIterator<Item = T>) -> &mut Self {
        let mut before = " IN (";
        for one in all {
            self.sql(before).text(one);
            before = ", ";
        }
        self.sql(")")
    }

    /// `T`: the types of its columns.
    pub fn giving<T>(self) -> Statement<T> {
        Statement(self.0, PhantomData)
    }

    fn put(&mut self, piece: Piece) -> &mut Self {
        self.0.push(piece);
        self
    }
}

pub(super) struct Statement<T>(Vec<Piece>, PhantomData<T>);

impl<T> QueryId for Statement<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> QueryFragment<MultiBackend> for Statement<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for piece in &self.0 {
            match piece {
                Piece::Sql(sql) => out.push_sql(sql),
                Piece::Text(text) => out.push_bind_param::<Text, _>(text)?,
                Piece::Case(case) => out.push_bind_param::<Id, _>(case)?,
                Piece::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
            }
        }
        Ok(())
    }
}

impl<T> Query for Statement<T> {
    type SqlType = T;
}

impl<T> RunQueryDsl<Conn> for Statement<T> {}
