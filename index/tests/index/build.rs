//! What is refused, and that nothing is left behind.

use std::fs;

use topoi_index::{
    BuildOptions, Error, PointId, Segment, SegmentBuilder, Space, VectorError, write_segment,
};

use crate::support::{clustered, space, with_graph, write, write_to};

#[test]
fn a_vector_that_cannot_be_compared_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[f32], VectorError, &str); 4] = [
        (
            &[0.0, f32::NAN],
            VectorError::NotFinite { position: 1 },
            "can't store point 17: number 1 of the vector is not finite",
        ),
        (
            &[f32::INFINITY, 0.0],
            VectorError::NotFinite { position: 0 },
            "can't store point 17: number 0 of the vector is not finite",
        ),
        (
            &[0.0, 0.0],
            VectorError::Zero,
            "can't store point 17: the vector is zero, so it has no direction",
        ),
        (
            &[1.0, 0.0, 0.0],
            VectorError::Dimension {
                found: 3,
                expected: 2,
            },
            "can't store point 17: the vector has 3 numbers where 2 are expected",
        ),
    ];
    for (vector, expected, message) in cases {
        let points = [(PointId(3), &[1.0, 1.0][..]), (PointId(17), vector)];
        let path = folder.path().join("a.segment");
        let error = write_segment(&path, &space(2), points, &BuildOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(matches!(error, Error::Refused { id: PointId(17), source } if source == expected));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_refused_point_does_not_spoil_the_segment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.segment");
    let mut builder = SegmentBuilder::create(&path, &space(2)).unwrap();
    builder.push(PointId(1), &[1.0, 0.0]).unwrap();
    builder.push(PointId(2), &[0.0, 0.0]).unwrap_err();
    builder.push(PointId(2), &[0.0, 5.0]).unwrap();
    builder.push(PointId(2), &[0.0, 5.0]).unwrap_err();
    assert_eq!(builder.finish(&with_graph()).unwrap().points, 2);
    let segment = Segment::open(&path, &space(2)).unwrap();
    segment.verify().unwrap();
    assert_eq!(segment.vector(PointId(2)), Some(vec![0.0, 1.0]));
}

#[test]
fn ids_must_ascend() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.segment");
    for (first, second) in [(5, 5), (6, 5)] {
        let points = [(PointId(first), [1.0]), (PointId(second), [1.0])];
        let error = write_segment(&path, &space(1), points, &BuildOptions::default()).unwrap_err();
        assert!(
            matches!(error, Error::Order { id, previous } if (id.0, previous.0) == (second, first))
        );
    }
}

#[test]
fn ids_that_lie_too_far_apart_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.segment");
    let mut builder = SegmentBuilder::create(&path, &space(1)).unwrap();
    let last = 7 + u64::from(u32::MAX);
    builder.push(PointId(7), &[1.0]).unwrap();
    let refused = builder.push(PointId(last + 1), &[1.0]);
    assert!(matches!(refused, Err(Error::TooFar { .. })));
    builder.push(PointId(last), &[1.0]).unwrap();
    builder.finish(&with_graph()).unwrap();
    let segment = Segment::open(&path, &space(1)).unwrap();
    segment.verify().unwrap();
    assert!(segment.ids().eq([PointId(7), PointId(last)]));
    assert!(segment.contains(PointId(last)) && !segment.contains(PointId(6)));
    assert!(!segment.contains(PointId(last + 1)));
}

#[test]
fn options_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.segment");
    let write = |space: &Space, m, candidates| {
        let options = BuildOptions {
            m,
            candidates,
            ..BuildOptions::default()
        };
        let result = write_segment(&path, space, [(PointId(0), [1.0])], &options);
        matches!(result, Err(Error::Option { .. }))
    };
    assert!(write(&space(0), 16, 64));
    assert!(write(&space(Space::MAX_DIM + 1), 16, 64));
    assert!(write(&space(1), 1, 64));
    assert!(write(&space(1), 65, 300));
    assert!(write(&space(1), 16, 15));
    assert!(write(&space(1), 16, 1_001));
    assert!(!write(&space(1), 16, 16));
}

#[test]
fn a_segment_without_points_is_a_segment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.segment");
    let none: [(PointId, [f32; 3]); 0] = [];
    write_segment(&path, &space(3), none, &with_graph()).unwrap();
    let segment = Segment::open(&path, &space(3)).unwrap();
    segment.verify().unwrap();
    assert!(segment.is_empty() && !segment.info().graph);
}

#[test]
fn only_the_finished_file_remains_and_it_replaces_an_older_one() {
    let points = clustered(200, 8, 4, 1);
    let written = write(&points, &BuildOptions::default());
    let old = written.open();
    let new = write_to(&written.path, &points[..50], &BuildOptions::default());
    assert_eq!(fs::read_dir(written.folder.path()).unwrap().count(), 1);
    assert_ne!(new.digest, written.info.digest);
    // Whoever has the older one open keeps it.
    old.verify().unwrap();
    assert_eq!((old.len(), written.open().len()), (200, 50));
    assert_eq!(fs::metadata(&written.path).unwrap().len(), new.bytes);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no/such/a.segment");
    let error = Segment::open(&path, &space(1)).unwrap_err();
    assert!(error.to_string().starts_with("can't open `"), "{error}");
    let points = [(PointId(0), [1.0])];
    let error = write_segment(&path, &space(1), points, &BuildOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("can't create `"), "{error}");
}
