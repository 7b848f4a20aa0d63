//! An article on its way from one library to another.

use sha2::{Digest, Sha256};
use topoi_index::to_whole;

use crate::article::{ArticleId, PassageId};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::store::{NewArticle, NewPassage, VectorSource};

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
        let records = library.store();
        let passages = records.passages_of(article)?;
        let mut languages = records.own_languages(article)?;
        let ids: Vec<PassageId> = passages.iter().map(|passage| passage.id).collect();
        let mut carried = Self::default();
        if with_vectors {
            let vectors = library.vectors(&ids)?;
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

    /// A digest of all that the passages are but their numbers: texts, places, kinds and vectors.
    pub(super) fn fingerprint(&self, dim: usize) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let vectors = self.vectors.chunks_exact(dim.max(1));
        for (passage, vector) in self.passages.iter().zip(vectors) {
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
            hasher.update(format!("{place:?} {span:?} {kind} {language:?}"));
            for number in to_whole(vector) {
                hasher.update(number.to_le_bytes());
            }
        }
        hasher.finalize().into()
    }
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
