//! What keeps a library: a folder of this machine ([`embedded`](super::embedded)) or servers
//! ([`postgres`](crate::postgres)). Here, and nowhere else, one of them is chosen.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use topoi_index::{IdSet, Neighbour, PointId, Searcher, UnitVector};
use topoi_models::{Embeddings, Identity};

use super::Share;
use super::backup::BackedUp;
use super::check::Findings;
use super::copies::find_copies;
use super::embedded::{self, Embedded};
use super::sizes::Sizes;
use crate::article::{Passage, PassageId};
use crate::error::{Error, Result};
use crate::ingest::FoundFile;
use crate::lexical::{Query, Scores};
use crate::location::Location;
use crate::postgres;
use crate::search::{Background, Scope};
use crate::store::{Change, Editor, Filter, ModelRow, NewFile, Records};

/// A library that is open for reading.
pub(crate) trait Backend: fmt::Debug + Send {
    /// Files, articles and passages.
    fn records(&self) -> &dyn Records;

    /// The model that the vectors come from; `None` while there are none.
    fn identity(&self) -> Option<&Identity>;

    /// Opens and computes now what the first search would otherwise have to wait for.
    fn prepare(&self) -> Result<()>;

    /// Whether nothing changes what is read here, so that what was found a moment ago must still be there.
    fn is_frozen(&self) -> bool;

    /// What the vectors come to.
    fn sizes(&self) -> Result<Sizes>;

    /// How many passages have vectors, at most.
    fn len(&self) -> usize;

    /// Whether there may be a passage with this number.
    fn may_hold(&self, id: PassageId) -> bool;

    /// The passages that a filter lets in.
    fn scope(&self, filter: &Filter) -> Result<Scope>;

    /// What an arbitrary passage of the library is like: one that is there, and is no boilerplate.
    fn background(&self) -> Result<&Background>;

    /// What finds candidates for answers, by words too where they are needed and can be had.
    fn finder(&self, needs_words: bool) -> Result<Box<dyn Finder + '_>>;

    /// For each of some passages those in the scope that have the very same text, itself among them.
    fn copies_within(
        &self,
        passages: &[PassageId],
        scope: &Scope,
    ) -> Result<HashMap<PassageId, Vec<PassageId>>>;

    /// The vectors of those of some passages that have one.
    fn vectors(&self, passages: &[PassageId]) -> Result<HashMap<PassageId, Vec<f32>>>;

    /// The vectors of some passages at least, to be compared all with all.
    fn gather(&self, passages: &[Passage]) -> Result<Gathered>;
}

/// What finds passages by their vectors and their words. It is shared between threads.
pub(crate) trait Finder: Sync {
    /// What an arbitrary passage is like.
    fn background(&self) -> &Background;

    /// Whether there are words to search.
    fn has_words(&self) -> bool;

    /// The `count` passages in the scope that are nearest to a vector by the cosine, best first.
    fn nearest(
        &self,
        vector: &UnitVector,
        count: usize,
        scope: &Scope,
        exact: bool,
    ) -> Result<Vec<Near>>;

    /// The same for each of several vectors.
    fn nearest_to_each(
        &self,
        vectors: &[UnitVector],
        count: usize,
        scope: &Scope,
        exact: bool,
    ) -> Result<Vec<Vec<Near>>>;

    /// What the words of a question score, where there are any to search.
    fn by_words(&self, asked: &WordsAsked<'_>) -> Result<Option<ByWords>>;

    /// The vectors of those of some passages that have one.
    fn vectors(&self, passages: &[PointId]) -> Result<HashMap<PointId, Arc<[f32]>>>;

    /// The scope without what a question excludes or what lacks something that it demands.
    fn demanded(&self, query: &Query, scope: &Arc<Scope>) -> Result<Arc<Scope>>;
}

/// A passage near a vector.
#[derive(Debug, Clone)]
pub(crate) struct Near {
    pub(crate) id: PointId,
    pub(crate) vector: Arc<[f32]>,
    pub(crate) cosine: f32,
}

impl Near {
    /// Neighbours with their vectors, which `vector` knows.
    pub(crate) fn with_vectors(
        found: Vec<Neighbour>,
        vector: impl Fn(PointId) -> Option<Vec<f32>>,
    ) -> Vec<Self> {
        let near = |near: Neighbour| {
            Some(Self {
                id: near.id,
                vector: vector(near.id)?.into(),
                cosine: near.score,
            })
        };
        found.into_iter().filter_map(near).collect()
    }
}

/// A question to the words of a library.
pub(crate) struct WordsAsked<'a> {
    pub(crate) query: &'a Query,
    pub(crate) scope: &'a Arc<Scope>,
    /// How many of the best are wanted.
    pub(crate) best: usize,
    /// Passages of which the scores are wanted in any case.
    pub(crate) near: IdSet,
    /// Whether nothing may be estimated.
    pub(crate) exact: bool,
}

