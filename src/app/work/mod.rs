//! 待办: the worklists of staff, how much lies on them, and who works on what.

mod batch;
mod claims;
mod leaves;
mod search;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::cases::{self, CaseReply};
use super::ctx::Ctx;
use super::error::AppResult;
use super::identity::Caller;
use super::permit::permit_work;
use crate::domain::cases::StateName;
use crate::domain::cases::clock::Light;
use crate::domain::codes::Uscc;
use crate::domain::policy::Role;
use crate::domain::time::local_date;
use crate::domain::work::{CaseClaim, Reach};
use crate::store::{self, Assignee, BalanceRow, Changes, WorkFilter, WorkLine, WorkWrite};

pub use crate::store::{Order, WorkCursor};
pub use batch::{BatchResult, MOST_IN_A_BATCH, accept_all};
pub use claims::{Reassign, claim, claims_of, may_act, reassign, release};
pub use leaves::{ShownLeave, begin_leave, end_leave};
pub use search::{Search, search};

/// Whose cases are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Anybodys,
    /// Those nobody works on, as far as the caller could.
    Nobodys,
    Mine,
    Posts(Uuid),
}

#[derive(Debug, Clone)]
pub struct WorkRequest {
    /// None: whatever is open.
    pub state: Option<StateName>,
    pub guide: Option<String>,
    pub counter: Option<String>,
    pub agency: Option<String>,
    pub step: Option<String>,
    pub light: Option<Light>,
    pub whose: Whose,
    pub order: Order,
    pub after: Option<WorkCursor>,
    pub limit: i64,
}

/// A case on a worklist, with who works on it.
pub struct ShownWork {
    pub reply: CaseReply,
    pub due_on: Option<NaiveDate>,
    /// The agency of the caller's whose opinion is all that is wanted of him.
    pub opinion_of: Option<Uscc>,
    pub claims: Vec<CaseClaim>,
    /// Where the list goes on after it.
    pub cursor: WorkCursor,
}

/// A claim list longer than this is no officer's.
const MOST_CLAIMED: i64 = 2000;

/// The staff worklist: open cases within reach of the caller's posts, closed ones of which
/// a reply or a report is still owed, and those on which an agency of his is asked for its
/// opinion. Asked for closed ones of whatever light it gives all, those opened last first.
pub async fn list(ctx: &Ctx, caller: &Caller, request: WorkRequest) -> AppResult<Vec<ShownWork>> {
    let at = ctx.clock.now();
    permit_work(caller, at)?;
    match request.state {
        Some(StateName::Closed) if request.light.is_none() => closed(ctx, caller, request).await,
        Some(StateName::Draft) => Ok(Vec::new()),
        _ => open(ctx, caller, request, at).await,
    }
}

async fn closed(ctx: &Ctx, caller: &Caller, request: WorkRequest) -> AppResult<Vec<ShownWork>> {
    // Of what is closed nobody is at a step, and nobody works on it.
    let is_anybodys = matches!(request.whose, Whose::Anybodys | Whose::Nobodys);
    if request.step.is_some() || request.counter.is_some() || !is_anybodys {
        return Ok(Vec::new());
    }
    let closed = cases::ListRequest {
        state: None,
        guide: request.guide,
        agency: request.agency,
        after: request.after.map(|after| after.case),
        limit: request.limit,
    };
    let replies = cases::list_closed(ctx, caller, closed).await?;
    let shown = |reply: CaseReply| {
        let cursor = WorkCursor { due_on: NaiveDate::MIN, case: reply.case.id };
        ShownWork { reply, due_on: None, opinion_of: None, claims: Vec::new(), cursor }
    };
    Ok(replies.into_iter().map(shown).collect())
}

/// The query is only a fast approximation; the policy has the last word on every case,
/// so that a listing never shows what a read would hide.
async fn open(
    ctx: &Ctx,
    caller: &Caller,
    request: WorkRequest,
    at: DateTime<Utc>,
) -> AppResult<Vec<ShownWork>> {
    let wanted = usize::try_from(request.limit).unwrap_or(0);
    let mut filter = filter(ctx, caller, request, at).await?;
    let mut shown: Vec<ShownWork> = Vec::with_capacity(wanted);
    while shown.len() < wanted {
        let lines = ctx.store.list_work(filter.clone()).await?;
        let Some(last) = lines.last() else { break };
        filter.after = Some(last.cursor);
        let is_last_page = lines.len() < wanted;
        let mut found = ctx.store.find_cases(lines.iter().map(|line| line.case)).await?;
        for line in lines {
            let stored = match found.remove(&line.case) {
                Some(Ok(stored)) => stored,
                Some(Err(error)) => {
                    tracing::error!(%error, "left out of a list");
                    continue;
                }
                None => continue,
            };
            if let Some(audience) = cases::audience(caller, &stored, at).filter(|_| shown.len() < wanted) {
                let reply = cases::with_guide(ctx, stored.case, audience).await?;
                let WorkLine { opinion_of, due_on, cursor, .. } = line;
                shown.push(ShownWork { reply, due_on, opinion_of, claims: Vec::new(), cursor });
            }
        }
        if is_last_page {
            break;
        }
    }
    let ids = shown.iter().map(|line| line.reply.case.id).collect();
    for claim in ctx.store.list_claims(ids, at).await? {
        shown
            .iter_mut()
            .filter(|line| line.reply.case.id == claim.case)
            .for_each(|line| line.claims.push(claim.clone()));
    }
    Ok(shown)
}

