//! Questions and answers: which passages say something like this, and which belong beside that one.
//!
//! | file | what |
//! |---|---|
//! | `scope` | which passages may be found: filters, what is gone, what is demanded |
//! | `question` | what is asked → its vector; refined by passages that were good or bad |
//! | `sources` | vectors and words → candidates |
//! | `ranking`, `fusion` | from cosines to scores, from two scores to one |
//! | `background` | what an arbitrary passage scores, and how sure an answer is |
//! | `stories`, `copies` | copies stand together, under the earliest |
//! | `answer` | candidates → what is shown: texts, articles, context |
//! | `rerank` | an order given by a model that reads question and passage together |
//! | `why` | which sentence is why a passage was found |
//! | `many` | many questions at once, on all cores |
//! | `origin` | passages and articles as they are named |
//! | `related`, `points` | what belongs beside a passage, an article or a text |
//!
//! ```no_run
//! use topoi::library::Library;
//! use topoi::search::{Feedback, Origin, Query, SearchOptions};
//! use topoi::store::Filter;
//! # use topoi::article::PassageId;
//!
//! # fn run(library: &Library, encoder: &dyn topoi_models::Encoder) -> Result<(), Box<dyn std::error::Error>> {
//! let options = SearchOptions {
//!     limit: 5,
//!     filter: Filter { after: Some("2024".parse()?), ..Filter::default() },
//!     ..SearchOptions::default()
//! };
//! let question = Query::parse(r#"tariffs "price of bread" -steel"#)?;
//! let mut found = library.search(&question, &Feedback::default(), encoder, &options)?;
//! library.explain(&mut found, encoder)?;
//! for hit in &found.hits {
//!     let best = hit.why.as_ref().map(|why| why.sentences[why.best].span);
//!     println!("{:.2} {} {best:?}", hit.score, hit.passage.id);
//! }
//! let beside = library.related(&Origin::Passage(PassageId(23)), &options)?;
//! # Ok(())
//! # }
//! ```
//!
//! The filter and the tombstones are turned into a set of passages before the vectors are searched, so that a
//! question that asks for ten passages and has ten to find gets ten.

mod answer;
mod background;
mod copies;
mod fusion;
mod many;
mod origin;
mod points;
mod question;
mod ranking;
mod related;
mod rerank;
mod scope;
mod sources;
mod stories;
mod why;

use std::sync::Arc;
use std::time::{Duration, Instant};

use topoi_index::UnitVector;
use topoi_models::Encoder;

pub(crate) use background::Background;
pub(crate) use copies::Shingles;
pub use fusion::Mode;
pub use origin::Origin;
pub use question::Feedback;
pub use ranking::Ranking;
pub(crate) use scope::Scope;
pub use sources::Ranks;
pub use why::{SentenceShare, Why};

pub use crate::lexical::{Query, QueryError, WeightedTerm};

use sources::{Asked, Sources};

use crate::article::{Passage, PassageId, Place, StoredArticle};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::store::Filter;

/// How to search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchOptions {
    /// How many answers to find, at most.
    pub limit: usize,
    /// Among which passages.
    pub filter: Filter,
    /// Which passages are not to be found: those that were shown before.
    pub except: Vec<PassageId>,
    /// Compare every vector instead of walking the graph, so that no candidate is missed.
    pub exact: bool,
    /// Whether a question is answered by meaning, by words, or by both.
    pub mode: Mode,
    /// How the answers to a question are scored; what is related to a passage is always scored by the cosine.
    pub ranking: Ranking,
    /// Leave out passages whose score is below this.
    pub min_score: Option<f32>,
    /// Find no more than so many passages of one article.
    pub per_article: Option<usize>,
    /// Give each copy of a passage as an answer of its own.
    pub copies: bool,
    /// With how many paragraphs before and behind it a passage is given.
    pub context: u32,
    /// When the answer is too late; it is then given up, with [`Error::Late`], though not at once.
    pub until: Option<Instant>,
}

