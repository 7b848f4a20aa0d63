//! Hubs that lie: what they say names no file and gets no token, and no more is taken than they announced.

use std::fs;

use topoi_models::{AcquireError, Locator};

use crate::common::Tiny;
use crate::common::hub::{COMMIT, Hub, Mood};
use crate::common::world::{World, assert_works, by_name};

const PRECIOUS: &str = "years of collecting";

/// A file of the user's, another that is named as parts are, and paths that lead to the first: from anywhere, and
/// from where files are put while they come. The function says whether both are as they were.
fn victim(world: &World) -> (impl Fn() -> bool, Vec<&'static str>) {
    let folder = world.root.path().to_owned();
    let files = ["victim", "victim.part"].map(|name| folder.join(name));
    for path in &files {
        fs::write(path, PRECIOUS).unwrap();
    }
    let mut ways = vec![files[0].to_str().unwrap().to_owned()];
    for depth in 1..8 {
        ways.push(format!("{}victim", "../".repeat(depth)));
    }
    let ways = ways.into_iter().map(|way| &*way.leak()).collect();
    let unharmed = move || {
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        let is_precious = |path| fs::read_to_string(path).is_ok_and(|text| text == PRECIOUS);
        files.iter().all(is_precious) && names == ["cache", "model", "victim", "victim.part"]
    };
    (unharmed, ways)
}

#[test]
fn an_etag_that_is_a_path_harms_nothing() {
    let world = World::new();
    let (unharmed, ways) = victim(&world);
    for tag in ways {
        let hub = world.serve(Mood::Says(tag, COMMIT));
        let locator = world.locator(Some(&hub));
        assert_works(&locator.locate(&by_name()).unwrap());
        assert!(unharmed(), "{tag}");
        assert!(locator.remove(&by_name()).unwrap());
    }
}

#[test]
fn a_commit_that_is_a_path_harms_nothing() {
    let world = World::new();
    let (unharmed, ways) = victim(&world);
    for commit in ways {
        let hub = world.serve(Mood::Says("tag", commit));
        let error = world.locator(Some(&hub)).locate(&by_name()).unwrap_err();
        assert!(error.to_string().contains("named no commit"), "{error}");
        assert!(unharmed(), "{commit}");
        assert!(world.placed().is_empty());
    }
}

#[test]
fn more_than_was_announced_is_not_taken() {
    let world = World::new();
    let hub = world.serve(Mood::Overflows);
    let error = world.locator(Some(&hub)).locate(&by_name()).unwrap_err();
    assert!(matches!(error, AcquireError::NotOnHub { .. }), "{error}");
    assert!(error.to_string().contains("announced"), "{error}");
    let left = fs::read_dir(world.cache().join("downloads/org--tiny")).unwrap();
    assert_eq!(left.count(), 0);
    assert!(world.placed().is_empty());
}

#[test]
fn a_store_that_the_hub_leads_to_gets_no_token() {
    let world = World::new();
    let hub = world.serve(Mood::Elsewhere(1));
    fs::create_dir_all(world.hf_cache()).unwrap();
    fs::write(world.hf_cache().with_file_name("token"), "secret\n").unwrap();
    let locator = Locator {
        hf_cache: Some(world.hf_cache()),
        ..world.locator(Some(&hub))
    };
    let folder = locator.locate(&by_name()).unwrap();
    assert_works(&folder);
    assert_eq!(folder.revision(), Some(COMMIT));
    let own = hub.tokens(false);
    assert!(own.len() > 5);
    for token in own {
        assert_eq!(token.as_deref(), Some("Bearer secret"));
    }
    assert_eq!(hub.tokens(true), [None, None]);
    // The store broke off once, and was asked for the rest.
    let ranges = hub.ranges_of("model.safetensors");
    assert!(
        matches!(ranges.as_slice(), [0, rest] if *rest > 0),
        "{ranges:?}"
    );
}

#[test]
fn a_part_of_another_file_is_thrown_away() {
    let world = World::new();
    let hub = world.serve(Mood::Cuts(2));
    world.locator(Some(&hub)).locate(&by_name()).unwrap_err();
    Tiny {
        seed: 2,
        ..Tiny::default()
    }
    .write(&world.model());
    let hub = Hub::serve("org/tiny", &world.model(), Mood::Well);
    let folder = world.locator(Some(&hub)).locate(&by_name()).unwrap();
    assert_eq!(
        fs::read(folder.path().join("model.safetensors")).unwrap(),
        fs::read(world.model().join("model.safetensors")).unwrap()
    );
    let ranges = hub.ranges_of("model.safetensors");
    assert!(
        matches!(ranges.as_slice(), [rest, 0] if *rest > 0),
        "{ranges:?}"
    );
}
