//! `/admin`: withdrawing guides, importing the organisation. A file with a fault is
//! reported whole, and then nothing of it is imported.

use actix_web::{HttpResponse, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Ctx;
use crate::app::catalog;
use crate::app::identity::Caller;
use crate::app::organisation::{self, Table};
use crate::domain::csv_rows::RowError;
use crate::domain::refusal::FieldError;
use crate::http::extract::Body;
use crate::http::problem::{Code, Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// Largest CSV file, in bytes: a province's region tree is 1 MiB.
pub(super) const MAX_CSV_BYTES: usize = 16 * 1024 * 1024;

/// When it is to end; without a word at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawGuideBody {
    /// The first day it takes no new cases, in China.
    pub from: Option<NaiveDate>,
}

/// 停止办理: the guide takes no new cases; open ones go on. Publishing it again lifts it.
#[utoipa::path(tag = "administration", operation_id = "withdraw_guide", request_body = WithdrawGuideBody, responses(
    (status = 204), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides/{code}/withdraw")]
pub async fn withdraw_guide(
    ctx: web::Data<Ctx>,
    caller: Caller,
    code: web::Path<String>,
    body: Body<WithdrawGuideBody>,
) -> Reply {
    catalog::withdraw(&ctx, &caller, &code, body.value.from).await?;
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
