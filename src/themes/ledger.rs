//! Themes from run to run: which of the new ones is which of the old, and what has changed.
//!
//! Themes are known by their passages. A theme goes on in the new one that shares most with it, if the greater part of
//! either is in the other; whatever is left over is born, or has ended. This is bookkeeping over overlaps, as in G. Greene,
//! D. Doyle, P. Cunningham, *Tracking the evolution of communities in dynamic social networks*, ASONAM 2010.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::article::ThemeId;

/// A theme gives its passages to another where that gets at least this share of them.
const PART: f64 = 0.25;

/// A theme has grown or shrunk where its number of passages has changed by this share, and by [`AT_LEAST`].
const NOTABLE: f64 = 0.2;

/// By how many passages a theme must have grown or shrunk to be told of.
const AT_LEAST: usize = 3;

/// What happened to a theme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it was.
    pub kind: ChangeKind,
    /// The theme.
    pub theme: ThemeId,
    /// What it is, or was, called.
    pub name: String,
    /// Those that it came from, or went to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<ThemeId>,
    /// How many passages it had before.
    pub before: usize,
    /// How many it has now.
    pub after: usize,
}

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It wasn't there before.
    Born,
    /// It was a part of others before.
    Split,
    /// It has become a part of others.
    Merged,
    /// Its passages have gone, or were scattered.
    Ended,
    /// It has more passages by a fifth.
    Grew,
    /// It has fewer passages by a fifth.
    Shrank,
}

/// How the themes of now go on from those of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// For each theme of now, by its place, the one that it goes on, if any.
    pub of: Vec<Option<ThemeId>>,
    /// How many passages each theme of before had; those that are gone by now are counted.
    before: BTreeMap<ThemeId, usize>,
    /// How many passages each theme of now has.
    after: Vec<usize>,
    /// How many passages each theme of before has in each of now.
    shared: BTreeMap<(ThemeId, usize), usize>,
}

impl Succession {
    /// Compares the theme that each passage had before, if any, with the place of its theme now.
    ///
    /// `gone` are the themes of passages that are no longer there; `certain` says which theme of before certain places
    /// go on, whatever else.
    #[must_use]
    pub fn new(
        passages: &[(Option<ThemeId>, usize)],
        gone: &[ThemeId],
        certain: impl IntoIterator<Item = (usize, ThemeId)>,
    ) -> Self {
        let now = passages
            .iter()
            .map(|passage| passage.1 + 1)
            .max()
            .unwrap_or(0);
        let mut after = vec![0; now];
        let mut before: BTreeMap<ThemeId, usize> = BTreeMap::new();
        let mut shared: BTreeMap<(ThemeId, usize), usize> = BTreeMap::new();
        for &(old, new) in passages {
            after[new] += 1;
            if let Some(old) = old {
                *before.entry(old).or_default() += 1;
                *shared.entry((old, new)).or_default() += 1;
            }
        }
        for theme in gone {
            *before.entry(*theme).or_default() += 1;
        }
        let mut known = vec![0; now];
        for (&(_, new), count) in &shared {
            known[new] += count;
        }
        // The greatest overlap first, in relation to what either of the two has.
        let mut pairs: Vec<(f64, ThemeId, usize)> = shared
            .iter()
            .map(|(&(old, new), &count)| {
                let either = before[&old] + known[new] - count;
                (count as f64 / either as f64, old, new)
            })
            .collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut of = vec![None; now];
        for (place, old) in certain {
            of[place] = Some(old);
        }
        for (_, old, new) in pairs {
            let count = shared[&(old, new)];
            let is_most = 2 * count > before[&old] || 2 * count > known[new];
            if is_most && of[new].is_none() && !of.contains(&Some(old)) {
                of[new] = Some(old);
            }
        }
        Self {
            of,
            before,
            after,
            shared,
        }
    }

