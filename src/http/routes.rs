//! One list of routes for two readers: the server, which wants the handlers alone,
//! and the API document, which wants what is said of them as well. A worker that put
//! the document together for itself would spend most of an idle portal's memory on it.

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{OpenApiFactory, scope};

/// Where routes are registered.
pub enum Routes<'a, 's> {
    Served(&'a mut web::ServiceConfig),
    Documented(&'a mut ServiceConfig<'s>),
}

impl Routes<'_, '_> {
    pub fn service(&mut self, factory: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        match self {
            Routes::Served(config) => drop(config.service(factory)),
            Routes::Documented(config) => drop(config.service(factory)),
        }
        self
    }

    /// Routes whose paths begin with `path`.
    pub fn below(&mut self, path: &str, register: impl FnOnce(&mut Routes<'_, '_>)) -> &mut Self {
        match self {
            Routes::Served(config) => {
                let inner = |config: &mut web::ServiceConfig| register(&mut Routes::Served(config));
                config.service(web::scope(path).configure(inner));
            }
            Routes::Documented(config) => {
                let inner = |config: &mut ServiceConfig<'_>| register(&mut Routes::Documented(config));
                config.service(scope::scope(path).configure(inner));
            }
        }
        self
    }
}
