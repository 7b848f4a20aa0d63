//! Taking articles into a folder: a segment for each commit, and merges while articles are taken in.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use topoi_index::{BuildOptions, PointId, Searcher, Space, write_segment};
use topoi_models::{Embeddings, Identity};

use super::maintenance::Merge;
use super::{open_segment, space_of, words};
use crate::article::PassageId;
use crate::error::{Error, Result};
use crate::library::backend::Intake;
use crate::library::{read_identity, same_model};
use crate::store::sqlite::{SegmentRow, Writer};
use crate::store::{Change, Editor, ModelRow, NewFile, Records, VectorSource};

/// A library in a folder that takes in articles. There is one at a time.
pub(crate) struct EmbeddedIntake {
    /// What is merged while articles are taken in. It stands before the writer, so that it is dropped before the right to write is
    /// given back.
    merge: Option<Merge>,
    writer: Writer,
    space: Space,
    searcher: Searcher,
}

impl EmbeddedIntake {
    pub(crate) fn open(root: &Path, model: &ModelRow, identity: &Identity) -> Result<Self> {
        let mut writer = super::writer(root)?;
        match read_identity(writer.records())? {
            Some(library) => same_model(&root.into(), &library, identity)?,
            None => writer.set_model(model)?,
        }
        let space = space_of(identity);
        let mut intake = Self {
            merge: None,
            writer,
            space,
            searcher: Searcher::default(),
        };
        intake.open_segments()?;
        Ok(intake)
    }

    /// Searches the segments that there are now.
    fn open_segments(&mut self) -> Result<()> {
        let (root, rows) = (self.writer.root(), self.writer.segments()?);
        let segments = rows.iter().map(|row| open_segment(root, row, &self.space));
        self.searcher = Searcher::new(segments.collect::<Result<_>>()?)?;
        Ok(())
    }

    /// Writes the vectors of passages, each with where it comes from.
    fn write_segment(
        &self,
        vectors: impl Iterator<Item = (PassageId, VectorSource)>,
        embedded: &Embeddings,
    ) -> Result<Option<SegmentRow>> {
        let mut points: Vec<(PointId, Cow<'_, [f32]>)> = Vec::new();
        for (id, source) in vectors {
            let vector = match source {
                VectorSource::Embedded(place) => embedded.row(place).map(Cow::Borrowed),
                VectorSource::Passage(twin) => {
                    self.searcher.vector(PointId(twin.0)).map(Cow::Owned)
                }
            };
            points.push((PointId(id.0), vector.ok_or(Error::NoVector(id))?));
        }
        if points.is_empty() {
            return Ok(None);
        }
        let id = self.writer.next_segment()?;
        let path = id.path(self.writer.root());
        let info = write_segment(&path, &self.space, points, &BuildOptions::default())?;
        Ok(Some(SegmentRow {
            id,
            points: info.points as u64,
            bytes: info.bytes,
            digest: info.digest,
        }))
    }

    /// Searches a new segment from now on, takes over a merge that is done, and begins the next that is due.
    fn take_up(&mut self, segment: Option<&SegmentRow>) -> Result<()> {
        let Some(row) = segment else {
            return Ok(());
        };
        let segment = open_segment(self.writer.root(), row, &self.space)?;
        let segments = self.searcher.segments().iter().cloned().chain([segment]);
        self.searcher = Searcher::new(segments.collect())?;
        if self.merge.as_ref().is_some_and(|merge| !merge.is_done()) {
            return Ok(());
        }
        self.finish_merge()?;
        self.begin_merge_if_due()
    }

    fn begin_merge_if_due(&mut self) -> Result<()> {
        self.merge = Merge::begin_if_due(&self.writer, &self.space)?;
        Ok(())
    }

    /// Waits for the merge that is under way, and searches the merged segment from now on.
    fn finish_merge(&mut self) -> Result<()> {
        let Some(merge) = self.merge.take() else {
            return Ok(());
        };
        merge.finish(&mut self.writer)?;
        self.open_segments()
    }
}

impl Intake for EmbeddedIntake {
    fn records(&self) -> &dyn Records {
        self.writer.records()
    }

    fn editor(&mut self) -> &mut dyn Editor {
        &mut self.writer
    }

    fn twins(&self, digests: &[[u8; 32]]) -> Result<HashMap<[u8; 32], PassageId>> {
        let mut twins = HashMap::new();
        for digest in digests {
            let passages = self.writer.passages_with_digest(digest)?;
            let mut passages = passages.into_iter();
            let twin = passages.find(|twin| self.searcher.contains(PointId(twin.0)));
            twins.extend(twin.map(|twin| (*digest, twin)));
        }
        Ok(twins)
    }

    fn vectors(&self, passages: &[PassageId]) -> Result<HashMap<PassageId, Vec<f32>>> {
        let vector = |id: &PassageId| Some((*id, self.searcher.vector(PointId(id.0))?));
        Ok(passages.iter().filter_map(vector).collect())
    }

    fn commit(&mut self, changes: &[Change], embedded: &Embeddings) -> Result<()> {
        let first = self.writer.next_passage()?;
        let added = changes.iter().flat_map(|change| &change.added);
        let passages = added.flat_map(|article| &article.passages);
        let numbers = (first.0..).map(PassageId);
        let vectors = numbers.zip(passages.map(|passage| passage.vector));
        let segment = self.write_segment(vectors, embedded)?;
        self.writer.commit(changes, first, segment.as_ref())?;
        self.take_up(segment.as_ref())
    }

    fn touch(&mut self, files: &[NewFile]) -> Result<()> {
        Ok(self.writer.touch(files)?)
    }

    fn without_vectors(&self) -> Result<Vec<PassageId>> {
        let counts = self.writer.records().counts()?;
        let points: u64 = self.writer.segments()?.iter().map(|row| row.points).sum();
        if points >= counts.passages + counts.tombstones {
            return Ok(Vec::new());
        }
        let mut missing = self.writer.passage_ids()?;
        missing.retain(|id| !self.searcher.contains(PointId(id.0)));
        Ok(missing)
    }

    fn restore_vectors(&mut self, passages: &[PassageId], embedded: &Embeddings) -> Result<()> {
        let sources = (0..).map(VectorSource::Embedded);
        let segment = self.write_segment(passages.iter().copied().zip(sources), embedded)?;
        let next = self.writer.next_passage()?;
        self.writer.commit(&[], next, segment.as_ref())?;
        self.take_up(segment.as_ref())
    }

    fn finish(&mut self) -> Result<bool> {
        words::bring_up_to_date(&self.writer)?;
        while self.merge.is_some() {
            self.finish_merge()?;
            self.begin_merge_if_due()?;
        }
        Ok(true)
    }
}