    /// What has changed, where the themes of now have these numbers; names are asked for by number.
    #[must_use]
    pub fn changes(&self, numbers: &[ThemeId], name: &dyn Fn(ThemeId) -> String) -> Vec<Change> {
        let mut changes = Vec::new();
        let part = |count: usize, of: usize| count as f64 >= PART * of as f64;
        let mut tell = |kind, theme, others, before, after| {
            let name = name(theme);
            changes.push(Change {
                kind,
                theme,
                name,
                others,
                before,
                after,
            });
        };
        for (place, &number) in numbers.iter().enumerate() {
            let after = self.after[place];
            let Some(old) = self.of[place] else {
                let from = self
                    .shared
                    .iter()
                    .filter(|((_, new), count)| *new == place && part(**count, after));
                let from: Vec<ThemeId> = from.map(|((old, _), _)| *old).collect();
                let kind = if from.is_empty() {
                    ChangeKind::Born
                } else {
                    ChangeKind::Split
                };
                tell(kind, number, from, 0, after);
                continue;
            };
            let before = self.before[&old];
            let changed = before.abs_diff(after);
            if changed >= AT_LEAST && changed as f64 >= NOTABLE * before as f64 {
                let kind = if after > before {
                    ChangeKind::Grew
                } else {
                    ChangeKind::Shrank
                };
                tell(kind, number, Vec::new(), before, after);
            }
        }
        for (&old, &before) in &self.before {
            if self.of.contains(&Some(old)) {
                continue;
            }
            let into = self
                .shared
                .iter()
                .filter(|((from, _), count)| *from == old && part(**count, before));
            let into: Vec<ThemeId> = into
                .filter_map(|((_, new), _)| numbers.get(*new).copied())
                .collect();
            let kind = if into.is_empty() {
                ChangeKind::Ended
            } else {
                ChangeKind::Merged
            };
            tell(kind, old, into, before, 0);
        }
        changes.sort_by_key(|change| (change.kind, change.theme));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passages as runs of the same theme before and the same place now.
    fn passages(runs: &[(Option<u64>, usize, usize)]) -> Vec<(Option<ThemeId>, usize)> {
        let run = |&(old, new, count): &(Option<u64>, usize, usize)| {
            std::iter::repeat_n((old.map(ThemeId), new), count)
        };
        runs.iter().flat_map(run).collect()
    }

    fn told(runs: &[(Option<u64>, usize, usize)], gone: &[u64], numbers: &[u64]) -> Vec<String> {
        let gone: Vec<ThemeId> = gone.iter().copied().map(ThemeId).collect();
        let numbers: Vec<ThemeId> = numbers.iter().copied().map(ThemeId).collect();
        let succession = Succession::new(&passages(runs), &gone, []);
        let changes = succession.changes(&numbers, &|theme| format!("t{theme}"));
        changes
            .iter()
            .map(|change| {
                let others: Vec<u64> = change.others.iter().map(|other| other.0).collect();
                let Change {
                    kind,
                    name,
                    before,
                    after,
                    ..
                } = change;
                format!("{kind:?} {name} {others:?} {before} {after}")
            })
            .collect()
    }

    #[test]
    fn themes_that_stay_as_they_are_have_no_changes() {
        let runs = [(Some(4), 0, 10), (Some(9), 1, 8), (None, 1, 1)];
        let succession = Succession::new(&passages(&runs), &[], []);
        assert_eq!(succession.of, [Some(ThemeId(4)), Some(ThemeId(9))]);
        assert!(told(&runs, &[], &[4, 9]).is_empty());
    }

    #[test]
    fn what_is_new_is_born_and_what_has_gone_has_ended() {
        let runs = [(Some(1), 0, 10), (None, 1, 6)];
        let told = told(&runs, &[2, 2, 2], &[1, 3]);
        assert_eq!(told, ["Born t3 [] 0 6", "Ended t2 [] 3 0"]);
    }

    #[test]
    fn a_theme_that_falls_in_two_goes_on_in_the_larger_part() {
        let runs = [(Some(1), 0, 6), (Some(1), 1, 4)];
        assert_eq!(
            told(&runs, &[], &[1, 2]),
            ["Split t2 [1] 0 4", "Shrank t1 [] 10 6"]
        );
    }

    #[test]
    fn a_theme_that_another_takes_in_was_merged() {
        let runs = [(Some(1), 0, 12), (Some(2), 0, 5)];
        assert_eq!(
            told(&runs, &[], &[1]),
            ["Merged t2 [1] 5 0", "Grew t1 [] 12 17"]
        );
    }

    #[test]
    fn nothing_becomes_nothing() {
        assert!(told(&[], &[], &[]).is_empty());
    }
}
