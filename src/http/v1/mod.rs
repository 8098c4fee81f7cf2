//! `/api/v1`. One file per resource; a route and its OpenAPI entry are one
//! registration, here.

mod admin;
mod audit;
mod bundle_applications;
mod bundles;
mod calendar;
mod case_course;
pub mod case_views;
mod cases;
mod catalogue;
mod certificates;
mod clients;
mod command_bodies;
mod commands;
mod drafts;
mod evaluate;
mod exports;
mod handoffs;
mod history;
mod letters;
mod materials;
mod organisation;
pub mod people;
mod posts;
mod publication;
mod reports;
mod resumable;
mod roots;
mod sandbox;
mod search;
mod templates;
mod unmask;
mod work;

pub use catalogue::{give_ready, written_guide};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::problem::{Code, Problem};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::http::routes::Routes;

/// Registers every operation under `/api/v1`.
pub fn register(routes: &mut Routes<'_, '_>, demo: bool) {
    // Routes are tried one after the other: what is asked for most comes first.
    routes.service(catalogue::read_guide);
    // Before `/cases/{id}`, or `batch` would be taken for a case.
    routes.service(work::accept_cases).service(search::search);
    routes
        .service(organisation::list_regions)
        .service(organisation::read_region)
        .service(organisation::list_agencies)
        .service(organisation::list_counters)
        .service(catalogue::list_items)
        .service(catalogue::read_item)
        .service(catalogue::read_version)
        .service(templates::read_file_schema)
        .service(evaluate::read_form)
        .service(evaluate::evaluate)
        .service(exports::export_guide)
        .service(exports::read_blank_form)
        .service(exports::read_sample)
        .service(cases::open)
        .service(cases::list_mine)
        .service(cases::read)
        .service(cases::save)
        .service(materials::attach)
        .service(materials::remove)
        .service(materials::download)
        .service(history::list_events)
        .service(history::explain_clocks)
        .service(history::list_letters)
        .service(history::read_letter)
        .service(letters::show_letter)
        .service(letters::print_letter)
        .service(letters::read_letter_seal)
        .service(letters::verify_letter)
        .service(history::read_receipt)
        .service(history::verify_receipt)
        .service(roots::list_roots)
        .service(roots::read_root)
        .service(roots::prove_case)
        .service(certificates::list_mine)
        .service(certificates::verify);
    commands::register(routes);
    register_administration(routes);
    register_work(routes);
    register_bundles(routes);
    people::register(routes);
    crate::http::oauth::register_v1(routes);
    if demo {
        routes.service(sandbox::set_clock);
    }
}

/// What editors, administrators and auditors do.
fn register_administration(routes: &mut Routes<'_, '_>) {
    routes
        .service(drafts::import_guides)
        .service(templates::new_guide)
        .service(drafts::list_drafts)
        .service(drafts::read_draft)
        .service(drafts::diff_draft)
        .service(exports::export_draft)
        .service(drafts::check_draft)
        .service(drafts::test_draft)
        .service(publication::publish_draft)
        .service(drafts::reject_draft)
        .service(admin::withdraw_guide)
        .service(admin::import_regions)
        .service(admin::import_agencies)
        .service(admin::import_counters)
        .service(posts::list_posts)
        .service(posts::give_post)
        .service(posts::end_post)
        .service(audit::list_audit)
        .service(audit::export_audit)
        .service(calendar::read_calendar)
        .service(calendar::enter_notice)
        .service(unmask::unmask)
        .service(reports::report_consistency)
        .service(clients::list_clients)
        .service(clients::register_client)
        .service(clients::read_client)
        .service(clients::change_client)
        .service(clients::rotate_client_secret)
        .service(clients::disable_client)
        .service(clients::enable_client);
}

/// 待办, and going on elsewhere.
fn register_work(routes: &mut Routes<'_, '_>) {
    routes
        .service(work::list_work)
        .service(work::count_work)
        .service(work::claim_case)
        .service(work::release_case)
        .service(work::reassign_case)
        .service(work::begin_leave)
        .service(work::end_leave)
        .service(handoffs::hand_off)
        .service(handoffs::open_handoff)
        .service(resumable::begin)
        .service(resumable::list)
        .service(resumable::find)
        .service(resumable::add);
}

/// 一件事: the pages, and the applications.
fn register_bundles(routes: &mut Routes<'_, '_>) {
    routes
        .service(bundles::list_bundles)
        .service(bundles::read_bundle)
        .service(bundles::evaluate_bundle)
        .service(bundle_applications::open)
        .service(bundle_applications::list_mine)
        .service(bundle_applications::read)
        .service(bundle_applications::save)
        .service(bundle_applications::attach)
        .service(bundle_applications::submit)
        .service(bundle_applications::withdraw)
        .service(bundles::withdraw_bundle);
}

/// Words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TextView {
    pub zh: String,
    pub en: String,
}

impl From<Text> for TextView {
    fn from(text: Text) -> Self {
        Self { zh: text.zh, en: text.en }
    }
}

/// Words in both languages, as they are sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextBody {
    pub zh: String,
    pub en: String,
}

impl From<TextBody> for Text {
    fn from(body: TextBody) -> Self {
        Text::new(body.zh, body.en)
    }
}

/// One page of a collection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it as `after` to get the next page; null on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A full page may have another behind it.
    pub fn new(items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let full = i64::try_from(items.len()).is_ok_and(|count| count >= limit);
        let next = items.last().filter(|_| full).map(cursor);
        Self { items, next }
    }
}

/// What every collection takes: `limit` (1–100, 20 when left out) and `after`.
#[derive(Debug, Clone, Default)]
pub struct PageQuery {
    pub limit: Option<i64>,
    pub after: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<i64, Problem> {
        match self.limit {
            None => Ok(20),
            Some(limit @ 1..=100) => Ok(limit),
            Some(_) => Err(invalid("?limit", "out_of_range", Text::new("应为 1 至 100。", "From 1 to 100."))),
        }
    }

    pub fn after_id(&self) -> Result<Option<Uuid>, Problem> {
        let Some(text) = &self.after else { return Ok(None) };
        let wrong = || {
            invalid(
                "?after",
                "invalid",
                Text::new("请使用上一页返回的 next。", "Use the `next` of the page before."),
            )
        };
        text.parse().map(Some).map_err(|_| wrong())
    }
}

/// A single field that does not parse.
pub fn invalid(pointer: impl Into<String>, code: &'static str, detail: Text) -> Problem {
    Problem::new(Code::InvalidField).errors(vec![FieldError::new(pointer, code, detail)])
}

/// Parses a code given in a path or query.
pub fn parse_code<T>(
    pointer: &str,
    parsed: Result<T, crate::domain::codes::CodeError>,
) -> Result<T, Problem> {
    parsed.map_err(|error| invalid(pointer, error.code, error.detail))
}
