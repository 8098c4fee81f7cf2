//! A guide in forms others can use, for everybody: tables, linked data, pages to
//! print, words to read out. What an answer is made of is in the catalogue and the
//! registers; its tag is the digest of its bytes, so that a changed name shows.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, ETAG, LOCATION, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get, web};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::catalogue::has_already;
use super::drafts::{misread, with_drafts};
use super::invalid;
use crate::app::exports::{NamedGuide, current, drafted};
use crate::app::identity::Caller;
use crate::app::{AppError, Ctx};
use crate::domain::cases::history::hex;
use crate::domain::exports::tables::{self, Tables};
use crate::domain::exports::{About, Format, Handout, cpsv, phone, plain, sheet};
use crate::domain::guides::{Download, to_yaml};
use crate::domain::text::{Language, Text};
use crate::http::extract::{Accepted, Query};
use crate::http::pages::printed::{Printed, blank_form, guide_sheet, handout, printed_page};
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    table: Option<String>,
    scenario: Option<String>,
    lang: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageQuery {
    lang: Option<String>,
}

/// `zh` or `en`; without a word what the browser accepts.
fn language(asked: Option<&str>, accepted: Language) -> Result<Language, Problem> {
    match asked {
        None => Ok(accepted),
        Some("zh") => Ok(Language::Zh),
        Some(tag) => Language::parse(tag).ok_or_else(|| {
            invalid("?lang", "not_an_option", Text::new("可用：zh、en。", "Expected zh or en."))
        }),
    }
}

/// The guide in force as `tables` (GB/T 39046, JSON), `csv` (one of these tables, by
/// `table`), `cpsv` (CPSV-AP 3.2, JSON-LD), `html` (to print), `text` (for a kiosk's
/// printer), `phone` (to be read out), `form` (its form on paper) or `yaml`.
/// What is for people takes `lang` (`zh`, `en`) and `scenario`.
#[utoipa::path(tag = "public", operation_id = "export_guide", params(
    ("table" = Option<String>, Query), ("scenario" = Option<String>, Query), ("lang" = Option<String>, Query),
), responses(
    (status = 200, content(
        (Object = "application/json"), (String = "text/csv"), (Object = "application/ld+json"),
        (String = "text/html"), (String = "text/plain"), (String = "application/yaml"),
    )),
    (status = 304), (status = "4XX", body = ProblemView)
))]
#[get("/guides/{code}/export/{format}")]
pub async fn export_guide(
    ctx: web::Data<Ctx>,
    path: web::Path<(String, String)>,
    query: Query<ExportQuery>,
    accepted: Accepted,
    request: HttpRequest,
) -> Reply {
    let (code, format) = path.into_inner();
    let named = current(&ctx, &code).await?;
    let (format, query) = (format_of(&format)?, query.0);
    query.check(format, &named)?;
    let language = language(query.lang.as_deref(), accepted.0)?;
    let other = other_language(&request, query.scenario.as_deref(), language);
    let body = write(format, &query, language, &named, Some(&other))?;
    Ok(answer(format, &request, head(format, &query, language, &named), body))
}

