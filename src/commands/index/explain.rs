//! `topoi index --explain`: what is extracted from one file, paragraph by paragraph.

use std::path::Path;

use serde::Serialize;
use topoi::article::{Article, Metadata, Paragraph, Span};
use topoi::fetch::is_address;
use topoi::ingest::{self, Hints, LineEnds, Source};

use super::super::Outcome;
use super::super::cli::Index;
use super::super::context::Context;
use super::super::failure::Failure;
use super::super::output::{FAINT, Output, STRONG};
use super::Web;
use super::given::address;
use crate::answers::clean;

#[derive(Serialize)]
struct ExplainJson<'a> {
    schema: &'static str,
    file: String,
    format: &'static str,
    encoding: Option<&'static str>,
    warnings: Vec<String>,
    left_out: usize,
    articles: Vec<ArticleJson<'a>>,
}

#[derive(Serialize)]
struct ArticleJson<'a> {
    entry: Option<&'a str>,
    #[serde(flatten)]
    metadata: &'a Metadata,
    paragraphs: Vec<ParagraphJson<'a>>,
}

#[derive(Serialize)]
struct ParagraphJson<'a> {
    kind: topoi::article::Kind,
    span: Span,
    line: Option<usize>,
    text: &'a str,
}

pub(super) fn run(
    context: &mut Context,
    arguments: &Index,
    file: &Path,
    hints: &Hints,
) -> anyhow::Result<Outcome> {
    let failed =
        |reason: &dyn std::fmt::Display| Failure::new(format!("`{}` {reason}", file.display()));
    let max_bytes = arguments.read.max_bytes();
    let (bytes, hints) = if file == Path::new("-") {
        (context.read_stdin(max_bytes)?, hints.clone())
    } else if let Some(text) = file.to_str().filter(|text| is_address(text)) {
        let address = address(text)?;
        let addresses = std::slice::from_ref(&address);
        let mut web = Web::new(context, &arguments.read, &arguments.web, addresses)?;
        let fetched = web.fetch(&address).map_err(|error| failed(&error))?;
        let hints = fetched.hints(hints);
        (fetched.bytes, hints)
    } else {
        let hints = Hints {
            path: Some(file.to_owned()),
            ..hints.clone()
        };
        let bytes = ingest::read_file(file, max_bytes).map_err(|reason| failed(&reason))?;
        (bytes, hints)
    };
    let reading = ingest::read_source(&bytes, &hints).map_err(|error| failed(&error))?;
    let lines = LineEnds::of(&Source::new(&bytes, &hints), reading.format);
    let lines = lines.as_ref();
    let output = &mut context.output;
    if arguments.json {
        output.json(&ExplainJson {
            schema: "topoi.explain.v1",
            file: file.display().to_string(),
            format: reading.format.as_str(),
            encoding: reading.encoding.map(ingest::Encoding::name),
            warnings: reading.warnings.iter().map(ToString::to_string).collect(),
            left_out: reading.left_out,
            articles: reading
                .articles
                .iter()
                .map(|article| article_json(article, lines))
                .collect(),
        })?;
        return Ok(Outcome::Found);
    }
    let encoding = reading
        .encoding
        .map_or_else(String::new, |encoding| format!(" in {encoding}"));
    output.line(format_args!(
        "{STRONG}{}{STRONG:#} is {}{encoding}: {} articles, {} entries left out",
        clean(&file.display().to_string()),
        reading.format,
        reading.articles.len(),
        reading.left_out
    ))?;
    for warning in &reading.warnings {
        output.line(format_args!("warning: {}", clean(&warning.to_string())))?;
    }
    for article in &reading.articles {
        print_article(output, article, lines)?;
    }
    Ok(Outcome::Found)
}

fn article_json<'a>(article: &'a Article, lines: Option<&LineEnds>) -> ArticleJson<'a> {
    let paragraphs = article.paragraphs.iter().map(|paragraph| ParagraphJson {
        kind: paragraph.kind,
        span: paragraph.span,
        line: lines.map(|lines| lines.line(paragraph.span)),
        text: &paragraph.text,
    });
    ArticleJson {
        entry: article.entry.as_deref(),
        metadata: &article.metadata,
        paragraphs: paragraphs.collect(),
    }
}

fn print_article(
    output: &mut Output,
    article: &Article,
    lines: Option<&LineEnds>,
) -> anyhow::Result<()> {
    output.line("")?;
    let Metadata {
        title,
        author,
        date,
        source,
        language,
        address,
    } = &article.metadata;
    let date = date.map(|date| date.to_string());
    for (name, value) in [
        ("entry", &article.entry),
        ("title", title),
        ("author", author),
        ("date", &date),
        ("source", source),
        ("language", language),
        ("address", address),
    ] {
        if let Some(value) = value {
            output.line(format_args!(
                "{FAINT}{name:<10}{FAINT:#}{STRONG}{}{STRONG:#}",
                clean(value)
            ))?;
        }
    }
    for Paragraph {
        text, span, kind, ..
    } in &article.paragraphs
    {
        let line = lines
            .map(|lines| lines.line(*span))
            .map_or_else(String::new, |line| line.to_string());
        output.line(format_args!(
            "{FAINT}{line:>5} {kind:<10}{FAINT:#}{}",
            clean(text)
        ))?;
    }
    Ok(())
}
