//! The graph finds what the scan finds, and is the same every time.

use std::fs;

use topoi_index::{BuildOptions, SearchParams, SegmentInfo, Selection};

use crate::support::{Random, brute, clustered, queries, recall, with_graph, write};

#[test]
fn at_the_default_ef_nineteen_of_twenty_true_neighbours_are_found() {
    let points = clustered(8_000, 32, 50, 1);
    let written = write(&points, &with_graph());
    assert!(written.info.graph);
    assert_eq!(written.info.unreached, 0);
    let searcher = written.searcher();
    let mut sum = 0.0;
    for query in queries(100, 32, 50) {
        let found = searcher.search(&query, 10, &Selection::all(), &SearchParams::default());
        let expected = brute(&points, query.as_slice(), 10, &Selection::all());
        sum += recall(&found.unwrap(), &expected);
    }
    assert!(sum / 100.0 >= 0.95, "recall {}", sum / 100.0);
}

#[test]
fn every_point_of_dense_clusters_is_found_by_its_own_vector() {
    // Tight clusters, where the nearest links crowd out those that lead from one to the other.
    let mut points = clustered(4_000, 64, 400, 1);
    let mut random = Random(8);
    for i in 0..points.len() {
        let centre = points[i % 20].1.clone();
        points[i].1 = centre.iter().map(|x| x + 0.1 * random.normal()).collect();
    }
    let written = write(&points, &with_graph());
    assert_eq!(written.info.unreached, 0);
    let searcher = written.searcher();
    let params = SearchParams {
        ef_search: 32,
        exact: false,
    };
    for (id, vector) in &points {
        let query = topoi_index::UnitVector::new(vector.clone()).unwrap();
        let found = searcher
            .search(&query, 32, &Selection::all(), &params)
            .unwrap();
        assert!(found.iter().any(|n| n.id == *id), "{id}");
    }
}

#[test]
fn the_same_points_give_the_same_bytes_on_any_number_of_threads() {
    let points = clustered(3_000, 16, 5, 1);
    let build = |threads| -> (Vec<u8>, SegmentInfo) {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let written = write(&points, &with_graph());
            written.open().verify().unwrap();
            (fs::read(&written.path).unwrap(), written.info)
        })
    };
    assert!(build(1) == build(2));
}

#[test]
fn a_graph_is_built_from_the_size_that_the_options_name() {
    let points = clustered(100, 8, 5, 1);
    for (graph_from, graph) in [(101, false), (100, true)] {
        let options = BuildOptions {
            graph_from,
            ..BuildOptions::default()
        };
        assert_eq!(write(&points, &options).info.graph, graph);
    }
}

#[test]
fn the_smallest_graphs_work() {
    for n in 1..=5 {
        let points = clustered(n, 8, 5, 1);
        let written = write(&points, &with_graph());
        written.open().verify().unwrap();
        let query = &queries(1, 8, 5)[0];
        let searcher = written.searcher();
        let found = searcher.search(query, 9, &Selection::all(), &SearchParams::default());
        assert_eq!(found.unwrap().len(), n);
    }
}
