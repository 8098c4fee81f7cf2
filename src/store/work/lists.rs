//! One page of a worklist: every listing is a few walks along an index, each from where
//! the page before ended and no longer than a page, laid together.
//!
//! A walk is along one agency, one guide, one counter, or one region: the index of its
//! city or county, in the order of the list and one state, or one step of a state, at a
//! time, so that nothing but what is asked for is passed. Beyond that a light or who works
//! on it are looked at on the way. What a walk finds within two parts of a reach is shown
//! once.

use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use uuid::Uuid;

use super::{NEVER, opinions};
use crate::domain::cases::StateName;
use crate::domain::cases::clock::Light;
use crate::domain::codes::{RegionCode, RegionLevel, Uscc};
use crate::domain::policy::Role;
use crate::domain::work::Reach;
use crate::store::Store;
use crate::store::cases::code_range;
use crate::store::conn::{Conn, MultiBackend};
use crate::store::dialect::explain;
use crate::store::error::{Error, Result};
use crate::store::schema::{case_claims, work};
use crate::store::types::{Id, Key};
use crate::store::verify::in_one_moment;

/// In which order cases are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// What is due first comes first.
    Due,
    /// What was opened last comes first.
    Newest,
}

/// Whose cases are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignee {
    Anybody,
    /// Nobody of these roles works on them.
    Nobody(Vec<Role>),
    /// These, which somebody works on.
    These(Vec<Uuid>),
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkCursor {
    pub due_on: NaiveDate,
    pub case: Uuid,
}

/// Which open cases to list.
#[derive(Debug, Clone)]
pub struct WorkFilter {
    pub reach: Reach,
    pub states: Vec<StateName>,
    pub guide: Option<String>,
    pub agency: Option<String>,
    pub counter: Option<String>,
    pub step: Option<String>,
    /// The light, as it is on that day.
    pub light: Option<(Light, NaiveDate)>,
    pub assignee: Assignee,
    pub order: Order,
    pub after: Option<WorkCursor>,
    pub limit: i64,
}

/// A case on a worklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkLine {
    pub case: Uuid,
    /// The agency within reach whose opinion is all that is wanted.
    pub opinion_of: Option<Uscc>,
    /// None while no clock runs.
    pub due_on: Option<NaiveDate>,
    pub cursor: WorkCursor,
}

type Columns = (Text, Id);
type Walk<'a> = work::BoxedQuery<'a, MultiBackend, Columns>;
type Condition = Box<dyn BoxableExpression<work::table, MultiBackend, SqlType = Bool>>;

/// What one walk goes along.
#[derive(Debug, Clone)]
enum Along {
    Agency(Uscc),
    /// One walk for each of these, as one step of a plan: PostgreSQL alone can.
    EachOf(Vec<Uscc>),
    Below(RegionCode),
    Exactly(RegionCode),
    OneAgency(String),
    Guide(String),
    Counter(String),
    These(Vec<Uuid>),
}

/// Walks in one statement, which saves the way to a server. For SQLite there is no way,
/// and planning a long statement takes longer than all its walks.
fn most_walks(conn: &Conn) -> usize {
    match conn {
        Conn::Pg(_) => 100,
        Conn::Sqlite(_) => 1,
    }
}

/// A walk, or as many as there are agencies.
struct Step {
    walk: Walk<'static>,
    /// Their codes, with commas in between.
    each_of: Option<String>,
}

impl Store {
    /// The cases of a page, in order; fewer than asked for on the last.
    pub async fn list_work(&self, filter: WorkFilter) -> Result<Vec<WorkLine>> {
        let limit = usize::try_from(filter.limit).unwrap_or(0);
        let order = filter.order;
        let rows: Vec<(String, Key, Option<String>)> = self
            .read(move |conn| {
                // In one moment: a case that moves between two walks is on one of them.
                in_one_moment(conn, |conn| {
                    let asked = opinions::list(conn, &filter)?;
                    let asked = asked.into_iter().map(|(day, case, agency)| (day, case, Some(agency)));
                    let mut found: Vec<_> = asked.collect();
                    let mut walks = steps(conn, &filter);
                    while !walks.is_empty() {
                        let rest = walks.split_off(walks.len().min(most_walks(conn)));
                        let page: Vec<(String, Key)> = Together(walks).load(conn)?;
                        found.extend(page.into_iter().map(|(day, case)| (day, case, None)));
                        walks = rest;
                    }
                    Ok(found)
                })
            })
            .await?;
        let mut lines = rows.into_iter().map(line).collect::<Result<Vec<_>>>()?;
        match order {
            Order::Due => lines.sort_by_key(|line| (line.cursor.due_on, line.case)),
            Order::Newest => lines.sort_by_key(|line| std::cmp::Reverse(line.case)),
        }
        lines.dedup_by_key(|line| line.case);
        lines.truncate(limit);
        Ok(lines)
    }
}

