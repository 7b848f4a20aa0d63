//! Exactness, order, and the edges of k.

use std::sync::Arc;

use topoi_index::{
    BuildOptions, Error, IdSet, PointId, SearchParams, Searcher, Segment, Selection, Space,
    UnitVector,
};

use crate::support::{
    Random, assert_exact, brute, clustered, queries, space, stored, with_graph, write, write_to,
};

const EXACT: SearchParams = SearchParams {
    ef_search: 64,
    exact: true,
};

#[test]
fn a_scan_gives_what_brute_force_gives() {
    for (n, dim) in [(1, 3), (500, 7), (2_000, 384), (9_000, 33)] {
        let points = clustered(n, dim, 20, 1);
        let searcher = write(&points, &BuildOptions::default()).searcher();
        let points = stored(&searcher, &points);
        for query in queries(10, dim, 20) {
            let found = searcher
                .search(&query, 10, &Selection::all(), &EXACT)
                .unwrap();
            assert_exact(
                &found,
                &brute(&points, query.as_slice(), 10, &Selection::all()),
            );
        }
    }
}

#[test]
fn several_segments_answer_as_one() {
    let points = clustered(6_000, 24, 20, 1);
    let folder = tempfile::tempdir().unwrap();
    // The segments' ids overlap in range, and one of them has a graph.
    let segments = (0..3usize).map(|part| {
        let path = folder.path().join(format!("{part}.segment"));
        let share: Vec<_> = points.iter().skip(part).step_by(3).cloned().collect();
        let graph_from = if part == 1 { 0 } else { usize::MAX };
        let options = BuildOptions {
            graph_from,
            ..BuildOptions::default()
        };
        write_to(&path, &share, &options);
        Arc::new(Segment::open(&path, &space(24)).unwrap())
    });
    let searcher = Searcher::new(segments.collect()).unwrap();
    assert_eq!(searcher.len(), 6_000);
    let points = stored(&searcher, &points);
    for query in queries(20, 24, 20) {
        let found = searcher
            .search(&query, 25, &Selection::all(), &EXACT)
            .unwrap();
        assert_exact(
            &found,
            &brute(&points, query.as_slice(), 25, &Selection::all()),
        );
    }
    let all = searcher.all_neighbours(3, &Selection::all());
    assert!(all.iter().map(|(id, _)| *id).eq((0..6_000).map(PointId)));
}

