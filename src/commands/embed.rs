//! `topoi embed`: texts in, vectors out, in the same order.

use std::io::{self, BufRead};
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use topoi_models::{Encoder, Role};

use super::cli::Embed;
use super::context::Context;
use super::failure::Failure;
use super::lines::{each_line, name, open_or_stdin};
use super::npy::NpyWriter;
use super::output::Output;
use super::{Outcome, interrupt};

/// How many texts are embedded together: enough for full batches, little to hold in memory.
const CHUNK: usize = 1024;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    text: String,
}

#[derive(Serialize)]
struct Embedded<'a> {
    id: &'a Value,
    embedding: &'a [f32],
}

enum Sink<'a> {
    Lines(&'a mut Output),
    Array(NpyWriter),
}

pub(crate) fn run(context: &mut Context, arguments: &Embed) -> anyhow::Result<Outcome> {
    let model = context.model(&(&arguments.model).into())?;
    interrupt::listen();
    let role = if arguments.queries {
        Role::Query
    } else {
        Role::Passage
    };
    let cannot_write = || {
        format!(
            "cannot write `{}`",
            arguments
                .output
                .as_deref()
                .unwrap_or(Path::new(""))
                .display()
        )
    };
    let mut sink = match &arguments.output {
        Some(path) => {
            Sink::Array(NpyWriter::create(path, model.encoder.dim()).with_context(cannot_write)?)
        }
        None => Sink::Lines(&mut context.output),
    };
    let mut embedder = Embedder {
        encoder: model.encoder.as_ref(),
        role,
        chunk: Vec::new(),
        sink: &mut sink,
        count: 0,
    };
    if arguments.files.is_empty() {
        embedder.read("standard input", io::stdin().lock(), arguments.lines)?;
    }
    for path in &arguments.files {
        let input = open_or_stdin(
            path,
            "name a file of JSON lines {\"id\": …, \"text\": …}, or `-` for standard input",
        )?;
        embedder.read(&name(path), input, arguments.lines)?;
    }
    embedder.flush()?;
    let count = embedder.count;
    if let (Sink::Array(array), Some(path)) = (sink, &arguments.output) {
        array.finish(path).with_context(cannot_write)?;
    }
    Ok(if count == 0 {
        Outcome::NothingFound
    } else {
        Outcome::Found
    })
}

struct Embedder<'a, 'b> {
    encoder: &'a dyn Encoder,
    role: Role,
    chunk: Vec<Line>,
    sink: &'a mut Sink<'b>,
    count: u64,
}

impl Embedder<'_, '_> {
    fn read(&mut self, name: &str, input: impl BufRead, plain: bool) -> anyhow::Result<()> {
        each_line(name, input, |number, line| {
            if plain {
                return self.push(Line {
                    id: number.into(),
                    text: line.to_owned(),
                });
            }
            if line.trim().is_empty() {
                return Ok(());
            }
            let parsed = serde_json::from_str(line).map_err(|error| {
                Failure::with_hint(
                    format!("line {number} of {name} is not an object with a `text`: {error}"),
                    "write {\"id\": …, \"text\": …} a line, or give `--lines` for a text a line",
                )
            })?;
            self.push(parsed)
        })
    }

    fn push(&mut self, line: Line) -> anyhow::Result<()> {
        self.chunk.push(line);
        if self.chunk.len() >= CHUNK {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let texts: Vec<&str> = self.chunk.iter().map(|line| line.text.as_str()).collect();
        let embeddings = interrupt::encode(self.encoder, &texts, self.role)?;
        for (line, embedding) in self.chunk.iter().zip(embeddings.rows()) {
            match self.sink {
                Sink::Lines(output) => output.json_line(&Embedded {
                    id: &line.id,
                    embedding,
                })?,
                Sink::Array(array) => array.row(embedding).context("cannot write the array")?,
            }
        }
        self.count += self.chunk.len() as u64;
        self.chunk.clear();
        Ok(())
    }
}
