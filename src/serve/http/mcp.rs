//! `/mcp`: tools for agents. Each request stands for itself: there are no sessions to be kept, and each answer is one JSON text.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::Full;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use super::{App, body};
use crate::serve::mcp::{Agent, MOST_BYTES, parse};
use crate::serve::room::Room;

/// How long a message may take to arrive.
const TIME: Duration = Duration::from_secs(30);

/// Who answers.
pub(super) type Agents = StreamableHttpService<Arc<Agent>, NeverSessionManager>;

pub(super) fn agents(room: &Arc<Room>) -> Agents {
    let agent = Arc::new(Agent::new(Arc::clone(room)));
    // Host and origin have been checked by the guard, which knows the names of this server.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MOST_BYTES)
        .disable_allowed_hosts();
    StreamableHttpService::new(
        move || Ok(Arc::clone(&agent)),
        Arc::new(NeverSessionManager::default()),
        config,
    )
}

pub(super) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let sent = body::Sent::new(&head, body);
    let bytes = match body::read(sent, MOST_BYTES, TIME).await {
        Ok(bytes) => bytes,
        Err(failure) => return failure.into_response(),
    };
    if let Err(refusal) = parse(&bytes) {
        let json = [(header::CONTENT_TYPE, "application/json")];
        // Errors can always be written.
        let refusal = serde_json::to_vec(&refusal).unwrap_or_default();
        return (StatusCode::BAD_REQUEST, json, refusal).into_response();
    }
    let request = Request::from_parts(head, Full::new(bytes));
    app.agents.handle(request).await.map(Body::new)
}
