//! 征求意见 on the worklists: cases that lie with an agency only because its opinion is
//! awaited. There are few of them, and so they are looked through as they stand, where
//! the others are walked along and kept in books.
//!
//! What always holds: a case that is within reach as it is handled is not found here as
//! well, nor for two agencies within reach. So nothing is listed or counted twice.

use std::marker::PhantomData;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};

use super::lists::{Assignee, Order, WorkFilter};
use crate::domain::cases::clock::Light;
use crate::domain::cases::desk::AwaitedOpinion;
use crate::domain::work::Reach;
use crate::store::cases::code_range;
use crate::store::conn::{Conn, MultiBackend};
use crate::store::schema::work_opinions;
use crate::store::types::{Id, Key};

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = work_opinions, treat_none_as_default_value = false)]
pub struct AwaitedRow {
    case_id: Key,
    agency: String,
    due_on: String,
    yellow_on: String,
}

impl AwaitedRow {
    pub fn new(case: Key, awaited: &AwaitedOpinion) -> Self {
        Self {
            case_id: case,
            agency: awaited.agency.to_string(),
            due_on: awaited.days.due_on.to_string(),
            yellow_on: awaited.days.yellow_on.to_string(),
        }
    }
}

/// These are the agencies a case awaits an opinion of; no others.
pub(super) fn put(conn: &mut Conn, case: Key, awaited: &[AwaitedRow]) -> QueryResult<()> {
    diesel::delete(work_opinions::table.filter(work_opinions::case_id.eq(case))).execute(conn)?;
    for row in awaited {
        diesel::insert_into(work_opinions::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// One page, in the order of the list: the day, the case, the agency.
pub(super) fn list(conn: &mut Conn, filter: &WorkFilter) -> QueryResult<Vec<(String, Key, String)>> {
    match filter.assignee {
        Assignee::Anybody | Assignee::Nobody(_) if !filter.reach.agencies.is_empty() => {}
        // An opinion is nobody's to claim.
        Assignee::Anybody | Assignee::Nobody(_) | Assignee::These(_) => return Ok(Vec::new()),
    }
    let mut asked = Asked::select("o.due_on, o.case_id, o.agency");
    asked.within_reach_for_nothing_else(&filter.reach);
    asked.narrowed(filter);
    asked.sql(" ORDER BY ").sql(match filter.order {
        Order::Due => "o.due_on, o.case_id",
        Order::Newest => "o.case_id DESC",
    });
    asked.sql(" LIMIT ").put(Piece::Number(filter.limit));
    asked.giving::<(Text, Id, Text)>().load(conn)
}

/// How many there are of each state and pair of days.
pub(super) fn count(conn: &mut Conn, reach: &Reach) -> QueryResult<Vec<(String, String, String, i64)>> {
    if reach.agencies.is_empty() {
        return Ok(Vec::new());
    }
    let mut asked = Asked::select("w.state, o.due_on, o.yellow_on, count(*)");
    asked.within_reach_for_nothing_else(reach);
    asked.sql(" GROUP BY w.state, o.due_on, o.yellow_on");
    asked.giving::<(Text, Text, Text, BigInt)>().load(conn)
}

/// A statement in pieces: what it says, and what is bound in between.
struct Asked(Vec<Piece>);

enum Piece {
    Sql(&'static str),
    Text(String),
    Case(Key),
    Number(i64),
}

impl Asked {
    fn select(columns: &'static str) -> Self {
        let mut asked = Self(Vec::new());
        asked.sql("SELECT ").sql(columns);
        asked.sql(" FROM work_opinions o JOIN work w ON w.case_id = o.case_id WHERE o.agency");
        asked
    }

    fn put(&mut self, piece: Piece) -> &mut Self {
        self.0.push(piece);
        self
    }

    fn sql(&mut self, sql: &'static str) -> &mut Self {
        self.put(Piece::Sql(sql))
    }

    fn text(&mut self, text: impl ToString) -> &mut Self {
        self.put(Piece::Text(text.to_string()))
    }

    fn is_one_of<T: ToString>(&mut self, all: impl IntoIterator<Item = T>) -> &mut Self {
        let mut before = " IN (";
        for one in all {
            self.sql(before).text(one);
            before = ", ";
        }
        self.sql(")")
    }

    fn within_reach_for_nothing_else(&mut self, reach: &Reach) {
        self.is_one_of(&reach.agencies).sql(" AND NOT (w.agency").is_one_of(&reach.agencies);
        for region in &reach.exactly {
            self.sql(" OR w.region = ").text(region);
        }
        for region in &reach.below {
            let (from, to) = code_range(region);
            self.sql(" OR (w.region >= ").text(from).sql(" AND w.region < ").text(to).sql(")");
        }
        self.sql(
            ") AND NOT EXISTS (SELECT 1 FROM work_opinions x WHERE x.case_id = o.case_id \
             AND x.agency < o.agency AND x.agency",
        );
        self.is_one_of(&reach.agencies).sql(")");
    }

    fn narrowed(&mut self, filter: &WorkFilter) {
        // Said so that no index by state is taken: it begins with those who are asked.
        self.sql(" AND w.state || ''").is_one_of(filter.states.iter().map(|state| state.as_str()));
        let columns = [
            (" AND w.guide = ", &filter.guide),
            (" AND w.agency = ", &filter.agency),
            (" AND w.counter = ", &filter.counter),
            (" AND w.step = ", &filter.step),
        ];
        for (column, wanted) in columns {
            if let Some(wanted) = wanted {
                self.sql(column).text(wanted);
            }
        }
        if let Some((light, today)) = filter.light {
            self.lit(light, today);
        }
        if let Some(after) = filter.after {
            match filter.order {
                Order::Due => {
                    self.sql(" AND (o.due_on, o.case_id) > (").text(after.due_on);
                    self.sql(", ").put(Piece::Case(Key(after.case))).sql(")")
                }
                Order::Newest => self.sql(" AND o.case_id < ").put(Piece::Case(Key(after.case))),
            };
        }
    }

    fn lit(&mut self, light: Light, today: NaiveDate) {
        match light {
            Light::Red => self.sql(" AND o.due_on < ").text(today),
            Light::Yellow => {
                self.sql(" AND o.due_on >= ").text(today).sql(" AND o.yellow_on <= ").text(today)
            }
            Light::Green => self.sql(" AND o.yellow_on > ").text(today),
        };
    }

    fn giving<T>(self) -> Statement<T> {
        Statement(self.0, PhantomData)
    }
}

struct Statement<T>(Vec<Piece>, PhantomData<T>);

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
