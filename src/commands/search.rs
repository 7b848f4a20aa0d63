//! `topoi search`: the passages that say something like a query.

use std::io::Read;

use anyhow::Context as _;
use topoi::search::{Query, QueryError, SearchOptions};

use super::Outcome;
use super::cli::Search;
use super::context::Context;
use super::failure::Failure;
use super::hits::{self, Question};

/// A query longer than this is no query; `related` takes whole articles.
const MAX_QUERY_BYTES: usize = 64 * 1024;

pub(crate) fn run(context: &mut Context, arguments: &Search) -> anyhow::Result<Outcome> {
    let typed = query(&arguments.query)?;
    let query = Query::parse(&typed).map_err(topoi::Error::from)?;
    let (library, model) = context.open_with_model()?;
    let tokens = model.encoder.count_tokens(query.text());
    if tokens > model.encoder.max_tokens() {
        context.output.warn(format_args!(
            "the query has {tokens} tokens, and the model reads the first {}",
            model.encoder.max_tokens()
        ));
        context
            .output
            .hint("`topoi related -` takes a whole text and compares each of its paragraphs");
    }
    let found = library.search(
        &query,
        model.encoder.as_ref(),
        &SearchOptions {
            mode: arguments.mode.into(),
            ..hits::options(&arguments.rank, &arguments.filter)
        },
    )?;
    let question = Question {
        schema: "topoi.search.v1",
        query: &typed,
        model: Some(model.encoder.identity().name.clone()),
        model_load: model.load,
    };
    hits::show(&mut context.output, question, &found, &arguments.format)
}

fn query(words: &[String]) -> anyhow::Result<String> {
    let query = match words {
        [dash] if dash == "-" => {
            let mut text = Vec::new();
            let limit = MAX_QUERY_BYTES as u64 + 1;
            std::io::stdin()
                .take(limit)
                .read_to_end(&mut text)
                .context("cannot read the query from standard input")?;
            String::from_utf8(text)
                .map_err(|_| Failure::new("the query on standard input is not UTF-8"))?
        }
        words => words.join(" "),
    };
    let query = query.trim();
    if query.is_empty() {
        return Err(topoi::Error::from(QueryError::Empty).into());
    }
    if query.len() > MAX_QUERY_BYTES {
        return Err(Failure::with_hint(
            format!("the query is longer than {} KiB", MAX_QUERY_BYTES / 1024),
            "`topoi related FILE` takes a whole text and compares each of its paragraphs",
        )
        .into());
    }
    Ok(query.to_owned())
}