fn format_of(name: &str) -> Result<Format, Problem> {
    Format::parse(name).ok_or_else(|| {
        let known = Format::names();
        let words = Text::new(format!("可用：{known}。"), format!("Expected one of: {known}."));
        invalid("/format", "not_an_option", words)
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftExportQuery {
    table: Option<String>,
    scenario: Option<String>,
    lang: Option<String>,
    with: Option<String>,
}

/// A draft of a guide in the forms a published one has, read beside the drafts it leans
/// on, which `with` names by their ids with commas between them.
#[utoipa::path(tag = "administration", operation_id = "export_draft", params(
    ("table" = Option<String>, Query), ("scenario" = Option<String>, Query), ("lang" = Option<String>, Query),
    ("with" = Option<String>, Query),
), responses(
    (status = 200, content(
        (Object = "application/json"), (String = "text/csv"), (Object = "application/ld+json"),
        (String = "text/html"), (String = "text/plain"), (String = "application/yaml"),
    )),
    (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/admin/guides/{id}/export/{format}")]
pub async fn export_draft(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, String)>,
    query: Query<DraftExportQuery>,
    accepted: Accepted,
) -> Reply {
    let (id, format) = path.into_inner();
    let DraftExportQuery { table, scenario, lang, with } = query.0;
    let drafted = drafted(&ctx, &caller, id, &with_drafts(with.as_deref())?).await?;
    let named = drafted.map_err(misread)?.ok_or_else(|| {
        let words = Text::new(
            "只有指南能导出；请给出一份指南的草稿。",
            "Only guides are exported; name a guide's draft.",
        );
        invalid("/id", "not_an_option", words)
    })?;
    let (format, query) = (format_of(&format)?, ExportQuery { table, scenario, lang });
    query.check(format, &named)?;
    let language = language(query.lang.as_deref(), accepted.0)?;
    let body = write(format, &query, language, &named, None)?;
    Ok(head(format, &query, language, &named).insert_header((CACHE_CONTROL, "no-store")).body(body))
}

impl ExportQuery {
    /// Nothing is asked for that this form of the guide has not.
    fn check(&self, format: Format, named: &NamedGuide) -> Result<(), Problem> {
        let senseless = |parameter: &str| {
            let words = Text::new(
                format!("{} 不接受此参数，请去掉。", format.as_str()),
                format!("{} takes no such parameter; leave it out.", format.as_str()),
            );
            invalid(parameter, "unknown_field", words)
        };
        if self.table.is_some() && format != Format::Csv {
            return Err(senseless("?table"));
        }
        if !format.is_for_people() && self.scenario.is_some() {
            return Err(senseless("?scenario"));
        }
        if !format.is_for_people() && self.lang.is_some() {
            return Err(senseless("?lang"));
        }
        match self.scenario.as_deref() {
            None => Ok(()),
            scenario => named
                .guide()
                .in_scenario(scenario)
                .map(drop)
                .map_err(|error| invalid("?scenario", "not_an_option", error.detail)),
        }
    }

    /// The table asked for.
    fn table(&self) -> Result<&'static tables::Table, Problem> {
        let code = self.table.as_deref();
        code.and_then(tables::table).ok_or_else(|| {
            let known = tables::codes().collect::<Vec<_>>().join(", ");
            let words = Text::new(format!("可用：{known}。"), format!("Expected one of: {known}."));
            invalid("?table", if code.is_none() { "required" } else { "not_an_option" }, words)
        })
    }
}

fn write(
    format: Format,
    query: &ExportQuery,
    language: Language,
    named: &NamedGuide,
    other: Option<&str>,
) -> Result<String, Problem> {
    let (guide, about) = (named.guide(), named.about());
    let scenario = query.scenario.as_deref();
    let printed = Printed { guide, about: &about, scenario, language, other };
    Ok(match format {
        Format::Tables => Tables::new(guide, &about).to_json(),
        Format::Csv => tables::csv(&Tables::new(guide, &about), query.table()?),
        Format::Cpsv => cpsv::cpsv(guide, &about).to_string(),
        Format::Html => guide_sheet(&printed),
        Format::Text => plain(&sheet(guide, &about, scenario), language),
        Format::Phone => phone(guide, &about, scenario, language),
        Format::Form => blank_form(&printed),
        Format::Yaml => to_yaml(guide),
    })
}

/// The address of the same page in the other language.
fn other_language(request: &HttpRequest, scenario: Option<&str>, language: Language) -> String {
    let other = match language {
        Language::Zh => "en",
        Language::En => "zh",
    };
    let mut pairs = vec![("lang", other)];
    pairs.extend(scenario.map(|code| ("scenario", code)));
    format!("{}?{}", request.path(), serde_urlencoded::to_string(pairs).unwrap_or_default())
}

fn head(format: Format, query: &ExportQuery, language: Language, named: &NamedGuide) -> HttpResponseBuilder {
    if matches!(format, Format::Html | Format::Form) {
        return printed_page(language);
    }
    let mut head = HttpResponse::Ok();
    head.content_type(format.media_type()).insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if format.is_for_people() {
        head.insert_header((CONTENT_LANGUAGE, language.tag()));
    }
    if matches!(format, Format::Csv | Format::Yaml) {
        let table = query.table.as_ref().map(|table| format!("-{table}")).unwrap_or_default();
        let name = format!("{}{table}.{}", named.guide().code, format.extension());
        head.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    }
    head
}

/// The answer, or that the asker has it already.
fn answer(
    format: Format,
    request: &HttpRequest,
    mut head: HttpResponseBuilder,
    body: String,
) -> HttpResponse {
    let tag = format!("\"{}\"", &hex(&Sha256::digest(&body))[..32]);
    let vary = if format.is_for_people() { "accept-language" } else { "accept" };
    if has_already(request.headers(), &tag) {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).insert_header((VARY, vary)).finish();
    }
    head.insert_header((CACHE_CONTROL, "public, max-age=0, must-revalidate"))
        .insert_header((VARY, vary))
        .insert_header((ETAG, tag))
        .body(body)
}

/// The blank form of a material, to print; elsewhere when it is kept elsewhere.
#[utoipa::path(tag = "public", operation_id = "read_blank_form", params(("lang" = Option<String>, Query)), responses(
    (status = 200, content_type = "text/html", body = String), (status = 302), (status = 304),
    (status = "4XX", body = ProblemView)
))]
#[get("/guides/{code}/materials/{material}/blank-form")]
pub async fn read_blank_form(
    ctx: web::Data<Ctx>,
    path: web::Path<(String, String)>,
    query: Query<LanguageQuery>,
    accepted: Accepted,
    request: HttpRequest,
) -> Reply {
    let language = language(query.0.lang.as_deref(), accepted.0)?;
    hand_out(&ctx, path.into_inner(), Handout::BlankForm, language, &request).await
}

