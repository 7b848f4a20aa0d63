//! `topoi related`: what belongs beside a passage, an article or any text.

use std::path::Path;
use std::time::Duration;

use topoi::article::Article;
use topoi::ingest::{self, Hints};
use topoi::library::Library;
use topoi::search::Origin;

use super::Outcome;
use super::cli::Related;
use super::context::Context;
use super::failure::Failure;
use super::hits::{self, Question};
use super::target::stored_path;

/// A text larger than this is no article to compare with.
const MAX_BYTES: u64 = 64 << 20;

pub(crate) fn run(context: &mut Context, arguments: &Related) -> anyhow::Result<Outcome> {
    let options = hits::options(&arguments.answers);
    let library = context.open()?;
    let asked = &*arguments.origin;
    let known = match asked {
        "-" => None,
        asked => origin_in(&library, asked)?,
    };
    // What is in the library has its vectors already: the model is needed to say why, and for a new text.
    let (found, model) = match known {
        Some(origin) => {
            let found = library.related(&origin, &options)?;
            let explain = !arguments.answers.show.no_why;
            let model = explain.then(|| context.model_of(&library)).transpose()?;
            (found, model)
        }
        None => {
            let articles = read(context, asked)?;
            let model = context.model_of(&library)?;
            let found = library.related_to_text(&articles, model.encoder.as_ref(), &options)?;
            (found, Some(model))
        }
    };
    let question = Question {
        schema: "topoi.related.v1",
        query: asked,
        model: library.identity().map(|identity| identity.name.clone()),
        model_load: model.as_ref().map_or(Duration::ZERO, |model| model.load),
        nothing: "the library has nothing else that the filters let through",
    };
    hits::show(
        &mut context.output,
        &library,
        question,
        found,
        model.as_ref().map(|model| model.encoder.as_ref()),
        &arguments.answers,
    )
}

/// What the library knows under this name: a passage, an article, or the article of a file.
fn origin_in(library: &Library, asked: &str) -> anyhow::Result<Option<Origin>> {
    let path = Path::new(asked);
    // Where a file is called like a number, the file is meant: it is the one that the user sees.
    if let Some(named) = Origin::parse(asked).filter(|_| !path.exists()) {
        return Ok(Some(named));
    }
    let articles = library
        .store()
        .articles_at(&stored_path(path).to_string_lossy())?;
    match articles.as_slice() {
        [] => Ok(None),
        [article] => Ok(Some(Origin::Article(article.id))),
        several => Err(Failure::with_hint(
            format!("`{asked}` holds {} articles", several.len()),
            "name one by its number, as `topoi list` shows it",
        )
        .into()),
    }
}

/// The articles of a file that the library does not have, or of standard input.
fn read(context: &Context, asked: &str) -> anyhow::Result<Vec<Article>> {
    let path = Path::new(asked);
    let (bytes, hints) = if asked == "-" {
        (context.read_stdin(MAX_BYTES)?, Hints::default())
    } else {
        let bytes = ingest::read_file(path, MAX_BYTES).map_err(|reason| {
            Failure::with_hint(
                format!("`{asked}` is neither a passage, an article nor a file that can be read: {reason}"),
                "give a passage's number (12), an article's (a7), a file, or `-` for a text on standard input",
            )
        })?;
        let path = Some(path.to_owned());
        (
            bytes,
            Hints {
                path,
                ..Hints::default()
            },
        )
    };
    let reading = ingest::read_source(&bytes, &hints)
        .map_err(|error| Failure::new(format!("`{asked}` {error}")))?;
    Ok(reading.articles)
}
