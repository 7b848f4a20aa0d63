#![no_main]

//! A sound segment of which some bytes are changed, with checksums that match or not: opened, verified, and searched in every way.
//! The input is a byte that says how, and then changes: four bytes of where, one of what.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use topoi_index::{
    BuildOptions, IdSet, PointId, SearchParams, Searcher, Segment, Selection, Space, UnitVector,
    write_segment,
};

const SPACE: Space = Space {
    dim: 8,
    digest: [7; 32],
};
const HEADER: usize = 1024;
const EXTENTS: usize = 136;
const SECTIONS: usize = 14;

static SOUND: OnceLock<(PathBuf, Vec<u8>)> = OnceLock::new();

fn sound() -> (PathBuf, Vec<u8>) {
    let path = std::env::temp_dir().join(format!("topoi-fuzz-{}.seg", std::process::id()));
    let points = (0..300u64).map(|id| {
        // Some points share a vector.
        let x = (id - id % 20 / 19) as f32;
        let vector = [
            x.sin(),
            x.cos(),
            (x * 0.7).sin(),
            (x * 0.3).cos(),
            0.2,
            (x * 1.3).sin(),
            0.5,
            -0.4,
        ];
        (PointId(id * 3), vector)
    });
    let options = BuildOptions {
        graph_from: 0,
        ..BuildOptions::default()
    };
    write_segment(&path, &SPACE, points, &options).expect("a segment");
    let bytes = std::fs::read(&path).expect("the segment");
    (path, bytes)
}

fn number(bytes: &[u8], at: usize) -> usize {
    let number = bytes
        .get(at..at + 8)
        .and_then(|bytes| bytes.try_into().ok());
    number.map_or(0, u64::from_le_bytes) as usize
}

/// Gives changed bytes checksums that match.
fn reseal(bytes: &mut [u8]) {
    for at in (0..SECTIONS).map(|section| EXTENTS + 48 * section) {
        let (start, length) = (number(bytes, at), number(bytes, at + 8));
        let contents = bytes.get(start..).and_then(|bytes| bytes.get(..length));
        if let Some(contents) = contents {
            let digest = Sha256::digest(contents);
            bytes[at + 16..][..32].copy_from_slice(&digest);
        }
    }
    let digest = Sha256::digest(&bytes[..HEADER - 32]);
    bytes[HEADER - 32..HEADER].copy_from_slice(&digest);
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (path, sound) = SOUND.get_or_init(sound);
    let mut bytes = sound.clone();
    let Some((how, changes)) = input.split_first() else {
        return;
    };
    for change in changes.chunks_exact(5) {
        let [a, b, c, d, value] = *change else {
            continue;
        };
        let at = u32::from_le_bytes([a, b, c, d]) as usize % bytes.len();
        bytes[at] = value;
    }
    if how & 1 == 0 {
        reseal(&mut bytes);
    }
    if how & 2 != 0 {
        bytes.truncate(usize::from(*how) * 331);
    }
    // Another file each time: one that is mapped must not be written over.
    let _ = std::fs::remove_file(path);
    std::fs::write(path, &bytes).expect("written");
    let Ok(segment) = Segment::open(path, &SPACE) else {
        return;
    };
    let _ = segment.verify();
    let ids: Vec<PointId> = segment.ids().step_by(70).collect();
    let searcher = Searcher::new(vec![Arc::new(segment)]).expect("one space");
    let only: IdSet = (0..900).step_by(2).map(PointId).collect();
    let query = UnitVector::new(vec![0.3, -0.2, 0.1, 0.9, 0.2, 0.0, 0.5, -0.4]).expect("a vector");
    for (k, ef_search, exact) in [
        (1, 1, false),
        (10, 20, false),
        (400, 1, false),
        (5, 5, true),
    ] {
        let params = SearchParams { ef_search, exact };
        for selection in [
            Selection::all(),
            Selection::only(&only),
            Selection::all().except(&only),
        ] {
            let found = searcher
                .search(&query, k, &selection, &params)
                .expect("an answer");
            assert!(found.len() <= k);
            assert!(found.iter().all(|near| (-1.0..=1.0).contains(&near.score)));
        }
    }
    for id in ids {
        let _ = searcher.vector(id);
        let _ = searcher.neighbours(id, 3, &Selection::all(), &SearchParams::default());
    }
    searcher.all_neighbours(2, &Selection::only(&only));
});
