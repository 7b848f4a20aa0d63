//! `topoi search`: the passages that say something like a query.

use std::io::Read;

use anyhow::Context as _;
use topoi::ingest;
use topoi::library::Library;
use topoi::search::{Feedback, Found, Origin, Query, QueryError, SearchOptions};
use topoi_models::{CrossEncoder, Encoder, ModelRef};

use super::Outcome;
use super::batch;
use super::cli::Search;
use super::context::Context;
use super::failure::Failure;
use super::hits::{self, Question};
use super::last::{self, Last};

/// A query longer than this is no query; `related` takes whole articles.
pub(super) const MAX_QUERY_BYTES: usize = 64 * 1024;

pub(crate) fn run(context: &mut Context, arguments: &Search) -> anyhow::Result<Outcome> {
    if let Some(file) = &arguments.queries {
        return batch::run(context, arguments, file);
    }
    let mut asked = if arguments.more {
        last::read(&context.library())?
    } else {
        Last {
            query: query(&arguments.query)?,
            mode: arguments.mode,
            filter: arguments.answers.filter.clone(),
            ..Last::default()
        }
    };
    asked.like.extend(&arguments.like);
    asked.unlike.extend(&arguments.unlike);
    let query = Query::parse(&asked.query).map_err(topoi::Error::from)?;
    let (library, model) = context.open_with_model()?;
    let encoder = model.encoder.as_ref();
    warn_of_what_is_not_read(context, &query, encoder);
    let reranker = Reranker::load(context, arguments)?;
    let options = SearchOptions {
        mode: asked.mode.into(),
        except: asked.shown.clone(),
        limit: Reranker::candidates(arguments),
        filter: asked.filter.filter(),
        ..hits::options(&arguments.answers)
    };
    let feedback = feedback(&library, &asked.like, &asked.unlike)?;
    let mut found = library.search(&query, &feedback, encoder, &options)?;
    if let Some(reranker) = &reranker {
        reranker.rerank(&query, &mut found)?;
    }
    for hit in &found.hits {
        asked.shown.push(hit.passage.id);
        asked.shown.extend(hit.also.iter().map(|copy| copy.passage));
    }
    if let Err(error) = last::write(library.location(), &asked) {
        context
            .output
            .detail(format_args!("`--more` won't go on from here: {error:#}"));
    }
    let question = Question {
        schema: "topoi.search.v1",
        query: &asked.query,
        model: Some(encoder.identity().name.clone()),
        model_load: model.load,
        nothing: why_nothing(&query, &options, arguments.more),
    };
    hits::show(
        &mut context.output,
        &library,
        question,
        found,
        Some(encoder),
        &arguments.answers,
    )
}

/// The model that puts the best in order, where that is asked for.
pub(super) struct Reranker {
    model: CrossEncoder,
    limit: usize,
}

impl Reranker {
    pub(super) fn load(context: &Context, arguments: &Search) -> anyhow::Result<Option<Self>> {
        if arguments.rerank.is_none() {
            return Ok(None);
        }
        let model: ModelRef = arguments.reranker.parse()?;
        let folder = context.locate(&model)?;
        Ok(Some(Self {
            model: CrossEncoder::load(&folder, &context.settings(None))?,
            limit: arguments.answers.rank.limit,
        }))
    }

    /// How many passages a search is to find, so that there are as many to put in order as were asked for.
    pub(super) fn candidates(arguments: &Search) -> usize {
        let reranked = arguments.rerank.map_or(0, usize::from);
        arguments.answers.rank.limit.max(reranked)
    }

    pub(super) fn rerank(&self, query: &Query, found: &mut Found) -> anyhow::Result<()> {
        Ok(found.rerank(query.text(), &self.model, self.limit)?)
    }
}

/// The passages that were liked, and those that weren't.
pub(super) fn feedback(
    library: &Library,
    like: &[Origin],
    unlike: &[Origin],
) -> anyhow::Result<Feedback> {
    Ok(Feedback {
        like: library.passages_of(like)?,
        unlike: library.passages_of(unlike)?,
    })
}

/// What may be why a search finds nothing at all.
fn why_nothing(query: &Query, options: &SearchOptions, more: bool) -> &'static str {
    if more {
        "there is no more"
    } else if !options.filter.is_any_article() {
        "no passage that the filters let through answers the query"
    } else if query.is_demanding() {
        "no passage has what the query demands"
    } else if options.limit == 0 {
        "`--limit 0` asks for nothing"
    } else {
        "no passage has any of the words"
    }
}

/// Says what of a query the model can't read: what is beyond its length, or in a language that it wasn't made for.
fn warn_of_what_is_not_read(context: &Context, query: &Query, encoder: &dyn Encoder) {
    let output = &context.output;
    let most = encoder.max_tokens();
    for term in query.terms() {
        let tokens = encoder.count_tokens(&term.text);
        if tokens > most {
            output.warn(format_args!(
                "the query has {tokens} tokens, and the model reads the first {most}"
            ));
            output.hint("`topoi related -` takes a whole text and compares each of its paragraphs");
        }
    }
    let name = &encoder.identity().name;
    let is_english = topoi_models::manifests()
        .iter()
        .any(|manifest| manifest.name == *name && manifest.is_english());
    if is_english && let Some(language) = ingest::detect_foreign(query.text(), "en") {
        output.warn(format_args!(
            "the query is in another language (`{language}`), and {name} was made for English: go by its words with \
             `--mode lexical`"
        ));
        output
            .hint("`topoi index --model multilingual-e5-small` makes a library for many languages");
    }
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
