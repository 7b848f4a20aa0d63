//! What belongs beside a passage, an article, or any text.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use topoi_index::{PointId, UnitVector};
use topoi_models::{Encoder, Role};

use super::copies::{NEAR, Shingles};
use super::points::diverse;
use super::question::embed;
use super::ranking::Scorer;
use super::sources::{Candidate, Candidates, Ranks, Sources, set_sureness};
use super::{Found, Origin, Ranking, Scope, SearchOptions};
use crate::article::{Article, ArticleId, Kind, Passage, PassageId, Place};
use crate::error::{Error, Result};
use crate::library::{Library, Near, parts};

/// How many passages are looked at for each point of an article and for each answer that is asked for, at least.
const FEWEST_CANDIDATES: usize = 20;

/// How many answers are put in order for each that is asked for: some may be copies of others.
const ORDERED_EACH: usize = 3;

/// A point that something is to be found beside.
struct Point {
    /// Where it stands in the article in question; none where the question is a single passage.
    place: Option<Place>,
    text: String,
    vector: UnitVector,
}

impl Library {
    /// Passages of other articles that belong beside a passage or an article of this library. The article itself and its
    /// copies are left out.
    ///
    /// Of an article, each body passage is a point of its own, and what is found is chosen so that it covers different
    /// points ([`super::Hit::answers`] says which); so it is not in the order of its scores.
    ///
    /// # Errors
    ///
    /// Where there is no such passage or article, or the library is damaged.
    pub fn related(&self, origin: &Origin, options: &SearchOptions) -> Result<Found> {
        let begin = Instant::now();
        let mut scope = self.scope(&options.filter)?;
        let (article, asked) = match origin {
            Origin::Passage(id) => {
                let passage = self.store().passage(*id)?.ok_or(Error::NoPassage(*id))?;
                (passage.article, Some(*id))
            }
            Origin::Article(id) => (*id, None),
        };
        let passages = self.store().passages_of(article)?;
        if passages.is_empty() && self.store().article(article)?.is_none() {
            return Err(Error::NoArticle(article));
        }
        scope.exclude(passages.iter().map(|passage| passage.id));
        let body = passages.iter().filter(|passage| passage.kind == Kind::Body);
        let whole = Shingles::of_all(body.map(|passage| passage.text.as_str()));
        let is_asked = |passage: &&Passage| match asked {
            None => passage.kind == Kind::Body,
            Some(id) => passage.id == id,
        };
        let about: Vec<&Passage> = passages.iter().filter(is_asked).collect();
        let ids: Vec<PassageId> = about.iter().map(|passage| passage.id).collect();
        let points = about.into_iter().zip(self.vectors_of(&ids)?);
        let points = points.map(|(passage, vector)| Point {
            place: asked.is_none().then_some(passage.place),
            text: passage.text.clone(),
            vector,
        });
        let points: Vec<Point> = points.collect();
        let found = self.beside(points, &whole, scope, options)?;
        Ok(Found {
            searching: begin.elapsed(),
            ..found
        })
    }

    /// Passages that belong beside a text that need not be in the library, as it was read by [`ingest`](crate::ingest).
    ///
    /// # Errors
    ///
    /// Where the text holds no paragraph, the model is another than the library's, or the library is damaged.
    pub fn related_to_text(
        &self,
        articles: &[Article],
        encoder: &dyn Encoder,
        options: &SearchOptions,
    ) -> Result<Found> {
        self.expect_model(encoder.identity())?;
        let mut places = Vec::new();
        let mut texts = Vec::new();
        for (paragraph, number) in articles
            .iter()
            .flat_map(|article| article.paragraphs.iter().zip(1..))
        {
            if paragraph.kind != Kind::Body {
                continue;
            }
            let found = parts(&paragraph.text, encoder);
            let parts = u32::try_from(found.len()).unwrap_or(u32::MAX);
            for (text, part) in found.into_iter().zip(1..) {
                places.push(Place {
                    paragraph: number,
                    part,
                    parts,
                });
                texts.push(text);
            }
        }
        if texts.is_empty() {
            return Err(Error::NoParagraph);
        }
        let begin = Instant::now();
        let vectors = embed(encoder, &texts, Role::Passage)?;
        let embedding = begin.elapsed();
        let begin = Instant::now();
        let scope = self.scope(&options.filter)?;
        let whole = Shingles::of_all(texts.iter().copied());
        let points = places.into_iter().zip(texts).zip(vectors);
        let points = points.map(|((place, text), vector)| Point {
            place: Some(place),
            text: text.to_owned(),
            vector,
        });
        let found = self.beside(points.collect(), &whole, scope, options)?;
        Ok(Found {
            embedding,
            searching: begin.elapsed(),
            ..found
        })
    }

