//! What a library has, compared with what it was made of.

use std::collections::{HashMap, VecDeque};

use super::arrivals::Near;
use super::carried::{Carried, Sameness};
use crate::article::{ArticleId, PassageId};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::location::Location;

/// A library that is compared file by file.
pub(super) struct Comparison {
    target: Library,
    dim: usize,
    near: Near,
    /// How many passages were compared.
    pub(super) compared: u64,
}

impl Comparison {
    /// Opens a library whose vectors have `dim` numbers. The vectors of the articles `near` are its own.
    pub(super) fn open(at: &Location, dim: usize, near: Near) -> Result<Self> {
        Ok(Self {
            target: Library::open(at)?,
            dim,
            near,
            compared: 0,
        })
    }

    /// Begins with a file.
    pub(super) fn file(&mut self, path: &str) -> Result<ComparedFile<'_>> {
        let mut present: HashMap<[u8; 32], VecDeque<ArticleId>> = HashMap::new();
        for (id, digest) in self.target.store().article_digests(path)? {
            present.entry(digest).or_default().push_back(id);
        }
        Ok(ComparedFile {
            comparison: self,
            path: path.to_owned(),
            present,
        })
    }
}

/// A file whose articles are compared, in their order.
pub(super) struct ComparedFile<'c> {
    comparison: &'c mut Comparison,
    path: String,
    /// The articles that the library has of it and that weren't compared so far, equal ones in their order.
    present: HashMap<[u8; 32], VecDeque<ArticleId>>,
}

impl ComparedFile<'_> {
    /// Compares the next article; gives the numbers that its passages have in the library.
    pub(super) fn article(&mut self, digest: &[u8; 32], ours: &Carried) -> Result<Vec<PassageId>> {
        let next = self
            .present
            .get_mut(digest)
            .and_then(VecDeque::pop_front)
            .ok_or_else(|| self.differs())?;
        let Comparison {
            target,
            dim,
            near,
            compared,
        } = &mut *self.comparison;
        let (theirs, ids) = Carried::read(target, next, true)?;
        let is_same = match ours.compare(&theirs, *dim) {
            Sameness::Equal => true,
            Sameness::Near => near.contains(digest),
            Sameness::Other => false,
        };
        if !is_same || ours.recurring_beyond(&theirs).next().is_some() {
            return Err(self.differs());
        }
        *compared += ids.len() as u64;
        Ok(ids)
    }

    /// All of the file's articles were compared: the library has no others.
    pub(super) fn end(self) -> Result<()> {
        if self.present.values().all(VecDeque::is_empty) {
            Ok(())
        } else {
            Err(self.differs())
        }
    }

    fn differs(&self) -> Error {
        Error::CopyDiffers {
            path: self.path.clone(),
            to: self.comparison.target.location().clone(),
        }
    }
}
