//! 编制与发布: an editor hands in drafts, somebody else decides on them.
//!
//! What always holds: nobody publishes what he drafted himself, under whichever of
//! his accounts; a draft is checked again, examples and all, against the catalogue as
//! it is when it is published; it never overwrites what was published after it was
//! written, nor lifts a withdrawal of after; whoever changes what is published is of its
//! agency. Items and certificate types, which all agencies share, are for posts that
//! look after every agency.

use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::check::{FileProblems, check, check_each, survey};
use super::present::Present;
use super::publish::{ATTEMPTS, Faults, Order, Published, attempt, commit, rehearse};
use super::{CERTIFICATE_TYPES, register_file};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::Uscc;
use crate::domain::guides::{FileKind, Guide, SourceFile, Template, Unfit, Wanted, template};
use crate::domain::policy::{CatalogueReach, Operation, Target};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::store::{
    AuditFilter, CatalogWrite, Changes, DraftFilter, DraftRecord, DraftState, DraftWrite, Epoch,
};

/// A file as its editor hands it in.
#[derive(Debug, Clone)]
pub struct DraftFile {
    pub name: String,
    pub yaml: String,
}

/// Which drafts to list, the newest first.
#[derive(Debug, Clone, Default)]
pub struct DraftQuery {
    pub state: Option<DraftState>,
    pub code: Option<String>,
    /// The last id of the page before.
    pub after: Option<Uuid>,
    pub limit: i64,
}

/// A draft beside what it would change.
#[derive(Debug, Clone)]
pub struct ShownDraft {
    pub draft: DraftRecord,
    /// The file that is published now; none when there is none yet.
    pub present: Option<String>,
}

/// What a checked file is about.
struct About {
    place: usize,
    kind: FileKind,
    code: String,
    agency: Option<Uscc>,
}

/// Keeps files as drafts, all or none. An earlier draft of the same editor for the
/// same thing is taken back.
pub async fn hand_in(
    ctx: &Ctx,
    caller: &Caller,
    files: Vec<DraftFile>,
    note: Option<String>,
) -> AppResult<Result<Vec<DraftRecord>, Vec<FileProblems>>> {
    let at = ctx.clock.now();
    permit(caller, Operation::EditCatalogue, Target::Platform, at)?;
    let files: Vec<(String, String)> = files.into_iter().map(|file| (file.name, file.yaml)).collect();
    let mut about = match contents(ctx, &files).await? {
        Ok(about) => about,
        Err(problems) => return Ok(Err(problems)),
    };
    about.sort_by_key(|about| about.place);
    let mut newest = Vec::with_capacity(about.len());
    for file in &about {
        permit(caller, Operation::EditCatalogue, Target::Catalogue { agency: file.agency.as_ref() }, at)?;
        let published = Newest::find(ctx, file.kind, &file.code).await?;
        permit_to_replace(caller, Operation::EditCatalogue, published.as_ref(), at)?;
        newest.push(published);
    }
    let editor = caller.actor.account;
    let mut changes = Changes::new();
    let mut drafts = Vec::new();
    for (file, newest) in about.into_iter().zip(newest) {
        let Some((name, yaml)) = files.get(file.place).cloned() else { continue };
        let draft = DraftRecord {
            id: new_id(at),
            file: name,
            kind: file.kind,
            code: file.code,
            agency: file.agency,
            yaml,
            base_version: newest.map(|newest| newest.version),
            note: note.clone(),
            edited_by: editor,
            edited_at: at,
            state: DraftState::Draft,
            decided_by: None,
            decided_at: None,
        };
        changes.write(CatalogWrite::Draft(DraftWrite::Replace { code: draft.code.clone(), editor, at }));
        drafts.push(draft);
    }
    // After all that they replace: several files may be of one register.
    for draft in &drafts {
        changes.write(CatalogWrite::Draft(DraftWrite::Insert(draft.clone())));
    }
    let told: Vec<_> = drafts.iter().map(|draft| json!({ "draft": draft.id, "code": draft.code })).collect();
    let entry = caller.entry(at, AuditAction::CatalogueDrafted, Outcome::Succeeded);
    changes.audit(&entry.with(json!({ "drafts": told })));
    ctx.store.commit(changes).await?;
    Ok(Ok(drafts))
}

