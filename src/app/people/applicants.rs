//! The applicant of a case as he is known to whoever acts: never better than that,
//! and as of now.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::cases::By;
use crate::domain::guides::Applicant;
use crate::domain::identity::{Ial, Level, Of, proofing};
use crate::store::PersonRecord;

/// How well the person on record is known now.
pub async fn person_ial(ctx: &Ctx, person: &PersonRecord, at: DateTime<Utc>) -> AppResult<Ial> {
    let level = person.level();
    if level.holds(at) {
        return Ok(level.ial);
    }
    Ok(proofing::level(&ctx.store.list_proofs(person.id).await?, Of::Person, at).ial)
}

/// The applicant as the rules of a guide may see him when this one acts. What an
/// officer knows of the person before him says nothing of who signs in as him; and
/// for somebody else nobody does what he is not known well enough to do for himself.
pub async fn as_known(ctx: &Ctx, person: PersonRecord, by: &By, at: DateTime<Utc>) -> AppResult<Applicant> {
    let of_record = person_ial(ctx, &person, at).await?;
    let mut holders = Vec::new();
    match by {
        By::Applicant { account } => {
            holders.extend(holder_of(*account, ctx.store.find_level(*account).await?));
        }
        By::Agent { account, .. } => {
            holders.extend(holder_of(*account, ctx.store.find_level(*account).await?));
            let principal = ctx.store.find_account_of(person.id).await?;
            holders.extend(principal.map(|account| (account.id, account.level)));
        }
        By::Assistant { .. } | By::Officer { .. } | By::System => {}
    }
    let mut ial = of_record;
    for (account, level) in holders {
        ial = ial.min(ctx.identity.holder_ial(account, level, at).await?);
    }
    let mut applicant = person.applicant;
    applicant.ial = ial.get();
    if ial == Ial::DECLARED {
        applicant.verified.clear();
    }
    Ok(applicant)
}

fn holder_of(account: Uuid, level: Option<Level>) -> Option<(Uuid, Level)> {
    level.map(|level| (account, level))
}

/// The holder of a certificate as a case of `party` names him: records of one
/// person are one holder.
pub async fn as_party(ctx: &Ctx, holder: Uuid, party: Uuid) -> AppResult<Uuid> {
    if holder == party {
        return Ok(party);
    }
    let (one, other) = (ctx.store.find_person(holder).await?, ctx.store.find_person(party).await?);
    let is_same = one.zip(other).is_some_and(|(one, other)| one.id == other.id);
    Ok(if is_same { party } else { holder })
}
