//! `topoi index --dry-run`: reads everything, and writes nothing.

use std::path::Path;

use topoi::article::{Article, Kind};
use topoi::copies::{self, Sketch, Text};
use topoi::fetch::Address;
use topoi::ingest::{self, FoundFile, Hints, Reading, Warning};
use topoi::library::{IndexReport, Refusal};

use super::super::Outcome;
use super::super::cli::Index;
use super::super::context::Context;
use super::super::interrupt;
use super::report::{self, IndexJson};
use super::web::{Known, Page};
use super::{Refused, Web};

pub(super) fn run(
    context: &mut Context,
    arguments: &Index,
    hints: &Hints,
    sources: Sources,
    mut refused: Refused,
) -> anyhow::Result<Outcome> {
    let Sources {
        files,
        stdin,
        addresses,
        mut web,
    } = sources;
    interrupt::listen();
    let mut dry = DryRun::default();
    if let Some(bytes) = stdin {
        dry.read(
            &arguments.name,
            &bytes,
            &named(&arguments.name, hints),
            &mut refused,
        );
    }
    for file in files {
        if interrupt::requested() {
            return Err(topoi::Error::Interrupted.into());
        }
        let Some(name) = file.path.to_str() else {
            refused.push((file.path, Refusal::PathNotUtf8));
            continue;
        };
        match ingest::read_file(&file.path, arguments.read.max_bytes()) {
            Ok(bytes) => dry.read(name, &bytes, &named(name, hints), &mut refused),
            Err(reason) => refused.push((file.path, reason.into())),
        }
    }
    let known = Known {
        library: None,
        is_read_anew: true,
    };
    let asked = web.fetch_all(&context.output, &addresses, &known, &mut |fetched| {
        for Page { path, fetched, .. } in fetched {
            let hints = fetched.hints(hints);
            dry.read(path.as_str(), &fetched.bytes, &hints, &mut refused);
        }
        Ok(())
    })?;
    refused.extend(asked.refused);
    let mut done = dry.report;
    let stories = copies::stories(dry.texts.len(), &copies::pairs(&dry.texts));
    done.copies = stories
        .iter()
        .map(|story| story.texts.len() as u64 - 1)
        .sum();
    report::tell_warnings(&context.output, &dry.warnings);
    report::tell_refused(&context.output, &refused);
    report::tell_read(&context.output, &done.read);
    context.output.note(format_args!(
        "{} of the articles are copies of others; nothing was written",
        done.copies
    ));
    if arguments.json {
        context.output.json(&IndexJson::new(None, done, &refused))?;
    }
    Ok(Outcome::Found)
}

/// What is to be read.
pub(super) struct Sources {
    pub(super) files: Vec<FoundFile>,
    pub(super) stdin: Option<Vec<u8>>,
    pub(super) addresses: Vec<Address>,
    pub(super) web: Web,
}

/// What is known of a file with this name.
fn named(name: &str, hints: &Hints) -> Hints {
    Hints {
        path: Some(name.into()),
        ..hints.clone()
    }
}

/// What was read so far.
#[derive(Default)]
struct DryRun {
    report: IndexReport,
    texts: Vec<Text>,
    warnings: Vec<(String, Warning)>,
}

impl DryRun {
    fn read(&mut self, name: &str, bytes: &[u8], hints: &Hints, refused: &mut Refused) {
        match ingest::read_source(bytes, hints) {
            Ok(reading) => self.take(name, reading),
            Err(error) => refused.push((Path::new(name).to_owned(), Refusal::from(error))),
        }
    }

    fn take(&mut self, name: &str, reading: Reading) {
        self.report.files_read += 1;
        self.report.read.add(&reading);
        let warnings = reading.warnings.into_iter();
        self.warnings
            .extend(warnings.map(|warning| (name.to_owned(), warning)));
        for Article {
            metadata,
            paragraphs,
            ..
        } in reading.articles
        {
            let body = paragraphs
                .iter()
                .filter(|paragraph| paragraph.kind == Kind::Body);
            let sketch = Sketch::of(body.map(|paragraph| paragraph.text.as_str()));
            self.texts
                .push(Text::new(sketch, metadata.source.as_deref()));
        }
    }
}
