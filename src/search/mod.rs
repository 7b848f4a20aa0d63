//! Questions and answers: which passages say something like this, and which belong beside that one.
//!
//! The filter and the tombstones are turned into a set of passages before the vectors are searched, so that a
//! question that asks for ten passages and has ten to find gets ten.

mod fusion;
mod ranking;
mod related;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use topoi_index::{IdSet, Neighbour, PointId, SearchParams, Selection, UnitVector};
use topoi_models::{Encoder, Role};

pub use crate::lexical::{Query, QueryError};
pub use fusion::Mode;
pub use ranking::Ranking;
pub use related::Origin;

use crate::article::{ArticleId, Passage, PassageId, Place, StoredArticle};
use crate::error::{Error, Result};
use crate::lexical::{Allowed, LexicalError};
use crate::library::{Library, point_set};
use crate::store::Filter;

/// How to search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchOptions {
    /// How many passages to find, at most.
    pub limit: usize,
    /// Among which passages.
    pub filter: Filter,
    /// Compare every vector instead of walking the graph, so that no candidate is missed.
    pub exact: bool,
    /// Whether a question is answered by meaning, by words, or by both.
    pub mode: Mode,
    /// How the answers to a question are scored; what is related to a passage is always scored by the cosine.
    pub ranking: Ranking,
    /// Leave out passages whose score is below this.
    pub min_score: Option<f32>,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            limit: 10,
            filter: Filter::default(),
            exact: false,
            mode: Mode::default(),
            ranking: Ranking::default(),
            min_score: None,
        }
    }
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// How near it is to the question, from -1 to 1 (see [`Ranking`]); its BM25 score where only words were searched.
    pub score: f32,
    /// The BM25 score of the question's words, where words were searched and it has any of them.
    pub bm25: Option<f32>,
    /// The passage.
    pub passage: Passage,
    /// The article that it stands in.
    pub article: StoredArticle,
    /// Which place of the article in question it belongs beside, where the question was an article.
    pub answers: Option<Place>,
}

/// What was found, best first, and how long it took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The passages.
    pub hits: Vec<Hit>,
    /// The best score that [`SearchOptions::min_score`] kept out.
    pub nearest_miss: Option<f32>,
    /// How long the model took to embed the question.
    pub embedding: Duration,
    /// How long the filter, the vectors and the texts took.
    pub searching: Duration,
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
        encoder: &dyn Encoder,
        options: &SearchOptions,
    ) -> Result<Found> {
        self.expect_model(encoder.identity())?;
        let begin = Instant::now();
        let vector = embed(encoder, &[query.text()], Role::Query)?
            .pop()
            .ok_or(QueryError::Empty)?;
        let embedding = begin.elapsed();
        let begin = Instant::now();
        let (ranked, nearest_miss) = self.answer(query, &vector, options)?;
        let hits = self.hits(ranked.into_iter().map(|ranked| (ranked, None)))?;
        Ok(Found {
            hits,
            nearest_miss,
            embedding,
            searching: begin.elapsed(),
        })
    }

    /// The same without texts, for a question that has been embedded already: the numbers of the passages, best first.
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
        let (ranked, _) = self.answer(query, vector, options)?;
        Ok(ranked
            .into_iter()
            .map(|ranked| PassageId(ranked.neighbour.id.0))
            .collect())
    }

    fn answer(
        &self,
        query: &Query,
        vector: &UnitVector,
        options: &SearchOptions,
    ) -> Result<(Vec<Ranked>, Option<f32>)> {
        let mut scope = self.scope(&options.filter)?;
        let needs_words = options.mode != Mode::Semantic || query.is_demanding();
        let words = if needs_words { self.words()? } else { None };
        match words {
            Some(words) => {
                if let Some(demanded) = words.demanded(query)? {
                    scope.restrict(demanded);
                }
            }
            // What is demanded can't be left out of account.
            None if query.is_demanding() => return Err(LexicalError::Missing.into()),
            None => {}
        }
        let scope = Arc::new(scope);
        let mut ranked = match (options.mode, words) {
            (Mode::Semantic, _) | (Mode::Auto | Mode::Hybrid, None) => {
                Ranked::all(self.neighbours(vector, &scope, options)?)
            }
            (Mode::Lexical, None) => return Err(LexicalError::Missing.into()),
            (Mode::Lexical, Some(words)) => {
                let allowed = Allowed::new(&scope, options.limit, IdSet::new());
                let scores = words.scores(query, allowed, &self.store().languages()?)?;
                scores.best.into_iter().map(Ranked::by_words).collect()
            }
            (Mode::Auto | Mode::Hybrid, Some(words)) => {
                self.fused(query, vector, words, &scope, options)?
            }
        };
        let nearest_miss = cut(&mut ranked, options.min_score);
        Ok((ranked, nearest_miss))
    }

    fn neighbours(
        &self,
        vector: &UnitVector,
        scope: &Scope,
        options: &SearchOptions,
    ) -> Result<Vec<Neighbour>> {
        let count = options.ranking.candidates(options.limit);
        let found = self.candidates(vector, count, scope, options)?;
        let mut ranked = self.score(vector, found, options.ranking);
        ranked.truncate(options.limit);
        Ok(ranked)
    }

    /// The `count` passages nearest by cosine.
    fn candidates(
        &self,
        vector: &UnitVector,
        count: usize,
        scope: &Scope,
        options: &SearchOptions,
    ) -> Result<Vec<Neighbour>> {
        let parameters = SearchParams {
            exact: options.exact,
            ..SearchParams::default()
        };
        Ok(self
            .searcher()
            .search(vector, count, &scope.selection(), &parameters)?)
    }

    /// The passages that a filter lets in, as the vector search wants them.
    pub(crate) fn scope(&self, filter: &Filter) -> Result<Scope> {
        let mut except = self.tombstones().clone();
        if !filter.is_any_article() {
            return Ok(Scope {
                only: Some(point_set(self.store().matching(filter)?)),
                except,
            });
        }
        if !filter.all_kinds {
            for id in self.store().not_body()? {
                except.insert(PointId(id.0));
            }
        }
        Ok(Scope { only: None, except })
    }

    /// Texts and articles for what the vector search found.
    fn hits(&self, ranked: impl Iterator<Item = (Ranked, Option<Place>)>) -> Result<Vec<Hit>> {
        let mut articles: HashMap<ArticleId, StoredArticle> = HashMap::new();
        let mut hits = Vec::new();
        for (Ranked { neighbour, bm25 }, answers) in ranked {
            let id = PassageId(neighbour.id.0);
            let passage = self.store().passage(id)?.ok_or(Error::NoPassage(id))?;
            let article = match articles.get(&passage.article) {
                Some(article) => article.clone(),
                None => {
                    let article = self
                        .store()
                        .article(passage.article)?
                        .ok_or(Error::NoArticle(passage.article))?;
                    articles.insert(article.id, article.clone());
                    article
                }
            };
            hits.push(Hit {
                score: neighbour.score,
                bm25,
                passage,
                article,
                answers,
            });
        }
        Ok(hits)
    }
}

