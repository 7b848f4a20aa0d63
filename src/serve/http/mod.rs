//! The web page and the HTTP interface. `docs/SERVER.md` describes it for people, `openapi.json` for programs.

mod answers;
mod body;
mod embeddings;
mod guard;
mod index;
mod input;
mod library;
mod listen;
mod mcp;
mod page;
mod questions;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

use super::failure::Failure;
use super::jobs::Jobs;
use super::metrics::Metrics;
use super::packed::pack;
use super::room::Room;
use answers::Answers;

pub(crate) use guard::Guard;
pub(crate) use listen::listen;

/// What browsers may do with what comes from here: run the page's own scripts, and ask nobody else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Requests that take longer are logged.
const SLOW: Duration = Duration::from_secs(1);

/// What all requests share.
pub(crate) struct App {
    pub(crate) room: Arc<Room>,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) guard: Guard,
    pub(crate) metrics: Arc<Metrics>,
    answers: Answers,
    agents: mcp::Agents,
    rooms_for_bodies: body::Rooms,
}

impl App {
    pub(crate) fn new(
        room: Arc<Room>,
        jobs: Arc<Jobs>,
        guard: Guard,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            agents: mcp::agents(&room),
            room,
            jobs,
            guard,
            metrics,
            answers: Answers::default(),
            rooms_for_bodies: body::Rooms::default(),
        }
    }
}

/// All that can be asked for.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/libraries", get(library::libraries))
        .route(
            "/v1/search",
            get(questions::get_search).post(questions::post_search),
        )
        .route(
            "/v1/related",
            get(questions::get_related).post(questions::post_related),
        )
        .route("/v1/passages/{id}", get(library::passage))
        .route("/v1/articles", get(library::articles))
        .route("/v1/articles/{id}", get(library::article))
        .route("/v1/sources", get(library::sources))
        .route("/v1/themes", get(library::themes))
        .route("/v1/themes/map", get(library::map))
        .route("/v1/themes/{id}", get(library::theme))
        .route(body::INDEX_ROUTE, post(index::begin))
        .route("/v1/index/{job}", get(index::job).delete(index::cancel))
        .route("/v1/index/{job}/events", get(index::events))
        .route("/v1/embeddings", post(embeddings::embeddings))
        .route("/v1/models", get(embeddings::models))
        .route(
            "/v1/session",
            post(guard::begin_session).delete(guard::end_session),
        )
        .route("/mcp", post(mcp::answer))
        .route("/healthz", get(library::health))
        .route("/metrics", get(library::metrics))
        .merge(page::routes())
        .fallback(async || Failure::not_found("there is nothing at this address"))
        .method_not_allowed_fallback(async || {
            Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this address doesn't take this method",
            )
        })
        .with_state(Arc::clone(&app))
        // Bodies are read, and limited, in one place: `body`.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            body::make_room,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            guard::check,
        ))
        .layer(middleware::from_fn_with_state(app, observe))
}

/// Counts, logs, packs, and says what browsers may do with the answer.
async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let route = request.extensions().get::<MatchedPath>();
    // Other paths can be anything, and each would be counted by itself.
    let route = route.map_or("other", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let headers = request.headers().clone();
    let mut response = pack(&headers, next.run(request).await);
    let policy = response.extensions_mut().remove::<library::OwnPolicy>();
    let policy = policy.map_or(HeaderValue::from_static(POLICY), |own| own.0);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    let status = response.status().as_u16();
    let took = begin.elapsed();
    app.metrics.answered(&route, status, took);
    let milliseconds = took.as_secs_f64() * 1e3;
    if status >= 500 && status != 503 || took >= SLOW {
        tracing::warn!(%method, route, status, milliseconds, "request");
    } else {
        tracing::debug!(%method, route, status, milliseconds, "request");
    }
    response
}
