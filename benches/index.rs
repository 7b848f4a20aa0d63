//! The vector index as it grows: building, size, opening, searches through the graph and by scan, and searches under filters.
//!
//! `TOPOI_BENCH_VECTORS=FILE.npy` measures on a matrix of float32 (`topoi embed --output FILE.npy …` makes one of texts); without
//! it vectors are generated around centres. `TOPOI_BENCH_SIZES=10000,100000` says how many of them to take. One thread searches,
//! but for scans, which take all.

#![expect(clippy::print_stdout, reason = "what is printed is the result")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;
use topoi_index::{
    BuildOptions, IdSet, Neighbour, PointId, SearchParams, Searcher, Segment, Selection, Space,
    UnitVector, write_segment,
};

const DIM: usize = 384;

/// Vectors that are generated where none are given.
const GENERATED: usize = 100_000;

/// Vectors that are taken out as questions.
const QUESTIONS: usize = 500;

const WANTED: usize = 10;

fn main() {
    let vectors = vectors();
    let (questions, stored) = vectors.split_at(QUESTIONS);
    let unit = |vector: &Vec<f32>| UnitVector::new(vector.clone()).expect("a vector");
    let questions: Vec<UnitVector> = questions.iter().map(unit).collect();
    let sizes = match std::env::var("TOPOI_BENCH_SIZES") {
        Ok(sizes) => {
            let sizes = sizes.split(',').map(|size| size.trim().parse());
            sizes.map(|size| size.expect("sizes are numbers")).collect()
        }
        Err(_) => vec![10_000, 30_000, stored.len()],
    };
    println!(
        "  vectors  build, s  bytes each  open, ms  search, ms  recall  found in 100  scan, ms  one thread, ms"
    );
    let folder = tempfile::tempdir().expect("a folder for segments");
    for size in sizes {
        grow(&folder.path().join("bench.seg"), stored, size, &questions);
    }
}

/// Builds a segment of the first `size` vectors and measures it.
fn grow(path: &Path, stored: &[Vec<f32>], size: usize, questions: &[UnitVector]) {
    let size = size.min(stored.len());
    let space = Space {
        dim: questions[0].dim(),
        digest: [1; 32],
    };
    let points = (0..).map(PointId).zip(stored.iter().take(size));
    let options = BuildOptions {
        graph_from: 0,
        ..BuildOptions::default()
    };
    let begin = Instant::now();
    let info = write_segment(path, &space, points, &options).expect("a segment");
    let building = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let segment = Segment::open(path, &space).expect("the segment");
    let opening = milliseconds(begin);
    let searcher = Searcher::new(vec![Arc::new(segment)]).expect("one space");
    let all = Selection::all();
    let truth = truth(&stored[..size], questions);
    let (walking, recall) = measure(&searcher, questions, WANTED, &all, false, &truth);
    let hundred = wide_recall(&searcher, questions);
    let (scanning, of_scan) = measure(&searcher, questions, WANTED, &all, true, &truth);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let alone = alone.expect("a thread");
    let (alone, _) = alone.install(|| measure(&searcher, questions, WANTED, &all, true, &truth));
    println!(
        "{size:>9} {building:>9.1} {:>11.0} {opening:>9.2} {walking:>11.3} {recall:>7.4} {hundred:>13.4} {scanning:>9.2} {alone:>15.2}",
        info.bytes as f64 / info.nodes as f64
    );
    println!(
        "          a scan finds {of_scan:.4} of those that are nearest in f32; {} linked again, {} not reached",
        info.relinked, info.unreached
    );
    for share in [2, 10, 100, 1_000] {
        let mut random = Random(share);
        let only: IdSet = (0..size as u64)
            .filter(|_| random.next().is_multiple_of(share))
            .map(PointId)
            .collect();
        let selection = Selection::only(&only);
        let truth = exact(&searcher, questions, &selection);
        let (took, recall) = measure(&searcher, questions, WANTED, &selection, false, &truth);
        println!("          a filter of one in {share:>4}: {took:>7.3} ms, recall {recall:.4}");
    }
}

