//! Cells: vectors by the centroid that is nearest to them.

use std::cmp::Reverse;
use std::ops::Range;

use rayon::prelude::*;

use super::Vectors;
use super::best::Best;
use super::codes::{Codes, encoded};
use super::compare::Comparer;
use crate::kernels::products::LANES;
use crate::stop::Stop;

/// How many cells there are, in square roots of the number of vectors: how many others each is compared with then grows as
/// the square root too, and so does what it takes to find its cells.
const CELLS: usize = 2;

/// How many cells each vector looks into. Measured with 113 000 distinct vectors of passages (384 dimensions): 32 find 97.2 %
/// of the 15 nearest, 64 find 98.9 % in 8 s of one core's time, 96 find 99.4 % in 10 s, and 128 find 99.6 % in 12 s.
const PROBES: usize = 96;

/// Groups of a cell whose vectors are compared together: 98 KB of codes of 384 dimensions.
const BLOCK: usize = 16;

/// How many vectors are assigned to their cells together.
const ASSIGNED: usize = 256;

/// Vectors for each centroid that take part in the search for centroids.
const SAMPLED: usize = 32;

/// How often centroids are moved. Measured as above: three rounds and ten find as many neighbours, to 0.1 %.
const ROUNDS: usize = 6;

/// Vectors by cell, each cell filled up to whole groups.
pub(super) struct Cells {
    centroids: Codes,
    /// The groups of each cell.
    groups: Vec<Range<usize>>,
    /// The vector at each place of the groups.
    places: Vec<Option<u32>>,
    codes: Codes,
}

impl Cells {
    pub(super) fn new(vectors: &impl Vectors, stop: &Stop) -> Self {
        let count = CELLS * vectors.len().isqrt();
        let count = count.min(vectors.len());
        let centroids = centroids(vectors, count, stop);
        let mut places = Vec::new();
        let mut groups = Vec::with_capacity(count);
        for members in members(&assign(vectors, &centroids, stop), count) {
            let start = places.len() / LANES;
            places.extend(members.into_iter().map(Some));
            places.resize(places.len().next_multiple_of(LANES), None);
            groups.push(start..places.len() / LANES);
        }
        let codes = Codes::new(places.len() / LANES, vectors.dim(), |place, out| {
            let vector = places.get(place).copied().flatten();
            vector
                .inspect(|&vector| vectors.read(vector as usize, out))
                .is_some()
        });
        Self {
            centroids,
            groups,
            places,
            codes,
        }
    }

    /// Each vector with the `keep` that are nearest to it in the cells it looks into, by block; itself among them.
    pub(super) fn nearest(&self, keep: usize, stop: &Stop) -> Vec<Vec<(u32, u32)>> {
        let blocks = self.groups.iter().flat_map(|groups| {
            let starts = groups.clone().step_by(BLOCK);
            starts.map(|start| start..groups.end.min(start + BLOCK))
        });
        let blocks: Vec<Range<usize>> = blocks.collect();
        let blocks = blocks.par_iter();
        blocks
            .map(|block| match stop.is_set() {
                true => Vec::new(),
                false => self.nearest_of_block(block, keep),
            })
            .collect()
    }

    /// All vectors, cell after cell.
    pub(super) fn into_order(self) -> Vec<u32> {
        self.places.into_iter().flatten().collect()
    }

    fn nearest_of_block(&self, block: &Range<usize>, keep: usize) -> Vec<(u32, u32)> {
        let codes = self.codes.rows(block.clone());
        let places = block.start * LANES..block.end * LANES;
        let vectors = self.places.get(places).unwrap_or_default();
        let rows: Vec<u32> = (0..)
            .zip(vectors)
            .filter_map(|(row, vector)| vector.map(|_| row))
            .collect();
        let mut comparer = Comparer::new();
        let mut compare = |rows: &[u32], best: &mut [Best], with: &Codes, groups| {
            comparer.compare(&codes, rows, best, with, groups);
        };
        let mut cells = vec![Best::new(PROBES); vectors.len()];
        let all = 0..self.centroids.groups();
        compare(&rows, &mut cells, &self.centroids, all);
        let mut best = vec![Best::new(keep); vectors.len()];
        for (cell, rows) in visits(cells) {
            if let Some(groups) = self.groups.get(cell as usize) {
                compare(&rows, &mut best, &self.codes, groups.clone());
            }
        }
        let of_vector = |(&vector, best): (&Option<u32>, Best)| {
            let vector = vector?;
            let found = best.into_numbers();
            let found =
                found.filter_map(|place| self.places.get(place as usize).copied().flatten());
            Some(found.map(move |found| (vector, found)))
        };
        let found = vectors.iter().zip(best).filter_map(of_vector);
        found.flatten().collect()
    }
}