/// A passage in its place among the answers, and what it scored.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    neighbour: Neighbour,
    bm25: Option<f32>,
}

impl Ranked {
    fn all(neighbours: Vec<Neighbour>) -> Vec<Self> {
        let plain = |neighbour| Self {
            neighbour,
            bm25: None,
        };
        neighbours.into_iter().map(plain).collect()
    }

    fn by_words((id, score): (PointId, f32)) -> Self {
        Self {
            neighbour: Neighbour { id, score },
            bm25: Some(score),
        }
    }
}

/// Which passages a search may find.
#[derive(Debug)]
pub(crate) struct Scope {
    only: Option<IdSet>,
    except: IdSet,
}

impl Scope {
    pub(crate) fn selection(&self) -> Selection<'_> {
        Selection {
            only: self.only.as_ref(),
            except: Some(&self.except),
        }
    }

    /// Whether a passage may be found.
    pub(crate) fn contains(&self, id: PointId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(id)) && !self.except.contains(id)
    }

    /// Leaves only those of the passages that are in `only` too.
    fn restrict(&mut self, only: IdSet) {
        self.only = Some(match self.only.take() {
            None => only,
            Some(before) => before.iter().filter(|id| only.contains(*id)).collect(),
        });
    }

    fn exclude(&mut self, passages: impl IntoIterator<Item = PassageId>) {
        for id in passages {
            self.except.insert(PointId(id.0));
        }
    }
}

/// The unit vectors of some texts.
fn embed(encoder: &dyn Encoder, texts: &[&str], role: Role) -> Result<Vec<UnitVector>> {
    let embeddings = encoder.encode(texts, role, &mut |_| ControlFlow::Continue(()))?;
    embeddings
        .rows()
        .map(|row| Ok(UnitVector::new(row.to_vec())?))
        .collect()
}

/// Drops what scores below `min_score`, and gives the best of what was dropped.
fn cut(ranked: &mut Vec<Ranked>, min_score: Option<f32>) -> Option<f32> {
    let min_score = min_score?;
    let mut miss: Option<f32> = None;
    ranked.retain(|Ranked { neighbour, .. }| {
        let keep = neighbour.score >= min_score;
        if !keep {
            miss = Some(miss.map_or(neighbour.score, |miss| miss.max(neighbour.score)));
        }
        keep
    });
    miss
}
