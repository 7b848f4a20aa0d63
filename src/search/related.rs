//! What belongs beside a passage, an article, or any text.

use std::collections::HashMap;
use std::time::Instant;

use topoi_index::{Neighbour, PointId, UnitVector};
use topoi_models::{Encoder, Role};

use super::{Found, Ranked, Ranking, Scope, SearchOptions, cut, embed};
use crate::article::{Article, ArticleId, Kind, PassageId, Place};
use crate::error::{Error, Result};
use crate::ingest;
use crate::library::{Library, token_limit};

/// What something is to be found beside.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// A passage of the library.
    Passage(PassageId),
    /// An article of the library.
    Article(ArticleId),
}

impl Library {
    /// Passages of other articles that belong beside a passage or an article of this library.
    ///
    /// Of an article, each body passage is a question of its own; a passage that is found by several of them keeps
    /// its best score, and says which place it answers ([`super::Hit::answers`]).
    ///
    /// # Errors
    ///
    /// Where there is no such passage or article, or the library is damaged.
    pub fn related(&self, origin: &Origin, options: &SearchOptions) -> Result<Found> {
        let begin = Instant::now();
        let mut scope = self.scope(&options.filter)?;
        let questions = match origin {
            Origin::Passage(id) => {
                let passage = self.store().passage(*id)?.ok_or(Error::NoPassage(*id))?;
                self.exclude_article(&mut scope, passage.article)?;
                vec![(None, self.vector_of(*id)?)]
            }
            Origin::Article(id) => {
                let passages = self.store().passages_of(*id)?;
                if passages.is_empty() && self.store().article(*id)?.is_none() {
                    return Err(Error::NoArticle(*id));
                }
                self.exclude_article(&mut scope, *id)?;
                let body = passages.iter().filter(|passage| passage.kind == Kind::Body);
                body.map(|passage| Ok((Some(passage.place), self.vector_of(passage.id)?)))
                    .collect::<Result<_>>()?
            }
        };
        self.beside(&questions, &scope, options, begin)
    }

    /// Passages that belong beside a text that need not be in the library, as it was read by [`ingest`].
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
        let limit = token_limit(encoder);
        let mut places = Vec::new();
        let mut texts = Vec::new();
        for paragraph in articles
            .iter()
            .flat_map(|article| article.paragraphs.iter().zip(1..))
        {
            let (paragraph, number) = paragraph;
            if paragraph.kind != Kind::Body {
                continue;
            }
            let windows = ingest::windows(&paragraph.text, limit, &mut |part| {
                encoder.count_tokens(part)
            });
            let parts = u32::try_from(windows.len()).unwrap_or(u32::MAX);
            for (span, part) in windows.into_iter().zip(1..) {
                if let Some(text) = paragraph.text.get(span.start..span.end) {
                    places.push(Some(Place {
                        paragraph: number,
                        part,
                        parts,
                    }));
                    texts.push(text);
                }
            }
        }
        if texts.is_empty() {
            return Err(Error::NoParagraph);
        }
        let begin = Instant::now();
        let vectors = embed(encoder, &texts, Role::Passage)?;
        let embedding = begin.elapsed();
        let scope = self.scope(&options.filter)?;
        let questions: Vec<_> = places.into_iter().zip(vectors).collect();
        let found = self.beside(&questions, &scope, options, Instant::now())?;
        Ok(Found { embedding, ..found })
    }

    fn beside(
        &self,
        questions: &[(Option<Place>, UnitVector)],
        scope: &Scope,
        options: &SearchOptions,
        begin: Instant,
    ) -> Result<Found> {
        // What is compared here are passages with passages, which is measured to go best by the cosine.
        let options = &SearchOptions {
            ranking: Ranking::Cosine,
            ..options.clone()
        };
        let mut best: HashMap<PointId, (Neighbour, Option<Place>)> = HashMap::new();
        for (place, vector) in questions {
            for neighbour in self.neighbours(vector, scope, options)? {
                let known = best.entry(neighbour.id).or_insert((neighbour, *place));
                if neighbour.score > known.0.score {
                    *known = (neighbour, *place);
                }
            }
        }
        let mut ranked: Vec<(Neighbour, Option<Place>)> = best.into_values().collect();
        ranked.sort_unstable_by(|a, b| b.0.score.total_cmp(&a.0.score).then(a.0.id.cmp(&b.0.id)));
        ranked.truncate(options.limit);
        let (neighbours, places): (Vec<_>, Vec<_>) = ranked.into_iter().unzip();
        let mut ranked = Ranked::all(neighbours);
        let nearest_miss = cut(&mut ranked, options.min_score);
        let hits = self.hits(ranked.into_iter().zip(places))?;
        Ok(Found {
            hits,
            nearest_miss,
            searching: begin.elapsed(),
            ..Found::default()
        })
    }

    fn exclude_article(&self, scope: &mut Scope, article: ArticleId) -> Result<()> {
        let passages = self.store().passages_of(article)?;
        scope.exclude(passages.into_iter().map(|passage| passage.id));
        Ok(())
    }

    fn vector_of(&self, id: PassageId) -> Result<UnitVector> {
        let vector = self
            .searcher()
            .vector(PointId(id.0))
            .ok_or(Error::NoVector(id))?;
        Ok(UnitVector::new(vector.to_vec())?)
    }
}
