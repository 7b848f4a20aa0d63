//! What comes from elsewhere, taken into a library file by file.
//!
//! What the library has already of a file is left as it is, but for lines that recur where they come from, and what the file no
//! longer has goes.

use std::collections::{HashMap, HashSet};

use topoi_models::Embeddings;

use super::Copied;
use super::carried::{Carried, Sameness};
use crate::article::{ArticleId, PassageId};
use crate::error::{Error, Result};
use crate::library::backend::Intake;
use crate::library::indexer;
use crate::store::{Change, NewArticle, NewFile, VectorSource};

/// How many passages are committed at once, at least.
const BATCH: usize = 4096;

/// What has arrived and isn't committed yet.
pub(super) struct Arrivals<'t> {
    target: &'t mut dyn Intake,
    dim: usize,
    changes: Vec<Change>,
    /// The vectors of the passages that were gathered, one behind the other.
    vectors: Vec<f32>,
    /// What was taken in, with what isn't committed yet.
    pub(super) copied: Copied,
    /// Passages that the library has and that recur where they come from.
    recurring: Vec<PassageId>,
    near: Near,
}

/// The articles, by the digests of their content, that were left with vectors which another device computed.
pub(super) type Near = HashSet<[u8; 32]>;

impl<'t> Arrivals<'t> {
    /// Takes in for a library whose vectors have `dim` numbers.
    pub(super) fn new(target: &'t mut dyn Intake, dim: usize) -> Self {
        Self {
            target,
            dim: dim.max(1),
            changes: Vec::new(),
            vectors: Vec::new(),
            copied: Copied::default(),
            recurring: Vec::new(),
            near: Near::new(),
        }
    }

    /// Begins with a file.
    pub(super) fn file(&mut self, file: NewFile) -> Result<ArrivingFile<'_, 't>> {
        let there = self.target.records();
        let present = indexer::present(there, &file.path)?;
        let known = there.file(&file.path)?;
        Ok(ArrivingFile {
            is_as_before: known.is_some_and(|known| known.digest == file.digest),
            arrivals: self,
            file,
            present,
            added: Vec::new(),
        })
    }

    /// Commits what is left, and says what was taken in, and what has vectors of another device.
    pub(super) fn finish(mut self) -> Result<(Copied, Near)> {
        self.commit()?;
        if !self.recurring.is_empty() {
            self.recurring.sort_unstable();
            self.target.editor().mark_recurring(&self.recurring)?;
        }
        Ok((self.copied, self.near))
    }

    fn commit(&mut self) -> Result<()> {
        let vectors = std::mem::take(&mut self.vectors);
        let mut embedded = Embeddings::zeros(vectors.len() / self.dim, self.dim);
        for (row, vector) in vectors.chunks_exact(self.dim).enumerate() {
            if let Some(place) = embedded.row_mut(row) {
                place.copy_from_slice(vector);
            }
        }
        let changes = std::mem::take(&mut self.changes);
        if changes.is_empty() {
            return Ok(());
        }
        self.target.commit(&changes, &embedded)
    }
}

/// A file whose articles arrive.
pub(super) struct ArrivingFile<'a, 't> {
    arrivals: &'a mut Arrivals<'t>,
    file: NewFile,
    /// The articles that the library has of it and that haven't arrived so far.
    present: HashMap<[u8; 32], Vec<ArticleId>>,
    /// Whether the library has this file, and nothing of it was new so far.
    is_as_before: bool,
    added: Vec<NewArticle>,
}

impl ArrivingFile<'_, '_> {
    /// Whether the library has the next article, by its digest, already. Each of several equal ones counts once.
    ///
    /// The digest is that of what was read. What was made of it may still be something else, such as where another version
    /// cut it into passages: then what arrives takes its place.
    pub(super) fn has(&mut self, digest: &[u8; 32], carried: &Carried) -> Result<bool> {
        let Some(present) = self.present.get_mut(digest) else {
            return Ok(false);
        };
        let Arrivals {
            target,
            dim,
            recurring,
            near,
            ..
        } = &mut *self.arrivals;
        for (place, article) in present.iter().enumerate() {
            let vectors = |ids: &[PassageId]| target.vectors(ids).map(Some);
            let (there, ids) = match Carried::gather(target.records(), *article, vectors) {
                // It is lost.
                Err(Error::NoVector(_)) => continue,
                gathered => gathered?,
            };
            match carried.compare(&there, *dim) {
                Sameness::Equal => {}
                Sameness::Near => {
                    near.insert(*digest);
                }
                Sameness::Other => continue,
            }
            let beyond = carried.recurring_beyond(&there);
            recurring.extend(beyond.filter_map(|place| ids.get(place)));
            present.remove(place);
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes in an article that the library hasn't.
    pub(super) fn add(&mut self, mut article: NewArticle, carried: Carried) -> Result<()> {
        let Arrivals {
            dim,
            changes,
            vectors,
            copied,
            ..
        } = &mut *self.arrivals;
        let first = vectors.len() / *dim;
        vectors.extend(carried.vectors);
        article.passages = carried.passages;
        for passage in &mut article.passages {
            if let VectorSource::Embedded(place) = &mut passage.vector {
                *place += first;
            }
        }
        copied.articles += 1;
        copied.passages += article.passages.len() as u64;
        self.is_as_before = false;
        self.added.push(article);
        if vectors.len() >= BATCH * *dim {
            changes.push(Change {
                file: self.file.unfinished(),
                removed: Vec::new(),
                added: std::mem::take(&mut self.added),
            });
            self.arrivals.commit()?;
        }
        Ok(())
    }

    /// All of the file's articles have arrived.
    pub(super) fn end(self) {
        let mut removed: Vec<ArticleId> = self.present.into_values().flatten().collect();
        removed.sort_unstable();
        let Arrivals {
            changes, copied, ..
        } = self.arrivals;
        if self.is_as_before && removed.is_empty() {
            copied.files_known += 1;
            return;
        }
        copied.files += 1;
        changes.push(Change {
            file: self.file,
            removed,
            added: self.added,
        });
    }
}
