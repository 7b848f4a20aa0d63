//! The JSON that programs read. What is in it is described in `docs/FORMATS.md` and stays as it is.

use std::time::Duration;

use serde::Serialize;
use topoi::article::{ArticleId, Date, Kind, Passage, PassageId, Place, Span, StoredArticle};
use topoi::search::{Found, Hit};

/// An article, as it stands beside a passage.
#[derive(Debug, Serialize)]
pub(crate) struct ArticleJson {
    id: ArticleId,
    title: Option<String>,
    author: Option<String>,
    date: Option<Date>,
    source: Option<String>,
    language: Option<String>,
    path: String,
    entry: Option<String>,
    paragraphs: u32,
}

impl From<&StoredArticle> for ArticleJson {
    fn from(article: &StoredArticle) -> Self {
        let metadata = article.metadata.clone();
        Self {
            id: article.id,
            title: metadata.title,
            author: metadata.author,
            date: metadata.date,
            source: metadata.source,
            language: metadata.language,
            path: article.path.clone(),
            entry: article.entry.clone(),
            paragraphs: article.paragraphs,
        }
    }
}

/// A passage with its place.
#[derive(Debug, Serialize)]
pub(crate) struct PassageJson {
    passage: PassageId,
    kind: Kind,
    place: Place,
    span: Span,
    text: String,
    article: ArticleJson,
}

impl PassageJson {
    pub(crate) fn new(passage: &Passage, article: &StoredArticle) -> Self {
        Self {
            passage: passage.id,
            kind: passage.kind,
            place: passage.place,
            span: passage.span,
            text: passage.text.clone(),
            article: article.into(),
        }
    }
}

/// A passage that was found.
#[derive(Debug, Serialize)]
pub(crate) struct ResultJson {
    rank: usize,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    bm25: Option<f32>,
    #[serde(flatten)]
    passage: PassageJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<Place>,
}

impl ResultJson {
    pub(crate) fn all(hits: &[Hit]) -> Vec<Self> {
        let result = |(hit, rank): (&Hit, usize)| Self {
            rank,
            score: hit.score,
            bm25: hit.bm25,
            passage: PassageJson::new(&hit.passage, &hit.article),
            answers: hit.answers,
        };
        hits.iter().zip(1..).map(result).collect()
    }
}

/// How long the parts of an answer took, in milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct TimingsJson {
    model_load_ms: f64,
    embedding_ms: f64,
    search_ms: f64,
}

impl TimingsJson {
    pub(crate) fn new(model_load: Duration, found: &Found) -> Self {
        let milliseconds = |duration: Duration| (duration.as_secs_f64() * 1e6).round() / 1e3;
        Self {
            model_load_ms: milliseconds(model_load),
            embedding_ms: milliseconds(found.embedding),
            search_ms: milliseconds(found.searching),
        }
    }
}

/// The answer to a question.
#[derive(Debug, Serialize)]
pub(crate) struct SearchJson {
    pub(crate) schema: &'static str,
    pub(crate) query: String,
    pub(crate) model: Option<String>,
    pub(crate) timings: TimingsJson,
    pub(crate) results: Vec<ResultJson>,
}
