//! `/admin`: importing guides and the organisation. A file with a fault is
//! reported whole, and then nothing of it is imported.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Ctx;
use crate::app::catalog::{self, FileProblems, Imported};
use crate::app::identity::Caller;
use crate::app::organisation::{self, Table};
use crate::domain::csv_rows::RowError;
use crate::domain::refusal::FieldError;
use crate::http::extract::Body;
use crate::http::problem::{Code, Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// Largest CSV file, in bytes: a province's region tree is 1 MiB.
pub(super) const MAX_CSV_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuideFileBody {
    /// For messages only.
    pub name: String,
    /// The guide file (YAML).
    pub yaml: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportGuidesBody {
    pub files: Vec<GuideFileBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedGuideView {
    pub code: String,
    pub version: u32,
    /// False when the file says nothing new.
    pub is_new_version: bool,
}

impl From<Imported> for ImportedGuideView {
    fn from(imported: Imported) -> Self {
        Self { code: imported.code, version: imported.version, is_new_version: imported.is_new_version }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedGuidesView {
    pub guides: Vec<ImportedGuideView>,
}

/// Imports guide files, all or none.
#[utoipa::path(tag = "administration", operation_id = "import_guides", request_body = ImportGuidesBody, responses(
    (status = 200, body = ImportedGuidesView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides")]
pub async fn import_guides(ctx: web::Data<Ctx>, caller: Caller, body: Body<ImportGuidesBody>) -> Reply {
    let files = body.value.files.into_iter().map(|file| (file.name, file.yaml)).collect();
    let imported =
        catalog::publish(&ctx, Some(&caller), files).await?.map_err(|files| file_problem(&files))?;
    let guides = imported.into_iter().map(ImportedGuideView::from).collect();
    Ok(HttpResponse::Ok().json(ImportedGuidesView { guides }))
}

fn file_problem(files: &[FileProblems]) -> Problem {
    let errors = files
        .iter()
        .flat_map(|file| {
            file.problems.iter().map(|problem| {
                let pointer = format!("{}:{}:{}", file.file, problem.line, problem.path);
                FieldError::new(pointer, "lint", problem.reason.clone())
            })
        })
        .collect();
    Problem::new(Code::ValidationFailed)
        .detail("文件有误，未导入任何内容。", "The files have faults; nothing was imported.")
        .errors(errors)
}

/// 停止办理: the guide takes no new cases; open ones go on.
#[utoipa::path(tag = "administration", operation_id = "withdraw_guide", responses(
    (status = 204), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides/{code}/withdraw")]
pub async fn withdraw_guide(ctx: web::Data<Ctx>, caller: Caller, code: web::Path<String>) -> Reply {
    catalog::withdraw(&ctx, &caller, &code).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedRowsView {
    pub rows: usize,
}

/// Defines the import of one kind of table from a CSV body.
macro_rules! import {
    ($(#[doc = $doc:literal])+ $name:ident $path:literal $operation:literal $table:expr) => {
        $(#[doc = $doc])+
        #[utoipa::path(tag = "administration", operation_id = $operation,
            request_body(content = String, content_type = "text/csv"),
            responses((status = 200, body = ImportedRowsView), (status = "4XX", body = ProblemView)),
            security(("bearer" = [])))]
        #[post($path)]
        pub async fn $name(ctx: web::Data<Ctx>, caller: Caller, payload: web::Payload) -> Reply {
            import(&ctx, &caller, $table, payload).await
        }
    };
}

import!(
    /// Imports regions: `code,name,level,parent`.
    import_regions "/admin/regions" "import_regions" Table::Regions
);
import!(
    /// Imports agencies: `uscc,region,kind,name_zh,name_en`.
    import_agencies "/admin/agencies" "import_agencies" Table::Agencies
);
import!(
    /// Imports counters: `code,region,kind,name_zh,name_en,address,hours_zh,hours_en`.
    import_counters "/admin/counters" "import_counters" Table::Counters
);

async fn import(ctx: &Ctx, caller: &Caller, table: Table, payload: web::Payload) -> Reply {
    organisation::permit(ctx, caller)?;
    let csv = crate::http::extract::read(payload.into_inner(), MAX_CSV_BYTES).await?;
    let imported = organisation::import(ctx, Some(caller), table, &csv).await?;
    let rows = imported.map_err(|errors| rows_problem(&errors))?;
    Ok(HttpResponse::Ok().json(ImportedRowsView { rows }))
}

pub(super) fn rows_problem(errors: &[RowError]) -> Problem {
    let errors = errors
        .iter()
        .map(|error| FieldError::new(format!("line {}", error.line), "row", error.reason.clone()))
        .collect();
    Problem::new(Code::ValidationFailed)
        .detail("文件有误，未导入任何内容。", "The file has faults; nothing was imported.")
        .errors(errors)
}
