//! The API document: made from the routes themselves, so that it cannot lie.

use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa_actix_web::AppExt as _;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::routes::Routes;
use super::{health, oauth, v1};

/// Registers every documented route.
pub fn register(routes: &mut Routes<'_, '_>, demo: bool) {
    routes.service(health::live).service(health::ready).below("/api/v1", |routes| v1::register(routes, demo));
    oauth::register(routes);
}

/// The document and the pages to read it with.
pub fn register_docs(config: &mut web::ServiceConfig) {
    config
        .route("/openapi.json", web::get().to(read_document))
        .service(web::redirect("/docs", "/docs/"))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json")));
}

/// Made once: it takes all routes to make it.
async fn read_document() -> HttpResponse {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| Bytes::from(serde_json::to_vec(&document()).unwrap_or_default()));
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.clone())
}

/// The API as OpenAPI 3.1. The sandbox is left out: it exists only in the demo.
pub fn document() -> OpenApi {
    let (_, collected) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(OpenApiBuilder::new().info(info()).build())
        .configure(|config| register(&mut Routes::Documented(config), false))
        .split_for_parts();
    let mut document = collected;
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    document
}

fn info() -> utoipa::openapi::Info {
    InfoBuilder::new()
        .title("Wanshitong 万事通")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Unified public services: one identity, one catalogue of service items, one way of handling, \
             the same through every channel. 统一政务服务：同源同质输出、多点多端办理。",
        ))
        .contact(Some(ContactBuilder::new().name(Some("Wanshitong")).build()))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").build()))
        .build()
}
