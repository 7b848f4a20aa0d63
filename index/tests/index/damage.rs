//! Damaged files: a named error, and never a panic, a hang or a crash.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use topoi_index::{Error, IdSet, PointId, SearchParams, Searcher, Segment, Selection, Space};

use crate::support::{Random, Written, clustered, queries, space, with_graph, write};

const DIM: usize = 8;
const HEADER: usize = 1024;
const SECTIONS: [&str; 14] = [
    "coarse bits",
    "fine bits",
    "scales",
    "ids",
    "table of nodes",
    "table of members",
    "members",
    "table of links",
    "links",
    "nodes of the upper graph",
    "table of upper lists",
    "table of upper links",
    "upper links",
    "numbers of the mean",
];
/// Where the header says where the first section is.
const EXTENTS: usize = 136;

/// A segment with a graph and with vectors that several points share.
fn segment() -> (Written, Vec<u8>) {
    let mut points = clustered(400, DIM, 5, 1);
    for i in 0..20 {
        points[i * 11].1 = vec![1.0; DIM];
    }
    let written = write(&points, &with_graph());
    let bytes = fs::read(&written.path).unwrap();
    (written, bytes)
}

fn number(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

/// Where the format puts a section.
fn extent(bytes: &[u8], section: usize) -> Range<usize> {
    let at = EXTENTS + 48 * section;
    let start = number(bytes, at);
    start..start + number(bytes, at + 8)
}

/// Gives damaged bytes checksums that match, so that they get past these.
fn reseal(bytes: &mut [u8]) {
    for section in 0..SECTIONS.len() {
        let range = extent(bytes, section);
        if let Some(contents) = bytes.get(range) {
            let digest = Sha256::digest(contents);
            bytes[EXTENTS + 48 * section + 16..][..32].copy_from_slice(&digest);
        }
    }
    let digest = Sha256::digest(&bytes[..HEADER - 32]);
    bytes[HEADER - 32..HEADER].copy_from_slice(&digest);
}

fn open(path: &Path, bytes: &[u8]) -> Result<Segment, Error> {
    // A new file each time: one that is mapped must not be written over.
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
    Segment::open(path, &space(DIM))
}

/// Searches in every way; what comes back may be anything.
fn search(segment: Segment) {
    let ids: Vec<PointId> = segment.ids().collect();
    let searcher = Searcher::new(vec![Arc::new(segment)]).unwrap();
    let only: IdSet = (0..400).step_by(40).map(PointId).collect();
    let most: IdSet = (0..399).map(PointId).collect();
    for query in queries(3, DIM, 5) {
        for (k, ef_search, exact) in [(1, 1, false), (2, 2, false), (300, 5, false), (5, 5, true)] {
            let params = SearchParams { ef_search, exact };
            for selection in [
                Selection::all(),
                Selection::only(&only),
                Selection::only(&most),
                Selection::all().except(&only),
            ] {
                let found = searcher.search(&query, k, &selection, &params).unwrap();
                assert!(found.len() <= k);
                assert!(found.iter().all(|n| (-1.0..=1.0).contains(&n.score)));
            }
        }
    }
    for id in ids.into_iter().step_by(50) {
        let _ = searcher.neighbours(id, 3, &Selection::all(), &SearchParams::default());
        let _ = searcher.vector(id);
    }
    searcher.all_neighbours(2, &Selection::only(&only));
}

#[test]
fn the_undamaged_file_passes() {
    let (written, bytes) = segment();
    let segment = open(&written.path, &bytes).unwrap();
    segment.verify().unwrap();
    search(segment);
}

#[test]
fn a_flipped_bit_is_found_in_the_section_where_it_is() {
    let (written, bytes) = segment();
    for (section, name) in SECTIONS.iter().enumerate() {
        let range = extent(&bytes, section);
        for at in [range.start, range.start + range.len() / 2, range.end - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let segment = open(&written.path, &damaged).unwrap();
            match segment.verify() {
                Err(Error::Damaged { part, path, .. }) => {
                    assert_eq!((part, path.as_path()), (*name, written.path.as_path()));
                }
                other => panic!("{name} at {at}: {other:?}"),
            }
            search(segment);
        }
    }
}

#[test]
fn five_hundred_flipped_bits_are_all_found_and_none_brings_a_search_down() {
    let (written, bytes) = segment();
    let mut random = Random(3);
    for round in 0..500 {
        let mut damaged = bytes.clone();
        // One bit in the first half of the rounds, a few in the second; every third in the tables.
        for _ in 0..1 + round / 250 * random.below(40) {
            let from = if round % 3 == 0 {
                extent(&bytes, 1).start
            } else {
                0
            };
            let at = from + random.below(bytes.len() - from);
            damaged[at] ^= 1 << random.below(8);
        }
        if damaged == bytes {
            continue;
        }
        match open(&written.path, &damaged) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(segment) => {
                segment.verify().unwrap_err();
                search(segment);
            }
        }
    }
}

