//! What is said of an indexing run: what was read, what was skipped and why, what was added.

use std::path::{Path, PathBuf};

use serde::Serialize;
use topoi::Location;
use topoi::ingest::Warning;
use topoi::library::{IndexReport, Survey};

use super::super::failure::Failure;
use super::super::output::Output;
use super::{Refused, Taken};
use crate::answers::{count, short_path};

/// How many skipped files are named one by one.
const NAMED: usize = 10;

/// How many odd things in files are said one by one.
const WARNINGS: usize = 20;

/// What a run has done, for programs.
#[derive(Serialize)]
pub(crate) struct IndexJson {
    schema: &'static str,
    /// None where nothing was written.
    library: Option<String>,
    #[serde(flatten)]
    report: IndexReport,
    skipped: Vec<SkippedJson>,
}

impl IndexJson {
    /// What was done to a library, where there is one, and what was skipped.
    pub(crate) fn new(library: Option<&Location>, report: IndexReport, refused: &Refused) -> Self {
        let skipped = refused.iter().map(|(path, refusal)| SkippedJson {
            path: path.display().to_string(),
            reason: refusal.to_string(),
        });
        Self {
            schema: "topoi.index.v1",
            library: library.map(ToString::to_string),
            report,
            skipped: skipped.collect(),
        }
    }
}

#[derive(Serialize)]
struct SkippedJson {
    path: String,
    reason: String,
}

/// Says all that a person wants to know of what was taken in.
pub(crate) fn tell_all(output: &Output, taken: &Taken, library: &Location) {
    tell_warnings(output, &taken.warnings);
    tell_refused(output, &taken.refused);
    tell_read(output, &taken.report.read);
    tell(output, &taken.report, library);
}

/// Says what was odd in files.
pub(super) fn tell_warnings(output: &Output, warnings: &[(String, Warning)]) {
    for (path, warning) in warnings.iter().take(WARNINGS) {
        output.warn(format_args!("`{}`: {warning}", short_path(path)));
    }
    if warnings.len() > WARNINGS {
        output.warn(format_args!(
            "{} more warnings; `topoi index --explain FILE` says those of one file",
            warnings.len() - WARNINGS
        ));
    }
}

/// Says what was read, by format, and which fields of records were read as what.
pub(super) fn tell_read(output: &Output, read: &Survey) {
    if read.articles == 0 {
        return;
    }
    let formats: Vec<String> = read
        .formats
        .iter()
        .map(|(format, survey)| format!("{} {format}", survey.articles))
        .collect();
    let left_out = match read.left_out {
        0 => String::new(),
        left_out => format!("; {left_out} entries left out"),
    };
    output.note(format_args!(
        "read {} articles ({}) with {} paragraphs, {} of them boilerplate{left_out}",
        read.articles,
        formats.join(", "),
        read.paragraphs,
        read.boilerplate
    ));
    let fields: Vec<String> = read
        .fields
        .iter()
        .map(|(field, names)| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("{field} from {}", names.join(", "))
        })
        .collect();
    if !fields.is_empty() {
        output.note(format_args!("fields: {}", fields.join("; ")));
    }
}

/// The error where nothing of what was given could be read.
pub(crate) fn nothing_to_read(paths: &[PathBuf], refused: &Refused) -> anyhow::Error {
    let shown = |path: &Path| short_path(&path.to_string_lossy());
    if let [(path, refusal)] = refused.as_slice() {
        return Failure::new(format!("`{}` {refusal}", shown(path))).into();
    }
    let names: Vec<String> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    let place = if names.is_empty() {
        "to read".to_owned()
    } else {
        format!("in {}", names.join(", "))
    };
    let mut reasons: Vec<String> = refused
        .iter()
        .map(|(path, refusal)| format!("`{}` {refusal}", shown(path)))
        .collect();
    if reasons.len() > NAMED {
        let more = reasons.len() - NAMED;
        reasons.truncate(NAMED);
        reasons.push(format!("and {more} more"));
    }
    let reasons = if reasons.is_empty() {
        String::new()
    } else {
        format!(": {}", reasons.join("; "))
    };
    Failure::with_hint(
        format!("there is no article {place}{reasons}"),
        "topoi reads text, Markdown, web pages, feeds, PDF, Word documents, books (EPUB), e-mail, JSON, tables (CSV) and archives of these",
    )
    .into()
}

/// Names what was skipped.
pub(super) fn tell_refused(output: &Output, refused: &Refused) {
    for (path, refusal) in refused.iter().take(NAMED) {
        output.warn(format_args!(
            "skipped `{}`: {refusal}",
            short_path(&path.to_string_lossy())
        ));
    }
    if refused.len() > NAMED {
        output.warn(format_args!(
            "skipped {} more files; `--json` names them all",
            refused.len() - NAMED
        ));
    }
}

/// Says what an indexing run has done.
fn tell(output: &Output, report: &IndexReport, library: &Location) {
    let IndexReport {
        files_unchanged,
        articles_added,
        articles_removed,
        passages_added,
        embedded,
        reused,
        files_removed,
        copies,
        ..
    } = report;
    let copies = match copies {
        0 => String::new(),
        1 => ", 1 article a copy of another".to_owned(),
        copies => format!(", {copies} articles copies of others"),
    };
    let removed = match articles_removed + files_removed {
        0 => String::new(),
        _ => format!(
            ", removed {} and {}",
            count(*articles_removed, "article"),
            count(*files_removed, "file")
        ),
    };
    let unchanged = match files_unchanged {
        1 => "1 file was".to_owned(),
        files => format!("{files} files were"),
    };
    output.note(format_args!(
        "added {} with {} ({embedded} embedded, {reused} known already){copies}{removed}; {unchanged} as before",
        count(*articles_added, "article"),
        count(*passages_added, "passage")
    ));
    output.detail(format_args!("the library is `{library}`"));
}
