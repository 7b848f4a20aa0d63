//! The libraries for those who don't use the command line: a web page, an HTTP interface, and tools for agents.
//!
//! | file | what |
//! |---|---|
//! | `shelf` | libraries that stay open, and are opened anew when they have changed |
//! | `desk` | where questions wait; the workers who embed them together and answer them |
//! | `model`, `bulk` | models as the workers use them, and as an indexing run does |
//! | `asked`, `shown`, `themes` | questions and their answers; what a library holds; what it is about |
//! | `jobs` | taking articles in |
//! | `failure`, `packed`, `metrics` | what goes wrong, what is sent, what is counted |
//! | `http` | the HTTP interface, and who may ask |
//! | `page` | the web page |

mod asked;
mod bulk;
mod desk;
mod failure;
mod http;
mod jobs;
mod metrics;
mod model;
mod packed;
mod shelf;
mod shown;
mod themes;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;

use desk::{Desk, Limits};
use http::{App, Guard};
use jobs::Jobs;
use metrics::Metrics;
use shelf::Shelf;

pub(crate) use jobs::Permissions;
pub(crate) use model::Model;

/// A library that is to be served.
pub(crate) struct Served {
    /// What it is called in requests.
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) model: Arc<Model>,
}

/// How to serve.
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    /// What whoever asks must know.
    pub(crate) token: Option<String>,
    /// Names of this server, and pages of others that may ask.
    pub(crate) names: Vec<String>,
    pub(crate) cors: Vec<String>,
    pub(crate) permissions: Permissions,
    pub(crate) workers: NonZeroUsize,
    /// How many questions may wait, how many are embedded together, and how long an answer may take.
    pub(crate) queue: usize,
    pub(crate) batch: usize,
    pub(crate) time: Duration,
}

/// Serves libraries until the process is told to end; `ready` is told the address.
pub(crate) fn serve(
    libraries: Vec<Served>,
    settings: Settings,
    ready: impl FnOnce(SocketAddr) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.workers.get())
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    let listener = runtime
        .block_on(TcpListener::bind(settings.listen))
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener.local_addr().context("cannot listen")?;
    let shelves: Vec<Arc<Shelf>> = (0..)
        .zip(libraries)
        .map(|(number, served)| {
            Arc::new(Shelf::new(number, served.name, served.root, served.model))
        })
        .collect();
    let metrics = Arc::new(Metrics::new());
    let jobs = Arc::new(Jobs::new(settings.permissions));
    let guard = Guard::new(settings.token.as_deref(), &settings.names, &settings.cors);
    let workers = settings.workers.get();
    let limits = Limits {
        queue: settings.queue,
        batch: settings.batch,
        time: settings.time,
    };
    let desk = Desk::open(shelves.clone(), workers, limits, Arc::clone(&metrics))
        .context("cannot start the workers")?;
    let app = Arc::new(App::new(shelves.clone(), desk, jobs, guard, metrics));
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        // The first opening is waited for, so that the first question finds the library.
        let mut watch = shelf::Watcher::new(&shelves, workers);
        watch.look();
        threads.spawn(|| watch.watch(&is_over));
        threads.spawn(|| app.jobs.work(&app.desk, workers));
        let router = http::router(Arc::clone(&app), None);
        let served = runtime.block_on(async {
            ready(address)?;
            let end = async {
                told_to_end().await;
                tracing::info!("ending");
                app.jobs.close();
            };
            http::listen(listener, router, end).await;
            std::io::Result::Ok(())
        });
        app.jobs.close();
        app.desk.close();
        is_over.store(true, Ordering::Relaxed);
        served
    })?;
    Ok(())
}

/// Waits until somebody wants the process to end.
async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Where no signal can be waited for, the process is ended from outside.
    if interrupted.await.is_err() {
        std::future::pending::<()>().await;
    }
}