#[test]
fn tables_full_of_nonsense_with_matching_checksums_bring_no_search_down() {
    let (written, bytes) = segment();
    let mut random = Random(4);
    for round in 0..200 {
        let mut damaged = bytes.clone();
        let range = extent(&bytes, round % SECTIONS.len());
        for _ in 0..1 + random.below(20) {
            let at = range.start + random.below(range.len() / 4) * 4;
            let value = match random.below(3) {
                0 => u32::MAX,
                1 => random.below(500) as u32,
                _ => random.next() as u32,
            };
            damaged[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        reseal(&mut damaged);
        let segment = open(&written.path, &damaged).unwrap();
        // A few of these are another valid segment; most are not.
        let _ = segment.verify();
        search(segment);
    }
}

#[test]
fn what_cannot_be_true_is_found_even_where_checksums_match() {
    let (written, bytes) = segment();
    let nan = f32::NAN.to_bits();
    let cases = [
        (0, 0, 0x3131_3131, "scales"),
        (1, 2, 0xAAAA_AAAA, "scales"),
        (2, 2, nan, "scales"),
        (2, 2, 3.0f32.to_bits(), "scales"),
        (3, 2, 900, "ids"),
        (4, 5, 399, "members"),
        (5, 0, 1, "members"),
        (5, 7, u32::MAX, "members"),
        (6, 3, 8, "members"),
        (7, 1, 4_000, "links"),
        (8, 0, 4_000, "links"),
        (9, 0, 4_000, "upper links"),
        (10, 1, 4_000, "upper links"),
        (11, 1, u32::MAX, "upper links"),
        (12, 0, 4_000, "upper links"),
    ];
    for (section, position, value, part) in cases {
        let mut damaged = bytes.clone();
        let at = extent(&bytes, section).start + 4 * position;
        damaged[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        reseal(&mut damaged);
        let segment = open(&written.path, &damaged).unwrap();
        match segment.verify() {
            Err(Error::Damaged { part: found, .. }) => assert_eq!(found, part),
            other => panic!("section {section}, number {position}: {other:?}"),
        }
        search(segment);
    }
}

#[test]
fn a_header_that_points_outside_is_refused_even_where_its_checksum_matches() {
    let (written, bytes) = segment();
    let mut fields: Vec<usize> = vec![48, 56, 64, 80, 88, 96, 104, 112];
    let of_section = |section| [EXTENTS + 48 * section, EXTENTS + 8 + 48 * section];
    fields.extend((0..SECTIONS.len()).flat_map(of_section));
    for field in fields {
        let right = number(&bytes, field) as u64;
        for wrong in [
            right + 1,
            right + 64,
            right.wrapping_sub(64),
            u64::MAX,
            u64::MAX - 63,
        ] {
            let mut damaged = bytes.clone();
            damaged[field..field + 8].copy_from_slice(&wrong.to_le_bytes());
            let digest = Sha256::digest(&damaged[..HEADER - 32]);
            damaged[HEADER - 32..HEADER].copy_from_slice(&digest);
            match open(&written.path, &damaged) {
                Err(Error::Damaged { part: "header", .. }) => {}
                // Another entry inside the graph is a possible header; what it leads to is not.
                Ok(segment) if field == 112 => search(segment),
                other => panic!("{wrong} at {field}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_truncated_file_is_damaged_wherever_it_ends() {
    let (written, bytes) = segment();
    let mut ends = vec![0, 1, 8, 11, 12, 100, HEADER - 1, HEADER, bytes.len() - 1];
    for section in 0..SECTIONS.len() {
        let range = extent(&bytes, section);
        ends.extend([range.start, range.start + 1, range.end - 1]);
    }
    // A lost page, wherever.
    ends.extend((0..bytes.len()).step_by(4096));
    for end in ends {
        match open(&written.path, &bytes[..end]) {
            Err(Error::Damaged { part: "header", .. }) => {}
            other => panic!("cut at {end}: {other:?}"),
        }
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(
        open(&written.path, &longer),
        Err(Error::Damaged { .. })
    ));
}

#[test]
fn other_files_are_told_apart() {
    let (written, bytes) = segment();
    let with = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        open(&written.path, &bytes)
    };
    assert!(matches!(with(0, b't'), Err(Error::NotASegment { .. })));
    assert!(matches!(
        with(8, 3),
        Err(Error::NewerVersion {
            found: 3,
            supported: 2,
            ..
        })
    ));
    // As a big-endian machine would have written it.
    assert!(matches!(
        open(
            &written.path,
            &[&bytes[..8], &2u32.to_be_bytes(), &bytes[12..]].concat()
        ),
        Err(Error::NewerVersion { .. })
    ));
    for older in [0, 1] {
        assert!(matches!(with(8, older), Err(Error::OlderVersion { .. })));
    }
    fs::write(&written.path, &bytes).unwrap();
    let other = Space {
        dim: DIM + 1,
        ..written.space
    };
    let error = Segment::open(&written.path, &other).unwrap_err();
    assert!(matches!(error, Error::OtherSpace { .. }));
    let text = "Just a text, and long enough. ".repeat(100);
    assert!(matches!(
        open(&written.path, text.as_bytes()),
        Err(Error::NotASegment { .. })
    ));
}