    /// What belongs beside the points of an article, which has the shingles `whole`.
    fn beside(
        &self,
        points: Vec<Point>,
        whole: &Shingles,
        mut scope: Scope,
        options: &SearchOptions,
    ) -> Result<Found> {
        scope.exclude(options.except.iter().copied());
        let sources = self.sources([], options)?;
        self.exclude_copies(&points, whole, &mut scope, options, &sources)?;
        let scope = Arc::new(scope);
        let mut found = self.tell(&scope, options, &mut |limit| {
            let count = limit.max(FEWEST_CANDIDATES);
            candidates(&points, &scope, count, options, &sources)
        })?;
        for hit in found
            .hits
            .iter_mut()
            .chain(found.nearest_miss.as_deref_mut())
        {
            hit.answers = points.get(hit.question).and_then(|point| point.place);
        }
        found.questions = points.into_iter().map(|point| point.vector).collect();
        // What is compared here are passages with passages, which is measured to go best by the cosine.
        found.ranking = Ranking::Cosine;
        Ok(found)
    }

    /// Leaves out copies of the points, and all of an article that is a copy of theirs.
    fn exclude_copies(
        &self,
        points: &[Point],
        whole: &Shingles,
        scope: &mut Scope,
        options: &SearchOptions,
        sources: &Sources<'_>,
    ) -> Result<()> {
        let mut seen: HashSet<ArticleId> = HashSet::new();
        for point in points {
            options.go_on()?;
            let shingles = Shingles::of(&point.text);
            let mut count = FEWEST_CANDIDATES.max(options.limit);
            loop {
                let mut copies = Vec::new();
                let near = sources.nearest(&point.vector, count, scope, false)?;
                let all = near.len() < count;
                // Where the farthest of these is no copy, none beyond it is.
                let enough = all || near.last().is_none_or(|near| near.cosine < NEAR);
                let near = near.into_iter().take_while(|near| near.cosine >= NEAR);
                let near: Vec<PassageId> = near.map(|near| PassageId(near.id.0)).collect();
                for passage in self.store().passages(&near)? {
                    let id = passage.id;
                    if !shingles.is_copy(&Shingles::of(&passage.text)) {
                        continue;
                    }
                    copies.push(id);
                    if seen.insert(passage.article) {
                        let others = self.store().passages_of(passage.article)?;
                        let texts = others.iter().filter(|other| other.kind == Kind::Body);
                        let other = Shingles::of_all(texts.map(|other| other.text.as_str()));
                        if whole.overlaps(&other) {
                            copies.extend(others.into_iter().map(|other| other.id));
                        }
                    }
                }
                let none = copies.is_empty();
                scope.exclude(copies);
                if enough || none {
                    break;
                }
                count = count.saturating_mul(2);
            }
        }
        Ok(())
    }
}

impl Shingles {
    /// Those of several texts together.
    fn of_all<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut all = Self::default();
        for text in texts {
            all.extend(&Self::of(text));
        }
        all
    }
}

/// The passages nearest to any of the points, each with the point that it is nearest to.
fn candidates(
    points: &[Point],
    scope: &Scope,
    count: usize,
    options: &SearchOptions,
    sources: &Sources<'_>,
) -> Result<Candidates> {
    let background = sources.background();
    let mut best: HashMap<PointId, Candidate> = HashMap::new();
    let mut complete = true;
    let mut by_chance: Vec<f32> = Vec::new();
    for (point, question) in points.iter().zip(0..) {
        options.go_on()?;
        let near = sources.nearest(&point.vector, count, scope, options.exact)?;
        complete &= near.len() < count;
        let vector = point.vector.as_slice();
        let scorer = Scorer::new(vector, background.mean(), Ranking::Cosine);
        let sample = background.scores(vector, &scorer);
        for (near, rank) in near.into_iter().zip(1..) {
            let Near { id, vector, cosine } = near;
            let candidate = Candidate {
                id,
                vector,
                score: cosine,
                bm25: None,
                sure: None,
                together: cosine,
                ranks: Ranks {
                    semantic: Some(rank),
                    lexical: None,
                },
                question,
            };
            match best.entry(id) {
                Entry::Occupied(mut known) if candidate.score > known.get().score => {
                    known.insert(candidate);
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(place) => {
                    place.insert(candidate);
                }
            }
        }
        if by_chance.is_empty() {
            by_chance = sample;
        } else {
            // By chance a passage has to do with any of the points.
            for (most, score) in by_chance.iter_mut().zip(sample) {
                *most = most.max(score);
            }
        }
    }
    let mut list: Vec<Candidate> = best.into_values().collect();
    list.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    set_sureness(&mut list, by_chance, scope.at_most(background.passages()));
    if points.len() > 1 {
        let ordered = options.limit.saturating_mul(ORDERED_EACH);
        list = diverse(list, ordered);
    }
    Ok(Candidates {
        list,
        complete,
        // Each point has its own.
        floor: None,
    })
}
