//! `/admin/guides`: an editor hands in files of the catalogue as drafts, somebody else
//! publishes or rejects them. A file with a fault is reported whole, and then none of
//! the files is kept.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Page, PageQuery, TextView, invalid};
use crate::app::Ctx;
use crate::app::catalog::{
    self, Draft, DraftDiff, DraftFile, DraftQuery, DraftState, Faults, FileFailures, FileProblems,
};
use crate::app::identity::Caller;
use crate::domain::guides::{About, Change, FileKind, Origin};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::http::extract::{Body, Query};
use crate::http::problem::{Code, Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// Largest import, in bytes: some of the largest files together.
const MAX_IMPORT_BYTES: usize = 4 * 1024 * 1024;
/// Characters of a note or a reason.
const MAX_WORDS: usize = 500;

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuideFileBody {
    /// For messages only.
    pub name: String,
    /// The file (YAML): a guide, an item or the certificate types.
    pub yaml: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportGuidesBody {
    pub files: Vec<GuideFileBody>,
    /// For whoever is to publish them.
    pub note: Option<String>,
}

/// A file somebody drafted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftView {
    pub id: Uuid,
    /// The name its editor gave the file.
    pub file: String,
    /// `guide`, `item`, `bundle` or `certificate_types`.
    pub kind: &'static str,
    /// The guide's code, the item's basic code, or `certificate_types`.
    pub code: String,
    /// USCC of the agency whose guide it is; null for what all agencies share.
    pub agency: Option<String>,
    /// The newest version when it was handed in; null when there was none.
    pub based_on: Option<u32>,
    pub note: Option<String>,
    /// `draft`, `published` or `withdrawn` (rejected, or taken back by its editor).
    pub state: &'static str,
    /// The editor's account.
    pub edited_by: Uuid,
    pub edited_at: DateTime<Utc>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<DateTime<Utc>>,
}

impl From<Draft> for DraftView {
    fn from(draft: Draft) -> Self {
        Self {
            id: draft.id,
            file: draft.file,
            kind: kind(draft.kind),
            code: draft.code,
            agency: draft.agency.map(|agency| agency.to_string()),
            based_on: draft.base_version,
            note: draft.note,
            state: draft.state.as_str(),
            edited_by: draft.edited_by,
            edited_at: draft.edited_at,
            decided_by: draft.decided_by,
            decided_at: draft.decided_at,
        }
    }
}

pub(super) fn kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Item => "item",
        FileKind::Guide => "guide",
        FileKind::Bundle => "bundle",
        FileKind::CertificateTypes => "certificate_types",
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DraftsView {
    /// In the order of the files.
    pub drafts: Vec<DraftView>,
}

/// Hands in files as drafts, all or none, for somebody else to publish.
#[utoipa::path(tag = "administration", operation_id = "import_guides", request_body = ImportGuidesBody, responses(
    (status = 201, body = DraftsView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides")]
pub async fn import_guides(
    ctx: web::Data<Ctx>,
    caller: Caller,
    body: Body<ImportGuidesBody, MAX_IMPORT_BYTES>,
) -> Reply {
    let ImportGuidesBody { files, note } = body.value;
    let note = words("/note", note)?;
    let files = files.into_iter().map(|file| DraftFile { name: file.name, yaml: file.yaml }).collect();
    let drafts = catalog::hand_in(&ctx, &caller, files, note).await?;
    let drafts = drafts.map_err(|problems| faults(&Faults { problems, ..Faults::default() }))?;
    let drafts = drafts.into_iter().map(DraftView::from).collect();
    Ok(HttpResponse::Created().json(DraftsView { drafts }))
}

fn words(pointer: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > MAX_WORDS) {
        let reason = Text::new(format!("最多 {MAX_WORDS} 字。"), format!("At most {MAX_WORDS} characters."));
        return Err(invalid(pointer, "too_long", reason));
    }
    Ok(text)
}

/// Everything wrong at once: `file:line:path` for what a file says, `file:example` for
/// an example that fails.
pub(super) fn faults(faults: &Faults) -> Problem {
    let mut errors: Vec<FieldError> = Vec::new();
    for file in &faults.problems {
        errors.extend(file.problems.iter().map(|problem| {
            let pointer = format!("{}:{}:{}", file.file_of(problem), problem.line, problem.path);
            FieldError::new(pointer, "lint", problem.reason.clone())
        }));
    }
    for file in &faults.failures {
        for example in &file.failed {
            let pointer = format!("{}:{}", file.file, example.code);
            let differences = example.differences.iter();
            errors.extend(differences.map(|text| FieldError::new(pointer.clone(), "example", text.clone())));
        }
    }
    let problem = Problem::new(Code::ValidationFailed).errors(errors);
    if faults.problems.is_empty() {
        return problem.detail("示例未通过，未发布任何内容。", "Examples fail; nothing was published.");
    }
    problem.detail("文件有误，未导入任何内容。", "The files have faults; nothing was imported.")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftsQuery {
    state: Option<String>,
    code: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

/// Drafts of the agencies the caller drafts or publishes for, the newest first.
#[utoipa::path(tag = "administration", operation_id = "list_drafts", params(
    ("state" = Option<String>, Query), ("code" = Option<String>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = Page<DraftView>), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[get("/admin/guides")]
pub async fn list_drafts(ctx: web::Data<Ctx>, caller: Caller, query: Query<DraftsQuery>) -> Reply {
    let DraftsQuery { state, code, limit, after } = query.0;
    let page = PageQuery { limit, after };
    let limit = page.limit()?;
    let unknown = || {
        let reason =
            Text::new("可用：draft、published、withdrawn。", "Expected draft, published or withdrawn.");
        invalid("?state", "not_an_option", reason)
    };
    let state = state.map(|state| DraftState::parse(&state).ok_or_else(unknown)).transpose()?;
    let query = DraftQuery { state, code, after: page.after_id()?, limit };
    let drafts = catalog::list_drafts(&ctx, &caller, query).await?;
    let items = drafts.into_iter().map(DraftView::from).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |view: &DraftView| view.id.to_string())))
}