/// What is in files that have nothing wrong.
async fn contents(ctx: &Ctx, files: &[(String, String)]) -> AppResult<Result<Vec<About>, Vec<FileProblems>>> {
    let surveys = survey(files);
    let present = Present::read(ctx, files, &surveys).await?;
    let keep = |_, guide: Guide| (guide.code.to_string(), guide.agency);
    let checked = match check_each(files, &surveys, &present.base, keep) {
        Ok(checked) => checked,
        Err(problems) => return Ok(Err(problems)),
    };
    let types = checked.certificate_types.into_iter().map(|(place, _)| About {
        place,
        kind: FileKind::CertificateTypes,
        code: CERTIFICATE_TYPES.to_owned(),
        agency: None,
    });
    let items = checked.items.into_iter().map(|(place, item)| {
        let code = item.item.basic_code.to_string();
        About { place, kind: FileKind::Item, code, agency: None }
    });
    let guides = checked.guides.into_iter().map(|(place, (code, agency))| About {
        place,
        kind: FileKind::Guide,
        code,
        agency: Some(agency),
    });
    let bundles = checked.bundles.into_iter().map(|(place, bundle)| About {
        place,
        kind: FileKind::Bundle,
        code: bundle.code.to_string(),
        agency: Some(bundle.leader),
    });
    Ok(Ok(types.chain(items).chain(guides).chain(bundles).collect()))
}

/// What is published of the thing a draft is of: the newest version, in force or to come.
pub(super) struct Newest {
    /// The register has no versions: what it says has a number of its own.
    pub version: u32,
    pub yaml: String,
    /// Whose it is; none for what all agencies share.
    agency: Option<Uscc>,
    /// 停止办理: takes no new cases from then on, which may be to come.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl Newest {
    pub async fn find(ctx: &Ctx, kind: FileKind, code: &str) -> AppResult<Option<Self>> {
        let codes = || vec![code.to_owned()];
        let (version, yaml, withdrawn_at) = match kind {
            FileKind::Guide => match ctx.store.list_newest_guides(codes()).await?.pop() {
                Some(guide) => (guide.version, guide.yaml, guide.withdrawn_at),
                None => return Ok(None),
            },
            FileKind::Bundle => match ctx.store.find_current_bundle(code.to_owned()).await? {
                Some(bundle) => (bundle.version, bundle.yaml, bundle.withdrawn_at),
                None => return Ok(None),
            },
            FileKind::Item => match ctx.store.list_current_items(codes()).await?.pop() {
                Some(item) => (item.version, item.yaml, None),
                None => return Ok(None),
            },
            FileKind::CertificateTypes => {
                let yaml = register_file(ctx).await?;
                let digest = Sha256::digest(&yaml);
                let first = digest.iter().take(4).fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
                (first >> 1, yaml, None)
            }
        };
        let agency = match kind {
            FileKind::Guide | FileKind::Bundle => SourceFile::published(&yaml).agency(),
            FileKind::Item | FileKind::CertificateTypes => None,
        };
        Ok(Some(Self { version, yaml, agency, withdrawn_at }))
    }
}

/// Who may change what is published is for the agency whose it is by then: a file does
/// not take another's guide or bundle over by naming its own.
fn permit_to_replace(
    caller: &Caller,
    operation: Operation,
    newest: Option<&Newest>,
    at: DateTime<Utc>,
) -> AppResult<()> {
    let Some(newest) = newest else { return Ok(()) };
    permit(caller, operation, Target::Catalogue { agency: newest.agency.as_ref() }, at).map(drop)
}

/// Whoever drafts or publishes sees drafts.
fn permit_to_see(caller: &Caller, target: Target<'_>, at: DateTime<Utc>) -> AppResult<()> {
    match permit(caller, Operation::EditCatalogue, target, at) {
        Ok(_) => Ok(()),
        Err(AppError::Forbidden) => permit(caller, Operation::PublishCatalogue, target, at).map(drop),
        Err(error) => Err(error),
    }
}

pub async fn list_drafts(ctx: &Ctx, caller: &Caller, query: DraftQuery) -> AppResult<Vec<DraftRecord>> {
    let at = ctx.clock.now();
    permit_to_see(caller, Target::Platform, at)?;
    let agencies = match caller.actor.catalogue_reach(at) {
        CatalogueReach::All => None,
        CatalogueReach::These(agencies) => Some(agencies.iter().map(ToString::to_string).collect()),
    };
    let DraftQuery { state, code, after, limit } = query;
    Ok(ctx.store.list_drafts(DraftFilter { agencies, state, code, before: after, limit }).await?)
}

