//! `topoi index`: takes articles into the library, or says what it would take.

mod dry_run;
mod explain;
mod given;
mod report;
mod taking;
mod web;

use std::cell::Cell;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use topoi::Location;
use topoi::ingest;
use topoi::library::{IndexReport, Library, Observer, Refusal, Share, network_file_system};
use topoi::store::ModelRow;
use topoi_models::{Identity, ModelRef};

use super::cli::{Index, ModelArgs};
use super::context::{Context, Wanted};
use super::failure::Failure;
use super::output::{Output, Unit};
use super::{Outcome, interrupt};

use given::listed;
pub(crate) use given::{Given, find, hints};
pub(crate) use report::{IndexJson, nothing_to_read, tell_all};
pub(crate) use taking::{Taken, Taking};
pub(crate) use web::Web;

/// Shows on standard error how far indexing is, and passes Ctrl-C on.
pub(crate) struct Progress<'a> {
    output: &'a Output,
    bar: ProgressBar,
    /// What the texts embedded since the last commit were counted as.
    running: Cell<usize>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(output: &'a Output, length: u64, what: &'static str) -> Self {
        Self {
            output,
            bar: output.progress(length, what, Unit::Count),
            running: Cell::new(0),
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress<'_> {
    fn queued(&self) {
        self.bar.inc_length(1);
    }

    fn embedded(&self, texts: usize) {
        self.bar.set_position(
            self.bar.position() + texts.saturating_sub(self.running.replace(texts)) as u64,
        );
    }

    fn committed(&self, report: &IndexReport) {
        self.running.set(0);
        let IndexReport {
            articles_added,
            passages_added,
            ..
        } = report;
        self.bar.suspend(|| {
            self.output.detail(format_args!(
                "committed {articles_added} articles, {passages_added} passages"
            ))
        });
    }

    fn interrupted(&self) -> bool {
        interrupt::requested()
    }
}

/// What can't be read, and why.
pub(crate) type Refused = Vec<(PathBuf, Refusal)>;

pub(crate) fn run(context: &mut Context, arguments: &Index) -> anyhow::Result<Outcome> {
    let hints = hints(&arguments.read)?;
    if let Some(file) = &arguments.explain {
        return explain::run(context, arguments, file, &hints);
    }
    let max_bytes = arguments.read.max_bytes();
    let Asked {
        paths: given,
        takes_stdin,
        refused: mut missing,
    } = asked(context, arguments)?;
    let Given { paths, addresses } = Given::sort(&given)?;
    let mut web = Web::new(context, &arguments.read, &arguments.web, &addresses)?;
    let (files, mut refused) = find(&paths, arguments.prune, max_bytes)?;
    refused.append(&mut missing);
    let is_worker = arguments.worker || arguments.shard.is_some();
    if is_worker && (takes_stdin || !addresses.is_empty()) {
        return Err(Failure::new("workers take in files, not standard input or addresses").into());
    }
    let is_nothing_needed = arguments.prune || arguments.worker && given.is_empty();
    if files.is_empty() && addresses.is_empty() && !takes_stdin && !is_nothing_needed {
        return Err(nothing_to_read(&given, &refused));
    }
    let stdin = if takes_stdin {
        Some(context.read_stdin(max_bytes)?)
    } else {
        None
    };
    if arguments.dry_run {
        let sources = dry_run::Sources {
            files,
            stdin,
            addresses,
            web,
        };
        return dry_run::run(context, arguments, &hints, sources, refused);
    }
    let library = context.library_to_make();
    let model = context.model(&wanted(context, &library, &arguments.model)?)?;
    if let Some(kind) = network_file_system(&library) {
        context.output.warn(format_args!(
            "`{library}` lies on a network file system ({kind}), where locks may not hold: write to it from this machine only"
        ));
    }
    interrupt::listen();
    let taking = Taking {
        output: &context.output,
        library: &library,
        model: &model,
        hints: &hints,
        max_bytes,
        patient: false,
    };
    let mut taken = Taken {
        refused,
        ..Taken::default()
    };
    if is_worker {
        taken.merge(taking.beside_others(&files, arguments.shard.unwrap_or(Share::ALL))?);
    } else if stdin.is_some() || !files.is_empty() || arguments.prune {
        let stdin = stdin.as_deref().map(|bytes| (&*arguments.name, bytes));
        let roots = if arguments.prune { &*paths } else { &[] };
        taken.merge(taking.files(&files, stdin, roots)?);
    }
    taken.merge(taking.addresses(&mut web, &addresses)?);
    if taken.is_nothing() {
        return Err(nothing_to_read(&given, &taken.refused));
    }
    tell_all(&context.output, &taken, &library);
    if arguments.json {
        context.output.json(&IndexJson::new(
            Some(&library),
            taken.report,
            &taken.refused,
        ))?;
    }
    Ok(Outcome::Found)
}

/// What a person asks to be read.
struct Asked {
    /// Files, folders and addresses.
    paths: Vec<PathBuf>,
    /// Whether a text on standard input is to be read too.
    takes_stdin: bool,
    /// What a list names and can't be looked at.
    refused: Refused,
}

/// What is named on the command line, and in a list.
fn asked(context: &Context, arguments: &Index) -> anyhow::Result<Asked> {
    let (mut paths, mut refused) = (arguments.paths.clone(), Refused::new());
    let takes_stdin = paths.iter().any(|path| path == Path::new("-"));
    paths.retain(|path| path != Path::new("-"));
    if let Some(list) = &arguments.files_from {
        let bytes = if list == Path::new("-") {
            if takes_stdin {
                return Err(Failure::new(
                    "standard input can't be both a text and a list of files",
                )
                .into());
            }
            context.read_stdin(ingest::DEFAULT_MAX_FILE_SIZE)?
        } else {
            ingest::read_file(list, ingest::DEFAULT_MAX_FILE_SIZE).map_err(|reason| {
                Failure::new(format!("the list of files `{}` {reason}", list.display()))
            })?
        };
        for path in ingest::parse_file_list(&bytes) {
            match listed(&path, arguments.prune) {
                Ok(()) => paths.push(path),
                Err(reason) => refused.push((path, reason.into())),
            }
        }
    }
    Ok(Asked {
        paths,
        takes_stdin,
        refused,
    })
}

/// The model that is asked for, else the library's own, else the default; each in the precision that is asked for,
/// else the library's own.
pub(crate) fn wanted(
    context: &Context,
    library: &Location,
    asked: &ModelArgs,
) -> anyhow::Result<Wanted> {
    let mut wanted = Wanted::from(asked);
    if let Some(records) = Library::records_if_any(library)?
        && let Some(model) = records.model()?
    {
        context
            .output
            .detail(format_args!("the library's model is {}", model.reference));
        if let Some(named) = &asked.model {
            expect_weights(context, library, &model, named)?;
        }
        let own = Wanted::from(model);
        if asked.model.is_none() {
            wanted.reference = own.reference;
        }
        wanted.precision = wanted.precision.or(own.precision);
    }
    Ok(wanted)
}

/// Refuses a model that has other weights than a library's, before it is to compute in the precision of the library's.
fn expect_weights(
    context: &Context,
    library: &Location,
    own: &ModelRow,
    named: &str,
) -> anyhow::Result<()> {
    let identity: Identity = match serde_json::from_str(&own.identity) {
        Ok(identity) if own.reference != named => identity,
        // What can't be read is said when the library is opened.
        _ => return Ok(()),
    };
    let folder = context.locate(&named.parse::<ModelRef>()?)?;
    let weights = folder.weights_sha256();
    if weights == identity.weights_sha256 {
        return Ok(());
    }
    let digest = weights.get(..8).unwrap_or(weights);
    Err(topoi::Error::OtherModel {
        at: library.clone(),
        library: identity.to_string(),
        given: format!("{} ({digest})", folder.name()),
    }
    .into())
}
