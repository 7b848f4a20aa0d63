//! How long it takes to find the nearest neighbours of all vectors of a library, and how many of the true ones are found.
//!
//!     TOPOI_BENCH_LIBRARY=DIR cargo bench --bench knn
//!
//! Prints a line for each of several random shares of the library's vectors. Without a library they are generated, around
//! one centre in a hundred: easier to find, but as much work.

#![expect(clippy::print_stdout, reason = "what is printed is the result")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use topoi::article::Passage;
use topoi::library::Library;
use topoi::store::Filter;
use topoi_index::{
    BuildOptions, IdSet, Neighbour, PointId, SearchParams, Searcher, Segment, Selection, Space,
    write_segment,
};

/// How many vectors are generated where no library is given.
const GENERATED: u64 = 100_000;

/// Numbers in a generated vector.
const DIM: usize = 384;

/// Points whose true neighbours are searched for.
const JUDGED: usize = 500;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// -0.5 .. 0.5.
    fn number(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32 - 0.5
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder for segments");
    let library = std::env::var_os("TOPOI_BENCH_LIBRARY").map(PathBuf::from);
    let searcher = match library {
        Some(root) => {
            let library = Library::open(&root).expect("the library");
            let mut ids = Vec::new();
            let take = &mut |passage: Passage| ids.push(passage.id);
            let all = Filter {
                all_kinds: true,
                ..Filter::default()
            };
            library.store().each_passage(&all, take).expect("passages");
            let vectors = library.vectors(&ids).expect("vectors");
            let points = ids.iter().map(|id| (PointId(id.0), &*vectors[id]));
            in_one_segment(folder.path(), vectors[&ids[0]].len(), points)
        }
        None => generated(folder.path()),
    };
    for permille in [50, 100, 250, 500, 1000] {
        let mut random = Random(permille);
        let segments = searcher.segments().iter();
        let only: IdSet = segments
            .flat_map(|segment| segment.ids())
            .filter(|_| random.next() % 1000 < permille)
            .collect();
        for k in [15, 30] {
            measure(&searcher, k, &Selection::only(&only));
        }
    }
}

fn generated(folder: &Path) -> Searcher {
    let mut random = Random(1);
    let mut vector = || -> Vec<f32> { (0..DIM).map(|_| random.number()).collect() };
    let centres: Vec<Vec<f32>> = (0..GENERATED / 100).map(|_| vector()).collect();
    let points = (0..GENERATED).map(|id| {
        let centre = &centres[id as usize % centres.len()];
        let own: Vec<f32> = vector().iter().zip(centre).map(|(x, y)| x + y).collect();
        (PointId(id), own)
    });
    in_one_segment(folder, DIM, points)
}

fn in_one_segment<V: AsRef<[f32]>>(
    folder: &Path,
    dim: usize,
    points: impl IntoIterator<Item = (PointId, V)>,
) -> Searcher {
    let path = folder.join("bench.seg");
    let space = Space {
        dim,
        digest: [1; 32],
    };
    let options = BuildOptions {
        graph_from: usize::MAX,
        ..BuildOptions::default()
    };
    write_segment(&path, &space, points, &options).expect("a segment");
    let segment = Segment::open(&path, &space).expect("the segment");
    Searcher::new(vec![Arc::new(segment)]).expect("one space")
}

fn measure(searcher: &Searcher, k: usize, selection: &Selection<'_>) {
    let begin = Instant::now();
    let all = searcher.all_neighbours(k, selection);
    let seconds = begin.elapsed().as_secs_f64();
    let params = SearchParams {
        exact: true,
        ..SearchParams::default()
    };
    let mut found_of_true = 0;
    let mut true_ones = 0;
    for (id, found) in all.iter().step_by(all.len() / JUDGED + 1) {
        let exact = searcher.neighbours(*id, k, selection, &params);
        let exact = exact.expect("the neighbours of a point that is there");
        true_ones += exact.len();
        found_of_true += hits(found, &exact);
    }
    println!(
        "{} points, {k} neighbours: {seconds:.1} s, recall {:.4}",
        all.len(),
        found_of_true as f64 / true_ones as f64
    );
}

/// How many of the true neighbours were found, where one as near as the last of them is as good.
fn hits(found: &[Neighbour], exact: &[Neighbour]) -> usize {
    let ids: HashSet<PointId> = exact.iter().map(|near| near.id).collect();
    let last = exact.last().map_or(f32::INFINITY, |near| near.score);
    let good = |near: &&Neighbour| near.score >= last || ids.contains(&near.id);
    found.iter().filter(good).count()
}