/// A draft the caller may see.
pub(super) async fn find(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<DraftRecord> {
    let at = ctx.clock.now();
    permit_to_see(caller, Target::Platform, at)?;
    let draft = ctx.store.find_draft(id).await?.ok_or(AppError::NotFound)?;
    let target = Target::Catalogue { agency: draft.agency.as_ref() };
    permit_to_see(caller, target, at).map_err(AppError::or_not_found)?;
    Ok(draft)
}

pub async fn read_draft(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<ShownDraft> {
    let draft = find(ctx, caller, id).await?;
    let newest = Newest::find(ctx, draft.kind, &draft.code).await?;
    let present = newest.map(|newest| newest.yaml);
    Ok(ShownDraft { draft, present })
}

/// Drafts the caller may see, the first with those that are to be published with it, each
/// once.
pub(super) async fn together(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    with: &[Uuid],
) -> AppResult<Vec<DraftRecord>> {
    let mut drafts: Vec<DraftRecord> = Vec::new();
    for id in std::iter::once(&id).chain(with) {
        if drafts.iter().all(|draft| draft.id != *id) {
            drafts.push(find(ctx, caller, *id).await?);
        }
    }
    Ok(drafts)
}

pub(super) fn files_of(drafts: &[DraftRecord]) -> Vec<(String, String)> {
    drafts.iter().map(|draft| (draft.file.clone(), draft.yaml.clone())).collect()
}

/// The two files an author begins with, or everything that is wrong with what he wants.
pub fn begin(ctx: &Ctx, caller: &Caller, wanted: &Wanted<'_>) -> AppResult<Result<Template, Vec<Unfit>>> {
    permit_to_see(caller, Target::Platform, ctx.clock.now())?;
    Ok(template(wanted))
}

/// The guide that a draft is, beside those that are to be published with it; none when
/// it is of another kind.
pub async fn drafted_guide(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    with: &[Uuid],
) -> AppResult<Result<Option<Guide>, Vec<FileProblems>>> {
    let files = files_of(&together(ctx, caller, id, with).await?);
    let base = Present::read(ctx, &files, &survey(&files)).await?.base;
    Ok(check(&files, &base).map(|checked| checked.of_first().guides.pop().map(|(_, guide)| guide)))
}

/// Checks a draft and tries its examples against the present catalogue, and against the
/// drafts that are to be published with it.
pub async fn report_on(ctx: &Ctx, caller: &Caller, id: Uuid, with: &[Uuid]) -> AppResult<Faults> {
    let drafts = together(ctx, caller, id, with).await?;
    let files = files_of(&drafts);
    rehearse(ctx, &Order { by: Some(caller), files: &files, drafts: &drafts }).await
}

/// Publishes drafts of others together, all or none.
///
/// # Errors
/// `Refused` when one was decided already or is the caller's own; `Stale` when what it
/// changes was published anew or withdrawn since it was written.
pub async fn publish_drafts(
    ctx: &Ctx,
    caller: &Caller,
    ids: &[Uuid],
) -> AppResult<Result<Vec<Published>, Faults>> {
    permit(caller, Operation::PublishCatalogue, Target::Platform, ctx.clock.now())?;
    for _ in 0..ATTEMPTS {
        let epoch = ctx.store.epoch(Epoch::Catalogue).await?;
        let mut drafts: Vec<DraftRecord> = Vec::new();
        for id in ids {
            if drafts.iter().all(|draft| draft.id != *id) {
                drafts.push(to_publish(ctx, caller, *id).await?);
            }
        }
        let files = files_of(&drafts);
        match attempt(ctx, &Order { by: Some(caller), files: &files, drafts: &drafts }, epoch).await {
            Err(AppError::Stale) => {}
            other => return other,
        }
    }
    Err(AppError::Stale)
}

/// A draft the caller may publish.
async fn to_publish(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<DraftRecord> {
    let at = ctx.clock.now();
    let draft = find(ctx, caller, id).await?;
    let target = Target::Catalogue { agency: draft.agency.as_ref() };
    permit(caller, Operation::PublishCatalogue, target, at)?;
    let newest = Newest::find(ctx, draft.kind, &draft.code).await?;
    permit_to_replace(caller, Operation::PublishCatalogue, newest.as_ref(), at)?;
    open(&draft)?;
    if is_his_own(ctx, caller, &draft).await? {
        let entry = caller.entry(at, AuditAction::OwnDraftRefused, Outcome::Refused).on(draft.id);
        let mut changes = Changes::new();
        changes.audit(&entry.with(json!({ "code": draft.code })));
        ctx.store.commit(changes).await?;
        let refusal = Refusal::new(
            RefusalCode::SamePerson,
            "这份草稿由您本人编制，须由另一位发布人员审核发布。",
            "You drafted this yourself; another publisher must look at it and publish it.",
        );
        return Err(refusal.into());
    }
    if !is_on_top(ctx, &draft, newest).await? || was_withdrawn_since(ctx, &draft).await? {
        return Err(AppError::Stale);
    }
    Ok(draft)
}

fn open(draft: &DraftRecord) -> AppResult<()> {
    let (zh, en) = match draft.state {
        DraftState::Draft => return Ok(()),
        DraftState::Published => ("这份草稿已经发布。", "This draft was published already."),
        DraftState::Withdrawn => (
            "这份草稿已被退回或撤回，请重新提交。",
            "This draft was rejected or taken back; hand it in again.",
        ),
    };
    Err(Refusal::new(RefusalCode::WrongState, zh, en).into())
}

/// Whether the same person wrote it, under this account or another of his.
async fn is_his_own(ctx: &Ctx, caller: &Caller, draft: &DraftRecord) -> AppResult<bool> {
    if draft.edited_by == caller.actor.account {
        return Ok(true);
    }
    let editor = ctx.store.find_account(draft.edited_by).await?;
    Ok(editor.is_some_and(|account| {
        account.person == caller.actor.party || caller.actor.former.contains(&account.person)
    }))
}

/// Whether nobody has published anything else since it was written. A guide that got
/// a new version because its item did is still the same file.
async fn is_on_top(ctx: &Ctx, draft: &DraftRecord, newest: Option<Newest>) -> AppResult<bool> {
    match (draft.kind, draft.base_version, newest) {
        (_, base, newest) if base == newest.as_ref().map(|newest| newest.version) => Ok(true),
        (FileKind::Guide, Some(base), Some(newest)) => {
            let base = ctx.store.find_guide(draft.code.clone(), base).await?;
            Ok(base.is_some_and(|base| base.yaml == newest.yaml))
        }
        (FileKind::Guide | FileKind::Item | FileKind::Bundle | FileKind::CertificateTypes, _, _) => Ok(false),
    }
}

/// Whether it was withdrawn, or that was announced, after the draft was written: whoever
/// wrote it did not know, and its publication would undo it. The audit trail has the
/// moment this was decided at.
async fn was_withdrawn_since(ctx: &Ctx, draft: &DraftRecord) -> AppResult<bool> {
    let filter = AuditFilter {
        action: Some(AuditAction::CatalogueChanged),
        subject: Some(draft.code.clone()),
        from: Some(draft.edited_at),
        limit: 1,
        ..AuditFilter::default()
    };
    let entries = ctx.store.list_audit(filter).await?;
    Ok(entries.iter().any(|entry| entry.details["withdrawn"] == true))
}

/// Rejects a draft; its editor may take it back himself.
pub async fn reject_draft(ctx: &Ctx, caller: &Caller, id: Uuid, reason: Option<String>) -> AppResult<()> {
    let at = ctx.clock.now();
    let draft = find(ctx, caller, id).await?;
    if draft.edited_by != caller.actor.account {
        let target = Target::Catalogue { agency: draft.agency.as_ref() };
        permit(caller, Operation::PublishCatalogue, target, at)?;
    }
    open(&draft)?;
    let by = caller.actor.account;
    let mut changes = Changes::new();
    changes.write(CatalogWrite::Draft(DraftWrite::Decide { id, state: DraftState::Withdrawn, by, at }));
    let entry = caller.entry(at, AuditAction::DraftRejected, Outcome::Succeeded).on(id);
    changes.audit(&entry.with(json!({ "code": draft.code, "reason": reason })));
    commit(ctx, changes).await
}