impl Store {
    /// How the database goes about a list: for measuring, and for the test that it walks
    /// along indexes.
    pub async fn explain_work(&self, filter: WorkFilter) -> Result<Vec<String>> {
        self.read(move |conn| {
            let steps = steps(conn, &filter);
            Ok(explain(conn, Together(steps))?)
        })
        .await
    }

    /// The same of the opinions that come on it.
    pub async fn explain_awaited(&self, filter: WorkFilter) -> Result<Vec<String>> {
        self.read(move |conn| Ok(opinions::page(&filter).map_or(Ok(Vec::new()), |page| explain(conn, page))?))
            .await
    }
}

fn line((due_on, case, agency): (String, Key, Option<String>)) -> Result<WorkLine> {
    let case = case.0;
    let opinion_of = agency.map(|agency| Uscc::parse(&agency)).transpose();
    let opinion_of = opinion_of.map_err(|_| Error::corrupt("work_opinions", case, "its agency is none"))?;
    let day = due_on.parse().map_err(|_| Error::corrupt("work", case, "its day is none"))?;
    let due_on = Some(day).filter(|day| *day != NEVER);
    Ok(WorkLine { case, opinion_of, due_on, cursor: WorkCursor { due_on: day, case } })
}

fn steps(conn: &Conn, filter: &WorkFilter) -> Vec<Step> {
    let ways = ways(filter, matches!(conn, Conn::Pg(_)));
    let step = |way: &Along, walk| match way {
        Along::EachOf(agencies) => {
            let codes: Vec<&str> = agencies.iter().map(Uscc::as_str).collect();
            Step { walk, each_of: Some(codes.join(",")) }
        }
        _ => Step { walk, each_of: None },
    };
    match filter.order {
        Order::Due => {
            let each = ways.iter().flat_map(|way| filter.states.iter().map(move |state| (way, *state)));
            each.map(|(way, state)| step(way, by_due_day(filter, way, state))).collect()
        }
        Order::Newest => ways.iter().map(|way| step(way, by_age(filter, way))).collect(),
    }
}

fn ways(filter: &WorkFilter, may_be_each: bool) -> Vec<Along> {
    // What is asked for may be fewer than what is within reach.
    if let Assignee::These(cases) = &filter.assignee {
        return vec![Along::These(cases.clone())];
    }
    let guide = filter.guide.clone().map(Along::Guide);
    let counter = filter.counter.clone().map(Along::Counter);
    let agency = filter.agency.clone().map(Along::OneAgency);
    if let Some(fewest) = guide.or(counter).or(agency) {
        return vec![fewest];
    }
    let reach = &filter.reach;
    let agencies: Vec<Along> = match may_be_each && reach.agencies.len() > 1 {
        true => vec![Along::EachOf(reach.agencies.clone())],
        false => reach.agencies.iter().cloned().map(Along::Agency).collect(),
    };
    let below = reach.below.iter().cloned().map(Along::Below);
    let exactly = reach.exactly.iter().cloned().map(Along::Exactly);
    agencies.into_iter().chain(below).chain(exactly).collect()
}

fn by_due_day(filter: &WorkFilter, way: &Along, state: StateName) -> Walk<'static> {
    let mut walk = narrowed(along(filter, way), filter).filter(work::state.eq(state.as_str()));
    if let Some(after) = filter.after {
        let later = diesel::dsl::sql::<Bool>("(work.due_on, work.case_id) > (")
            .bind::<Text, _>(after.due_on.to_string())
            .sql(", ")
            .bind::<Id, _>(Key(after.case))
            .sql(")");
        walk = walk.filter(later);
    }
    walk.order((work::due_on, work::case_id)).limit(filter.limit)
}

fn by_age(filter: &WorkFilter, way: &Along) -> Walk<'static> {
    let mut walk = narrowed(along(filter, way), filter);
    if filter.states.len() < StateName::ALL.into_iter().filter(|state| state.may_be_work()).count() {
        let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
        // Said so that no index by state is taken, whose order would not be that of age.
        walk = walk.filter(work::state.concat("").eq_any(states));
    }
    if let Some(after) = filter.after {
        walk = walk.filter(work::case_id.lt(Key(after.case)));
    }
    walk.order(work::case_id.desc()).limit(filter.limit)
}