async fn filter(
    ctx: &Ctx,
    caller: &Caller,
    request: WorkRequest,
    at: DateTime<Utc>,
) -> AppResult<WorkFilter> {
    let posts = || caller.actor.posts.iter().filter(|post| post.in_force(at));
    let reach = Reach::of(posts(), at);
    let open = StateName::ALL.into_iter().filter(|state| state.may_be_work());
    let states = open.filter(|state| request.state.is_none_or(|wanted| wanted == *state)).collect();
    let claimed = |posts: Vec<Uuid>| ctx.store.list_claimed(posts, MOST_CLAIMED);
    let assignee = match request.whose {
        Whose::Anybodys => Assignee::Anybody,
        Whose::Nobodys => {
            let own: Vec<Role> = posts().map(|post| post.role).filter(|role| role.takes_cases()).collect();
            let all = || Role::ALL.into_iter().filter(|role| role.takes_cases()).collect();
            Assignee::Nobody(if own.is_empty() { all() } else { own })
        }
        Whose::Mine => Assignee::These(claimed(posts().map(|post| post.id).collect()).await?),
        Whose::Posts(post) => Assignee::These(claimed(vec![post]).await?),
    };
    Ok(WorkFilter {
        reach,
        states,
        guide: request.guide,
        counter: request.counter,
        agency: request.agency,
        step: request.step,
        light: request.light.map(|light| (light, local_date(at))),
        assignee,
        order: request.order,
        after: request.after,
        limit: request.limit,
    })
}

/// How many open cases of one state have which light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateCounts {
    pub state: StateName,
    pub green: i64,
    pub yellow: i64,
    pub red: i64,
    /// No clock runs.
    pub still: i64,
}

/// What lies on the caller's worklist today, by state and light: exactly what the list shows.
pub async fn counts(ctx: &Ctx, caller: &Caller) -> AppResult<Vec<StateCounts>> {
    let at = ctx.clock.now();
    permit_work(caller, at)?;
    let reach = Reach::of(caller.actor.posts.iter(), at);
    let counted = ctx.store.count_work(reach, local_date(at)).await?;
    let open = StateName::ALL.into_iter().filter(|state| state.may_be_work());
    let none = |state| StateCounts { state, green: 0, yellow: 0, red: 0, still: 0 };
    let mut counts: Vec<StateCounts> = open.map(none).collect();
    for each in counted {
        for of_state in counts.iter_mut().filter(|counts| counts.state == each.state) {
            *of_state.of(each.light) += each.cases;
        }
    }
    Ok(counts)
}

impl StateCounts {
    fn of(&mut self, light: Option<Light>) -> &mut i64 {
        match light {
            Some(Light::Green) => &mut self.green,
            Some(Light::Yellow) => &mut self.yellow,
            Some(Light::Red) => &mut self.red,
            None => &mut self.still,
        }
    }
}

/// Postings summed up in one go.
const SETTLED_AT_ONCE: i64 = 500;

/// Sums up what was posted. Every instance may: one of them wins.
pub async fn settle(ctx: &Ctx) -> AppResult<()> {
    loop {
        let postings = ctx.store.list_postings(SETTLED_AT_ONCE).await?;
        let is_last = i64::try_from(postings.len()).is_ok_and(|count| count < SETTLED_AT_ONCE);
        if postings.is_empty() {
            return Ok(());
        }
        let mut sums = Vec::new();
        for posting in &postings {
            sums.extend(posting.sums()?);
        }
        let settled = WorkWrite::Settle {
            postings: postings.iter().map(store::Posting::id).collect(),
            sums: BalanceRow::together(sums),
        };
        let mut changes = Changes::new();
        changes.write(settled);
        match ctx.store.commit(changes).await {
            Ok(()) if is_last => return Ok(()),
            Ok(()) => {}
            Err(store::Error::Stale) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Drops what has had its time.
pub async fn sweep(ctx: &Ctx) -> AppResult<()> {
    let mut changes = Changes::new();
    changes.write(WorkWrite::Tidy { at: ctx.clock.now() });
    Ok(ctx.store.commit(changes).await?)
}
