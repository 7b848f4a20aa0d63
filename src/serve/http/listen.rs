//! Connections: so many at once, and none that waits for ever.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// How many connections there can be. More wait in the system's queue.
const MOST_CONNECTIONS: usize = 1024;

/// How long the head of a request may take to arrive, also on a connection that is kept open.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a client may read nothing of an answer.
const READ_TIME: Duration = Duration::from_secs(30);

/// How many headers a request may have, and how many bytes its head.
const MOST_HEADERS: usize = 100;
const HEAD_BYTES: usize = 64 << 10;

/// How long to wait, when no connection can be taken, before the next try.
const BREATH: Duration = Duration::from_millis(100);

/// How long answers that are under way may take after the server was told to end.
const FAREWELL: Duration = Duration::from_secs(10);

/// Answers until `end` comes, and then what is under way.
pub(crate) async fn listen(listener: TcpListener, router: Router, end: impl Future<Output = ()>) {
    answer_all(listener, router, READ_TIME, end).await;
}

/// The same, for clients that may read nothing for `read_time`.
async fn answer_all(
    listener: TcpListener,
    router: Router,
    read_time: Duration,
    end: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(MOST_HEADERS)
        .max_buf_size(HEAD_BYTES);
    tokio::pin!(end);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut end => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        // It only makes small answers faster.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let router = router.clone();
            async move {
                let answer = router.oneshot(request.map(Body::new)).await;
                Ok::<_, Infallible>(answer.unwrap_or_else(|never| match never {}))
            }
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(read_time));
        let stream = TokioIo::new(Box::pin(stream));
        let connection = graceful.watch(http.serve_connection(stream, service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some answers were cut off");
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use axum::routing::get;
    use bytes::Bytes;
    use futures_util::stream;
    use tokio::sync::mpsc::{self, UnboundedSender};

    use super::*;

    /// Says when it is let go.
    struct Held(UnboundedSender<()>);

    impl Drop for Held {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_is_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mut let_go) = mpsc::unbounded_channel();
        let endless = get(move || async move {
            let more =
                |held| async { Some((Ok::<_, Infallible>(Bytes::from_static(&[0; 4096])), held)) };
            Body::from_stream(stream::unfold(Held(sender), more))
        });
        let router = Router::new().route("/", endless);
        let patience = Duration::from_millis(100);
        tokio::spawn(answer_all(
            listener,
            router,
            patience,
            std::future::pending(),
        ));
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            .unwrap();
        // Long enough for any machine: without an end of patience nothing comes at all.
        let let_go = tokio::time::timeout(Duration::from_secs(60), let_go.recv()).await;
        assert_eq!(let_go, Ok(Some(())));
    }
}
