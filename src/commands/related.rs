//! `topoi related`: what belongs beside a passage, an article or any text.

use std::path::Path;
use std::time::Duration;

use topoi::ingest::{self, Hints};
use topoi::search::{Found, Origin, SearchOptions};

use super::Outcome;
use super::cli::Related;
use super::context::Context;
use super::failure::Failure;
use super::hits::{self, Question};
use super::target::{Target, stored_path};

/// A text larger than this is no article to compare with.
const MAX_BYTES: u64 = 64 << 20;

pub(crate) fn run(context: &mut Context, arguments: &Related) -> anyhow::Result<Outcome> {
    let options = hits::options(&arguments.rank, &arguments.filter);
    let (found, model, model_load) = find(context, &arguments.origin, &options)?;
    let question = Question {
        schema: "topoi.related.v1",
        query: &arguments.origin,
        model,
        model_load,
    };
    hits::show(&mut context.output, question, &found, &arguments.format)
}

fn find(
    context: &mut Context,
    origin: &str,
    options: &SearchOptions,
) -> anyhow::Result<(Found, Option<String>, Duration)> {
    let path = Path::new(origin);
    // A file of that name wins over a number: `./12` names the passage's twin anyway.
    let target = if path.exists() {
        None
    } else {
        Target::parse(origin)
    };
    let stored = if origin == "-" {
        None
    } else {
        stored_path(path).to_str().map(str::to_owned)
    };
    if target.is_some() || stored.is_some() {
        let library = context.open()?;
        let articles = match &stored {
            Some(path) if target.is_none() => library.store().articles_at(path)?,
            _ => Vec::new(),
        };
        let origin = match target {
            Some(Target::Passage(id)) => Some(Origin::Passage(id)),
            Some(Target::Article(id)) => Some(Origin::Article(id)),
            None => articles.first().map(|article| Origin::Article(article.id)),
        };
        if articles.len() > 1 {
            return Err(Failure::with_hint(
                format!("`{}` holds {} articles", path.display(), articles.len()),
                "name one by its number, as `topoi list` shows it",
            )
            .into());
        }
        if let Some(origin) = origin {
            let model = library.identity().map(|identity| identity.name.clone());
            return Ok((library.related(&origin, options)?, model, Duration::ZERO));
        }
    }
    let bytes = if origin == "-" {
        context.read_stdin(MAX_BYTES)?
    } else {
        ingest::read_file(path, MAX_BYTES).map_err(|reason| {
            Failure::with_hint(
                format!("`{origin}` is neither a passage, an article nor a file that can be read: {reason}"),
                "give a passage's number (12), an article's (a7), a file, or `-` for a text on standard input",
            )
        })?
    };
    let hints = if origin == "-" {
        Hints::default()
    } else {
        Hints {
            path: Some(path.to_owned()),
            ..Hints::default()
        }
    };
    let reading = ingest::read_source(&bytes, &hints)
        .map_err(|error| Failure::new(format!("`{origin}` {error}")))?;
    let (library, model) = context.open_with_model()?;
    let found = library.related_to_text(&reading.articles, model.encoder.as_ref(), options)?;
    Ok((
        found,
        Some(model.encoder.identity().name.clone()),
        model.load,
    ))
}
