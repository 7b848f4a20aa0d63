//! The libraries for those who don't use the command line: a web page, an HTTP interface, and tools for agents.
//!
//! | file | what |
//! |---|---|
//! | `shelf` | libraries that stay open, and are opened anew when they have changed |
//! | `desk` | where questions wait; the workers who embed them together and answer them |
//! | `room` | shelves and desk together, for as long as somebody may ask |
//! | `model`, `bulk` | models as the workers use them, and as an indexing run does |
//! | `asked`, `shown`, `themes` | questions and their answers; what a library holds; what it is about |
//! | `jobs` | taking articles in |
//! | `failure`, `packed`, `metrics` | what goes wrong, what is sent, what is counted |
//! | `http` | the HTTP interface, and who may ask |
//! | `mcp` | tools for agents, in the Model Context Protocol |
//! | `page` | the web page |

mod asked;
mod bulk;
mod desk;
mod failure;
mod http;
mod jobs;
mod mcp;
mod metrics;
mod model;
mod packed;
mod room;
mod shelf;
mod shown;
mod themes;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::net::TcpListener;

use desk::Limits;
use http::{App, Guard};
use jobs::Jobs;
use metrics::Metrics;
use room::Room;

pub(crate) use jobs::Permissions;
pub(crate) use model::Model;
pub(crate) use room::Served;

/// How many questions of an agent may wait, how many of their texts are embedded together, and how long an answer may take.
const AGENT_LIMITS: Limits = Limits {
    queue: 64,
    batch: 16,
    time: Duration::from_secs(30),
};

/// How long the job that is under way may take to stop when the server ends, and how often it is looked whether a thread has
/// ended.
const FAREWELL: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(5);

/// What a mutex guards. Work that broke down while it held one has left nothing half-done there.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    let metrics = Arc::new(Metrics::new());
    let limits = Limits {
        queue: settings.queue,
        batch: settings.batch,
        time: settings.time,
    };
    let room = Room::new(libraries, settings.workers, limits, Arc::clone(&metrics))?;
    let room = Arc::new(room);
    let jobs = Arc::new(Jobs::new(settings.permissions));
    let guard = Guard::new(settings.token.as_deref(), &settings.names, &settings.cors);
    let app = Arc::new(App::new(Arc::clone(&room), jobs, guard, metrics));
    let taking_in = Arc::clone(&app);
    let jobs = thread::Builder::new()
        .name("jobs".to_owned())
        .spawn(move || {
            taking_in
                .jobs
                .work(&taking_in.room.desk, taking_in.room.workers)
        })
        .context("cannot start the server's threads")?;
    room.keep(|| {
        let router = http::router(Arc::clone(&app));
        let served = runtime.block_on(async {
            let told = told_to_end()?;
            ready(address)?;
            let end = async {
                told.await;
                tracing::info!("ending");
                app.jobs.close();
            };
            http::listen(listener, router, end).await;
            std::io::Result::Ok(())
        });
        app.jobs.close();
        wait_for([jobs], FAREWELL);
        served
    })?;
    Ok(())
}

/// Waits until threads have ended, for so long. One that takes longer ends with the process.
fn wait_for(threads: impl IntoIterator<Item = JoinHandle<()>>, long: Duration) {
    let until = Instant::now() + long;
    for ending in threads {
        while !ending.is_finished() && Instant::now() < until {
            thread::sleep(MOMENT);
        }
    }
}

/// Answers an agent on standard input, until that ends; `write` is given each line for standard output.
pub(crate) fn serve_agent(
    library: Served,
    workers: NonZeroUsize,
    write: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let metrics = Arc::new(Metrics::new());
    let room = Room::new(vec![library], workers, AGENT_LIMITS, metrics)?;
    let room = Arc::new(room);
    room.keep(|| mcp::over_stdio(Arc::clone(&room), write))
}

/// What comes when somebody wants the process to end. From now on such a signal doesn't end it by itself.
#[cfg(unix)]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// What comes when somebody wants the process to end. From now on such a signal doesn't end it by itself.
#[cfg(windows)]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupted = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupted.recv().await;
    })
}
