//! A library in a folder: the database, the vector segments and the index of words together.

mod backup;
mod check;
mod finder;
mod intake;
mod lazy;
mod maintenance;
mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use topoi_index::{IdSet, PointId, Searcher, Segment, Space};
use topoi_models::Identity;

pub(super) use backup::backup;
pub(super) use check::{check, drop_damaged};
use finder::EmbeddedFinder;
pub(super) use intake::EmbeddedIntake;
pub(super) use maintenance::compact;

pub(super) use crate::store::sqlite::{Revision, Watch, exists};

use super::backend::{Backend, Finder, Gathered};
use super::sizes::Sizes;
use super::{point_set, read_identity};
use crate::article::{Passage, PassageId};
use crate::error::{Error, Result};
use crate::lexical;
use crate::search::{Background, Scope};
use crate::store::sqlite::{self, Reader, SegmentRow, Writer};
use crate::store::{Editor, Filter, Records, StoreError};

/// How often a library is opened before a segment that its manifest names is taken for lost.
const ATTEMPTS: usize = 4;

/// A library in a folder, open for reading: it stays as it was when it was opened, whatever a writer does meanwhile.
#[derive(Debug)]
pub(crate) struct Embedded {
    root: PathBuf,
    reader: Reader,
    searcher: Searcher,
    identity: Option<Identity>,
    tombstones: IdSet,
    lazy: lazy::Lazy,
}

impl Embedded {
    /// Opens the library in the folder `root`.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let assemble = |reader, rows: &[SegmentRow]| Self::assemble(root, reader, rows);
        at_one_moment(root, assemble, |_| true)
    }

    fn assemble(root: &Path, reader: Reader, rows: &[SegmentRow]) -> Result<Self> {
        let identity = read_identity(&reader)?;
        let segments = match &identity {
            Some(identity) => rows
                .iter()
                .map(|row| open_segment(root, row, &space_of(identity)))
                .collect::<Result<_>>()?,
            None => Vec::new(),
        };
        let tombstones = point_set(reader.tombstones()?);
        Ok(Self {
            root: root.to_owned(),
            reader,
            searcher: Searcher::new(segments)?,
            identity,
            tombstones,
            lazy: lazy::Lazy::default(),
        })
    }
}

impl Backend for Embedded {
    fn records(&self) -> &dyn Records {
        &self.reader
    }

    fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    fn prepare(&self) -> Result<()> {
        self.words()?;
        self.languages()?;
        self.background()?;
        Ok(())
    }

    fn is_frozen(&self) -> bool {
        true
    }

    fn sizes(&self) -> Result<Sizes> {
        let rows = self.reader.segments()?;
        let database = std::fs::metadata(self.reader.path());
        Ok(Sizes {
            other_bytes: database.map_or(0, |metadata| metadata.len()),
            ..Sizes::of(&rows)
        })
    }

    fn len(&self) -> usize {
        self.searcher.len()
    }

    fn may_hold(&self, id: PassageId) -> bool {
        self.searcher.contains(PointId(id.0))
    }

    fn scope(&self, filter: &Filter) -> Result<Scope> {
        let only = if filter.is_any_article() {
            None
        } else {
            Some(point_set(self.reader.matching(filter)?))
        };
        // What matches a filter is of the right kind already.
        let except = if filter.all_kinds || only.is_some() {
            &self.tombstones
        } else {
            self.hidden()?
        };
        Ok(Scope::of_sets(filter, only, except.clone()))
    }

    fn background(&self) -> Result<&Background> {
        self.lazy_background()
    }

    fn finder(&self, needs_words: bool) -> Result<Box<dyn Finder + '_>> {
        Ok(Box::new(EmbeddedFinder {
            searcher: &self.searcher,
            words: if needs_words { self.words()? } else { None },
            languages: self.languages()?,
            background: self.background()?,
        }))
    }

    fn copies_within(
        &self,
        passages: &[PassageId],
        scope: &Scope,
    ) -> Result<HashMap<PassageId, Vec<PassageId>>> {
        let mut copies = HashMap::with_capacity(passages.len());
        for &passage in passages {
            let mut of_passage = self.reader.copies_of(passage)?;
            of_passage.retain(|copy| scope.contains(PointId(copy.0)));
            copies.insert(passage, of_passage);
        }
        Ok(copies)
    }

    fn vectors(&self, passages: &[PassageId]) -> Result<HashMap<PassageId, Vec<f32>>> {
        let vectors = passages.iter();
        let vectors = vectors.filter_map(|id| Some((*id, self.searcher.vector(PointId(id.0))?)));
        Ok(vectors.collect())
    }

    fn gather(&self, _: &[Passage]) -> Result<Gathered> {
        Ok(Gathered::new(self.searcher.clone(), None))
    }
}

/// Opens the library at `root` as it is at one moment: `open` is given the database and its manifest, and `is_whole` says whether
/// it could open all that it wanted.
///
/// Between reading the manifest and opening the files that it names, a writer may have merged those files away. Then the
/// manifest is out of date, and reading it again helps. So it does where the database was changed under a reader who can't
/// hold a state of it.
fn at_one_moment<T>(
    root: &Path,
    open: impl Fn(Reader, &[SegmentRow]) -> Result<T>,
    is_whole: impl Fn(&T) -> bool,
) -> Result<T> {
    let mut attempt = 1;
    loop {
        let reader = sqlite::open_reader(root)?;
        let rows = reader.segments()?;
        let opened = open(reader, &rows);
        let is_gone = || rows.iter().any(|row| !row.id.path(root).exists());
        let is_outdated = match &opened {
            Ok(opened) => !is_whole(opened) && is_gone(),
            Err(Error::Store(StoreError::Changed { .. })) => true,
            Err(_) => is_gone(),
        };
        if attempt == ATTEMPTS || !is_outdated {
            return opened;
        }
        attempt += 1;
    }
}

/// Makes an empty library in the folder `root`, or leaves the one there as it is.
pub(super) fn create(root: &Path) -> Result<()> {
    writer(root).map(drop)
}

/// Opens the library at `root` for writing. Where commits of it are lost, its index of words goes: the numbers of passages that it
/// knows will be given again.
fn writer(root: &Path) -> Result<Writer> {
    let writer = sqlite::open_writer(root)?;
    if writer.lost_commits()? > 0 {
        lexical::clear(root)?;
    }
    Ok(writer)
}

pub(super) fn watch(root: &Path) -> Watch {
    Watch::new(root, lexical::folder(root).join("meta.json"))
}

pub(super) fn open_records(root: &Path) -> Result<Box<dyn Records>> {
    Ok(Box::new(sqlite::open_reader(root)?))
}

/// Opens a library that there is, to change it.
pub(super) fn open_editor(root: &Path) -> Result<Box<dyn Editor>> {
    if !exists(root) {
        return Err(StoreError::Missing { at: root.into() }.into());
    }
    Ok(Box::new(writer(root)?))
}

fn space_of(identity: &Identity) -> Space {
    Space {
        dim: identity.dim,
        digest: identity.digest(),
    }
}

fn open_segment(root: &Path, row: &SegmentRow, space: &Space) -> Result<Arc<Segment>> {
    let path = row.id.path(root);
    let segment = Segment::open(&path, space)?;
    let info = segment.info();
    if info.digest != row.digest || info.points as u64 != row.points {
        return Err(Error::StrangeSegment(path));
    }
    Ok(Arc::new(segment))
}
