//! Showing what was found, for `search` and `related`.

use std::time::Duration;

use topoi::search::{Found, Hit, SearchOptions};

use super::Outcome;
use super::cli::{FilterArgs, FormatArgs, RankArgs};
use super::output::{
    ACCENT, FAINT, Output, ResultJson, STRONG, SearchJson, TimingsJson, by_line, one_line,
    path_end, short_path,
};

pub(crate) fn options(rank: &RankArgs, filter: &FilterArgs) -> SearchOptions {
    SearchOptions {
        limit: rank.limit,
        filter: filter.filter(),
        exact: rank.exact,
        min_score: rank.min_score,
        ..SearchOptions::default()
    }
}

/// What was asked, and with what.
pub(crate) struct Question<'a> {
    pub(crate) schema: &'static str,
    pub(crate) query: &'a str,
    pub(crate) model: Option<String>,
    pub(crate) model_load: Duration,
}

pub(crate) fn show(
    output: &mut Output,
    question: Question<'_>,
    found: &Found,
    format: &FormatArgs,
) -> anyhow::Result<Outcome> {
    if format.json {
        output.json(&SearchJson {
            schema: question.schema,
            query: question.query.to_owned(),
            model: question.model,
            timings: TimingsJson::new(question.model_load, found),
            results: ResultJson::all(&found.hits),
        })?;
    } else if format.jsonl {
        for result in ResultJson::all(&found.hits) {
            output.json_line(&result)?;
        }
    } else {
        for (hit, rank) in found.hits.iter().zip(1..) {
            show_hit(output, hit, rank)?;
        }
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
        output.detail(format_args!(
            "model {:.0} ms, embedding {:.1} ms, search {:.2} ms",
            milliseconds(question.model_load),
            milliseconds(found.embedding),
            milliseconds(found.searching)
        ));
    }
    if !found.hits.is_empty() {
        return Ok(Outcome::Found);
    }
    match found.nearest_miss {
        Some(score) => output.note(format_args!(
            "nothing found: the nearest passage has a score of {score:.2}"
        )),
        None => output.note("nothing found"),
    }
    Ok(Outcome::NothingFound)
}

/// How far a passage's text is indented, below its rank and score.
const INDENT: usize = 10;

pub(crate) fn show_hit(output: &mut Output, hit: &Hit, rank: usize) -> anyhow::Result<()> {
    let width = output.width() - INDENT;
    let path = short_path(&hit.article.path);
    let title = hit.article.metadata.title.as_deref().unwrap_or(&path);
    let title = one_line(title, width);
    output.line(format_args!(
        "{rank:>3}  {ACCENT}{:.2}{ACCENT:#} {STRONG}{title}{STRONG:#}",
        hit.score
    ))?;
    let by_line = by_line(&hit.article);
    if !by_line.is_empty() {
        output.line(format_args!("{:INDENT$}{by_line}", ""))?;
    }
    let kind = if hit.passage.kind == topoi::article::Kind::Body {
        String::new()
    } else {
        format!("{} · ", hit.passage.kind)
    };
    let answers = hit
        .answers
        .map(|place| format!(" · beside {place}"))
        .unwrap_or_default();
    let place = format!(
        "{kind}passage {} · {} of {}{answers} · ",
        hit.passage.id, hit.passage.place, hit.article.paragraphs
    );
    let path = path_end(&path, width.saturating_sub(place.chars().count()));
    output.line(format_args!("{:INDENT$}{FAINT}{place}{path}{FAINT:#}", ""))?;
    output.wrapped(&hit.passage.text, INDENT)?;
    output.line("")?;
    Ok(())
}