/// The sample of a material, to print; elsewhere when it is kept elsewhere.
#[utoipa::path(tag = "public", operation_id = "read_sample", params(("lang" = Option<String>, Query)), responses(
    (status = 200, content_type = "text/html", body = String), (status = 302), (status = 304),
    (status = "4XX", body = ProblemView)
))]
#[get("/guides/{code}/materials/{material}/sample")]
pub async fn read_sample(
    ctx: web::Data<Ctx>,
    path: web::Path<(String, String)>,
    query: Query<LanguageQuery>,
    accepted: Accepted,
    request: HttpRequest,
) -> Reply {
    let language = language(query.0.lang.as_deref(), accepted.0)?;
    hand_out(&ctx, path.into_inner(), Handout::Sample, language, &request).await
}

async fn hand_out(
    ctx: &Ctx,
    (code, material): (String, String),
    what: Handout,
    language: Language,
    request: &HttpRequest,
) -> Reply {
    let named = current(ctx, &code).await?;
    let (guide, about): (_, About<'_>) = (named.guide(), named.about());
    let material = guide.materials.iter().find(|one| one.code == material).ok_or(AppError::NotFound)?;
    let other = other_language(request, None, language);
    let printed = Printed { guide, about: &about, scenario: None, language, other: Some(&other) };
    match what.of(material).ok_or(AppError::NotFound)? {
        Download::Url(url) => Ok(HttpResponse::Found().insert_header((LOCATION, url.as_str())).finish()),
        Download::Text(text) => {
            let body = handout(&printed, material, what, text);
            Ok(answer(Format::Html, request, printed_page(language), body))
        }
    }
}
