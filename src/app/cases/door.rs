//! What hangs on the channel somebody applies through, and only where an article demands
//! it: whether the guide is offered there, and what rules of its form that cite one ask
//! for there. Filing is all that hangs on it: nothing that decides can see the channel.

use super::guide_closed;
use crate::app::catalog::PublishedGuide;
use crate::app::ctx::Ctx;
use crate::app::identity::Caller;
use crate::domain::cases::{Case, CaseState};
use crate::domain::codes::RegionCode;
use crate::domain::guides::{Applicant, Guide, OfferedChannel, Whom, check_channel};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::time::local_date;

/// The channel as guides tell channels apart.
pub fn channel(caller: &Caller) -> OfferedChannel {
    OfferedChannel::numbered(caller.channel.number())
}

/// A guide may leave out a channel where an article demands it.
pub fn offered(caller: &Caller, guide: &Guide) -> Result<(), Refusal> {
    offered_through(channel(caller), guide)
}

pub fn offered_through(channel: OfferedChannel, guide: &Guide) -> Result<(), Refusal> {
    let Some(limit) = &guide.channels else { return Ok(()) };
    if guide.is_offered_through(channel.number()) {
        return Ok(());
    }
    let basis = &limit.basis;
    Err(Refusal::new(
        RefusalCode::ChannelNotOffered,
        format!(
            "依据{}{}，本事项须到窗口等指定渠道办理。请查看办事指南中的办理地点。",
            basis.law.zh, basis.article
        ),
        format!(
            "{} {} wants this handled through certain channels only. See the guide for where.",
            basis.law.en, basis.article
        ),
    ))
}

/// Whether anybody may apply.
pub struct Door {
    /// Nobody may, now.
    pub closed: Option<Refusal>,
    /// Nobody may through this channel.
    pub not_offered: Option<Refusal>,
}

/// Whether anybody may apply now, and through this channel if one is named.
pub fn door(ctx: &Ctx, guide: &PublishedGuide, channel: Option<OfferedChannel>) -> Door {
    Door {
        closed: guide.is_closed(ctx.clock.now()).then(|| guide_closed(guide)),
        not_offered: channel.and_then(|channel| offered_through(channel, &guide.guide).err()),
    }
}

/// The errors of the rules of the form that look at the channel, in the draft that is
/// handed in.
pub(super) fn found(
    ctx: &Ctx,
    caller: &Caller,
    guide: &Guide,
    case: &Case,
    applicant: &Applicant,
) -> Vec<FieldError> {
    let CaseState::Draft(draft) = &case.state else { return Vec::new() };
    let Some(facts) = draft.facts.known() else { return Vec::new() };
    let guide = guide.handled_as(case.opened.scenario.as_deref());
    let regions = ctx.catalogue.regions();
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    check_channel(guide, facts, Whom::Known(applicant), local_date(ctx.clock.now()), &exists, channel(caller))
}