/// Milliseconds in the median, and the share of the truth that was found.
fn measure(
    searcher: &Searcher,
    questions: &[UnitVector],
    k: usize,
    selection: &Selection<'_>,
    exact: bool,
    truth: &[HashSet<u64>],
) -> (f64, f64) {
    let params = SearchParams {
        exact,
        ..SearchParams::default()
    };
    let mut times = Vec::with_capacity(questions.len());
    let (mut hits, mut all) = (0, 0);
    for (question, truth) in questions.iter().zip(truth) {
        let begin = Instant::now();
        let found = searcher.search(question, k, selection, &params);
        times.push(milliseconds(begin));
        let found = found.expect("neighbours");
        hits += found
            .iter()
            .filter(|near| truth.contains(&near.id.0))
            .count();
        all += truth.len();
    }
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], hits as f64 / all.max(1) as f64)
}

/// The recall of a hundred, against the scan.
fn wide_recall(searcher: &Searcher, questions: &[UnitVector]) -> f64 {
    let questions = &questions[..questions.len() / 5];
    let params = SearchParams {
        exact: true,
        ..SearchParams::default()
    };
    let all = Selection::all();
    let truth: Vec<HashSet<u64>> = questions
        .iter()
        .map(|question| numbers(searcher.search(question, 100, &all, &params)))
        .collect();
    measure(searcher, questions, 100, &all, false, &truth).1
}

/// What a scan finds.
fn exact(
    searcher: &Searcher,
    questions: &[UnitVector],
    selection: &Selection<'_>,
) -> Vec<HashSet<u64>> {
    let params = SearchParams {
        exact: true,
        ..SearchParams::default()
    };
    let found = questions
        .iter()
        .map(|question| numbers(searcher.search(question, WANTED, selection, &params)));
    found.collect()
}

fn numbers(found: Result<Vec<Neighbour>, topoi_index::Error>) -> HashSet<u64> {
    let found = found.expect("neighbours");
    found.iter().map(|near| near.id.0).collect()
}

/// The nearest by the vectors as they are, before any bits are left out.
fn truth(stored: &[Vec<f32>], questions: &[UnitVector]) -> Vec<HashSet<u64>> {
    let nearest = |question: &UnitVector| -> HashSet<u64> {
        let scores = stored
            .iter()
            .map(|vector| topoi_index::dot_product(question.as_slice(), vector));
        let mut scores: Vec<(f32, u64)> = scores.zip(0..).collect();
        let place = WANTED.min(scores.len()) - 1;
        scores.select_nth_unstable_by(place, |a, b| b.0.total_cmp(&a.0));
        scores.iter().take(WANTED).map(|(_, id)| *id).collect()
    };
    questions.par_iter().map(nearest).collect()
}

fn milliseconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1000.0
}

fn vectors() -> Vec<Vec<f32>> {
    match std::env::var_os("TOPOI_BENCH_VECTORS") {
        Some(path) => topoi_benches::read_npy(Path::new(&path))
            .unwrap_or_else(|error| panic!("{}: {error}", Path::new(&path).display())),
        None => generated(),
    }
}

/// Vectors of unit length around a thousand centres.
fn generated() -> Vec<Vec<f32>> {
    let mut random = Random(1);
    let mut vector = || -> Vec<f32> { (0..DIM).map(|_| random.number()).collect() };
    let centres: Vec<Vec<f32>> = (0..1_000).map(|_| vector()).collect();
    let points = (0..GENERATED + QUESTIONS).map(|i| {
        let own = vector().into_iter().zip(&centres[i * 7 % centres.len()]);
        let own: Vec<f32> = own.map(|(x, y)| x + y).collect();
        let unit = UnitVector::new(own).expect("a vector");
        unit.as_slice().to_vec()
    });
    points.collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from -0.5 to 0.5.
    fn number(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32 - 0.5
    }
}
