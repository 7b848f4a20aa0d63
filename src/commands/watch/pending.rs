//! Which of the files that are being changed have come to rest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How long nothing may happen to a file before it is taken for complete.
const QUIET: Duration = Duration::from_secs(1);

/// How long a file that has come to rest waits for others, so that what is changed together is taken in together.
const TOGETHER: Duration = Duration::from_secs(10);

/// A file's length and time, or nothing where it is not there.
pub(super) type Look = Option<(u64, Option<SystemTime>)>;

/// Files and folders to which something has happened.
#[derive(Debug, Default)]
pub(super) struct Pending(BTreeMap<PathBuf, Change>);

#[derive(Debug)]
struct Change {
    first: Instant,
    last: Instant,
    look: Look,
    rests: bool,
}

impl Pending {
    /// Something has happened to a file or folder.
    pub(super) fn add(&mut self, path: PathBuf, look: Look, now: Instant) {
        let change = self.0.entry(path).or_insert(Change {
            first: now,
            last: now,
            look,
            rests: false,
        });
        change.last = now;
        change.look = look;
        change.rests = false;
    }

    /// Whether something is being changed.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    /// Takes out what has come to rest: once everything has, or some of it has waited for long.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        look: impl Fn(&Path) -> Look,
    ) -> BTreeSet<PathBuf> {
        for (path, change) in &mut self.0 {
            if change.rests || now.saturating_duration_since(change.last) < QUIET {
                continue;
            }
            let looks = look(path);
            change.rests = looks == change.look;
            if !change.rests {
                change.look = looks;
                change.last = now;
            }
        }
        let is_long = |change: &Change| now.saturating_duration_since(change.first) >= TOGETHER;
        let mut resting = self.0.values().filter(|change| change.rests);
        if self.0.values().any(|change| !change.rests) && !resting.any(is_long) {
            return BTreeSet::new();
        }
        let mut settled = BTreeSet::new();
        self.0.retain(|path, change| {
            if change.rests {
                settled.insert(path.clone());
            }
            !change.rests
        });
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(bytes: u64) -> Look {
        Some((bytes, None))
    }

    #[test]
    fn a_file_rests_when_nothing_happens_to_it_and_it_has_the_size_it_had() {
        let begin = Instant::now();
        let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
        let mut pending = Pending::default();
        pending.add("a".into(), size(1), begin);
        assert!(pending.settle(at(0.5), |_| size(1)).is_empty());
        // No event told of it, but it has grown.
        assert!(pending.settle(at(1.1), |_| size(2)).is_empty());
        assert!(pending.settle(at(2.0), |_| size(2)).is_empty());
        assert_eq!(
            pending.settle(at(2.2), |_| size(2)),
            BTreeSet::from(["a".into()])
        );
        assert!(!pending.holds(Path::new("a")));
    }

    #[test]
    fn files_that_change_together_settle_together_but_not_for_ever() {
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let mut pending = Pending::default();
        pending.add("a".into(), None, begin);
        for second in 1..10 {
            pending.add("b".into(), size(second), at(second));
            assert!(pending.settle(at(second), |_| None).is_empty());
        }
        pending.add("b".into(), size(11), at(11));
        assert_eq!(
            pending.settle(at(11), |_| None),
            BTreeSet::from(["a".into()])
        );
        assert!(pending.holds(Path::new("b")));
    }
}