/// A draft whole, beside what is published now.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeDraftView {
    pub draft: DraftView,
    pub yaml: String,
    /// The file it would take the place of; null when there is none.
    pub present_yaml: Option<String>,
}

/// One draft.
#[utoipa::path(tag = "administration", operation_id = "read_draft", responses(
    (status = 200, body = WholeDraftView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/admin/guides/{id}")]
pub async fn read_draft(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let mut shown = catalog::read_draft(&ctx, &caller, *id).await?;
    let yaml = std::mem::take(&mut shown.draft.yaml);
    let view = WholeDraftView { draft: shown.draft.into(), yaml, present_yaml: shown.present };
    Ok(HttpResponse::Ok().json(view))
}

/// One thing wrong in a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileProblemView {
    /// The file it stands in: the draft's, that of an item beside it, `item CODE` for an
    /// item that is published, or the code of a guide that inherits from the draft.
    pub file: String,
    /// Whether it stands in the item's file rather than the guide's.
    pub in_item: bool,
    /// The guide's file, of what stands in its item's.
    pub guide: Option<String>,
    pub line: usize,
    /// A JSON pointer (RFC 6901) into the file.
    pub path: String,
    pub reason: TextView,
}

/// An example that does not come out as its author expects.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailedExampleView {
    pub file: String,
    pub code: String,
    pub name: TextView,
    pub differences: Vec<TextView>,
}

/// What stands in the way of a draft; nothing when both lists are empty.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftReportView {
    pub problems: Vec<FileProblemView>,
    /// How many examples were tried, of the draft and of the guides that inherit from it; none
    /// while the draft has problems.
    pub examples_tried: usize,
    pub failed_examples: Vec<FailedExampleView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DraftProblemsView {
    pub problems: Vec<FileProblemView>,
}

fn problem_views(files: &[FileProblems]) -> Vec<FileProblemView> {
    let of = |file: &FileProblems| -> Vec<FileProblemView> {
        let views = file.problems.iter().map(|problem| FileProblemView {
            file: file.file_of(problem).to_owned(),
            in_item: problem.origin == Origin::Item,
            guide: (problem.origin == Origin::Item).then(|| file.file.clone()),
            line: problem.line,
            path: problem.path.clone(),
            reason: problem.reason.clone().into(),
        });
        views.collect()
    };
    files.iter().flat_map(of).collect()
}

