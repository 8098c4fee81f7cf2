//! Query parameters nobody asks for (api.md): an operation that takes some refuses
//! all others by its `Query`; one that takes none refuses any, here.

use std::collections::HashSet;
use std::sync::OnceLock;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError as _};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};

use super::openapi;
use super::problem::{Code, Problem};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// The middleware. The protocol's own endpoints are left alone: there, unknown
/// parameters must be ignored (RFC 6749 §3.1).
pub async fn refuse_unasked(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.query_string().is_empty() && request.path().starts_with("/api/") && takes_none(&request) {
        let answer = unasked(request.query_string()).error_response();
        return Ok(request.into_response(answer));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

/// Whether this is an operation without query parameters.
fn takes_none(request: &ServiceRequest) -> bool {
    static WITHOUT: OnceLock<HashSet<(&'static str, String)>> = OnceLock::new();
    let without = WITHOUT.get_or_init(operations_without_query);
    request.match_pattern().is_some_and(|pattern| {
        ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .find(|method| request.method() == method)
            .is_some_and(|method| without.contains(&(method, pattern)))
    })
}

fn unasked(query: &str) -> Problem {
    let words = || Text::new("此操作不接受查询参数。", "This operation takes no query parameters.");
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    let errors = names.map(|name| FieldError::new(format!("?{name}"), "unknown_field", words())).collect();
    Problem::new(Code::UnknownField).errors(errors)
}

fn operations_without_query() -> HashSet<(&'static str, String)> {
    let document = openapi::document();
    let paths = document.paths.paths.iter();
    paths
        .flat_map(|(path, item)| {
            operations(item).into_iter().filter_map(move |(method, operation)| {
                operation.filter(|operation| !has_query(operation)).map(|_| (method, path.clone()))
            })
        })
        .collect()
}

fn operations(item: &PathItem) -> [(&'static str, Option<&Operation>); 5] {
    [
        ("GET", item.get.as_ref()),
        ("POST", item.post.as_ref()),
        ("PUT", item.put.as_ref()),
        ("PATCH", item.patch.as_ref()),
        ("DELETE", item.delete.as_ref()),
    ]
}

fn has_query(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        // Nothing here refers to a shared parameter; were it so, `Query` would judge it.
        RefOr::Ref(_) => true,
    })
}
