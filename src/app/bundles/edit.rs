//! What the applicant does with an application: answer, hand in, submit, take back.
//! Without a version named, a change by somebody else in between is not in the way.

use uuid::Uuid;

use super::{ATTEMPTS, ApplicationReply, Loaded, advance, commanded, held_types, load, permit_all, read};
use crate::app::cases::{self, Action, Given, Place, Upload, given};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::{Caller, acr};
use crate::app::once::{Answer, first_answer};
use crate::app::people::applicants::as_known;
use crate::domain::bundles::{self, Application, Command, Found, Plan, Stage};
use crate::domain::cases::{By, WithdrawCase};
use crate::domain::codes::RegionCode;
use crate::domain::guides::{Applicant, Facts, Whom};
use crate::domain::policy::Operation;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;
use crate::store::{Changes, Claim};
use serde_json::{Map, Value, json};

/// What a repetition is answered from: the application, as it is then.
pub(super) fn pointer(id: Uuid) -> String {
    json!({ "application": id }).to_string()
}

/// A request that fails may be the repetition of one that succeeded.
pub(super) async fn replay_instead(
    ctx: &Ctx,
    caller: &Caller,
    claim: Option<&Claim>,
    error: AppError,
) -> AppResult<Answer<ApplicationReply>> {
    let kept = first_answer(ctx, claim, error).await?;
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    let id = kept["application"].as_str().and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| AppError::Internal("a stored answer does not read".to_owned()))?;
    read::read(ctx, caller, id).await.map(Answer::again)
}

/// Saves answers: a merge patch (RFC 7396).
pub async fn save(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    patch: Map<String, Value>,
) -> AppResult<ApplicationReply> {
    for _ in 0..ATTEMPTS {
        let at = ctx.clock.now();
        let loaded = editable(ctx, caller, id, expected_version).await?;
        let next = loaded.application().clone().save(loaded.plan(), patch.clone(), at)?;
        match write(ctx, &loaded, next, None).await {
            Err(AppError::Stale) if expected_version.is_none() => continue,
            other => return other.map(drop).and(read::read(ctx, caller, id).await),
        }
    }
    Err(AppError::Unavailable("the application keeps changing".to_owned()))
}

/// Puts a document in the place of a joint material.
pub async fn attach(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    code: String,
    upload: Upload,
) -> AppResult<ApplicationReply> {
    let loaded = editable(ctx, caller, id, expected_version).await?;
    let place =
        Place {
            party: loaded.application().opened.party,
            material: &code,
            name: loaded.plan().served_by(&code).first().and_then(|(planned, material)| {
                planned.material(material).map(|material| material.name.clone())
            }),
        };
    let Given { evidence, certificate, file } = given(ctx, caller, place, upload).await?;
    for _ in 0..ATTEMPTS {
        let at = ctx.clock.now();
        let (loaded, by) = permitted(ctx, caller, id, expected_version, Operation::EditCase).await?;
        let application = loaded.application().clone();
        let next =
            application.attach(loaded.plan(), &code, evidence.clone(), certificate.as_ref(), &by, at)?;
        if let Some(file) = &file {
            file.keep(loaded.folder(ctx)?).await?;
        }
        match write(ctx, &loaded, next, None).await {
            Err(AppError::Stale) if expected_version.is_none() => continue,
            other => return other.map(drop).and(read::read(ctx, caller, id).await),
        }
    }
    Err(AppError::Unavailable("the application keeps changing".to_owned()))
}

async fn editable(ctx: &Ctx, caller: &Caller, id: Uuid, expected_version: Option<u64>) -> AppResult<Loaded> {
    permitted(ctx, caller, id, expected_version, Operation::EditCase).await.map(|(loaded, _)| loaded)
}