impl SearchOptions {
    /// Whether the answer is still wanted.
    pub(crate) fn go_on(&self) -> Result<()> {
        match self.until {
            Some(until) if Instant::now() >= until => Err(Error::Late),
            _ => Ok(()),
        }
    }
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            limit: 10,
            filter: Filter::default(),
            except: Vec::new(),
            exact: false,
            mode: Mode::default(),
            ranking: Ranking::default(),
            min_score: None,
            per_article: None,
            copies: false,
            context: 0,
            until: None,
        }
    }
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// How near it is to the question, from -1 to 1 (see [`Ranking`]).
    pub score: f32,
    /// The BM25 score of the question's words, where words were searched and it has any of them.
    pub bm25: Option<f32>,
    /// How sure it is, from 0 to 1, that it isn't there by chance: of the passages that are at least as near, the share that
    /// wouldn't be as near in a library that has nothing to do with the question. 1 where all words of the question stand
    /// in it; `None` where there are too few passages to tell.
    pub sure: Option<f32>,
    /// What a cross-encoder says of it, in whatever scale it has; see [`Found::rerank`].
    pub rerank: Option<f32>,
    /// Where it stands by meaning alone, and by words alone.
    pub ranks: Ranks,
    /// The passage: of several copies the earliest.
    pub passage: Passage,
    /// The article that it stands in.
    pub article: StoredArticle,
    /// Where else it stands, word for word or nearly.
    pub also: Vec<Appearance>,
    /// What stands before and behind it, as far as [`SearchOptions::context`] goes.
    pub context: Context,
    /// Which place of the article in question it belongs beside, where the question was an article.
    pub answers: Option<Place>,
    /// Which sentence is why it was found; see [`Library::explain`].
    pub why: Option<Why>,
    /// Which of [`Found::questions`] it answers.
    question: usize,
}

/// A copy of a passage.
#[derive(Debug, Clone, PartialEq)]
pub struct Appearance {
    /// The copy.
    pub passage: PassageId,
    /// The article that it stands in.
    pub article: StoredArticle,
}

/// What stands around a passage in its article.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    /// Before it.
    pub before: Vec<Passage>,
    /// Behind it.
    pub after: Vec<Passage>,
}

/// What was found, best first, and how long it took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The passages, copies taken together.
    pub hits: Vec<Hit>,
    /// Where nothing was found: the best of what [`SearchOptions::min_score`] kept out.
    pub nearest_miss: Option<Box<Hit>>,
    /// How long the model took to embed the question.
    pub embedding: Duration,
    /// How long the filter, the vectors, the words and the texts took.
    pub searching: Duration,
    /// What was looked for.
    questions: Vec<UnitVector>,
    ranking: Ranking,
}

impl Library {
    /// The passages that answer `query`, by meaning and by words.
    ///
    /// # Errors
    ///
    /// Where the model is another than the library's, or the library is damaged.
    pub fn search(
        &self,
        query: &Query,
        feedback: &Feedback,
        encoder: &dyn Encoder,
        options: &SearchOptions,
    ) -> Result<Found> {
        self.expect_model(encoder.identity())?;
        let begin = Instant::now();
        let questioner = self.questioner(feedback, encoder)?;
        let vectors = questioner.vectors(std::slice::from_ref(query))?;
        let vector = vectors.into_iter().next().ok_or(QueryError::Empty)?;
        let embedding = begin.elapsed();
        let begin = Instant::now();
        let scope = Arc::new(self.scope_of(feedback, options)?);
        let sources = self.sources([query], options)?;
        let asked = Asked {
            query,
            vector: &vector,
            scope: &scope,
            options,
        };
        let found = self.tell(&scope, options, &mut |limit| sources.answer(asked, limit))?;
        Ok(Found {
            embedding,
            searching: begin.elapsed(),
            questions: vec![vector],
            ranking: options.ranking,
            ..found
        })
    }

    /// The passages that may be found: those that the filter lets in, without what has been seen.
    fn scope_of(&self, feedback: &Feedback, options: &SearchOptions) -> Result<Scope> {
        let mut scope = self.scope(&options.filter)?;
        let seen = options.except.iter().chain(feedback.passages()).copied();
        // Somebody may name any, and each that is far from the others takes a page of a set.
        scope.exclude(seen.filter(|id| self.backend().may_hold(*id)));
        Ok(scope)
    }

    /// The numbers of the passages that answer a question which has been embedded already, best first: copies stand where
    /// they stand, and nothing is told of texts.
    ///
    /// # Errors
    ///
    /// Where the vector is of another dimension, or the library is damaged.
    pub fn ranking(
        &self,
        query: &Query,
        vector: &UnitVector,
        options: &SearchOptions,
    ) -> Result<Vec<PassageId>> {
        let scope = Arc::new(self.scope(&options.filter)?);
        let sources = self.sources([query], options)?;
        let asked = Asked {
            query,
            vector,
            scope: &scope,
            options,
        };
        let candidates = sources.answer(asked, options.limit)?;
        let best = candidates.list.iter().take(options.limit);
        Ok(best.map(|candidate| PassageId(candidate.id.0)).collect())
    }

    /// What such questions are answered from.
    fn sources<'q>(
        &self,
        queries: impl IntoIterator<Item = &'q Query>,
        options: &SearchOptions,
    ) -> Result<Sources<'_>> {
        let needs_words =
            options.mode != Mode::Semantic || queries.into_iter().any(Query::is_demanding);
        Ok(Sources::new(self.backend().finder(needs_words)?))
    }
}
