//! Looking for damage: the database, every segment in full, and whether they agree.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use topoi_index::{IdSet, PointId, SearchParams, Searcher, Segment, Selection};

use super::{space_of, words};
use crate::error::Result;
use crate::lexical;
use crate::library::check::{Finding, Findings, chain};
use crate::library::{point_set, read_identity};
use crate::store::Records;
use crate::store::sqlite::{Reader, SegmentId, SegmentRow};

/// How many passages are asked for their neighbours to tell the recall.
const SAMPLED: usize = 500;

/// How many neighbours of each are looked at.
const JUDGED: usize = 10;

/// Reads the whole library at `root` and says what is wrong with it.
pub(crate) fn check(root: &Path) -> Result<Findings> {
    let Moment { reader, segments } = Moment::open(root)?;
    let mut findings = Findings {
        passages: reader.counts()?.passages,
        ..Findings::default()
    };
    let database = reader.path().display().to_string();
    let mut problems = reader.integrity()?;
    let lost = reader.lost_commits()?;
    if lost > 0 {
        problems.push(format!(
            "the last {lost} commits to it are lost; what they took in is taken in again by `topoi index`"
        ));
    }
    for problem in problems {
        findings.findings.push(Finding {
            file: database.clone(),
            problem,
            segment: None,
            words: false,
        });
    }
    let mut sound = Vec::new();
    for (row, opened) in segments {
        let path = row.id.path(root);
        match opened.and_then(|segment| segment.verify().map(|()| segment)) {
            Ok(segment) => {
                findings.segments += 1;
                findings.vectors += segment.len() as u64;
                let info = segment.info();
                findings.bytes += info.bytes;
                findings.relinked += info.relinked as u64;
                findings.unreached += info.unreached as u64;
                match strangeness(&segment, &row) {
                    Some(problem) => findings.findings.push(in_segment(&path, row.id, problem)),
                    None => sound.push(Arc::new(segment)),
                }
            }
            Err(error) => findings
                .findings
                .push(in_segment(&path, row.id, chain(&error))),
        }
    }
    compare(&reader, &sound, &database, &mut findings)?;
    findings.recall_at_10 = recall(sound, &point_set(reader.tombstones()?))?;
    for (file, problem) in words::problems(root)? {
        findings.findings.push(Finding {
            file: file.display().to_string(),
            problem,
            segment: None,
            words: true,
        });
    }
    Ok(findings)
}

/// A database as it is at one moment, with the segments that it names: they are opened before anything else is done, so that a
/// merge which takes their names away meanwhile takes nothing of what is in them.
struct Moment {
    reader: Reader,
    segments: Vec<(SegmentRow, std::result::Result<Segment, topoi_index::Error>)>,
}

impl Moment {
    fn open(root: &Path) -> Result<Self> {
        let open = |reader: Reader, rows: &[SegmentRow]| {
            let mut segments = Vec::new();
            if let Some(identity) = read_identity(&reader)? {
                let space = space_of(&identity);
                let open = |row: &SegmentRow| Segment::open(&row.id.path(root), &space);
                segments.extend(rows.iter().map(|row| (row.clone(), open(row))));
            }
            Ok(Self { reader, segments })
        };
        let is_whole = |moment: &Self| moment.segments.iter().all(|(_, opened)| opened.is_ok());
        super::at_one_moment(root, open, is_whole)
    }
}

fn in_segment(path: &Path, id: SegmentId, problem: String) -> Finding {
    Finding {
        file: path.display().to_string(),
        problem,
        segment: Some(id.0),
        words: false,
    }
}

fn strangeness(segment: &Segment, row: &SegmentRow) -> Option<String> {
    let info = segment.info();
    (info.digest != row.digest || info.points as u64 != row.points)
        .then(|| "it is not the segment that the manifest names".to_owned())
}