/// What the words of a question score.
#[derive(Debug, Default)]
pub(crate) struct ByWords {
    pub(crate) scores: Scores,
    /// The passages that have all of the words; those beyond the best may be missing.
    pub(crate) all_words: IdSet,
}

/// Vectors to be compared all with all.
#[derive(Debug)]
pub(crate) struct Gathered {
    searcher: Searcher,
    /// Where they lie, if it is for this only.
    _folder: Option<TempDir>,
}

impl Gathered {
    pub(crate) fn new(searcher: Searcher, folder: Option<TempDir>) -> Self {
        Self {
            searcher,
            _folder: folder,
        }
    }
}

impl Deref for Gathered {
    type Target = Searcher;

    fn deref(&self) -> &Searcher {
        &self.searcher
    }
}

/// A library that takes in articles.
pub(crate) trait Intake {
    /// The library as it is with what was committed so far.
    fn records(&self) -> &dyn Records;

    /// What changes it otherwise.
    fn editor(&mut self) -> &mut dyn Editor;

    /// For each of some texts, by its digest, a passage of that text whose vector is there.
    fn twins(&self, digests: &[[u8; 32]]) -> Result<HashMap<[u8; 32], PassageId>>;

    /// The vectors of those of some passages that have one, with what was committed so far.
    fn vectors(&self, passages: &[PassageId]) -> Result<HashMap<PassageId, Vec<f32>>>;

    /// Adds what was read, with its vectors, all at once.
    fn commit(&mut self, changes: &[Change], embedded: &Embeddings) -> Result<()>;

    /// Records that files are as they were, though their time or length had to be looked at again.
    fn touch(&mut self, files: &[NewFile]) -> Result<()>;

    /// The passages whose vectors are lost.
    fn without_vectors(&self) -> Result<Vec<PassageId>>;

    /// Adds vectors that were lost.
    fn restore_vectors(&mut self, passages: &[PassageId], embedded: &Embeddings) -> Result<()>;

    /// Brings up to date what the database derives from what was committed, and says whether the rest may be derived now:
    /// not while other workers are at it, the last of whom does that.
    fn finish(&mut self) -> Result<bool>;
}

/// Files that wait to be taken in, dealt out to those who work on the same library at the same time.
pub(crate) trait Queue {
    /// Adds those of some files that the library doesn't have as they are, and that don't wait already.
    fn add(&mut self, files: &[FoundFile]) -> Result<()>;

    /// Takes up to `count` files of a share at which nobody is at work.
    fn take(&mut self, count: usize, share: Share) -> Result<Vec<String>>;

    /// Strikes out files that were taken.
    fn done(&mut self, paths: &[String]) -> Result<()>;
}

/// Which state a library is in: another one whenever something was committed to it, or it was put in another's place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision(RevisionOf);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum RevisionOf {
    #[default]
    Nothing,
    Folder(embedded::Revision),
    Server(postgres::Revision),
}

/// Watches a library.
#[derive(Debug)]
pub struct Watch(WatchOf);

#[derive(Debug)]
enum WatchOf {
    Folder(embedded::Watch),
    Server(postgres::Watch),
}

impl Watch {
    pub(super) fn new(location: &Location) -> Self {
        Self(match location {
            Location::Folder(root) => WatchOf::Folder(embedded::watch(root)),
            Location::Server(url) => WatchOf::Server(postgres::Watch::new(url)),
        })
    }

