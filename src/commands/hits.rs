//! Showing what was found, for `search`, `related` and `demo`.

use std::time::Duration;

use topoi::article::{Kind, Passage};
use topoi::library::{Library, Lines};
use topoi::search::{Found, Hit, SearchOptions};
use topoi_models::Encoder;

use super::Outcome;
use super::cli::AnswerArgs;
use super::nothing;
use super::output::{ACCENT, FAINT, Output, STRONG};
use crate::answers::{ResultJson, SearchJson, TimingsJson, by_line, clean, one_line, short_path};

pub(crate) fn options(answers: &AnswerArgs) -> SearchOptions {
    let AnswerArgs { rank, show, .. } = answers;
    SearchOptions {
        limit: rank.limit,
        filter: answers.filter.filter(),
        exact: rank.exact,
        min_score: rank.min_score,
        per_article: rank.per_article.map(Into::into),
        copies: rank.copies,
        context: show.context,
        ..SearchOptions::default()
    }
}

/// What was asked, and with what.
pub(crate) struct Question<'a> {
    pub(crate) schema: &'static str,
    pub(crate) query: &'a str,
    pub(crate) model: Option<String>,
    pub(crate) model_load: Duration,
    /// What may be why nothing was found.
    pub(crate) nothing: &'static str,
}

