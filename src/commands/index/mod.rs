//! `topoi index`: takes articles into the library, or says what it would take.

mod dry_run;
mod explain;
mod report;

use std::cell::Cell;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use indicatif::ProgressBar;
use topoi::ingest::{self, FoundFiles, Hints, Skipped, WalkOptions};
use topoi::library::{IndexReport, Indexer, Observer, Refusal, Windowing};
use topoi::store;

use super::cli::{Index, ModelArgs};
use super::context::{Context, Wanted};
use super::failure::Failure;
use super::output::{Output, Unit};
use super::target::stored_path;
use super::{Outcome, interrupt};
use report::IndexJson;

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

pub(crate) fn run(context: &mut Context, arguments: &Index) -> anyhow::Result<Outcome> {
    let hints = hints(arguments)?;
    if let Some(file) = &arguments.explain {
        return explain::run(context, arguments, file, &hints);
    }
    let max_bytes = arguments.max_file_size << 20;
    let (paths, takes_stdin) = paths(context, arguments)?;
    let (files, mut refused) = find(&paths, arguments.prune, max_bytes)?;
    if files.is_empty() && !takes_stdin && !arguments.prune {
        return Err(report::nothing_to_read(&paths, &refused));
    }
    let stdin = if takes_stdin {
        Some(context.read_stdin(max_bytes)?)
    } else {
        None
    };
    if arguments.dry_run {
        return dry_run::run(context, arguments, &hints, &files, stdin, refused);
    }
    let root = context.library();
    let model = context.model(&wanted(context, &root, &arguments.model)?)?;
    interrupt::listen();
    let progress = Progress::new(&context.output, 0, "embedding");
    let mut indexer = Indexer::open(
        &root,
        &model.reference,
        model.encoder.as_ref(),
        &progress,
        Windowing::Windows,
    )?;
    indexer.set_hints(hints);
    if let Some(bytes) = stdin
        && let Err(refusal) = indexer.add_text(&arguments.name, &bytes)?
    {
        refused.push((PathBuf::from(&arguments.name), refusal));
    }
    refused.extend(indexer.add_files(&files, max_bytes)?);
    if arguments.prune {
        // Last, so that a renamed file finds the vectors of its text under the old name.
        let gone = gone(&indexer, &paths)?;
        indexer.remove_files(&gone)?;
    }
    report::tell_warnings(&context.output, indexer.warnings());
    let report = indexer.finish()?;
    progress.finish();
    if report.files_read + report.files_unchanged + report.files_removed == 0 && !refused.is_empty()
    {
        return Err(report::nothing_to_read(&paths, &refused));
    }
    report::tell_refused(&context.output, &refused);
    report::tell_read(&context.output, &report.read);
    report::tell(&context.output, &report, &root);
    if arguments.json {
        context.output.json(&IndexJson {
            schema: "topoi.index.v1",
            library: Some(root.display().to_string()),
            report,
            skipped: report::skipped(&refused),
        })?;
    }
    Ok(Outcome::Found)
}

/// What the person says of all files.
fn hints(arguments: &Index) -> anyhow::Result<Hints> {
    let mut hints = Hints {
        format: arguments.format,
        ..Hints::default()
    };
    for rule in &arguments.map {
        hints
            .fields
            .add(rule)
            .map_err(|error| Failure::new(format!("--map: {error}")))?;
    }
    Ok(hints)
}

/// What can't be read, and why.
type Refused = Vec<(PathBuf, Refusal)>;

/// The files below some paths, each under the path that the library keeps.
fn find(
    paths: &[PathBuf],
    prune: bool,
    max_bytes: u64,
) -> anyhow::Result<(Vec<ingest::FoundFile>, Refused)> {
    // A path that is not there is an error that names it as it was given, unless what is not there is to be removed.
    let present = paths.iter().filter(|path| !prune || path.exists());
    let resolved: Vec<PathBuf> = present
        .map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()))
        .collect();
    let options = WalkOptions {
        max_file_size: max_bytes,
        ..WalkOptions::default()
    };
    let FoundFiles { files, skipped } = ingest::find_files(&resolved, &options)?;
    Ok((
        files,
        skipped
            .into_iter()
            .map(|Skipped { path, reason }| (path, reason.into()))
            .collect(),
    ))
}

/// The files and folders to read, and whether a text on standard input is one of them.
fn paths(context: &Context, arguments: &Index) -> anyhow::Result<(Vec<PathBuf>, bool)> {
    let mut paths = arguments.paths.clone();
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
            std::fs::read(list)
                .with_context(|| format!("cannot read the list of files `{}`", list.display()))?
        };
        paths.extend(ingest::parse_file_list(&bytes));
    }
    Ok((paths, takes_stdin))
}

/// The model that is asked for, else the library's own, else the default; each in the precision that is asked for,
/// else the library's own.
fn wanted(context: &Context, root: &Path, asked: &ModelArgs) -> anyhow::Result<Wanted> {
    let mut wanted = Wanted::from(asked);
    if store::exists(root) {
        let reader = store::open_reader(root).map_err(topoi::Error::from)?;
        if let Some(model) = reader.model()? {
            context
                .output
                .detail(format_args!("the library's model is {}", model.reference));
            let own = Wanted::from(model);
            if asked.model.is_none() {
                wanted.reference = own.reference;
            }
            wanted.precision = wanted.precision.or(own.precision);
        }
    }
    Ok(wanted)
}

/// Paths that the library has below those given, and that are no longer there.
fn gone(indexer: &Indexer<'_>, given: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let roots: Vec<PathBuf> = given.iter().map(|path| stored_path(path)).collect();
    let is_gone = |path: &String| {
        let path = Path::new(path);
        roots.iter().any(|root| path.starts_with(root)) && !path.exists()
    };
    Ok(indexer.paths()?.into_iter().filter(is_gone).collect())
}
