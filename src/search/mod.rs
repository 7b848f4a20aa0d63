//! Questions and answers: which passages say something like this, and which belong beside that one.
//!
//! The filter and the tombstones are turned into a set of passages before the vectors are searched, so that a
//! question that asks for ten passages and has ten to find gets ten.

mod ranking;
mod related;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use topoi_index::{IdSet, Neighbour, PointId, SearchParams, Selection, UnitVector};
use topoi_models::{Encoder, Role};

pub use ranking::Ranking;
pub use related::Origin;

use crate::article::{ArticleId, Passage, PassageId, Place, StoredArticle};
use crate::error::{Error, Result};
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
            ranking: Ranking::default(),
            min_score: None,
        }
    }
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// How near it is to the question, from -1 to 1 (see [`Ranking`]).
    pub score: f32,
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
    /// The passages that say something like `query`.
    ///
    /// # Errors
    ///
    /// Where the query is empty, the model is another than the library's, or the library is damaged.
    pub fn search(
        &self,
        query: &str,
        encoder: &dyn Encoder,
        options: &SearchOptions,
    ) -> Result<Found> {
        if query.trim().is_empty() {
            return Err(Error::EmptyQuery);
        }
        self.expect_model(encoder.identity())?;
        let begin = Instant::now();
        let vector = embed(encoder, &[query], Role::Query)?
            .pop()
            .ok_or(Error::EmptyQuery)?;
        let embedding = begin.elapsed();
        let begin = Instant::now();
        let mut found = self.search_vector(&vector, options)?;
        found.embedding = embedding;
        found.searching = begin.elapsed();
        Ok(found)
    }

    /// The passages nearest to a vector of the library's model.
    ///
    /// # Errors
    ///
    /// Where the vector is of another dimension, or the library is damaged.
    pub fn search_vector(&self, vector: &UnitVector, options: &SearchOptions) -> Result<Found> {
        let scope = self.scope(&options.filter)?;
        let mut neighbours = self.neighbours(vector, &scope, options)?;
        let nearest_miss = cut(&mut neighbours, options.min_score);
        let hits = self.hits(neighbours.into_iter().map(|neighbour| (neighbour, None)))?;
        Ok(Found {
            hits,
            nearest_miss,
            ..Found::default()
        })
    }

    /// The numbers and scores of the passages nearest to a vector, without their texts.
    ///
    /// # Errors
    ///
    /// As [`Library::search_vector`].
    pub fn nearest(
        &self,
        vector: &UnitVector,
        options: &SearchOptions,
    ) -> Result<Vec<(PassageId, f32)>> {
        let scope = self.scope(&options.filter)?;
        let mut neighbours = self.neighbours(vector, &scope, options)?;
        cut(&mut neighbours, options.min_score);
        Ok(neighbours
            .into_iter()
            .map(|neighbour| (PassageId(neighbour.id.0), neighbour.score))
            .collect())
    }

    fn neighbours(
        &self,
        vector: &UnitVector,
        scope: &Scope,
        options: &SearchOptions,
    ) -> Result<Vec<Neighbour>> {
        let parameters = SearchParams {
            exact: options.exact,
            ..SearchParams::default()
        };
        let candidates = options.ranking.candidates(options.limit);
        let found = self
            .searcher()
            .search(vector, candidates, &scope.selection(), &parameters)?;
        Ok(match options.ranking {
            Ranking::Cosine => found,
            Ranking::Distinctive => self.rank(vector, found, options.limit),
        })
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
    fn hits(
        &self,
        neighbours: impl Iterator<Item = (Neighbour, Option<Place>)>,
    ) -> Result<Vec<Hit>> {
        let mut articles: HashMap<ArticleId, StoredArticle> = HashMap::new();
        let mut hits = Vec::new();
        for (neighbour, answers) in neighbours {
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
                passage,
                article,
                answers,
            });
        }
        Ok(hits)
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
fn cut(neighbours: &mut Vec<Neighbour>, min_score: Option<f32>) -> Option<f32> {
    let min_score = min_score?;
    let kept = neighbours
        .iter()
        .take_while(|neighbour| neighbour.score >= min_score)
        .count();
    let miss = neighbours.get(kept).map(|neighbour| neighbour.score);
    neighbours.truncate(kept);
    miss
}