async fn permitted(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    operation: Operation,
) -> AppResult<(Loaded, By)> {
    let loaded = load(ctx, id).await?;
    let by = permit_all(caller, operation, &loaded.application().opened, loaded.plan(), ctx.clock.now())?;
    if expected_version.is_some_and(|version| version != loaded.application().version) {
        return Err(AppError::Stale);
    }
    Ok((loaded, by))
}

/// Writes the next version of an application.
async fn write(ctx: &Ctx, loaded: &Loaded, mut next: Application, claim: Option<&Claim>) -> AppResult<()> {
    let at = ctx.clock.now();
    next.version = loaded.stored.origin.version + 1;
    let mut changes = Changes::new();
    changes.record_application(&loaded.stored.origin, &next, at)?;
    changes.claim(claim, pointer(next.id), at);
    Ok(ctx.store.commit(changes).await?)
}

/// 提交: hands in all parts; those whose turn has come are filed at once. Of an
/// application under way it says that what was wanted is there now.
pub async fn submit(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    claim: Option<Claim>,
) -> AppResult<Answer<ApplicationReply>> {
    for _ in 0..ATTEMPTS {
        match attempt_submit(ctx, caller, id, expected_version, claim.as_ref()).await {
            Err(AppError::Stale) if expected_version.is_none() => continue,
            Err(error) => return replay_instead(ctx, caller, claim.as_ref(), error).await,
            Ok(()) => {
                go_ahead(ctx, id).await;
                return read::read(ctx, caller, id).await.map(Answer::first);
            }
        }
    }
    Err(AppError::Unavailable("the application keeps changing".to_owned()))
}

async fn attempt_submit(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    claim: Option<&Claim>,
) -> AppResult<()> {
    let at = ctx.clock.now();
    let (loaded, by) = permitted(ctx, caller, id, expected_version, Operation::SubmitCase).await?;
    let command = match &loaded.application().progress.stage {
        Stage::Draft { .. } => {
            if !loaded.bundle.is_open() {
                return Err(super::open::closed(&loaded.bundle).into());
            }
            let party = loaded.application().opened.party;
            let person = ctx.store.find_person(party).await?;
            let person =
                person.ok_or_else(|| AppError::Internal(format!("the applicant of {id} is gone")))?;
            let held = held_types(ctx, person.id, at).await?;
            let applicant = as_known(ctx, person, &by, at).await?;
            let regions = ctx.catalogue.regions();
            let exists = |code: &RegionCode| regions.contains(code.as_str());
            let facts = loaded.application().facts.known().cloned().unwrap_or_else(Facts::new);
            let channel = Some(cases::channel(caller));
            let found = bundles::evaluate(
                loaded.plan(),
                &facts,
                &held,
                Whom::Known(&applicant),
                local_date(at),
                &exists,
                channel,
            );
            check(&loaded, &found, &applicant, caller)?;
            Command::Submit { by, aal: caller.aal, not_needed: found.not_needed() }
        }
        Stage::UnderWay { .. } | Stage::Ended { .. } => Command::GoOn { by, aal: caller.aal },
    };
    match commanded(ctx, &loaded, command, at)? {
        Some(next) => write(ctx, &loaded, next, claim).await,
        None => Ok(()),
    }
}

/// Everything that would stand in the way of a part later is told now.
fn check(loaded: &Loaded, found: &Found<'_>, applicant: &Applicant, caller: &Caller) -> AppResult<()> {
    for part in found.parts.iter().filter(|part| part.needed == Some(true)) {
        if let Some(planned) = loaded.plan().part(part.code) {
            cases::offered(caller, &planned.guide)?;
        }
    }
    if let Some(Text { zh, en }) = &found.not_for {
        return Err(Refusal::new(RefusalCode::NotEligible, zh.clone(), en.clone()).into());
    }
    known_well_enough(loaded.plan(), found, applicant, caller.aal)?;
    let given = |code: &str| loaded.application().materials.contains_key(code);
    let faults = found.faults(loaded.plan(), &given);
    if !faults.is_empty() {
        return Err(refusal(RefusalCode::ValidationFailed, faults).into());
    }
    let unmet = found.unmet();
    if !unmet.is_empty() {
        return Err(refusal(RefusalCode::NotEligible, unmet).into());
    }
    Ok(())
}

