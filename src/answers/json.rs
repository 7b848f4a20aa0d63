//! The JSON that programs read. What is in it is described in `docs/FORMATS.md` and stays as it is.

use std::time::Duration;

use serde::Serialize;
use topoi::article::{ArticleId, Date, Kind, Passage, PassageId, Place, Span, StoredArticle};
use topoi::search::{Found, Hit, SentenceShare, Why};

/// An article, as it stands beside a passage.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ArticleJson {
    pub(crate) id: ArticleId,
    pub(crate) title: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) date: Option<Date>,
    pub(crate) source: Option<String>,
    language: Option<String>,
    address: Option<String>,
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
            address: metadata.address,
            path: article.path.clone(),
            entry: article.entry.clone(),
            paragraphs: article.paragraphs,
        }
    }
}

/// A passage with its place.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PassageJson {
    pub(crate) passage: PassageId,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    span: Span,
    pub(crate) text: String,
    pub(crate) article: ArticleJson,
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
    pub(crate) score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    bm25: Option<f32>,
    pub(crate) sure: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rerank: Option<f32>,
    ranks: RanksJson,
    #[serde(flatten)]
    pub(crate) passage: PassageJson,
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<WhyJson>,
    pub(crate) also: Vec<AppearanceJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<ContextJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answers: Option<Place>,
}

/// Where a passage stands by meaning alone, and by words alone.
#[derive(Debug, Serialize)]
struct RanksJson {
    semantic: Option<usize>,
    lexical: Option<usize>,
}

/// Which sentence is why a passage was found.
#[derive(Debug, Serialize)]
pub(crate) struct WhyJson {
    best: usize,
    sentences: Vec<SentenceJson>,
}

#[derive(Debug, Serialize)]
struct SentenceJson {
    #[serde(flatten)]
    span: Span,
    share: Option<f32>,
}

/// A copy of a passage.
#[derive(Debug, Serialize)]
pub(crate) struct AppearanceJson {
    pub(crate) passage: PassageId,
    pub(crate) article: ArticleJson,
}

/// What stands around a passage.
#[derive(Debug, Serialize)]
pub(crate) struct ContextJson {
    pub(crate) before: Vec<AroundJson>,
    pub(crate) after: Vec<AroundJson>,
}

/// A passage of an article, without the article.
#[derive(Debug, Serialize)]
pub(crate) struct AroundJson {
    pub(crate) passage: PassageId,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    pub(crate) text: String,
}

impl From<&Passage> for AroundJson {
    fn from(passage: &Passage) -> Self {
        Self {
            passage: passage.id,
            kind: passage.kind,
            place: passage.place,
            text: passage.text.clone(),
        }
    }
}

impl ContextJson {
    pub(crate) fn new(before: &[Passage], after: &[Passage]) -> Self {
        let around = |passages: &[Passage]| passages.iter().map(AroundJson::from).collect();
        Self {
            before: around(before),
            after: around(after),
        }
    }
}

impl ResultJson {
    pub(crate) fn new(hit: &Hit, rank: usize, line: Option<usize>) -> Self {
        let context = ContextJson::new(&hit.context.before, &hit.context.after);
        let is_alone = context.before.is_empty() && context.after.is_empty();
        Self {
            rank,
            score: hit.score,
            bm25: hit.bm25,
            sure: hit.sure,
            rerank: hit.rerank,
            ranks: RanksJson {
                semantic: hit.ranks.semantic,
                lexical: hit.ranks.lexical,
            },
            passage: PassageJson::new(&hit.passage, &hit.article),
            line,
            why: hit.why.as_ref().map(WhyJson::from),
            also: hit
                .also
                .iter()
                .map(|appearance| AppearanceJson {
                    passage: appearance.passage,
                    article: (&appearance.article).into(),
                })
                .collect(),
            context: (!is_alone).then_some(context),
            answers: hit.answers,
        }
    }
}

impl WhyJson {
    /// Where the sentence stands that matters most.
    pub(crate) fn best(&self) -> Option<Span> {
        self.sentences.get(self.best).map(|sentence| sentence.span)
    }
}

impl From<&Why> for WhyJson {
    fn from(why: &Why) -> Self {
        let sentence = |sentence: &SentenceShare| SentenceJson {
            span: sentence.span,
            share: sentence.share,
        };
        Self {
            best: why.best,
            sentences: why.sentences.iter().map(sentence).collect(),
        }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nearest_miss: Option<ResultJson>,
}