/// Which rows look into each cell. The cells that most look into come first: what they find is near, and little that comes
/// after it is near enough to be kept for a while.
fn visits(cells: Vec<Best>) -> Vec<(u32, Vec<u32>)> {
    let of_row = |(row, best): (u32, Best)| best.into_numbers().map(move |cell| (cell, row));
    let mut pairs: Vec<(u32, u32)> = (0..).zip(cells).flat_map(of_row).collect();
    pairs.sort_unstable();
    let by_cell = pairs.chunk_by(|a, b| a.0 == b.0);
    let mut visits: Vec<(u32, Vec<u32>)> = by_cell
        .filter_map(|pairs| Some((pairs.first()?.0, pairs.iter().map(|pair| pair.1).collect())))
        .collect();
    visits.sort_by_key(|(_, rows)| Reverse(rows.len()));
    visits
}

/// Some vectors, spread evenly over all.
struct Sample<'a, V> {
    vectors: &'a V,
    count: usize,
}

impl<V: Vectors> Vectors for Sample<'_, V> {
    fn len(&self) -> usize {
        self.count.min(self.vectors.len())
    }

    fn dim(&self) -> usize {
        self.vectors.dim()
    }

    fn read(&self, vector: usize, out: &mut [f32]) {
        let vector = vector * self.vectors.len() / self.len().max(1);
        self.vectors.read(vector, out);
    }
}

/// The centroids of cells by spherical k-means, `count` of them and at most as many as there are vectors.
fn centroids(vectors: &impl Vectors, count: usize, stop: &Stop) -> Codes {
    let dim = vectors.dim();
    let sample = Sample {
        vectors,
        count: count.saturating_mul(SAMPLED),
    };
    let first = Sample { vectors, count };
    let mut means = vec![0.0; first.len() * dim];
    for (i, mean) in means.chunks_exact_mut(dim.max(1)).enumerate() {
        first.read(i, mean);
    }
    for _ in 0..ROUNDS {
        let assigned = assign(&sample, &packed(dim, &means), stop);
        let members = members(&assigned, first.len());
        means
            .par_chunks_exact_mut(dim.max(1))
            .zip(members)
            .for_each(|(mean, members)| move_to(mean, &sample, &members));
    }
    packed(dim, &means)
}

fn packed(dim: usize, vectors: &[f32]) -> Codes {
    let groups = (vectors.len() / dim.max(1)).div_ceil(LANES);
    Codes::new(groups, dim, |place, out| {
        let vector = vectors.chunks_exact(dim.max(1)).nth(place);
        vector
            .inspect(|vector| out.copy_from_slice(vector))
            .is_some()
    })
}

/// Moves a centroid to the direction of the members' mean; without members it stays where it is.
fn move_to(centroid: &mut [f32], vectors: &impl Vectors, members: &[u32]) {
    let mut sum = vec![0.0f32; centroid.len()];
    let mut vector = vec![0.0f32; centroid.len()];
    for &member in members {
        vectors.read(member as usize, &mut vector);
        for (sum, x) in sum.iter_mut().zip(&vector) {
            *sum += x;
        }
    }
    // Only the direction counts, and so the codes' scale must be that of a unit vector.
    let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        for (x, sum) in centroid.iter_mut().zip(sum) {
            *x = sum / length;
        }
    }
}

/// The cell of each vector: that of the nearest centroid.
fn assign(vectors: &impl Vectors, centroids: &Codes, stop: &Stop) -> Vec<u32> {
    let dim = vectors.dim();
    let starts = (0..vectors.len()).into_par_iter().step_by(ASSIGNED);
    let cells = starts.flat_map_iter(|start| {
        let count = ASSIGNED.min(vectors.len() - start);
        if stop.is_set() {
            return vec![0; count];
        }
        let mut block = vec![0.0; count * dim];
        for (i, vector) in block.chunks_exact_mut(dim.max(1)).enumerate() {
            vectors.read(start + i, vector);
        }
        let rows: Vec<u32> = (0..count as u32).collect();
        let mut best = vec![Best::new(1); count];
        let all = 0..centroids.groups();
        Comparer::new().compare(&encoded(dim, &block), &rows, &mut best, centroids, all);
        let nearest = best.into_iter().map(|best| best.into_numbers().next());
        nearest.map(|cell| cell.unwrap_or(0)).collect()
    });
    cells.collect()
}

/// The vectors in each of `count` cells, ascending.
fn members(cells: &[u32], count: usize) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); count];
    for (vector, &cell) in (0..).zip(cells) {
        if let Some(members) = members.get_mut(cell as usize) {
            members.push(vector);
        }
    }
    members
}
