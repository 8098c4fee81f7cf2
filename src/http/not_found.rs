//! Whatever no route took: 404, or 405 with `Allow` where the path is known and
//! only the method is not (RFC 9110 §15.5.6).

use std::sync::OnceLock;

use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::path::PathItem;

use super::openapi;
use super::problem::{Code, Problem};

/// A documented path: its segments (`None` for a parameter) and its methods.
struct Known {
    segments: Vec<Option<String>>,
    methods: Vec<&'static str>,
}

pub async fn answer(request: HttpRequest) -> Result<HttpResponse, Problem> {
    static PATHS: OnceLock<Vec<Known>> = OnceLock::new();
    let known = PATHS.get_or_init(known_paths);
    let asked: Vec<&str> = request.path().split('/').collect();
    let methods: Vec<&str> =
        known.iter().filter(|path| path.fits(&asked)).flat_map(|path| path.methods.iter().copied()).collect();
    if methods.is_empty() || methods.contains(&request.method().as_str()) {
        return Err(Problem::new(Code::NotFound));
    }
    let allow = methods.join(", ");
    let detail = (format!("此地址支持：{allow}。"), format!("This address takes: {allow}."));
    Err(Problem::new(Code::MethodNotAllowed).detail(detail.0, detail.1).header(ALLOW, allow))
}

impl Known {
    fn fits(&self, asked: &[&str]) -> bool {
        self.segments.len() == asked.len()
            && self.segments.iter().zip(asked).all(|(known, asked)| match known {
                Some(text) => text == asked,
                None => !asked.is_empty(),
            })
    }
}

fn known_paths() -> Vec<Known> {
    let document = openapi::document();
    let segment = |text: &str| (!text.starts_with('{')).then(|| text.to_owned());
    document
        .paths
        .paths
        .iter()
        .map(|(path, item)| Known {
            segments: path.split('/').map(segment).collect(),
            methods: methods(item),
        })
        .collect()
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    [
        ("GET", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ]
    .into_iter()
    .filter_map(|(method, taken)| taken.then_some(method))
    .collect()
}
