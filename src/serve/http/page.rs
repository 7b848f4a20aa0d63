//! The web page: files that are part of the program.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{App, body};
use crate::serve::failure::{Failure, Result};
use crate::serve::packed::{Packable, Packed};

/// The description of the interface for programs.
const DESCRIPTION: &str = include_str!("openapi.json");

macro_rules! assets {
    ($($name:literal: $kind:expr,)*) => {
        /// The files below `/assets`, and the page itself under no name.
        static ASSETS: LazyLock<Vec<(&str, Arc<Packed>)>> = LazyLock::new(|| {
            vec![$(($name, Arc::new(Packed::new($kind, &include_bytes!(concat!("../page/", $name))[..])))),*]
        });
    };
}

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

assets! {
    "index.html": HTML,
    "page.css": STYLE,
    "favicon.svg": IMAGE,
    "add.js": SCRIPT,
    "api.js": SCRIPT,
    "article.js": SCRIPT,
    "articles.js": SCRIPT,
    "dom.js": SCRIPT,
    "filters.js": SCRIPT,
    "ground.js": SCRIPT,
    "keys.js": SCRIPT,
    "main.js": SCRIPT,
    "notice.js": SCRIPT,
    "passage.js": SCRIPT,
    "route.js": SCRIPT,
    "search.js": SCRIPT,
    "session.js": SCRIPT,
    "spark.js": SCRIPT,
    "themes.js": SCRIPT,
    "words.js": SCRIPT,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(async || asset("index.html")))
        .route("/favicon.ico", get(async || asset("favicon.svg")))
        .route(
            "/assets/{name}",
            get(async |body::Part(name): body::Part| asset(&name)),
        )
        .route("/openapi.json", get(async || description()))
}

/// Whether anybody may see what is there: nothing of the libraries.
pub(super) fn is_public(path: &str) -> bool {
    matches!(
        path,
        "/" | "/favicon.ico" | "/healthz" | "/openapi.json" | "/v1/session"
    ) || path.starts_with("/assets/")
}

fn asset(name: &str) -> Result<Response> {
    let asset = ASSETS.iter().find(|(known, _)| *known == name);
    let (_, asset) = asset.ok_or_else(|| Failure::not_found("there is no such file"))?;
    let mut response = Packable(Arc::clone(asset)).into_response();
    // It may be another one after an update.
    let again = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, again);
    Ok(response)
}

fn description() -> Packable {
    static DESCRIBED: LazyLock<Arc<Packed>> =
        LazyLock::new(|| Arc::new(Packed::json(DESCRIPTION.as_bytes())));
    Packable(Arc::clone(&DESCRIBED))
}