    /// The state that the library is in now. Two that differ may be of the same content, but no two of different content
    /// are equal.
    ///
    /// # Errors
    ///
    /// Where the database can't be read.
    pub fn revision(&mut self) -> Result<Revision> {
        Ok(Revision(match &mut self.0 {
            WatchOf::Folder(watch) => RevisionOf::Folder(watch.revision()?),
            WatchOf::Server(watch) => RevisionOf::Server(watch.revision()?),
        }))
    }
}

pub(super) fn open(location: &Location) -> Result<Box<dyn Backend>> {
    Ok(match location {
        Location::Folder(root) => Box::new(Embedded::open(root)?),
        Location::Server(url) => Box::new(postgres::Served::open(url)?),
    })
}

pub(super) fn exists(location: &Location) -> Result<bool> {
    match location {
        Location::Folder(root) => Ok(embedded::exists(root)),
        Location::Server(url) => Ok(postgres::exists(url)?),
    }
}

/// Makes an empty library where there is none.
pub(super) fn create(location: &Location) -> Result<()> {
    match location {
        Location::Folder(root) => embedded::create(root),
        Location::Server(url) => Ok(postgres::create(url)?),
    }
}

/// The files and articles of a library, without its vectors.
pub(super) fn open_records(location: &Location) -> Result<Box<dyn Records>> {
    match location {
        Location::Folder(root) => embedded::open_records(root),
        Location::Server(url) => Ok(Box::new(postgres::Database::open(url)?)),
    }
}

pub(super) fn open_editor(location: &Location) -> Result<Box<dyn Editor>> {
    match location {
        Location::Folder(root) => embedded::open_editor(root),
        Location::Server(url) => Ok(Box::new(postgres::Writer::open(url)?)),
    }
}

/// Opens a library for taking in articles, making it where there is none.
pub(super) fn open_intake(
    location: &Location,
    model: &ModelRow,
    identity: &Identity,
) -> Result<Box<dyn Intake>> {
    Ok(match location {
        Location::Folder(root) => Box::new(embedded::EmbeddedIntake::open(root, model, identity)?),
        Location::Server(url) => Box::new(postgres::Writer::open_for(url, model, identity)?),
    })
}

/// Opens a library for a worker beside others, with the files that wait for them.
pub(super) fn open_worker(
    location: &Location,
    model: &ModelRow,
    identity: &Identity,
) -> Result<(Box<dyn Intake>, Box<dyn Queue>)> {
    match location {
        Location::Folder(root) => Err(Error::OneWriter(root.clone())),
        Location::Server(url) => {
            let (writer, queue) = postgres::Writer::open_shared(url, model, identity)?;
            Ok((Box::new(writer), Box::new(queue)))
        }
    }
}

pub(super) fn check(location: &Location) -> Result<Findings> {
    let mut findings = match location {
        Location::Folder(root) => embedded::check(root)?,
        Location::Server(url) => postgres::check(url)?,
    };
    if findings.findings.is_empty() {
        findings.copies_owed = open_records(location)?.owes_copies()?;
    }
    Ok(findings)
}

/// Takes away what is derived and damaged, so that it is made again by whoever takes in articles next; says of what.
pub(super) fn drop_damaged(location: &Location, findings: &Findings) -> Result<()> {
    match location {
        Location::Folder(root) => embedded::drop_damaged(root, findings),
        Location::Server(url) => postgres::drop_damaged(url),
    }
}

pub(super) fn compact(location: &Location) -> Result<(Sizes, Sizes)> {
    match location {
        Location::Folder(root) => {
            let sizes = embedded::compact(root)?;
            if open_records(location)?.owes_copies()? {
                find_copies(&mut *open_editor(location)?)?;
            }
            Ok(sizes)
        }
        Location::Server(url) => postgres::compact(url),
    }
}

/// Copies the files of a library.
pub(super) fn backup(
    location: &Location,
    to: &Path,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<BackedUp> {
    match location {
        Location::Folder(root) => embedded::backup(root, to, report),
        Location::Server(_) => Err(Error::NoFiles(location.clone())),
    }
}
