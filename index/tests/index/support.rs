//! Random clusters, and a brute-force twin of the search.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use topoi_index::{
    BuildOptions, IdSet, Neighbour, PointId, Searcher, Segment, SegmentInfo, Selection, Space,
    UnitVector, write_segment,
};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Roughly normal, of variance 1.
    pub(crate) fn normal(&mut self) -> f32 {
        let uniform = |r: &mut Self| (r.next() >> 40) as f32 / (1u64 << 24) as f32;
        (0..12).map(|_| uniform(self)).sum::<f32>() - 6.0
    }
}

pub(crate) fn space(dim: usize) -> Space {
    Space {
        dim,
        digest: [0xA7; 32],
    }
}

/// Points in `clusters` clusters, with ids 0 .. n. The seed moves the points, never the clusters.
pub(crate) fn clustered(
    n: usize,
    dim: usize,
    clusters: usize,
    seed: u64,
) -> Vec<(PointId, Vec<f32>)> {
    let mut random = Random(99);
    let centres: Vec<Vec<f32>> = (0..clusters)
        .map(|_| (0..dim).map(|_| random.normal()).collect())
        .collect();
    let mut random = Random(seed);
    (0..n as u64)
        .map(|id| {
            let centre = &centres[random.below(clusters)];
            let vector = centre.iter().map(|x| x + 0.5 * random.normal()).collect();
            (PointId(id), vector)
        })
        .collect()
}

pub(crate) fn queries(n: usize, dim: usize, clusters: usize) -> Vec<UnitVector> {
    let points = clustered(n, dim, clusters, 77).into_iter();
    points.map(|(_, v)| UnitVector::new(v).unwrap()).collect()
}

/// A folder and a segment in it.
pub(crate) struct Written {
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) info: SegmentInfo,
    pub(crate) space: Space,
}

impl Written {
    pub(crate) fn open(&self) -> Arc<Segment> {
        Arc::new(Segment::open(&self.path, &self.space).unwrap())
    }

    pub(crate) fn searcher(&self) -> Searcher {
        Searcher::new(vec![self.open()]).unwrap()
    }
}

pub(crate) fn write(points: &[(PointId, Vec<f32>)], options: &BuildOptions) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.segment");
    let space = space(points[0].1.len());
    let info = write_to(&path, points, options);
    Written {
        folder,
        path,
        info,
        space,
    }
}

pub(crate) fn write_to(
    path: &Path,
    points: &[(PointId, Vec<f32>)],
    options: &BuildOptions,
) -> SegmentInfo {
    let space = space(points[0].1.len());
    let points = points.iter().map(|(id, vector)| (*id, vector));
    write_segment(path, &space, points, options).unwrap()
}

pub(crate) fn with_graph() -> BuildOptions {
    BuildOptions {
        graph_from: 0,
        ..BuildOptions::default()
    }
}

/// The points with their vectors as they are stored.
pub(crate) fn stored(
    searcher: &Searcher,
    points: &[(PointId, Vec<f32>)],
) -> Vec<(PointId, Vec<f32>)> {
    let stored = points.iter().map(|(id, _)| (*id, searcher.vector(*id)));
    stored.map(|(id, vector)| (id, vector.unwrap())).collect()
}

/// What a search must give: every point compared, in f64.
pub(crate) fn brute(
    points: &[(PointId, Vec<f32>)],
    query: &[f32],
    k: usize,
    selection: &Selection<'_>,
) -> Vec<(PointId, f64)> {
    let length = |v: &[f32]| v.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let mut all: Vec<(PointId, f64)> = points
        .iter()
        .filter(|(id, _)| selection.only.is_none_or(|ids| ids.contains(*id)))
        .filter(|(id, _)| selection.except.is_none_or(|ids| !ids.contains(*id)))
        .map(|(id, v)| {
            let dot: f64 = v
                .iter()
                .zip(query)
                .map(|(&x, &y)| f64::from(x) * f64::from(y))
                .sum();
            (*id, dot / length(v) / length(query))
        })
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(k);
    all
}

/// The same scores in the same places; where two scores are as good as equal, either point may come first.
#[track_caller]
pub(crate) fn assert_exact(found: &[Neighbour], expected: &[(PointId, f64)]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (f64::from(found.score) - expected.1).abs() < 1e-5,
            "{found:?} {expected:?}"
        );
    }
    assert!(found.is_sorted_by(|a, b| (b.score, a.id) < (a.score, b.id)));
}

/// The share of the true neighbours that was found.
pub(crate) fn recall(found: &[Neighbour], expected: &[(PointId, f64)]) -> f64 {
    let ids: IdSet = found.iter().map(|n| n.id).collect();
    let hits = expected.iter().filter(|(id, _)| ids.contains(*id)).count();
    hits as f64 / expected.len() as f64
}

/// One id in `n`, spread at random; another seed gives others.
pub(crate) fn one_in(n: u64, points: u64, seed: u64) -> IdSet {
    let mut random = Random(seed);
    (0..points)
        .filter(|_| random.next().is_multiple_of(n))
        .map(PointId)
        .collect()
}
