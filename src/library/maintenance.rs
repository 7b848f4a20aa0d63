//! Keeping the number of segments small.
//!
//! Segments fall into tiers by size, each tier [`FANOUT`] times the one below. When a tier is full, its segments
//! become one. So a library of n passages has O(log n) segments, and each vector is rewritten O(log n) times.

use std::sync::Arc;

use topoi_index::{BuildOptions, IdSet, PointId, Segment, Space, merge};

use super::{open_segment, point_set};
use crate::article::PassageId;
use crate::error::Result;
use crate::store::{SegmentId, SegmentRow, Writer};

/// How many segments of a tier there are before they are merged.
const FANOUT: usize = 8;

/// How many points the segments of the lowest tier hold, at most.
const SMALLEST: u64 = 512;

/// A segment of which more than one in this many points is gone is written anew.
const DEAD_SHARE: u64 = 3;

/// Merges what is due; says whether anything was.
pub(super) fn maintain(writer: &mut Writer, space: &Space) -> Result<bool> {
    let mut changed = false;
    while let Some(due) = due(writer, space)? {
        merge_segments(writer, space, &due)?;
        changed = true;
    }
    Ok(changed)
}

fn due(writer: &Writer, space: &Space) -> Result<Option<Vec<SegmentRow>>> {
    let rows = writer.segments()?;
    let highest = rows.iter().map(|row| tier(row.points)).max().unwrap_or(0);
    for level in 0..=highest {
        let same: Vec<SegmentRow> = rows
            .iter()
            .filter(|row| tier(row.points) == level)
            .cloned()
            .collect();
        if same.len() >= FANOUT {
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

fn merge_segments(writer: &mut Writer, space: &Space, rows: &[SegmentRow]) -> Result<()> {
    let root = writer.root().to_owned();
    let segments: Vec<Arc<Segment>> = rows
        .iter()
        .map(|row| open_segment(&root, row, space))
        .collect::<Result<_>>()?;
    let tombstones = writer.tombstones()?;
    let buried: Vec<PassageId> = tombstones
        .into_iter()
        .filter(|id| {
            segments
                .iter()
                .any(|segment| segment.contains(PointId(id.0)))
        })
        .collect();
    let dead: IdSet = point_set(buried.iter().copied());
    let old: Vec<SegmentId> = rows.iter().map(|row| row.id).collect();
    if !buried.is_empty() {
        // Once their tombstones are dropped, nothing says any more that these passages are gone.
        crate::lexical::catch_up(writer)?;
    }
    let live = rows.iter().map(|row| row.points).sum::<u64>() > buried.len() as u64;
    let new = if live {
        let id = writer.next_segment()?;
        let sources: Vec<&Segment> = segments.iter().map(AsRef::as_ref).collect();
        let info = merge(
            &id.path(&root),
            space,
            &sources,
            &dead,
            &BuildOptions::default(),
        )?;
        Some(SegmentRow {
            id,
            points: info.points as u64,
            bytes: info.bytes,
            digest: info.digest,
        })
    } else {
        None
    };
    writer.replace_segments(&old, new.as_ref(), &buried)?;
    Ok(writer.sweep()?)
}
