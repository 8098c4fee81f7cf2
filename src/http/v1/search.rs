//! `/cases/search`: filed cases by their number or their applicant. Names and numbers of
//! people come in bodies, never in addresses.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::case_views::CaseLineView;
use super::{Page, PageQuery, invalid};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::work::{Search, search as find};
use crate::domain::codes::{CodeError, Mobile, ResidentId, Uscc};
use crate::domain::guides::IdNumber;
use crate::domain::registries::PersonName;
use crate::domain::text::Text;
use crate::http::extract::Body;
use crate::http::problem::{Code, Problem, ProblemView};

/// One of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// A case number, or its beginning: the guide's code at least.
    pub case_no: Option<String>,
    /// The applicant's name, exactly as on his card.
    pub name: Option<String>,
    /// His ID number, or the USCC of an organisation.
    pub id_number: Option<String>,
    pub mobile: Option<String>,
    /// From 1 to 100; 20 when left out.
    pub limit: Option<i64>,
    /// The `next` of the page before.
    pub after: Option<Uuid>,
}

/// The shortest code a guide may have.
const SHORTEST_NUMBER: usize = 24;
const LONGEST_NUMBER: usize = 49;

impl SearchBody {
    fn parse(self) -> Result<(Search, Option<Uuid>, i64), Problem> {
        let limit = PageQuery { limit: self.limit, after: None }.limit()?;
        let wanted = match (self.case_no, self.name, self.id_number, self.mobile) {
            (Some(number), None, None, None) => Search::Number(case_number(&number)?),
            (None, Some(name), None, None) => {
                let name = PersonName::parse("/name", &name);
                Search::Name(name.map_err(|error| Problem::new(Code::InvalidField).errors(vec![error]))?)
            }
            (None, None, Some(number), None) => Search::IdNumber(id_number(&number)?),
            (None, None, None, Some(mobile)) => Search::Mobile(code("/mobile", Mobile::parse(&mobile))?),
            _ => {
                let words = Text::new(
                    "请提供 case_no、name、id_number、mobile 之一。",
                    "Give one of `case_no`, `name`, `id_number` and `mobile`.",
                );
                return Err(invalid("", "one_of", words));
            }
        };
        Ok((wanted, self.after, limit))
    }
}

fn code<T>(pointer: &str, parsed: Result<T, CodeError>) -> Result<T, Problem> {
    parsed.map_err(|error| invalid(pointer, error.code, error.detail))
}

fn case_number(text: &str) -> Result<String, Problem> {
    let number: String =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let fits = (SHORTEST_NUMBER..=LONGEST_NUMBER).contains(&number.len());
    if fits && number.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) {
        return Ok(number);
    }
    let words = Text::new(
        "请输入办件编号，或其开头（至少完整的实施编码）。",
        "Give a case number, or its beginning: the guide's whole code at least.",
    );
    Err(invalid("/case_no", "invalid", words))
}

fn id_number(text: &str) -> Result<IdNumber, Problem> {
    match ResidentId::parse(text) {
        Ok(number) => Ok(IdNumber::ResidentId(number)),
        Err(error) => {
            Uscc::parse(text).map(IdNumber::Uscc).map_err(|_| invalid("/id_number", error.code, error.detail))
        }
    }
}

/// 查找: filed cases within reach of the caller's posts, newest first; by number, in the
/// order of their numbers. Who looked for whom is on record.
#[utoipa::path(tag = "work", operation_id = "search_cases", request_body = SearchBody, responses(
    (status = 200, body = Page<CaseLineView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases/search")]
pub async fn search(
    ctx: web::Data<Ctx>,
    caller: Caller,
    body: Body<SearchBody>,
) -> Result<HttpResponse, Problem> {
    let (wanted, after, limit) = body.value.parse()?;
    let found = find(&ctx, &caller, wanted, after, limit).await?;
    let (at, calendar) = (ctx.clock.now(), ctx.calendar.current());
    let items = found.iter().map(|reply| CaseLineView::of(reply, &calendar, at)).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |line: &CaseLineView| line.id.to_string())))
}
