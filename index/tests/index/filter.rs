//! A filter comes before the best k.

use topoi_index::{IdSet, PointId, SearchParams, Selection};

use crate::support::{
    assert_exact, brute, clustered, one_in, queries, recall, stored, with_graph, write,
};

#[test]
fn a_search_that_asks_for_ten_and_has_ten_to_give_returns_ten() {
    let n = 12_000;
    let points = clustered(n, 24, 40, 1);
    let searcher = write(&points, &with_graph()).searcher();
    for ef_search in [10, 64] {
        let params = SearchParams {
            ef_search,
            exact: false,
        };
        for share in [1, 2, 10, 100, 1_000] {
            let only = one_in(share, n as u64, share);
            let tombstones = one_in(20, n as u64, 5);
            let selection = Selection::only(&only).except(&tombstones);
            let mut found_of_true = 0.0;
            for query in queries(20, 24, 40) {
                let found = searcher.search(&query, 10, &selection, &params).unwrap();
                let expected = brute(&points, query.as_slice(), 10, &selection);
                assert_eq!((found.len(), expected.len()), (10, 10), "one in {share}");
                assert!(
                    found
                        .iter()
                        .all(|n| only.contains(n.id) && !tombstones.contains(n.id))
                );
                found_of_true += recall(&found, &expected) / 20.0;
            }
            assert!(
                found_of_true > 0.9,
                "one in {share}, ef {ef_search}: {found_of_true}"
            );
        }
    }
}

#[test]
fn a_filter_that_admits_only_what_is_far_from_the_query_still_gives_k() {
    let points = clustered(8_000, 24, 2, 1);
    let searcher = write(&points, &with_graph()).searcher();
    let query = &queries(1, 24, 2)[0];
    let by_distance = brute(&points, query.as_slice(), 8_000, &Selection::all());
    let far: IdSet = by_distance[4_000..].iter().map(|(id, _)| *id).collect();
    for ef_search in [10, 20, 64] {
        let params = SearchParams {
            ef_search,
            exact: false,
        };
        let found = searcher
            .search(query, 10, &Selection::only(&far), &params)
            .unwrap();
        assert_eq!(found.len(), 10);
        assert!(found.iter().all(|n| far.contains(n.id)));
    }
}

#[test]
fn nearly_all_may_be_deleted() {
    let points = clustered(6_000, 16, 10, 1);
    let searcher = write(&points, &with_graph()).searcher();
    let points = stored(&searcher, &points);
    let tombstones: IdSet = (0..5_997).map(PointId).collect();
    let live = Selection::all().except(&tombstones);
    for query in queries(10, 16, 10) {
        let found = searcher
            .search(&query, 10, &live, &SearchParams::default())
            .unwrap();
        assert_exact(&found, &brute(&points, query.as_slice(), 10, &live));
        assert_eq!(found.len(), 3);
    }
}

#[test]
fn sets_may_name_points_that_are_not_there() {
    let points = clustered(100, 8, 2, 1);
    let searcher = write(&points, &with_graph()).searcher();
    let beyond: IdSet = [5, 99, 100, 70_000].map(PointId).into_iter().collect();
    let query = &queries(1, 8, 2)[0];
    let found = searcher.search(
        query,
        10,
        &Selection::only(&beyond),
        &SearchParams::default(),
    );
    assert_eq!(found.unwrap().len(), 2);
    let nothing = IdSet::new();
    let found = searcher.search(
        query,
        10,
        &Selection::only(&nothing),
        &SearchParams::default(),
    );
    assert_eq!(found.unwrap(), []);
}
