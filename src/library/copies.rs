//! Which articles, and which passages, are copies of one another.

use super::{Library, indexer};
use crate::article::{ArticleId, Kind, PassageId};
use crate::copies::{self, Sketch, Text};
use crate::error::Result;
use crate::store::{Copy, Editor, Filter, Records, Sketched};

/// How many sketches are committed at once.
const BATCH: usize = 1000;

/// Sketches articles that have no sketch yet, and works out which are copies, unless nothing has changed.
///
/// Sketches and copies are derived from the texts: where a run was cut off before this, or in the midst of it, the next one
/// makes up for it, since whatever changes articles or sketches says with it that copies are owed.
pub(super) fn bring_up_to_date(editor: &mut dyn Editor, missing: &[ArticleId]) -> Result<()> {
    if missing.is_empty() && !editor.records().owes_copies()? {
        return Ok(());
    }
    for articles in missing.chunks(BATCH) {
        let mut sketches = Vec::with_capacity(articles.len());
        for article in articles {
            sketches.push((*article, sketch(editor.records(), *article)?));
        }
        editor.keep_sketches(&sketches)?;
    }
    let copies = find(editor.records())?;
    Ok(editor.keep_copies(&copies)?)
}

/// Works out anew which articles are copies of others, where articles came or went since that was done.
///
/// # Errors
///
/// Where the library can't be read or written.
pub fn find_copies(editor: &mut dyn Editor) -> Result<()> {
    // All that is owed: once an article has a sketch, nobody looks which of its lines recur.
    indexer::derive(editor)?;
    Ok(())
}

/// The sketch of an article's own text.
fn sketch(records: &dyn Records, article: ArticleId) -> Result<Sketch> {
    let body = body(records, article)?;
    Ok(Sketch::of(body.iter().map(String::as_str)))
}

/// An article's own text.
fn body(records: &dyn Records, article: ArticleId) -> Result<Vec<String>> {
    let passages = records.passages_of(article)?.into_iter();
    let body = passages.filter(|passage| passage.kind == Kind::Body);
    Ok(body.map(|passage| passage.text).collect())
}

/// The copies among all articles; the original of a story is the one with the earliest date, and of those without one the
/// first that was taken in.
fn find(records: &dyn Records) -> Result<Vec<Copy>> {
    let mut articles = Vec::new();
    let mut texts = Vec::new();
    for Sketched {
        article,
        source,
        date,
        sketch,
    } in records.sketched()?
    {
        articles.push((date.is_none(), date, article));
        texts.push(Text::new(sketch, source.as_deref()));
    }
    let pairs = copies::pairs_read(&texts, |at| match articles.get(at) {
        Some((.., article)) => body(records, *article),
        None => Ok(Vec::new()),
    })?;
    let mut copies = Vec::new();
    for story in copies::stories(texts.len(), &pairs) {
        let members = || {
            story
                .texts
                .iter()
                .filter_map(|(at, likeness)| Some((articles.get(*at)?, *likeness)))
        };
        let Some((first, _)) = members().min_by_key(|(article, _)| **article) else {
            continue;
        };
        let original = first.2;
        let others = members().filter(|((.., article), _)| *article != original);
        copies.extend(others.map(|((.., article), likeness)| Copy {
            article: *article,
            original,
            likeness,
        }));
    }
    copies.sort_unstable_by_key(|copy| (copy.original, copy.article));
    Ok(copies)
}

/// Passages that are copies of one another.
#[derive(Debug, Clone, PartialEq)]
pub struct PassageStory {
    /// The passages in the order of their numbers, and how alike each is to another of them, at most.
    pub passages: Vec<(PassageId, f32)>,
}

impl Library {
    /// The passages of the articles that match, which are copies of one another and stand in different articles: equal ones, and such
    /// as share most of their words. Worked out anew, linear in the number of passages.
    ///
    /// # Errors
    ///
    /// Where the library can't be read.
    pub fn passage_stories(&self, filter: &Filter) -> Result<Vec<PassageStory>> {
        let mut passages: Vec<(PassageId, ArticleId)> = Vec::new();
        let mut texts = Vec::new();
        self.store().each_passage(filter, &mut |passage| {
            if passage.kind == Kind::Body {
                passages.push((passage.id, passage.article));
                texts.push(Text::new(Sketch::of([passage.text.as_str()]), None));
            }
        })?;
        let pairs = copies::pairs_read(&texts, |at| -> Result<Vec<String>> {
            let passage = passages.get(at).map(|(id, _)| self.store().passage(*id));
            let passage = passage.transpose()?.flatten();
            Ok(passage.map(|passage| passage.text).into_iter().collect())
        })?;
        let stories = copies::stories(texts.len(), &pairs);
        let mut found = Vec::with_capacity(stories.len());
        for story in stories {
            let members: Vec<(PassageId, ArticleId, f32)> = story
                .texts
                .iter()
                .filter_map(|(at, likeness)| {
                    passages
                        .get(*at)
                        .map(|(id, article)| (*id, *article, *likeness))
                })
                .collect();
            // A refrain of one article is no copy.
            if members
                .windows(2)
                .any(|two| two.first().map(|one| one.1) != two.last().map(|other| other.1))
            {
                found.push(PassageStory {
                    passages: members
                        .into_iter()
                        .map(|(id, _, likeness)| (id, likeness))
                        .collect(),
                });
            }
        }
        Ok(found)
    }
}
