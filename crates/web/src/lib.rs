#![doc = include_str!("../README.md")]

mod account;
mod apps;
mod asked;
mod assets;
mod command;
mod config;
mod door;
mod help;
mod home;
mod invitation;
mod later;
mod outside;
mod owed;
mod page;
mod qr;
mod refusal;
mod services;
mod sign_in;

#[cfg(test)]
mod tests;

pub use config::Config;

use access::Access;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::HeaderMap;
use axum::middleware::map_response_with_state;
use axum::response::Redirect;
use axum::routing::get;
use door::Place;
use owed::Step;
use service::Catalogue;
use std::sync::Arc;

/// Bytes of a form, at most.
const FORM_BYTES: usize = 64 << 10;

/// What every request needs.
struct Web {
    access: Access,
    catalogue: &'static Catalogue,
    config: Config,
    assets: html::Assets,
}

/// The door: every page and command of the catalogue, and the pages of the house itself. Addresses that are
/// not known lead to a page that says so. The catalogue has been checked ([`Catalogue::check`]).
pub fn router(access: Access, catalogue: &'static Catalogue, config: Config) -> Router {
    let web = Arc::new(Web { access, catalogue, config, assets: assets::addresses() });
    let mut router = Router::new()
        .route("/", get(async || Redirect::to("/home")))
        .route(
            "/assets/{name}",
            get(async |Path(name): Path<String>, headers: HeaderMap| assets::file(&name, &headers)),
        )
        .route("/sign-in", door::reads_and_writes(Place::SignIn))
        .route("/sign-in/role", door::reads_and_writes(Place::Owed(Step::Role)))
        .route("/sign-in/code", door::reads_and_writes(Place::Owed(Step::Code)))
        .route("/sign-in/set-up", door::reads_and_writes(Place::Owed(Step::SetUp)))
        .route("/sign-in/with/{issuer}", door::reads(Place::Away))
        .route("/sign-in/with/{issuer}/back", door::reads(Place::Back))
        .route("/invitation", door::reads_and_writes(Place::Invitation))
        .route("/invitation/new", door::reads_and_writes(Place::Invite))
        .route("/oauth/authorize", door::reads_and_writes(Place::LetIn))
        .route("/oauth/launch", door::reads_and_writes(Place::Launch))
        .route("/lock", door::reads_and_writes(Place::Lock))
        .route("/sign-out", door::reads_and_writes(Place::SignOut))
        .route("/account/sign-out-everywhere", door::reads_and_writes(Place::SignOutEverywhere));
    for own in page::OWN {
        router = router.route(own.path, door::reads(Place::Own(own)));
    }
    for help in help::HELP {
        router = router.route(help.path, door::reads(Place::Help(help)));
    }
    for page in catalogue.pages() {
        router = router.route(page.path, door::reads(Place::Page(page)));
    }
    for listed in catalogue.commands() {
        router = router.route(&listed.path(), door::reads_and_writes(Place::Command(listed)));
    }
    router
        .method_not_allowed_fallback(door::handler(Place::NotSo))
        .fallback(door::handler(Place::Nowhere))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(map_response_with_state(web.clone(), door::headers))
        .with_state(web)
}