/// Shows what was found; with an `encoder`, why it was.
pub(crate) fn show(
    output: &mut Output,
    library: &Library,
    question: Question<'_>,
    mut found: Found,
    encoder: Option<&dyn Encoder>,
    answers: &AnswerArgs,
) -> anyhow::Result<Outcome> {
    let AnswerArgs { format, show, .. } = answers;
    if let Some(encoder) = encoder.filter(|_| !show.no_why) {
        library.explain(&mut found, encoder)?;
    }
    let lines = library.lines();
    let json = |(hit, rank): (&Hit, usize)| {
        ResultJson::new(hit, rank, lines.line(&hit.article, hit.passage.span))
    };
    if format.json {
        output.json(&SearchJson {
            schema: question.schema,
            query: question.query.to_owned(),
            model: question.model,
            timings: TimingsJson::new(question.model_load, &found),
            results: found.hits.iter().zip(1..).map(json).collect(),
            nearest_miss: found.nearest_miss.as_deref().map(|hit| json((hit, 0))),
        })?;
    } else if format.jsonl {
        for result in found.hits.iter().zip(1..).map(json) {
            output.json_line(&result)?;
        }
    } else {
        for (hit, rank) in found.hits.iter().zip(1..) {
            show_hit(output, &lines, hit, rank, show.explain)?;
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
    match &found.nearest_miss {
        Some(miss) => {
            let path = short_path(&miss.article.path);
            let title = miss.article.metadata.title.as_deref().unwrap_or(&path);
            output.note(format_args!(
                "nothing found: the nearest is passage {} of “{}”, with a score of {:.2}",
                miss.passage.id,
                clean(title),
                miss.score
            ));
        }
        None => nothing::tell(output, library, &answers.filter.filter(), question.nothing)?,
    }
    Ok(Outcome::NothingFound)
}

/// How far a passage's text is indented, below its rank and score.
const INDENT: usize = 10;

pub(crate) fn show_hit(
    output: &mut Output,
    lines: &Lines<'_>,
    hit: &Hit,
    rank: usize,
    explain: bool,
) -> anyhow::Result<()> {
    let width = output.width() - INDENT;
    let path = short_path(&hit.article.path);
    let sure = hit.sure.filter(|sure| explain || *sure >= LIKELY);
    let sure = sure.map(|sure| format!(" · {}", sureness(sure)));
    let sure = sure.unwrap_or_default();
    let title = hit.article.metadata.title.as_deref().unwrap_or(&path);
    let title = one_line(title, width.saturating_sub(sure.chars().count()));
    output.line(format_args!(
        "{rank:>3}  {ACCENT}{:.2}{ACCENT:#} {STRONG}{title}{STRONG:#}{FAINT}{sure}{FAINT:#}",
        hit.score
    ))?;
    let by_line = by_line(&hit.article);
    if !by_line.is_empty() {
        output.line(format_args!("{:INDENT$}{by_line}", ""))?;
    }
    let also = also(hit);
    if !also.is_empty() {
        output.line(format_args!("{:INDENT$}{ACCENT}{also}{ACCENT:#}", ""))?;
    }
    let kind = match hit.passage.kind {
        Kind::Body => String::new(),
        kind => format!("{kind} · "),
    };
    let answers = hit
        .answers
        .map(|place| format!(" · beside {place}"))
        .unwrap_or_default();
    let place = format!(
        "{kind}passage {} · {} of {}{answers}",
        hit.passage.id, hit.passage.place, hit.article.paragraphs
    );
    // A path that is cut off can't be opened, so where it doesn't fit it has a line of its own.
    let line = lines.line(&hit.article, hit.passage.span);
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    let gap = if place.chars().count() + path.chars().count() + line.len() + 3 <= width {
        " · ".to_owned()
    } else {
        format!("\n{:INDENT$}", "")
    };
    output.line(format_args!(
        "{:INDENT$}{FAINT}{place}{gap}{path}{line}{FAINT:#}",
        ""
    ))?;
    around(output, &hit.context.before)?;
    let best = hit
        .why
        .as_ref()
        // Of a single sentence there is no need to say that it is the one.
        .filter(|why| why.sentences.len() > 1)
        .and_then(|why| why.sentences.get(why.best));
    let span = best.map(|sentence| sentence.span.start..sentence.span.end);
    output.highlighted(&hit.passage.text, span, INDENT)?;
    around(output, &hit.context.after)?;
    if explain {
        explanation(output, hit)?;
    }
    output.line("")?;
    Ok(())
}

/// An answer that is surer than this says so.
const LIKELY: f32 = 0.5;

/// How sure an answer is, for people.
fn sureness(sure: f32) -> String {
    match (sure * 20.0).round() * 5.0 {
        0.0 => "unsure".to_owned(),
        100.0 => "sure".to_owned(),
        percent => format!("{percent:.0} % sure"),
    }
}

/// Where else a passage stands: the first sources, and how many there are.
fn also(hit: &Hit) -> String {
    const NAMED: usize = 3;
    let mut names: Vec<String> = Vec::new();
    for appearance in &hit.also {
        let article = &appearance.article;
        if article.id == hit.article.id {
            continue;
        }
        let name = match (&article.metadata.source, &article.entry) {
            (Some(source), _) => clean(source),
            (None, Some(entry)) => format!("{} ({})", short_path(&article.path), clean(entry)),
            (None, None) => short_path(&article.path),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(NAMED);
    let named = names
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match (names.len(), more) {
        (0, _) => String::new(),
        (_, 0) => format!("also in {named}"),
        (_, more) => format!("also in {named} and {more} more"),
    }
}

fn around(output: &mut Output, passages: &[Passage]) -> anyhow::Result<()> {
    for passage in passages {
        output.faint(&passage.text, INDENT)?;
    }
    Ok(())
}

/// Where a passage stands by meaning and by words, and what its sentences add to its score.
fn explanation(output: &mut Output, hit: &Hit) -> anyhow::Result<()> {
    let rank = |rank: Option<usize>| match rank {
        Some(rank) => format!("rank {rank}"),
        None => "not among the best".to_owned(),
    };
    let words = match hit.bm25 {
        Some(bm25) => format!(" · by words {bm25:.2}, {}", rank(hit.ranks.lexical)),
        None => String::new(),
    };
    let rerank = match hit.rerank {
        Some(score) => format!(" · re-ranked {score:+.2}"),
        None => String::new(),
    };
    output.line(format_args!(
        "{:INDENT$}{FAINT}by meaning {:.2}, {}{words}{rerank}{FAINT:#}",
        "",
        hit.score,
        rank(hit.ranks.semantic)
    ))?;
    let width = output.width().saturating_sub(INDENT + 9);
    for sentence in hit.why.iter().flat_map(|why| &why.sentences) {
        let Some(share) = sentence.share else {
            continue;
        };
        let text = hit.passage.text.get(sentence.span.start..sentence.span.end);
        let text = one_line(text.unwrap_or_default(), width);
        output.line(format_args!(
            "{:INDENT$}{FAINT}{share:>+7.4}  {text}{FAINT:#}",
            ""
        ))?;
    }
    Ok(())
}
