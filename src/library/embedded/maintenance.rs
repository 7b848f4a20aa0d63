//! Keeping the number of segments small.
//!
//! Segments fall into tiers by size, each tier [`FANOUT`] times the one below. When a tier is full, its segments
//! become one. So a library of n passages has O(log n) segments, and each vector is rewritten O(log n) times.
//!
//! A merge reads nothing but segments, which never change, and writes a file that nobody knows of before the commit that puts
//! it in their place. So a [`Merge`] goes on beside whatever else the writer does, and readers notice nothing. It takes the
//! oldest of a tier, and as many as make it full, so that what is merged with what doesn't depend on how long merges take.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use topoi_index::{BuildOptions, IdSet, PointId, Segment, SegmentInfo, Space, Stop};

use super::open_segment;
use crate::article::PassageId;
use crate::error::Result;
use crate::library::sizes::Sizes;
use crate::library::{point_set, read_identity};
use crate::store::sqlite::{self, SEGMENTS, SegmentId, SegmentRow, Writer};
use crate::store::{Editor, StoreError};

/// How many segments of a tier there are before they are merged.
const FANOUT: usize = 8;

/// How many points the segments of the lowest tier hold, at most.
const SMALLEST: u64 = 512;

/// A segment of which more than one in this many points is gone is written anew.
const DEAD_SHARE: u64 = 3;

/// A merge that is under way, on a thread of its own.
///
/// Dropped before it is [finished](Self::finish), it ends within a second or so, and leaves nothing: whoever writes next may merge the same
/// segments. So it must be dropped before the right to write is given back.
pub(super) struct Merge {
    old: Vec<SegmentId>,
    buried: Vec<PassageId>,
    /// Where the merged segment is written; nothing is, where nothing of the old ones is left.
    path: Option<PathBuf>,
    stop: Stop,
    /// None once it was waited for.
    thread: Option<JoinHandle<Result<Option<SegmentInfo>>>>,
}

