//! Which vectors are probably nearest to each, for all vectors at once, in far less time than comparing all pairs.
//!
//! As in an inverted file (IVF), vectors lie in [cells](cells::Cells) around centroids, and each is compared with those in
//! the cells that are nearest to it: as [codes](codes::Codes) of eight bits and in blocks, since vectors of one cell have
//! most of these cells in common. Who finds another is found by it too, which makes good most of what that misses. What
//! comes out are candidates, to be compared by the vectors themselves.

mod best;
mod cells;
mod codes;
mod compare;

use rayon::prelude::*;

use crate::stop::Stop;
use cells::Cells;

/// Vectors that are read one at a time: they may lie in memory in another form.
pub(crate) trait Vectors: Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// How many numbers each has.
    fn dim(&self) -> usize;

    /// Writes a vector below [`len`](Self::len) into `out`, which has [`dim`](Self::dim) numbers.
    fn read(&self, vector: usize, out: &mut [f32]);
}

/// For each vector those that are probably among its `keep` nearest or have it among theirs, ascending, itself among
/// them: what `finish` makes of its number and of theirs. Vectors come in an order that keeps near ones together.
///
/// The same on any number of threads. What comes of it makes no sense where it was stopped.
pub(crate) fn candidates<I>(
    vectors: &impl Vectors,
    keep: usize,
    stop: &Stop,
    finish: impl Fn(usize, &[u32]) -> I + Sync,
) -> Vec<I::Item>
where
    I: IntoIterator<Item: Send>,
{
    let cells = Cells::new(vectors, stop);
    let found = cells.nearest(keep, stop);
    // The codes aren't needed any more, and may be large.
    let order = cells.into_order();
    let mutual = Mutual::new(vectors.len(), &found);
    drop(found);
    let finished = order.par_iter().flat_map_iter(|&vector| {
        let mut candidates = mutual.of(vector).to_vec();
        candidates.sort_unstable();
        candidates.dedup();
        finish(vector as usize, &candidates)
    });
    finished.collect()
}

/// Which vectors found another or were found by it.
struct Mutual {
    /// Where the numbers of each vector begin, and where those of the last end.
    starts: Vec<usize>,
    numbers: Vec<u32>,
}

impl Mutual {
    /// `found` has pairs of a vector and one that it found, both below `vectors`.
    fn new(vectors: usize, found: &[Vec<(u32, u32)>]) -> Self {
        let both = || found.iter().flatten().flat_map(|&(a, b)| [(a, b), (b, a)]);
        // Shifted by one place, so that what counts first and where to write next end as where each begins.
        let mut starts = vec![0; vectors + 2];
        for (from, _) in both() {
            starts[from as usize + 2] += 1;
        }
        for i in 2..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut numbers = vec![0; starts[vectors + 1]];
        for (from, to) in both() {
            let next = &mut starts[from as usize + 1];
            numbers[*next] = to;
            *next += 1;
        }
        Self { starts, numbers }
    }

    fn of(&self, vector: u32) -> &[u32] {
        let vector = vector as usize;
        &self.numbers[self.starts[vector]..self.starts[vector + 1]]
    }
}