fn refusal(code: RefusalCode, errors: Vec<FieldError>) -> Refusal {
    Refusal::new(
        code,
        "还不能提交，请按提示逐项修改；不符合条件的事项可以不办。",
        "It cannot be submitted yet; correct each of the points listed. A part whose conditions are not met may be left out.",
    )
    .errors(errors)
}

fn known_well_enough(plan: &Plan, found: &Found<'_>, applicant: &Applicant, aal: u8) -> AppResult<()> {
    let asked = found.parts.iter().filter(|part| part.needed == Some(true));
    let levels = asked.filter_map(|part| plan.part(part.code)).map(|planned| planned.guide.identity);
    let (ial, needed) = levels.fold((1, 1), |(ial, aal), level| (ial.max(level.ial), aal.max(level.aal)));
    if applicant.ial >= ial && aal >= needed {
        return Ok(());
    }
    let refusal = Refusal::new(
        RefusalCode::InsufficientIdentity,
        format!("联办的事项要求实名等级 {ial}、登录等级 {needed}。请先完成实名核验或二次登录，再提交。"),
        format!(
            "The parts ask for identity level {ial} and sign-in level {needed}. Prove your identity or sign in again, then submit."
        ),
    );
    Err(AppError::StepUp { refusal: Box::new(refusal), acr_values: acr(ial, needed) })
}

/// Files what can be filed now. What does not succeed here the worker takes up.
async fn go_ahead(ctx: &Ctx, id: Uuid) {
    if let Err(error) = advance::advance(ctx, id).await {
        tracing::warn!(application = %id, ?error, "an application could not go on at once; the worker takes it up");
    }
}

/// 撤回: what is not filed is not applied for any more; cases that can still be
/// taken back are.
pub async fn withdraw(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    claim: Option<Claim>,
    reason: String,
) -> AppResult<Answer<ApplicationReply>> {
    for _ in 0..ATTEMPTS {
        match attempt_withdraw(ctx, caller, id, expected_version, claim.as_ref()).await {
            Err(AppError::Stale) if expected_version.is_none() => continue,
            Err(error) => return replay_instead(ctx, caller, claim.as_ref(), error).await,
            Ok(filed) => {
                for case in filed {
                    take_back(ctx, caller, case, &reason).await?;
                }
                go_ahead(ctx, id).await;
                return read::read(ctx, caller, id).await.map(Answer::first);
            }
        }
    }
    Err(AppError::Unavailable("the application keeps changing".to_owned()))
}

/// Gives the cases that are with their agencies.
async fn attempt_withdraw(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    claim: Option<&Claim>,
) -> AppResult<Vec<Uuid>> {
    let at = ctx.clock.now();
    let (loaded, _) = permitted(ctx, caller, id, expected_version, Operation::WithdrawCase).await?;
    let filed = loaded.application().progress.filed().map(|(_, case, _)| case).collect();
    if let Some(next) = commanded(ctx, &loaded, Command::Withdraw, at)? {
        write(ctx, &loaded, next, claim).await?;
    }
    Ok(filed)
}

/// A case that has been decided meanwhile goes its way.
async fn take_back(ctx: &Ctx, caller: &Caller, case: Uuid, reason: &str) -> AppResult<()> {
    let action = Action::Withdraw(WithdrawCase { reason: reason.to_owned() });
    let request = cases::Request { case, expected_version: None, claim: None, action };
    match cases::act(ctx, caller, request).await {
        Ok(_) => Ok(()),
        Err(AppError::Refused(refusal)) if refusal.code == RefusalCode::WrongState => Ok(()),
        Err(error) => Err(error),
    }
}
