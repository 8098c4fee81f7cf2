//! What one file of the catalogue changes against another, in the words of an
//! applicant: for an author at his desk, and for whoever is to publish a draft.

use std::sync::Arc;

use uuid::Uuid;

use super::Catalogue;
use super::check::{Checked, FileProblems, check, survey};
use super::drafts::{Newest, files_of, together};
use super::present::Present;
use crate::app::bundles;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::domain::guides::{
    Bundle, CertificateTypeEntry, Change, FileKind, Guide, Implements, ItemFile, SourceFile, diff,
    diff_bundles, diff_certificate_types, diff_items, undone,
};
use crate::domain::text::Text;
use crate::domain::time::{local_date, start_of_local_day};
use crate::store::DraftRecord;

/// What a file that has nothing wrong says.
#[derive(Debug, Clone)]
pub enum Content {
    CertificateTypes(Vec<CertificateTypeEntry>),
    Item(Arc<ItemFile>),
    Guide(Box<Guide>),
    Bundle(Box<Bundle>),
}

impl Content {
    pub fn kind(&self) -> FileKind {
        match self {
            Self::CertificateTypes(_) => FileKind::CertificateTypes,
            Self::Item(_) => FileKind::Item,
            Self::Guide(_) => FileKind::Guide,
            Self::Bundle(_) => FileKind::Bundle,
        }
    }

    /// Everything that was read, in the order of its kind.
    pub fn of(checked: Checked) -> Vec<Self> {
        let types: Vec<_> = checked.certificate_types.into_iter().flat_map(|(_, types)| types).collect();
        let types = Some(Self::CertificateTypes(types.clone())).filter(|_| !types.is_empty());
        let items = checked.items.into_iter().map(|(_, item)| Self::Item(item));
        let guides = checked.guides.into_iter().map(|(_, guide)| Self::Guide(Box::new(guide)));
        let bundles = checked.bundles.into_iter().map(|(_, bundle)| Self::Bundle(Box::new(bundle)));
        types.into_iter().chain(items).chain(guides).chain(bundles).collect()
    }
}

/// What `new` changes in `old`; `None` when the two cannot be compared, being of
/// different kinds. `called` knows what the parts of bundles are called.
pub fn changes(
    old: &Content,
    new: &Content,
    called: &dyn Fn(&Implements) -> Option<Text>,
) -> Option<Vec<Change>> {
    match (old, new) {
        (Content::Guide(old), Content::Guide(new)) => Some(diff(old, new)),
        (Content::Item(old), Content::Item(new)) => diff_items(old, new),
        (Content::Bundle(old), Content::Bundle(new)) => Some(diff_bundles(old, new, called)),
        (Content::CertificateTypes(old), Content::CertificateTypes(new)) => {
            Some(diff_certificate_types(old, new))
        }
        (Content::Guide(_) | Content::Item(_) | Content::Bundle(_) | Content::CertificateTypes(_), _) => None,
    }
}

/// What the service of a part is called, by the guides that are at hand.
pub fn service_name(guides: &[Guide], part: &Implements) -> Option<Text> {
    let is_it = |guide: &&Guide| match part {
        Implements::Item(code) => guide.item.basic_code == *code,
        Implements::Guide(code) => guide.code == *code,
    };
    guides.iter().find(is_it).map(|guide| guide.item.name.clone())
}

/// What stands before the changes: who is concerned.
pub fn heading(kind: FileKind, changes: &[Change]) -> Text {
    match (kind, changes) {
        (_, []) => Text::new("没有申请人会注意到的变化", "nothing an applicant would notice has changed"),
        (FileKind::Item, _) => Text::new(
            "沿用本事项的各部门指南，除部门另有规定外，变化如下",
            "what changes in every guide that inherits from this item, unless an agency says otherwise",
        ),
        (FileKind::Guide | FileKind::Bundle | FileKind::CertificateTypes, _) => {
            Text::new("对申请人的变化如下", "what changes for applicants")
        }
    }
}

/// What a draft would change for applicants.
#[derive(Debug, Clone)]
pub struct DraftDiff {
    /// Nothing of its code is published yet.
    pub is_new: bool,
    /// The version in force it was compared with; certificate types have none.
    pub against: Option<u32>,
    pub heading: Text,
    pub changes: Vec<Change>,
}

