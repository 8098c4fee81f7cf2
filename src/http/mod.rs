//! The web: wire types, extractors, problems. Handlers parse, call one use case,
//! and answer; they decide nothing.

pub mod address;
pub mod envelope;
pub mod extract;
mod health;
mod json;
pub mod limits;
mod not_found;
pub mod oauth;
pub mod openapi;
pub mod pages;
mod parameters;
pub mod problem;
mod routes;
mod uploads;
pub mod v1;

use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::{App, HttpServer, middleware, web};

use crate::app::{AppError, Ctx};
use limits::RateLimits;
use problem::Problem;
use routes::Routes;
use uploads::Uploads;

/// Serves on a bound listener until told to stop; requests under way are finished.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(ctx: Ctx, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let uploads = Uploads::new();
    let demo = ctx.demo;
    let rates = web::Data::new(RateLimits::new(&ctx.settings.limits, &ctx.clock));
    let server = HttpServer::new(move || {
        App::new()
            .configure(|config| openapi::register(&mut Routes::Served(config), demo))
            .app_data(web::Data::new(ctx.clone()))
            .app_data(web::Data::new(uploads.clone()))
            .app_data(rates.clone())
            // An id that cannot be one belongs to nothing.
            .app_data(
                web::PathConfig::default().error_handler(|_, _| Problem::from(AppError::NotFound).into()),
            )
            .configure(openapi::register_docs)
            .default_service(web::to(not_found::answer))
            .wrap(middleware::from_fn(parameters::refuse_unasked))
            .wrap(middleware::from_fn(v1::give_ready))
            .wrap(middleware::from_fn(limits::limit))
            .wrap(middleware::from_fn(envelope::envelope))
    });
    let server = server
        .workers(workers)
        .shutdown_timeout(30)
        .client_request_timeout(std::time::Duration::from_secs(10))
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
