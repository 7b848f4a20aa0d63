//! Lines that recur among the articles of one source, wherever those were read from.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::article::{ArticleId, Kind, PassageId, StoredArticle};
use crate::error::Result;
use crate::ingest::{Line, Recurrence, source_of};
use crate::store::{Editor, Filter, Records};

/// Marks the lines that recur in the sources of some articles, which were added. Returns how many were.
///
/// What was marked stays marked: an article that is removed does not make another's author line an argument.
pub(super) fn mark(editor: &mut dyn Editor, added: &[ArticleId]) -> Result<u64> {
    let articles = editor.records().articles(&Filter::default())?;
    let mut sources: HashMap<&str, Vec<ArticleId>> = HashMap::new();
    for article in &articles {
        sources.entry(source(article)).or_default().push(article.id);
    }
    let added: HashSet<ArticleId> = added.iter().copied().collect();
    let touched: HashSet<&str> = articles
        .iter()
        .filter(|article| added.contains(&article.id))
        .map(source)
        .collect();
    let mut recurring: Vec<PassageId> = Vec::new();
    for source in touched {
        let mut articles = sources.remove(source).unwrap_or_default();
        articles.sort_unstable();
        recurring.extend(lines_of(editor.records(), &articles)?);
    }
    recurring.sort_unstable();
    editor.mark_recurring(&recurring)?;
    Ok(recurring.len() as u64)
}

/// The lines not marked yet that recur among some articles.
fn lines_of(records: &dyn Records, articles: &[ArticleId]) -> Result<Vec<PassageId>> {
    let mut source = Recurrence::default();
    let mut unmarked: Vec<(PassageId, Line)> = Vec::new();
    for article in articles {
        let passages = records.passages_of(*article)?;
        let lines: Vec<(PassageId, Kind, Line)> = passages
            .iter()
            .filter(|passage| matches!(passage.kind, Kind::Body | Kind::Recurring))
            .map(|passage| (passage.id, passage.kind, Line::of(&passage.text)))
            .collect();
        source.add(lines.iter().map(|(.., line)| *line));
        let body = lines.into_iter().filter(|(_, kind, _)| *kind == Kind::Body);
        unmarked.extend(body.map(|(passage, _, line)| (passage, line)));
    }
    unmarked.retain(|(_, line)| source.is_recurring(*line));
    Ok(unmarked.into_iter().map(|(passage, _)| passage).collect())
}

/// An article's source: what it names, else its site, else the folder that its file stands in.
fn source(article: &StoredArticle) -> &str {
    match source_of(&article.metadata) {
        "" => Path::new(&article.path)
            .parent()
            .and_then(Path::to_str)
            .unwrap_or(""),
        named => named,
    }
}
