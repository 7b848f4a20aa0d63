//! What a library holds: passages in their context, articles, and whose they are.

use std::collections::BTreeSet;

use serde::Serialize;
use topoi::article::{ArticleId, Date, PassageId, ThemeId};
use topoi::library::Library;
use topoi::store::{Filter, NameCount};

use super::failure::{Failure, Result};
use crate::answers::{AroundJson, ArticleJson, ContextJson, PassageJson};

/// How many articles, or passages of one, can be had at once.
pub(super) const MOST_LISTED: usize = 1000;

/// How many authors and sources are named.
const MOST_NAMES: usize = 1000;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

impl Part {
    /// Refuses what is out of bounds.
    pub(crate) fn new(offset: Option<usize>, limit: Option<usize>, usual: usize) -> Result<Self> {
        let limit = limit.unwrap_or(usual);
        if !(1..=MOST_LISTED).contains(&limit) {
            let message = format!("`limit` is {limit}: ask for 1 to {MOST_LISTED}");
            return Err(Failure::field("limit", message));
        }
        Ok(Self {
            offset: offset.unwrap_or(0),
            limit,
        })
    }

    pub(crate) fn of<T>(self, list: &[T]) -> &[T] {
        let rest = list.get(self.offset..).unwrap_or_default();
        rest.get(..self.limit).unwrap_or(rest)
    }
}

/// A passage in its context.
#[derive(Debug, Serialize)]
pub(crate) struct ShownJson {
    schema: &'static str,
    #[serde(flatten)]
    pub(crate) passage: PassageJson,
    line: Option<usize>,
    pub(crate) context: ContextJson,
}

/// A passage, with so many paragraphs before and behind it.
pub(crate) fn passage(library: &Library, id: PassageId, paragraphs: u32) -> Result<ShownJson> {
    let store = library.store();
    let passage = store.passage(id)?;
    let passage = passage.ok_or(topoi::Error::NoPassage(id))?;
    let article = store.article(passage.article)?;
    let article = article.ok_or(topoi::Error::NoArticle(passage.article))?;
    let context = library.context(&passage, paragraphs)?;
    Ok(ShownJson {
        schema: "topoi.passage.v1",
        line: library.lines().line(&article, passage.span),
        passage: PassageJson::new(&passage, &article),
        context: ContextJson::new(&context.before, &context.after),
    })
}

/// A passage that belongs to a theme.
#[derive(Debug, Serialize)]
pub(crate) struct MemberJson {
    pub(crate) strength: f32,
    #[serde(flatten)]
    pub(crate) passage: PassageJson,
}

/// Passages that belong to a theme, without those that are gone since the themes were found.
pub(crate) fn members(library: &Library, wanted: &[(PassageId, f32)]) -> Result<Vec<MemberJson>> {
    let store = library.store();
    let mut passages = Vec::new();
    for &(id, strength) in wanted {
        let Some(passage) = store.passage(id)? else {
            continue;
        };
        let article = store.article(passage.article)?;
        passages.extend(article.map(|article| MemberJson {
            strength,
            passage: PassageJson::new(&passage, &article),
        }));
    }
    Ok(passages)
}

/// An article, or a part of it.
#[derive(Debug, Serialize)]
pub(crate) struct WholeJson {
    schema: &'static str,
    pub(crate) article: ArticleJson,
    /// How many passages it has.
    pub(crate) total: usize,
    pub(crate) passages: Vec<AroundJson>,
    /// The other articles that tell the same story.
    pub(crate) also: Vec<ArticleJson>,
    pub(crate) themes: Vec<ShareJson>,
}

/// How much of an article is about a theme.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ShareJson {
    pub(crate) theme: ThemeId,
    pub(crate) name: String,
    pub(crate) share: f64,
}

/// Some passages of an article, of all kinds.
pub(crate) fn article(library: &Library, id: ArticleId, part: Part) -> Result<WholeJson> {
    let store = library.store();
    let article = store.article(id)?;
    let article = article.ok_or(topoi::Error::NoArticle(id))?;
    let passages = store.passages_of(id)?;
    let copies = store.copies()?;
    let original = copies.iter().find(|copy| copy.article == id);
    let original = original.map_or(id, |copy| copy.original);
    let siblings = copies.iter().filter(|copy| copy.original == original);
    let mut also: BTreeSet<ArticleId> = siblings.map(|copy| copy.article).collect();
    also.insert(original);
    also.remove(&id);
    let also = also.into_iter().map(|id| store.article(id));
    let also: Vec<_> = also.collect::<std::result::Result<_, _>>()?;
    Ok(WholeJson {
        schema: "topoi.article.v1",
        article: ArticleJson::from(&article),
        total: passages.len(),
        passages: part.of(&passages).iter().map(AroundJson::from).collect(),
        also: also.iter().flatten().map(ArticleJson::from).collect(),
        themes: Vec::new(),
    })
}

/// Some of the articles that a filter chooses.
#[derive(Debug, Serialize)]
pub(crate) struct ArticlesJson {
    schema: &'static str,
    /// How many it chooses.
    total: usize,
    articles: Vec<ArticleJson>,
}

/// The articles that a filter chooses, the latest first, those without a date last.
pub(crate) fn articles(library: &Library, filter: &Filter, part: Part) -> Result<ArticlesJson> {
    library.expect_theme(filter)?;
    let mut articles = library.store().articles(filter)?;
    articles.sort_by_key(|article| std::cmp::Reverse(article.metadata.date.map(Date::earliest)));
    Ok(ArticlesJson {
        schema: "topoi.articles.v1",
        total: articles.len(),
        articles: part.of(&articles).iter().map(ArticleJson::from).collect(),
    })
}

/// Whose articles there are.
#[derive(Debug, Serialize)]
pub(crate) struct SourcesJson {
    schema: &'static str,
    pub(crate) articles: u64,
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
    pub(crate) sources: Vec<NameCount>,
    pub(crate) authors: Vec<NameCount>,
    pub(crate) languages: Vec<NameCount>,
}

/// Whose articles those are that a filter chooses.
pub(crate) fn sources(library: &Library, filter: &Filter) -> Result<SourcesJson> {
    library.expect_theme(filter)?;
    let overview = library.store().overview(filter)?;
    let first = |mut names: Vec<NameCount>| {
        names.truncate(MOST_NAMES);
        names
    };
    Ok(SourcesJson {
        schema: "topoi.sources.v1",
        articles: overview.articles,
        from: overview.from,
        until: overview.until,
        sources: first(overview.sources),
        authors: first(overview.authors),
        languages: first(overview.languages),
    })
}
