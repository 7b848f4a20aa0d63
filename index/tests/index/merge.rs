//! Several segments into one.

use std::fs;
use std::time::Duration;

use topoi_index::{
    BuildOptions, Error, IdSet, PointId, SearchParams, Segment, Selection, Space, merge,
};

use crate::support::{clustered, queries, space, with_graph, write, write_to};

#[test]
fn a_merge_drops_tombstones_and_keeps_the_rest_bit_for_bit() {
    let points = clustered(1_200, 16, 10, 1);
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a", "b", "c"].map(|name| folder.path().join(name));
    write_to(&paths[0], &points[..500], &BuildOptions::default());
    write_to(&paths[1], &points[500..], &with_graph());
    let sources = [&paths[0], &paths[1]].map(|path| Segment::open(path, &space(16)).unwrap());
    let dropped: IdSet = (0..1_200).step_by(3).map(PointId).collect();
    let [a, b] = &sources;
    // The order in which sources are named doesn't matter.
    let info = merge(&paths[2], &space(16), &[b, a], &dropped, &with_graph()).unwrap();
    assert_eq!(info.points, 800);

    let merged = Segment::open(&paths[2], &space(16)).unwrap();
    merged.verify().unwrap();
    for id in (0..1_200).map(PointId) {
        let source = a.vector(id).or(b.vector(id));
        assert_eq!(merged.vector(id), source.filter(|_| !dropped.contains(id)));
    }
    let merged = topoi_index::Searcher::new(vec![merged.into()]).unwrap();
    let both = topoi_index::Searcher::new(sources.map(Into::into).into()).unwrap();
    let params = SearchParams {
        ef_search: 64,
        exact: true,
    };
    for query in queries(10, 16, 10) {
        let live = Selection::all().except(&dropped);
        assert_eq!(
            merged
                .search(&query, 10, &Selection::all(), &params)
                .unwrap(),
            both.search(&query, 10, &live, &params).unwrap()
        );
    }
}

#[test]
fn all_may_be_dropped() {
    let points = clustered(20, 8, 2, 1);
    let written = write(&points, &BuildOptions::default());
    let all: IdSet = (0..20).map(PointId).collect();
    let path = written.folder.path().join("b");
    let options = BuildOptions::default();
    let info = merge(&path, &written.space, &[&written.open()], &all, &options).unwrap();
    assert_eq!(info.points, 0);
    Segment::open(&path, &written.space)
        .unwrap()
        .verify()
        .unwrap();
}

#[test]
fn a_point_in_two_sources_is_refused() {
    let points = clustered(20, 8, 2, 1);
    let written = write(&points, &BuildOptions::default());
    let source = written.open();
    let path = written.folder.path().join("b");
    let none = IdSet::new();
    let options = BuildOptions::default();
    let result = merge(&path, &written.space, &[&source, &source], &none, &options);
    assert!(matches!(result, Err(Error::Order { id: PointId(0), .. })));
    assert_eq!(fs::read_dir(written.folder.path()).unwrap().count(), 1);
}

#[test]
fn a_source_of_another_space_or_a_damaged_one_is_refused() {
    let points = clustered(20, 8, 2, 1);
    let written = write(&points, &BuildOptions::default());
    let path = written.folder.path().join("b");
    let other = Space {
        digest: [1; 32],
        ..written.space
    };
    let none = IdSet::new();
    let options = BuildOptions::default();
    let result = merge(&path, &other, &[&written.open()], &none, &options);
    assert!(matches!(result, Err(Error::OtherSpace { .. })));

    let mut bytes = fs::read(&written.path).unwrap();
    bytes[1030] ^= 1;
    fs::write(&written.path, bytes).unwrap();
    let result = merge(&path, &written.space, &[&written.open()], &none, &options);
    assert!(matches!(result, Err(Error::Damaged { .. })));
    assert!(!path.exists());
}

#[test]
fn a_merge_that_is_stopped_ends_soon_and_leaves_nothing() {
    let points = clustered(6_000, 16, 10, 1);
    let source = write(&points, &BuildOptions::default());
    let options = with_graph();
    let path = source.folder.path().join("merged");
    let merging = || {
        merge(
            &path,
            &source.space,
            &[&source.open()],
            &IdSet::new(),
            &options,
        )
    };
    // Somewhere in the middle, and before it began.
    let merged = std::thread::scope(|scope| {
        let merging = scope.spawn(merging);
        std::thread::sleep(Duration::from_millis(30));
        options.stop.set();
        merging.join().unwrap()
    });
    // On a fast machine it may be done before.
    if merged.is_ok() {
        fs::remove_file(&path).unwrap();
    }
    for merged in [merged, merging()] {
        assert!(matches!(merged, Ok(_) | Err(Error::Stopped)), "{merged:?}");
    }
    assert!(matches!(merging(), Err(Error::Stopped)));
    assert_eq!(fs::read_dir(source.folder.path()).unwrap().count(), 1);
}
