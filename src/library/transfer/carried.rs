//! An article on its way from one library to another.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use topoi_index::{dot_product, to_whole};

use crate::article::{ArticleId, Kind, PassageId};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::store::{NewArticle, NewPassage, Records, VectorSource};

/// The cosine that two vectors of one text have, at least, where two devices computed them with the same model. Those of the engine
/// in eight bits, the coarsest, are at .9984 or more with those in f32 (`docs/ENCODER.md`); what is further off is no vector of
/// that text.
const ONE_VECTOR: f32 = 0.99;

/// How far the passages of an article are the same in two libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sameness {
    /// In everything.
    Equal,
    /// But for vectors that another device computed.
    Near,
    /// Not.
    Other,
}

/// The passages of an article, with their vectors.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// The passages, each with its place among the vectors.
    pub(super) passages: Vec<NewPassage>,
    /// The vectors, one behind the other; none where they were left out.
    pub(super) vectors: Vec<f32>,
}

impl Carried {
    /// Reads an article's passages, and gives their numbers too.
    pub(super) fn read(
        library: &Library,
        article: ArticleId,
        with_vectors: bool,
    ) -> Result<(Self, Vec<PassageId>)> {
        let vectors = |ids: &[PassageId]| match with_vectors {
            true => library.vectors(ids).map(Some),
            false => Ok(None),
        };
        Self::gather(library.store(), article, vectors)
    }

    /// The same where vectors come from elsewhere, or are left out.
    pub(super) fn gather(
        records: &dyn Records,
        article: ArticleId,
        vectors: impl FnOnce(&[PassageId]) -> Result<Option<HashMap<PassageId, Vec<f32>>>>,
    ) -> Result<(Self, Vec<PassageId>)> {
        let passages = records.passages_of(article)?;
        let mut languages = records.own_languages(article)?;
        let ids: Vec<PassageId> = passages.iter().map(|passage| passage.id).collect();
        let mut carried = Self::default();
        if let Some(vectors) = vectors(&ids)? {
            for id in &ids {
                let vector = vectors.get(id).ok_or(Error::NoVector(*id))?;
                carried.vectors.extend(vector);
            }
        }
        let passages = passages.into_iter().enumerate();
        carried.passages = passages
            .map(|(place, passage)| NewPassage {
                place: passage.place,
                span: passage.span,
                kind: passage.kind,
                language: languages.remove(&passage.id).map(Into::into),
                digest: Sha256::digest(&passage.text).into(),
                text: passage.text,
                vector: VectorSource::Embedded(place),
            })
            .collect();
        Ok((carried, ids))
    }

    /// How far passages of another library are the same as these, but for their numbers.
    pub(super) fn compare(&self, theirs: &Self, dim: usize) -> Sameness {
        let vectors = |carried: &Self| carried.vectors.len() == carried.passages.len() * dim;
        if self.fingerprint() != theirs.fingerprint() || !vectors(self) || !vectors(theirs) {
            return Sameness::Other;
        }
        let ours = self.vectors.chunks_exact(dim.max(1));
        let pairs = || ours.clone().zip(theirs.vectors.chunks_exact(dim.max(1)));
        if pairs().all(|(one, other)| to_whole(one) == to_whole(other)) {
            Sameness::Equal
        } else if pairs().all(|(one, other)| cosine(one, other) >= ONE_VECTOR) {
            Sameness::Near
        } else {
            Sameness::Other
        }
    }

    /// The passages, by their places, that recur here and not in the other library. Which lines recur is a matter of a library
    /// as a whole, and what was marked stays marked: so what recurs in either of two recurs where they come together.
    pub(super) fn recurring_beyond<'c>(&'c self, theirs: &'c Self) -> impl Iterator<Item = usize> {
        let both = self.passages.iter().zip(&theirs.passages).enumerate();
        both.filter(|(_, (ours, theirs))| {
            ours.kind == Kind::Recurring && theirs.kind != Kind::Recurring
        })
        .map(|(place, _)| place)
    }

    /// A digest of texts, places and kinds; whether a line recurs is not in it.
    fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for passage in &self.passages {
            let NewPassage {
                place,
                span,
                kind,
                language,
                text,
                ..
            } = passage;
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
            let kind = match kind {
                Kind::Recurring => Kind::Body,
                own => *own,
            };
            hasher.update(format!("{place:?} {span:?} {kind} {language:?}"));
        }
        hasher.finalize().into()
    }
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    dot_product(one, other) / (dot_product(one, one) * dot_product(other, other)).sqrt()
}

/// An article without its passages; `None` where it is gone.
pub(super) fn article(
    library: &Library,
    id: ArticleId,
    digest: [u8; 32],
) -> Result<Option<NewArticle>> {
    let article = library.store().article(id)?;
    Ok(article.map(|article| NewArticle {
        entry: article.entry,
        metadata: article.metadata,
        paragraphs: article.paragraphs,
        digest,
        passages: Vec::new(),
    }))
}