impl Drop for Merge {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.stop.set();
            // Whatever it came to, nobody wants it.
            let _ = thread.join();
            if let Some(path) = &self.path {
                // What can't be removed does no harm, and the next writer tries again.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

impl Merge {
    /// Begins the merge that is due, if one is.
    pub(super) fn begin_if_due(writer: &Writer, space: &Space) -> Result<Option<Self>> {
        due(writer, space)?
            .map(|rows| Self::begin(writer, space, &rows))
            .transpose()
    }

    fn begin(writer: &Writer, space: &Space, rows: &[SegmentRow]) -> Result<Self> {
        let root = writer.root();
        let segments: Vec<Arc<Segment>> = rows
            .iter()
            .map(|row| open_segment(root, row, space))
            .collect::<Result<_>>()?;
        let is_held = |id: &PassageId| {
            let mut segments = segments.iter();
            segments.any(|segment| segment.contains(PointId(id.0)))
        };
        let mut buried = writer.tombstones()?;
        buried.retain(is_held);
        let dead: IdSet = point_set(buried.iter().copied());
        let is_anything_left = rows.iter().map(|row| row.points).sum::<u64>() > buried.len() as u64;
        let old: Vec<SegmentId> = rows.iter().map(|row| row.id).collect();
        // A segment is part of one merge at a time, so that no other file has this name.
        let first = old.first().copied().unwrap_or(SegmentId(0));
        let path = is_anything_left.then(|| first.path(root).with_extension("merged"));
        let stop = Stop::default();
        let thread = std::thread::spawn({
            let (path, space, stop) = (path.clone(), *space, stop.clone());
            move || {
                path.map(|path| merge(&path, &space, &segments, &dead, stop))
                    .transpose()
            }
        });
        Ok(Self {
            old,
            buried,
            path,
            stop,
            thread: Some(thread),
        })
    }

    /// Whether finishing it needs no waiting.
    pub(super) fn is_done(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for it, and puts the merged segment in the place of the old ones.
    pub(super) fn finish(mut self, writer: &mut Writer) -> Result<()> {
        let merged = match self.thread.take().map(JoinHandle::join) {
            Some(Ok(merged)) => merged?,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => None,
        };
        let new = match merged.zip(self.path.as_ref()) {
            Some((info, path)) => Some(name(writer, &info, path)?),
            None => None,
        };
        if !self.buried.is_empty() {
            // Once their tombstones are dropped, nothing says any more that these passages are gone.
            crate::lexical::catch_up(writer)?;
        }
        writer.replace_segments(&self.old, new.as_ref(), &self.buried)?;
        Ok(writer.sweep()?)
    }
}

fn merge(
    path: &Path,
    space: &Space,
    segments: &[Arc<Segment>],
    dead: &IdSet,
    stop: Stop,
) -> Result<SegmentInfo> {
    let sources: Vec<&Segment> = segments.iter().map(AsRef::as_ref).collect();
    let options = BuildOptions {
        stop,
        ..BuildOptions::default()
    };
    Ok(topoi_index::merge(path, space, &sources, dead, &options)?)
}

/// Gives a finished file the name of the next segment.
fn name(writer: &Writer, info: &SegmentInfo, path: &Path) -> Result<SegmentRow> {
    let id = writer.next_segment()?;
    let named = id.path(writer.root());
    std::fs::rename(path, &named)
        .and_then(|()| topoi_index::sync_folder(&writer.root().join(SEGMENTS)))
        .map_err(|error| StoreError::io("create", &named, error))?;
    Ok(SegmentRow {
        id,
        points: info.points as u64,
        bytes: info.bytes,
        digest: info.digest,
    })
}

fn due(writer: &Writer, space: &Space) -> Result<Option<Vec<SegmentRow>>> {
    let rows = writer.segments()?;
    let highest = rows.iter().map(|row| tier(row.points)).max().unwrap_or(0);
    for level in 0..=highest {
        let same: Vec<SegmentRow> = rows
            .iter()
            .filter(|row| tier(row.points) == level)
            .take(FANOUT)
            .cloned()
            .collect();
        if same.len() == FANOUT {
            return Ok(Some(same));
        }
    }
    let tombstones = writer.tombstones()?;
    if tombstones.is_empty() {
        return Ok(None);
    }
    for row in rows {
        let segment = open_segment(writer.root(), &row, space)?;
        let dead = tombstones
            .iter()
            .filter(|id| segment.contains(PointId(id.0)))
            .count() as u64;
        if dead * DEAD_SHARE > row.points {
            return Ok(Some(vec![row]));
        }
    }
    Ok(None)
}

fn tier(points: u64) -> u32 {
    points.max(1).div_ceil(SMALLEST).ilog(FANOUT as u64)
}

impl Sizes {
    /// Of some segments.
    pub(super) fn of(rows: &[SegmentRow]) -> Self {
        Self {
            segments: rows.len(),
            vectors: rows.iter().map(|row| row.points).sum(),
            bytes: rows.iter().map(|row| row.bytes).sum(),
            other_bytes: 0,
        }
    }
}

/// Makes one segment of all that the library at `root` has, without the vectors of removed passages; says what they came to
/// before and what they come to now. A library that has one segment, and in it nothing removed, is left as it is.
pub(crate) fn compact(root: &Path) -> Result<(Sizes, Sizes)> {
    if !sqlite::exists(root) {
        return Err(StoreError::Missing { at: root.into() }.into());
    }
    let mut writer = super::writer(root)?;
    let rows = writer.segments()?;
    let before = Sizes::of(&rows);
    let is_compact = rows.len() <= 1 && writer.tombstones()?.is_empty();
    if let Some(identity) = read_identity(writer.records())?
        && !is_compact
    {
        Merge::begin(&writer, &super::space_of(&identity), &rows)?.finish(&mut writer)?;
        // Those of vectors that were lost with their segment.
        let buried = writer.tombstones()?;
        if !buried.is_empty() {
            crate::lexical::catch_up(&writer)?;
            writer.replace_segments(&[], None, &buried)?;
        }
    }
    Ok((before, Sizes::of(&writer.segments()?)))
}