/// Every passage has a vector, and every vector a passage or a tombstone.
fn compare(
    reader: &Reader,
    segments: &[Arc<Segment>],
    database: &str,
    findings: &mut Findings,
) -> Result<()> {
    let passages = reader.passage_ids()?;
    let known = point_set(passages.iter().copied().chain(reader.tombstones()?));
    let mut held = IdSet::new();
    let mut repeated = 0_u64;
    let mut unknown = 0_u64;
    for id in segments.iter().flat_map(|segment| segment.ids()) {
        repeated += u64::from(!held.insert(id));
        unknown += u64::from(!known.contains(id));
    }
    let missing = passages
        .iter()
        .filter(|id| !held.contains(PointId(id.0)))
        .count();
    for (count, problem) in [
        (missing as u64, "passages have no vector"),
        (repeated, "vectors are held by more than one segment"),
        (unknown, "vectors belong to no passage"),
    ] {
        if count > 0 {
            findings.findings.push(Finding {
                file: database.to_owned(),
                problem: format!("{count} {problem}"),
                segment: None,
                words: false,
            });
        }
    }
    Ok(())
}

/// The share of the true neighbours that searches find; none where all are exact.
fn recall(segments: Vec<Arc<Segment>>, dead: &IdSet) -> Result<Option<f64>> {
    if !segments.iter().any(|segment| segment.info().graph) {
        return Ok(None);
    }
    let searcher = Searcher::new(segments)?;
    let live = Selection::all().except(dead);
    let step = searcher.len().div_ceil(SAMPLED).max(1);
    let ids = searcher.segments().iter().flat_map(|segment| segment.ids());
    let sample: Vec<PointId> = ids.filter(|id| !dead.contains(*id)).step_by(step).collect();
    let shares = sample.par_iter().map(|&id| {
        let near = |exact| {
            let params = SearchParams {
                exact,
                ..SearchParams::default()
            };
            searcher.neighbours(id, JUDGED, &live, &params)
        };
        let (found, expected) = (near(false)?, near(true)?);
        // What is as near as the last of them is as good.
        let last = expected.last().map_or(f32::INFINITY, |last| last.score);
        let hits = found.iter().filter(|found| found.score >= last).count();
        Ok((hits, expected.len()))
    });
    let shares: Vec<(usize, usize)> = shares.collect::<Result<_>>()?;
    let sum = |count: fn(&(usize, usize)) -> usize| shares.iter().map(count).sum::<usize>();
    Ok(Some(
        sum(|share| share.0) as f64 / sum(|share| share.1).max(1) as f64,
    ))
}

/// Drops the segments and the index of words that are lost or damaged, so that they are made again.
pub(crate) fn drop_damaged(root: &Path, findings: &Findings) -> Result<()> {
    let mut writer = super::writer(root)?;
    if !writer.integrity()?.is_empty() {
        let detail = "its text can't be trusted, so nothing can be made from it".to_owned();
        return Err(writer.damaged(detail).into());
    }
    let segments: Vec<SegmentId> = findings.segments_to_drop().map(SegmentId).collect();
    writer.accept_loss()?;
    writer.replace_segments(&segments, None, &[])?;
    writer.sweep()?;
    if findings.findings.iter().any(|finding| finding.words) {
        lexical::clear(root)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use topoi_index::{BuildOptions, Space, write_segment};

    use super::*;

    #[test]
    fn the_recall_is_told_where_a_segment_has_a_graph() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space {
            dim: 6,
            digest: [0; 32],
        };
        let segment = |name: &str, ids: std::ops::Range<u64>, graph_from| {
            let points = ids.map(|id| {
                let x = id as f32;
                let vector = [x.sin(), x.cos(), (x * 0.7).sin(), (x * 0.3).cos(), 0.2, 0.1];
                (PointId(id), vector)
            });
            let options = BuildOptions {
                graph_from,
                ..BuildOptions::default()
            };
            let path = folder.path().join(name);
            write_segment(&path, &space, points, &options).unwrap();
            Arc::new(Segment::open(&path, &space).unwrap())
        };
        let dead: IdSet = (0..300).map(PointId).collect();
        let scanned = segment("a", 0..1_000, usize::MAX);
        let walked = segment("b", 1_000..9_000, 0);
        assert_eq!(recall(vec![Arc::clone(&scanned)], &dead).unwrap(), None);
        let found = recall(vec![scanned, walked], &dead).unwrap().unwrap();
        assert!((0.95..=1.0).contains(&found), "{found}");
    }
}
