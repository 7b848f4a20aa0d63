//! `topoi demo`: what topoi does, on a sample library of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use topoi::Error;
use topoi::ingest::{self, FoundFile, WalkOptions};
use topoi::library::{Indexer, Library, ThemesWanted, Windowing};
use topoi::search::{Feedback, Origin, Query, SearchOptions};
use topoi::store::StoreError;

use super::cli::Demo;
use super::context::{Context, Loaded, Wanted, cache_dir};
use super::failure::Failure;
use super::index::Progress;
use super::output::{ACCENT, STRONG};
use super::{Outcome, hits, interrupt, themes};
use crate::answers::Subject;

/// The articles in `examples/commentary`: paths below it, and contents.
const SAMPLE: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/sample.rs"));

/// How many passages a search shows here.
const SHOWN: usize = 3;

pub(crate) fn run(context: &mut Context, arguments: &Demo) -> anyhow::Result<Outcome> {
    if context.is_library_given() {
        return Err(Failure::with_hint(
            "`topoi demo` has a library of its own, and shows no other",
            "leave `--library` out; `topoi search` and `topoi themes` ask other libraries",
        )
        .into());
    }
    let folder = cache_dir().join("demo");
    let articles = folder.join("commentary");
    let root = folder.join("library");
    unpack(&articles).with_context(|| {
        format!(
            "cannot put the sample articles into `{}`",
            articles.display()
        )
    })?;
    let model = context.model(&Wanted::default())?;
    let encoder = model.encoder.as_ref();
    let paths: Vec<PathBuf> = SAMPLE.iter().map(|(name, _)| articles.join(name)).collect();
    let files = ingest::find_files(&paths, &WalkOptions::default())?.files;
    interrupt::listen();
    if let Err(error) = index(context, &root, &files, &model) {
        if !is_unusable(&error) {
            return Err(error.into());
        }
        // Nobody keeps anything in this library: one that another version left, or that is damaged, is made anew.
        context
            .output
            .detail(format_args!("making the sample library anew: {error}"));
        fs::remove_dir_all(&root).with_context(|| format!("cannot remove `{}`", root.display()))?;
        index(context, &root, &files, &model)?;
    }
    let library = Library::open(&root)?;
    let counts = library.store().counts()?;
    let output = &mut context.output;
    output.line(format_args!(
        "{} articles, {} passages, {}\n",
        counts.articles,
        counts.passages,
        encoder.identity()
    ))?;

    let options = SearchOptions {
        limit: SHOWN,
        ..SearchOptions::default()
    };
    output.line(format_args!(
        "{STRONG}A search:{STRONG:#} {ACCENT}{}{ACCENT:#}\n",
        arguments.query
    ))?;
    let query = Query::parse(&arguments.query).map_err(topoi::Error::from)?;
    let lines = library.lines();
    let mut found = library.search(&query, &Feedback::default(), encoder, &options)?;
    library.explain(&mut found, encoder)?;
    for (hit, rank) in found.hits.iter().zip(1..) {
        hits::show_hit(output, &lines, hit, rank, false)?;
    }
    if let Some(best) = found.hits.first() {
        output.line(format_args!(
            "{STRONG}What belongs beside the first of these, in other articles{STRONG:#}\n"
        ))?;
        let mut related = library.related(&Origin::Passage(best.passage.id), &options)?;
        library.explain(&mut related, encoder)?;
        for (hit, rank) in related.hits.iter().zip(1..) {
            hits::show_hit(output, &lines, hit, rank, false)?;
        }
    }
    output.line(format_args!(
        "{STRONG}What the library is about{STRONG:#}\n"
    ))?;
    let commentary = library.themes(&ThemesWanted::default())?;
    let subject = Subject::new(&library, commentary)?;
    let shown = themes::Shown {
        passages: 1,
        rising_first: false,
    };
    themes::show(output, &subject, shown)?;
    output.flush()?;
    output.note(format_args!(
        "the sample library is in `{}`; ask it something else:",
        root.display()
    ));
    output.note(format_args!(
        "  topoi --library '{}' search \"why do rents keep rising?\"",
        root.display()
    ));
    Ok(Outcome::Found)
}

/// Takes the sample articles into their library, and out of it what is no longer one of them.
fn index(context: &Context, root: &Path, files: &[FoundFile], model: &Loaded) -> Result<(), Error> {
    let progress = Progress::new(&context.output, 0, "embedding");
    let encoder = model.encoder.as_ref();
    let reference = &model.reference;
    let mut indexer = Indexer::open(root, reference, encoder, &progress, Windowing::Windows)?;
    let mut gone = indexer.paths()?;
    gone.retain(|path| files.iter().all(|file| file.path != Path::new(path)));
    indexer.remove_files(&gone)?;
    indexer.add_files(files, ingest::DEFAULT_MAX_FILE_SIZE)?;
    indexer.finish()?;
    progress.finish();
    Ok(())
}

/// Whether the library is damaged, incomplete, or of another version or model.
fn is_unusable(error: &Error) -> bool {
    match error {
        Error::Store(StoreError::Damaged { .. } | StoreError::Newer { .. })
        | Error::StrangeSegment(_)
        | Error::NoVector(_)
        | Error::OtherModel { .. } => true,
        Error::Vectors(topoi_index::Error::Io { source, .. }) => {
            source.kind() == std::io::ErrorKind::NotFound
        }
        Error::Vectors(_) => true,
        _ => false,
    }
}

/// Writes the sample articles where they are not there yet as they should be, so that their times stay as they are.
fn unpack(folder: &Path) -> std::io::Result<()> {
    for (name, content) in SAMPLE {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|present| present == *content) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content)?;
    }
    Ok(())
}
