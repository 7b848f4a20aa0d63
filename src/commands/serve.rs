//! `topoi serve`: a web page and an HTTP interface over libraries.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use topoi::Location;
use topoi::library::Library;
use topoi::store::StoreError;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::Outcome;
use super::cli::{LogForm, Serve};
use super::context::{Context, existing};
use super::failure::Failure;
use super::index::wanted;
use super::passwords::location;
use crate::serve::{self, Model, Permissions, Served, Settings};

pub(crate) fn run(context: &mut Context, arguments: &Serve) -> anyhow::Result<Outcome> {
    let token = token(arguments)?;
    let roots = arguments.allow.iter().map(|folder| {
        let resolved = folder.canonicalize();
        resolved.with_context(|| format!("cannot read the folder `{}`", folder.display()))
    });
    let permissions = Permissions {
        uploads: arguments.uploads,
        roots: roots.collect::<anyhow::Result<_>>()?,
    };
    let can_index = permissions.uploads || !permissions.roots.is_empty();
    let libraries = libraries(context, arguments, can_index)?;
    log(arguments.log, context.log_level());
    let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let settings = Settings {
        listen: arguments.listen,
        token,
        names: arguments.name.clone(),
        cors: arguments.cors.clone(),
        permissions,
        workers: context.threads().unwrap_or_else(cores),
        queue: arguments.limits.queue.get(),
        batch: arguments.limits.batch.get(),
        time: Duration::from_secs(arguments.limits.timeout.get()),
    };
    let output = &mut context.output;
    serve::serve(libraries, settings, |address: SocketAddr| {
        output.line(format_args!("http://{address}/"))?;
        output.flush()?;
        output.note("Ctrl-C ends it");
        Ok(())
    })?;
    Ok(Outcome::Found)
}

/// The token, which is needed where others can reach the address.
fn token(arguments: &Serve) -> anyhow::Result<Option<String>> {
    let token = arguments.token.clone().filter(|token| !token.is_empty());
    if token.is_none() && !arguments.listen.ip().is_loopback() {
        return Err(Failure::with_hint(
            format!(
                "others can reach {}, so a token is needed",
                arguments.listen
            ),
            "set TOPOI_TOKEN to a long secret, or listen on 127.0.0.1",
        )
        .into());
    }
    Ok(token)
}

/// The libraries with their models; those that have the same one share it.
fn libraries(context: &Context, arguments: &Serve, can_index: bool) -> anyhow::Result<Vec<Served>> {
    let mut named = arguments
        .libraries
        .iter()
        .map(|given| {
            match given
                .split_once('=')
                .filter(|(name, _)| !name.contains("://"))
            {
                Some((name, folder)) => {
                    (Some(name.to_owned()), existing(location(Path::new(folder))))
                }
                None => (None, existing(location(Path::new(given)))),
            }
        })
        .collect::<Vec<(Option<String>, Location)>>();
    if named.is_empty() {
        named.push((None, context.library()));
    }
    let mut models: Vec<Arc<Model>> = Vec::new();
    let mut served: Vec<Served> = Vec::new();
    for (name, library) in named {
        if !can_index && !Library::exists(&library)? {
            return Err(topoi::Error::from(StoreError::Missing { at: library }).into());
        }
        let name = name.unwrap_or_else(|| name_of(&library));
        if served.iter().any(|other| other.name == name) {
            return Err(Failure::with_hint(
                format!("two libraries are called `{name}`"),
                "give each a name of its own: `topoi serve NAME=DIR …`",
            )
            .into());
        }
        let wanted = wanted(context, &library, &arguments.model)?;
        // Whoever answers computes on one core; there are as many of them as cores.
        let loaded = context.model_on(&wanted, Some(NonZeroUsize::MIN))?;
        let digest = loaded.encoder.identity().digest();
        let known = models
            .iter()
            .find(|model| model.encoder.identity().digest() == digest);
        let model = match known {
            Some(known) => Arc::clone(known),
            None => {
                let model = Arc::new(Model {
                    encoder: loaded.encoder,
                    reference: loaded.reference,
                });
                models.push(Arc::clone(&model));
                model
            }
        };
        served.push(Served {
            name,
            location: library,
            model,
        });
    }
    Ok(served)
}

/// The name of the folder, or of the one around it where that says more.
pub(super) fn name_of(library: &Location) -> String {
    let root = match library {
        Location::Folder(root) => root,
        Location::Server(url) => return url.database().to_owned(),
    };
    let root = std::path::absolute(root).unwrap_or_else(|_| root.clone());
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let own = name(&root).filter(|name| !name.starts_with('.'));
    own.or_else(|| root.parent().and_then(name))
        .unwrap_or_else(|| "library".to_owned())
}

/// From now on the log goes to standard error.
pub(super) fn log(form: LogForm, level: LevelFilter) {
    // The protocol of agents is told of at length, for each request several times.
    let protocol = if level < LevelFilter::DEBUG {
        LevelFilter::ERROR
    } else {
        level
    };
    let targets = Targets::new()
        .with_default(level)
        .with_target("rmcp", protocol);
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_writer(std::io::stderr);
    match form {
        LogForm::Text => log.with_ansi(false).finish().with(targets).init(),
        LogForm::Json => log.json().flatten_event(true).finish().with(targets).init(),
    }
}