/// The index to walk along. Whatever is not a part of the reach is held against it.
fn along(filter: &WorkFilter, way: &Along) -> Walk<'static> {
    let walk: Walk<'static> = work::table.select((work::due_on, work::case_id)).into_boxed();
    let first = |region: &RegionCode, count| region.as_str().get(..count).unwrap_or_default().to_owned();
    match way {
        Along::Agency(agency) => walk.filter(work::agency.eq(agency.to_string())),
        Along::EachOf(_) => walk.filter(work::agency.eq(diesel::dsl::sql::<Text>("own.agency"))),
        Along::Below(region) => match region.level() {
            RegionLevel::Province => {
                let (from, to) = code_range(region);
                walk.filter(work::region.ge(from).and(work::region.lt(to)))
            }
            RegionLevel::City => walk.filter(work::city.eq(first(region, 4))),
            RegionLevel::County => walk.filter(work::county.eq(first(region, 6))),
            RegionLevel::Town | RegionLevel::Village | RegionLevel::Grid => {
                let (from, to) = code_range(region);
                let within = work::region.ge(from).and(work::region.lt(to));
                walk.filter(work::county.eq(first(region, 6))).filter(within)
            }
        },
        Along::Exactly(region) => {
            walk.filter(work::county.eq(first(region, 6))).filter(work::region.eq(region.to_string()))
        }
        Along::OneAgency(agency) => {
            walk.filter(work::agency.eq(agency.clone())).filter(within(&filter.reach))
        }
        Along::Guide(guide) => walk.filter(work::guide.eq(guide.clone())).filter(within(&filter.reach)),
        Along::Counter(counter) => {
            walk.filter(work::counter.eq(counter.clone())).filter(within(&filter.reach))
        }
        Along::These(cases) => {
            let cases: Vec<Key> = cases.iter().copied().map(Key).collect();
            walk.filter(work::case_id.eq_any(cases)).filter(within(&filter.reach))
        }
    }
}

fn within(reach: &Reach) -> Condition {
    let agencies: Vec<String> = reach.agencies.iter().map(ToString::to_string).collect();
    let exactly: Vec<String> = reach.exactly.iter().map(ToString::to_string).collect();
    let mut condition: Condition = Box::new(work::agency.eq_any(agencies).or(work::region.eq_any(exactly)));
    for region in &reach.below {
        let (from, to) = code_range(region);
        condition = Box::new(condition.or(work::region.ge(from).and(work::region.lt(to))));
    }
    condition
}

/// What is looked at on the way.
fn narrowed(mut walk: Walk<'static>, filter: &WorkFilter) -> Walk<'static> {
    if let Some(guide) = &filter.guide {
        walk = walk.filter(work::guide.eq(guide.clone()));
    }
    if let Some(agency) = &filter.agency {
        walk = walk.filter(work::agency.eq(agency.clone()));
    }
    if let Some(counter) = &filter.counter {
        walk = walk.filter(work::counter.eq(counter.clone()));
    }
    if let Some(step) = &filter.step {
        walk = walk.filter(work::step.eq(step.clone()));
    }
    if let Some((light, today)) = filter.light {
        let day = today.to_string();
        walk = match light {
            Light::Red => walk.filter(work::due_on.lt(day)),
            Light::Yellow => walk.filter(work::due_on.ge(day.clone())).filter(work::yellow_on.le(day)),
            Light::Green => {
                // Nothing that is green is due before it turns yellow.
                let running = work::due_on.gt(day.clone()).and(work::due_on.lt(NEVER.to_string()));
                walk.filter(running).filter(work::yellow_on.gt(day))
            }
        };
    }
    match &filter.assignee {
        Assignee::Anybody | Assignee::These(_) => walk,
        Assignee::Nobody(roles) => {
            let roles: Vec<&'static str> = roles.iter().map(|role| role.as_str()).collect();
            let claimed = case_claims::table
                .filter(case_claims::case_id.eq(work::case_id))
                .filter(case_claims::role.eq_any(roles));
            walk.filter(not(exists(claimed)))
        }
    }
}

/// Several walks as one statement.
struct Together(Vec<Step>);

impl QueryId for Together {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<MultiBackend> for Together {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for (index, Step { walk, each_of }) in self.0.iter().enumerate() {
            out.push_sql(if index == 0 { "SELECT walk.* FROM " } else { " UNION ALL SELECT walk.* FROM " });
            if let Some(codes) = each_of {
                out.push_sql("unnest(string_to_array(");
                out.push_bind_param::<Text, _>(codes)?;
                out.push_sql(", ',')) AS own(agency) CROSS JOIN LATERAL ");
            }
            out.push_sql("(");
            <Walk<'static> as QueryFragment<MultiBackend>>::walk_ast(walk, out.reborrow())?;
            out.push_sql(") AS walk");
        }
        Ok(())
    }
}

impl Query for Together {
    type SqlType = Columns;
}

impl RunQueryDsl<Conn> for Together {}