fn failure_views(files: Vec<FileFailures>) -> Vec<FailedExampleView> {
    let of = |file: FileFailures| {
        let name = file.file;
        file.failed.into_iter().map(move |example| FailedExampleView {
            file: name.clone(),
            code: example.code,
            name: example.name.into(),
            differences: example.differences.into_iter().map(TextView::from).collect(),
        })
    };
    files.into_iter().flat_map(of).collect()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithDrafts {
    with: Option<String>,
}

/// `?with=`: the ids of drafts that are to be published with a draft, with commas in
/// between; what is new in them is there for this one.
pub fn with_drafts(with: Option<&str>) -> Result<Vec<Uuid>, Problem> {
    let given = with.into_iter().flat_map(|with| with.split(',')).filter(|id| !id.is_empty());
    given.map(str::parse).collect::<Result<_, _>>().map_err(|_| {
        let words =
            Text::new("应为以逗号分隔的草稿标识。", "These must be ids of drafts, with commas in between.");
        Problem::new(Code::InvalidField).errors(vec![FieldError::new("with", "invalid", words)])
    })
}

/// Why there is nothing to show of a draft.
pub fn misread(problems: Vec<FileProblems>) -> Problem {
    let problem = faults(&Faults { problems, ..Faults::default() });
    problem.detail("草稿有误，请先修改。", "The draft has faults; mend them first.")
}

/// Checks a draft against the present catalogue.
#[utoipa::path(tag = "administration", operation_id = "check_draft", params(("with" = Option<String>, Query)), responses(
    (status = 200, body = DraftProblemsView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides/{id}/check")]
pub async fn check_draft(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    with: Query<WithDrafts>,
) -> Reply {
    let report = catalog::report_on(&ctx, &caller, *id, &with_drafts(with.0.with.as_deref())?).await?;
    Ok(HttpResponse::Ok().json(DraftProblemsView { problems: problem_views(&report.problems) }))
}

/// One thing a draft changes, as an applicant would be told it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// `material`, `fee`, `time_limit`, … ; what an applicant asks first stands first.
    #[schema(value_type = String)]
    pub about: About,
    pub text: TextView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DraftDiffView {
    /// Nothing is published under its code yet, so there is nothing to compare it with.
    pub is_new: bool,
    /// The version in force it was compared with; null for certificate types, and for
    /// what is new.
    pub against: Option<u32>,
    /// Whom the changes concern, or that there are none.
    pub heading: TextView,
    pub changes: Vec<ChangeView>,
}

/// What a draft changes in what is in force, in the words of an applicant.
#[utoipa::path(tag = "administration", operation_id = "diff_draft", params(("with" = Option<String>, Query)), responses(
    (status = 200, body = DraftDiffView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/admin/guides/{id}/diff")]
pub async fn diff_draft(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    with: Query<WithDrafts>,
) -> Reply {
    let compared = catalog::diff_draft(&ctx, &caller, *id, &with_drafts(with.0.with.as_deref())?).await?;
    let DraftDiff { is_new, against, heading, changes } = compared.map_err(misread)?;
    let changes = changes.into_iter().map(|Change { about, text }| ChangeView { about, text: text.into() });
    let changes = changes.collect();
    Ok(HttpResponse::Ok().json(DraftDiffView { is_new, against, heading: heading.into(), changes }))
}

/// Tries the examples of a draft, and of what inherits from it.
#[utoipa::path(tag = "administration", operation_id = "test_draft", params(("with" = Option<String>, Query)), responses(
    (status = 200, body = DraftReportView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides/{id}/test")]
pub async fn test_draft(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    with: Query<WithDrafts>,
) -> Reply {
    let report = catalog::report_on(&ctx, &caller, *id, &with_drafts(with.0.with.as_deref())?).await?;
    Ok(HttpResponse::Ok().json(DraftReportView {
        problems: problem_views(&report.problems),
        examples_tried: report.tried.examples,
        failed_examples: failure_views(report.failures),
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectDraftBody {
    /// For its editor, and for the record.
    pub reason: Option<String>,
}

/// Rejects a draft; its editor may take it back.
#[utoipa::path(tag = "administration", operation_id = "reject_draft", request_body = RejectDraftBody, responses(
    (status = 204), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides/{id}/reject")]
pub async fn reject_draft(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<RejectDraftBody>,
) -> Reply {
    let reason = words("/reason", body.value.reason)?;
    catalog::reject_draft(&ctx, &caller, *id, reason).await?;
    Ok(HttpResponse::NoContent().finish())
}
