//! `topoi mcp`: tools for an assistant that starts this program itself and talks to it over standard input and output.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use topoi::Location;
use topoi::library::Library;
use tracing_subscriber::filter::LevelFilter;

use super::Outcome;
use super::cli::{LogForm, Mcp};
use super::context::{Context, Wanted, existing};
use super::passwords::location;
use super::serve::{log, name_of};
use crate::serve::{self, Model, Served};

/// How many questions are answered at once. One assistant asks, and each worker has the library open for itself.
const MOST_WORKERS: NonZeroUsize = NonZeroUsize::new(4).expect("not 0");

pub(crate) fn run(context: &mut Context, arguments: &Mcp) -> anyhow::Result<Outcome> {
    // An assistant may show its user whatever is written to standard error.
    let level = context.log_level();
    let level = if level < LevelFilter::DEBUG {
        LevelFilter::WARN
    } else {
        level
    };
    log(LogForm::Text, level);
    let named = arguments.folder.as_deref().map(location).map(existing);
    let library = named.unwrap_or_else(|| context.library());
    let wanted = wanted(&library)?;
    // Whoever answers computes on one core.
    let loaded = context.model_on(&wanted, Some(NonZeroUsize::MIN))?;
    let served = Served {
        name: name_of(&library),
        location: library,
        model: Arc::new(Model {
            encoder: loaded.encoder,
            reference: loaded.reference,
        }),
    };
    let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = context
        .threads()
        .unwrap_or_else(|| cores().min(MOST_WORKERS));
    let mut output = context.output.exact()?;
    serve::serve_agent(served, workers, |line| {
        output.write_all(line)?;
        output.flush()
    })?;
    Ok(Outcome::Found)
}

/// The library's model; the usual one if it holds nothing yet.
fn wanted(library: &Location) -> anyhow::Result<Wanted> {
    // It is closed again at once: whoever keeps it open keeps SQLite from tidying up behind whoever writes.
    let model = Library::records(library)?.model();
    let model = model.map_err(topoi::Error::from)?;
    Ok(model.map_or_else(Wanted::default, Wanted::from))
}