/// Compares a draft with what is in force. What is wrong with it is given instead when
/// it no longer reads beside the present catalogue.
///
/// `with`: drafts that are to be published with it.
pub async fn diff_draft(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    with: &[Uuid],
) -> AppResult<Result<DraftDiff, Vec<FileProblems>>> {
    let drafts = together(ctx, caller, id, with).await?;
    let Some(draft) = drafts.first() else { return Err(AppError::NotFound) };
    let Some((against, mut present)) = in_force(ctx, draft).await? else {
        let heading = Text::new(
            "这是新增的内容，此前没有发布过",
            "this is new; nothing was published under its code before",
        );
        return Ok(Ok(DraftDiff { is_new: true, against: None, heading, changes: Vec::new() }));
    };
    let files = files_of(&drafts);
    let base = Present::read(ctx, &files, &survey(&files)).await?.base;
    let checked = match check(&files, &base) {
        Ok(checked) => checked,
        Err(problems) => return Ok(Err(problems)),
    };
    let mut guides: Vec<Guide> = checked.guides.iter().map(|(_, guide)| guide.clone()).collect();
    let drafted = Content::of(checked.of_first()).into_iter().next();
    let incomparable = || AppError::Internal(format!("draft {id} cannot be compared with what is in force"));
    let drafted = drafted.ok_or_else(incomparable)?;
    // A draft adds to the register and never takes a type away.
    if let (Content::CertificateTypes(present), Content::CertificateTypes(drafted)) = (&mut present, &drafted)
    {
        present.retain(|known| drafted.iter().any(|new| new.certificate_type == known.certificate_type));
    }
    guides.extend(parts(ctx, [&present, &drafted]).await?);
    let called = |part: &Implements| service_name(&guides, part);
    let mut changes = changes(&present, &drafted, &called).ok_or_else(incomparable)?;
    changes.splice(0..0, undoes(ctx, draft, &drafted).await?);
    Ok(Ok(DraftDiff { is_new: false, against, heading: heading(draft.kind, &changes), changes }))
}

/// What the draft's publication undoes: a withdrawal, and versions to come whose day is
/// not before its own. One that says what is published already undoes none of these.
async fn undoes(ctx: &Ctx, draft: &DraftRecord, drafted: &Content) -> AppResult<Vec<Change>> {
    let newest = Newest::find(ctx, draft.kind, &draft.code).await?;
    let withdrawn_from = newest.and_then(|newest| newest.withdrawn_at).map(local_date);
    let mut never = Vec::new();
    if let Content::Guide(guide) = drafted {
        let now = ctx.clock.now();
        let begins = guide.effective_from.map_or(now, |day| start_of_local_day(day).max(now));
        let to_come = ctx.store.list_guides_to_come(draft.code.clone(), local_date(now)).await?;
        let is_same = to_come.last().is_some_and(|last| last.content_hash == guide.content_hash());
        if !is_same || withdrawn_from.is_some() {
            let replaced = to_come.into_iter().filter(|record| begins <= record.in_force_from());
            never.extend(replaced.filter_map(|record| Some((record.version, record.effective_from?))));
        }
    }
    Ok(undone(withdrawn_from, &never))
}

/// The guides in force that are parts of bundles.
async fn parts(ctx: &Ctx, contents: [&Content; 2]) -> AppResult<Vec<Guide>> {
    let mut codes = String::new();
    for content in contents {
        let Content::Bundle(bundle) = content else { continue };
        for part in &bundle.parts {
            match &part.implements {
                Implements::Item(code) => codes.push_str(code.as_str()),
                Implements::Guide(code) => codes.push_str(code.as_str()),
            }
            codes.push('\n');
        }
    }
    match codes.is_empty() {
        true => Ok(Vec::new()),
        false => bundles::named(ctx, std::iter::once(codes.as_str())).await,
    }
}

/// What a draft would take the place of, with its version.
async fn in_force(ctx: &Ctx, draft: &DraftRecord) -> AppResult<Option<(Option<u32>, Content)>> {
    let code = || draft.code.clone();
    Ok(match draft.kind {
        FileKind::Guide => {
            let mut guide = ctx.catalogue.current(&draft.code).await?;
            // One that is published and not in force yet.
            if guide.is_none()
                && let Some(newest) = Newest::find(ctx, draft.kind, &draft.code).await?
            {
                guide = ctx.catalogue.version(&draft.code, newest.version).await?;
            }
            guide.map(|guide| (Some(guide.version), Content::Guide(Box::new(guide.guide.clone()))))
        }
        FileKind::Item => match ctx.store.list_current_items(vec![code()]).await?.first() {
            None => None,
            Some(record) => {
                let item = Catalogue::read_item(&ctx.catalogue, record)?;
                Some((Some(record.version), Content::Item(item)))
            }
        },
        FileKind::Bundle => match ctx.store.find_current_bundle(code()).await? {
            None => None,
            Some(record) => {
                let read = SourceFile::parse(&record.yaml).to_bundle(None);
                let gone = |_| AppError::Internal(format!("bundle {} no longer reads", draft.code));
                Some((Some(record.version), Content::Bundle(Box::new(read.map_err(gone)?))))
            }
        },
        FileKind::CertificateTypes => {
            let types = ctx.store.list_certificate_types().await?;
            Some(types)
                .filter(|types| !types.is_empty())
                .map(|types| (None, Content::CertificateTypes(types)))
        }
    })
}
