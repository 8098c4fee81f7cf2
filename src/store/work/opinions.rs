//! 征求意见 on the worklists: cases that lie with an agency only because its opinion is
//! awaited. There are few of them, and so they are looked through as they stand, where
//! the others are walked along and kept in books.
//!
//! What always holds: a case that is within reach as it is handled is not found here as
//! well, nor for two agencies within reach. So nothing is listed or counted twice.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::asked::{Asked, Statement};
use super::lists::{Assignee, Order, WorkFilter};
use crate::domain::cases::clock::Light;
use crate::domain::cases::desk::AwaitedOpinion;
use crate::domain::work::Reach;
use crate::store::cases::code_range;
use crate::store::conn::Conn;
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

type Line = (Text, Id, Text);

/// One page, in the order of the list: the day, the case, the agency.
pub(super) fn list(conn: &mut Conn, filter: &WorkFilter) -> QueryResult<Vec<(String, Key, String)>> {
    page(filter).map_or(Ok(Vec::new()), |page| page.load(conn))
}

/// The question for a page; none where the answer could not be but empty.
pub(super) fn page(filter: &WorkFilter) -> Option<Statement<Line>> {
    match filter.assignee {
        Assignee::Anybody | Assignee::Nobody(_) if !filter.reach.agencies.is_empty() => {}
        // An opinion is nobody's to claim.
        Assignee::Anybody | Assignee::Nobody(_) | Assignee::These(_) => return None,
    }
    let mut asked = Asked::opinions("o.due_on, o.case_id, o.agency");
    asked.within_reach_for_nothing_else(&filter.reach);
    asked.narrowed(filter);
    asked.sql(" ORDER BY ").sql(match filter.order {
        Order::Due => "o.due_on, o.case_id",
        Order::Newest => "o.case_id DESC",
    });
    asked.sql(" LIMIT ").number(filter.limit);
    Some(asked.giving())
}

/// How many there are of each state and pair of days.
pub(super) fn count(conn: &mut Conn, reach: &Reach) -> QueryResult<Vec<(String, String, String, i64)>> {
    if reach.agencies.is_empty() {
        return Ok(Vec::new());
    }
    let mut asked = Asked::opinions("w.state, o.due_on, o.yellow_on, count(*)");
    asked.within_reach_for_nothing_else(reach);
    asked.sql(" GROUP BY w.state, o.due_on, o.yellow_on");
    asked.giving::<(Text, Text, Text, BigInt)>().load(conn)
}

impl Asked {
    fn opinions(columns: &'static str) -> Self {
        let mut asked = Self::new("SELECT ");
        // CROSS JOIN: SQLite begins with the opinions then, however well an index of `work`
        // would fit what the list is narrowed to.
        asked
            .sql(columns)
            .sql(" FROM work_opinions o CROSS JOIN work w WHERE w.case_id = o.case_id AND o.agency");
        asked
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
        // Said so that PostgreSQL takes no index by state either.
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
                    self.sql(", ").case(after.case).sql(")")
                }
                Order::Newest => self.sql(" AND o.case_id < ").case(after.case),
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
}
