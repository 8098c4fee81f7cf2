//! `/admin/calendar`: the working days in force, and entering a year's notice.

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, get, put, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::admin::{MAX_CSV_BYTES, rows_problem};
use super::invalid;
use crate::app::identity::Caller;
use crate::app::{Ctx, calendar};
use crate::domain::calendar::WorkCalendar;
use crate::domain::text::Text;
use crate::http::extract::read;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// 工作日历
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarView {
    /// SHA-256 of its content, in hex; deadlines name it.
    pub version: String,
    /// The years whose notice is in; of others Monday to Friday is assumed.
    pub years: Vec<i32>,
    pub days: Vec<CalendarDayView>,
}

/// A day a notice says something about.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarDayView {
    pub date: NaiveDate,
    /// `work` (a make-up working day) or `rest` (a day off).
    pub kind: &'static str,
    pub festival: String,
}

impl From<&WorkCalendar> for CalendarView {
    fn from(calendar: &WorkCalendar) -> Self {
        let day = |(date, worked, festival): (NaiveDate, bool, &str)| CalendarDayView {
            date,
            kind: if worked { "work" } else { "rest" },
            festival: festival.to_owned(),
        };
        Self {
            version: calendar.version().to_owned(),
            years: calendar.noticed_years().collect(),
            days: calendar.exceptions().map(day).collect(),
        }
    }
}

fn answer(calendar: &WorkCalendar) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{}\"", calendar.version())))
        .json(CalendarView::from(calendar))
}

/// The calendar in force.
#[utoipa::path(tag = "administration", operation_id = "read_calendar", responses(
    (status = 200, body = CalendarView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/admin/calendar")]
pub async fn read_calendar(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    calendar::permit_change(&ctx, &caller)?;
    Ok(answer(&ctx.calendar.current()))
}

/// Enters the notice of a year: `date,kind,festival`, with `work` or `rest` as kind.
/// It replaces what was known of that year, on every instance within a second.
#[utoipa::path(tag = "administration", operation_id = "enter_notice",
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = CalendarView), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[put("/admin/calendar/{year}")]
pub async fn enter_notice(
    ctx: web::Data<Ctx>,
    caller: Caller,
    year: web::Path<i32>,
    payload: web::Payload,
) -> Reply {
    calendar::permit_change(&ctx, &caller)?;
    if !(2000..=2100).contains(&*year) {
        let words = Text::new("年份应为 2000 至 2100。", "The year lies between 2000 and 2100.");
        return Err(invalid("/year", "out_of_range", words));
    }
    let bytes = read(payload.into_inner(), MAX_CSV_BYTES).await?;
    let csv = String::from_utf8_lossy(&bytes);
    let entered = calendar::enter_notice(&ctx, &caller, *year, &csv).await?;
    entered.map(|calendar| answer(&calendar)).map_err(|errors| rows_problem(&errors))
}
