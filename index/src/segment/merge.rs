//! Several segments into one, without the points that were deleted.

use std::path::Path;

use super::{BuildOptions, Segment, SegmentBuilder, SegmentInfo};
use crate::error::Error;
use crate::id_set::IdSet;
use crate::space::Space;

/// Writes all points of `segments` that are not in `drop` into one new segment. Ids and vectors stay
/// as they are, bit for bit.
///
/// The sources are [verified](Segment::verify) first, since damage that is copied would be given a
/// fresh checksum and never be found.
///
/// # Errors
///
/// A source that is damaged or of another space; a point that two sources hold; those of
/// [`write_segment`](crate::write_segment).
pub fn merge(
    path: &Path,
    space: &Space,
    segments: &[&Segment],
    drop: &IdSet,
    options: &BuildOptions,
) -> Result<SegmentInfo, Error> {
    for segment in segments {
        options.go_on()?;
        if segment.space() != space {
            return Err(Error::OtherSpace {
                path: segment.path().to_path_buf(),
                found: *segment.space(),
                expected: *space,
            });
        }
        segment.verify()?;
    }
    let mut points: Vec<_> = segments
        .iter()
        .flat_map(|segment| segment.ids().map(move |id| (id, segment)))
        .filter(|&(id, _)| !drop.contains(id))
        .collect();
    points.sort_by_key(|&(id, _)| id);
    let mut builder = SegmentBuilder::create(path, space)?;
    for (id, segment) in points {
        options.go_on()?;
        builder.push(id, &segment.vector(id).unwrap_or_default())?;
    }
    builder.finish(options)
}