#[test]
fn many_queries_are_answered_as_each_by_itself() {
    let points = clustered(6_000, 24, 20, 1);
    let some: IdSet = (0..6_000).filter(|id| id % 3 == 0).map(PointId).collect();
    let few: IdSet = (0..6_000).filter(|id| id % 300 == 0).map(PointId).collect();
    for options in [BuildOptions::default(), with_graph()] {
        let searcher = write(&points, &options).searcher();
        let queries = queries(50, 24, 20);
        for only in [None, Some(&some), Some(&few)] {
            let selection = Selection { only, except: None };
            for params in [EXACT, SearchParams::default()] {
                let together = searcher.search_many(&queries, 10, &selection, &params);
                let each = queries
                    .iter()
                    .map(|query| searcher.search(query, 10, &selection, &params));
                assert_eq!(
                    together.unwrap(),
                    each.collect::<Result<Vec<_>, _>>().unwrap()
                );
            }
        }
        let odd = [UnitVector::new(vec![1.0, 0.0]).unwrap()];
        let refused = searcher.search_many(&odd, 1, &Selection::all(), &EXACT);
        assert!(matches!(refused, Err(Error::QueryDimension { .. })));
        assert!(
            searcher
                .search_many(&[], 1, &Selection::all(), &EXACT)
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn k_may_be_nothing_or_more_than_there_is() {
    let points = clustered(400, 5, 4, 1);
    for options in [BuildOptions::default(), with_graph()] {
        let searcher = write(&points, &options).searcher();
        let points = stored(&searcher, &points);
        let query = &queries(1, 5, 4)[0];
        for (k, expected) in [(0, 0), (1, 1), (400, 400), (401, 400), (usize::MAX, 400)] {
            for exact in [false, true] {
                let params = SearchParams {
                    ef_search: 0,
                    exact,
                };
                let found = searcher
                    .search(query, k, &Selection::all(), &params)
                    .unwrap();
                assert_exact(
                    &found,
                    &brute(&points, query.as_slice(), k, &Selection::all()),
                );
                assert_eq!(found.len(), expected);
            }
        }
    }
}

#[test]
fn a_searcher_without_segments_finds_nothing() {
    let searcher = Searcher::new(Vec::new()).unwrap();
    let query = UnitVector::new(vec![1.0]).unwrap();
    let found = searcher.search(&query, 10, &Selection::all(), &SearchParams::default());
    assert_eq!(found.unwrap(), []);
    assert!(searcher.is_empty());
    assert_eq!(searcher.all_neighbours(10, &Selection::all()), []);
}

#[test]
fn three_hundred_identical_vectors_all_come_back() {
    let mut points = clustered(5_000, 16, 10, 1);
    for i in 0..300 {
        points[i * 16].1 = vec![0.25; 16];
    }
    for options in [BuildOptions::default(), with_graph()] {
        let written = write(&points, &options);
        assert_eq!((written.info.points, written.info.nodes), (5_000, 4_701));
        let searcher = written.searcher();
        let query = UnitVector::new(vec![1.0; 16]).unwrap();
        let found = searcher.search(&query, 300, &Selection::all(), &SearchParams::default());
        let ids: Vec<u64> = found.unwrap().iter().map(|n| n.id.0).collect();
        assert_eq!(ids, (0..300).map(|i| i * 16).collect::<Vec<_>>());
        let params = SearchParams {
            ef_search: 4,
            exact: false,
        };
        let others = searcher
            .neighbours(PointId(32), 2, &Selection::all(), &params)
            .unwrap();
        assert_eq!(others.iter().map(|n| n.id.0).collect::<Vec<_>>(), [0, 16]);
    }
}

#[test]
fn a_points_neighbours_leave_itself_out() {
    let points = clustered(2_000, 12, 10, 1);
    let searcher = write(&points, &BuildOptions::default()).searcher();
    let points = stored(&searcher, &points);
    let tombstones: IdSet = (0..1_000).map(PointId).collect();
    let live = Selection::all().except(&tombstones);
    for id in [3, 1_500] {
        let id = PointId(id);
        let found = searcher.neighbours(id, 7, &live, &EXACT).unwrap();
        let mut expected = brute(&points, &points[id.0 as usize].1, 8, &live);
        expected.retain(|(other, _)| *other != id);
        expected.truncate(7);
        assert_exact(&found, &expected);
    }
    let unknown = searcher.neighbours(PointId(9_999), 7, &live, &EXACT);
    assert!(matches!(
        unknown,
        Err(Error::UnknownPoint { id: PointId(9_999) })
    ));
}

#[test]
fn the_neighbours_of_all_are_the_neighbours_of_each() {
    let mut points = clustered(700, 12, 10, 1);
    for i in [5, 6, 7, 300] {
        points[i].1 = vec![1.0; 12];
    }
    let searcher = write(&points, &BuildOptions::default()).searcher();
    let tombstones: IdSet = [PointId(6), PointId(100)].into_iter().collect();
    let live = Selection::all().except(&tombstones);
    for k in [0, 1, 2, 9, 1_000] {
        let all = searcher.all_neighbours(k, &live);
        assert_eq!(all.len(), 698);
        for (id, neighbours) in all {
            assert_eq!(
                neighbours,
                searcher.neighbours(id, k, &live, &EXACT).unwrap()
            );
        }
    }
}

#[test]
fn stored_vectors_come_back_as_unit_vectors() {
    let points = clustered(100, 9, 3, 1);
    let written = write(&points, &with_graph());
    let searcher = written.searcher();
    for (id, vector) in &points {
        let unit = UnitVector::new(vector.clone()).unwrap();
        let stored = UnitVector::new(searcher.vector(*id).unwrap()).unwrap();
        assert!(stored.dot(&unit) > 0.999_99);
        assert_eq!(searcher.vector(*id).as_deref(), Some(stored.as_slice()));
    }
    let segment = written.open();
    assert_eq!(segment.vector(PointId(100)), None);
    assert!(segment.contains(PointId(99)) && !segment.contains(PointId(u64::MAX)));
    assert!(segment.ids().eq((0..100).map(PointId)));
    assert_eq!(*segment.info(), written.info);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let points = clustered(9_000, 20, 3, 1);
    let searcher = write(&points, &BuildOptions::default()).searcher();
    let mut random = Random(5);
    let only: IdSet = (0..9_000)
        .filter(|_| random.below(3) > 0)
        .map(PointId)
        .collect();
    let query = &queries(1, 20, 3)[0];
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let found = searcher
                .search(query, 500, &Selection::only(&only), &EXACT)
                .unwrap();
            (found, searcher.all_neighbours(5, &Selection::only(&only)))
        })
    };
    assert!(run(1) == run(3));
}

#[test]
fn vectors_of_two_models_are_never_compared() {
    let points = clustered(10, 4, 2, 1);
    let written = write(&points, &BuildOptions::default());
    let other = Space {
        dim: 4,
        digest: [0xB8; 32],
    };
    let error = Segment::open(&written.path, &other).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("a7a7a7a7… (4 dimensions)"), "{message}");
    assert!(message.contains("b8b8b8b8… (4 dimensions)"), "{message}");

    let second = written.folder.path().join("b.segment");
    topoi_index::write_segment(&second, &other, [(PointId(50), [1.0; 4])], &with_graph()).unwrap();
    let second = Arc::new(Segment::open(&second, &other).unwrap());
    let both = Searcher::new(vec![written.open(), second]);
    assert!(matches!(both, Err(Error::OtherSpace { .. })));

    let query = UnitVector::new(vec![1.0; 5]).unwrap();
    let found = written
        .searcher()
        .search(&query, 1, &Selection::all(), &EXACT);
    let expected = (5, 4);
    assert!(
        matches!(found, Err(Error::QueryDimension { found, expected: e }) if (found, e) == expected)
    );
}
