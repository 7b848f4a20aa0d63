//! How fast the vector index answers: by exact scan and through the graph, at several sizes.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use topoi_index::{
    BuildOptions, PointId, SearchParams, Searcher, Segment, Selection, Space, UnitVector,
    write_segment,
};

const DIM: usize = 384;

/// Vectors around 200 centres, as paragraphs lie around themes; the same on every run.
fn vectors(count: usize) -> Vec<Vec<f32>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let centres: Vec<Vec<f32>> = (0..200)
        .map(|_| (0..DIM).map(|_| random()).collect())
        .collect();
    (0..count)
        .map(|n| centres[n % 200].iter().map(|x| x + random()).collect())
        .collect()
}

fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for segments");
    let space = Space {
        dim: DIM,
        digest: [1; 32],
    };
    let mut group = criterion.benchmark_group("nearest 10");
    for (count, graph_from) in [(1_000, usize::MAX), (10_000, usize::MAX), (10_000, 1)] {
        let points = vectors(count);
        let path = folder.path().join("bench.seg");
        let numbered = (0..).map(PointId).zip(&points);
        let options = BuildOptions {
            graph_from,
            ..BuildOptions::default()
        };
        write_segment(&path, &space, numbered, &options).expect("a segment");
        let segment = Segment::open(&path, &space).expect("the segment");
        let searcher = Searcher::new(vec![Arc::new(segment)]).expect("one space");
        let queries: Vec<UnitVector> = points
            .iter()
            .step_by(97)
            .map(|point| UnitVector::new(point.clone()).expect("a unit vector"))
            .collect();
        let way = if graph_from == 1 { "graph" } else { "scan" };
        group.bench_function(BenchmarkId::new(way, count), |bencher| {
            let mut queries = queries.iter().cycle();
            bencher.iter(|| {
                let query = queries.next().expect("a cycle never ends");
                let found =
                    searcher.search(query, 10, &Selection::default(), &SearchParams::default());
                black_box(found.expect("neighbours"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
