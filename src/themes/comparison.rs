//! What two groups of authors or sources say on the themes that they share, and what only one of them says.
//!
//! ```
//! use topoi::themes::comparison::{Contribution, Group, Limits, compare};
//!
//! let by = |group, article| Contribution { group, theme: 0, article };
//! let passages = [by(Group::A, 1), by(Group::A, 2), by(Group::B, 3)];
//! let vectors = [[1.0, 0.0], [0.0, 1.0], [0.8, 0.6]];
//!
//! let found = compare(&passages, &|passage| &vectors[passage], &Limits::default());
//! let theme = &found.shared[0];
//! assert_eq!(theme.alike.map(|alike| (alike.a, alike.b)), Some((0, 2)));
//! assert_eq!(theme.novel.a[0].passage, 1);
//! ```

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::Vectors;
use super::novelty::{Nearest, meet, most_novel, thinned};
use super::odds::{Body, Part, Sizes};

pub use super::novelty::{Alike, Novel};

/// A theme is one group's alone if the other has at most so many passages of it,
const FEW: usize = 1;

/// where so many would be expected of it by chance. Of independent passages, one or none comes by chance in 4 of 100
/// cases where five are expected (Poisson).
const EXPECTED: f64 = 5.0;

/// Whose a passage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The first group's.
    A,
    /// The second group's.
    B,
    /// Of both: its article has authors of either.
    Both,
}

impl Group {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::A => &[Part::One],
            Self::B => &[Part::Other],
            Self::Both => &[Part::One, Part::Other],
        }
    }
}

/// A passage: whose it is, and what it treats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contribution {
    /// Whose it is.
    pub group: Group,
    /// Its theme, as the caller numbers them.
    pub theme: usize,
    /// The number of its article.
    pub article: u64,
}

/// How much is told at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many of the most novel passages of each group on each theme that both treat.
    pub in_theme: usize,
    /// How many of the most novel passages of each group altogether.
    pub overall: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_theme: 3,
            overall: 10,
        }
    }
}

/// One thing for each group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Each<T> {
    /// The first group's.
    pub a: T,
    /// The second group's.
    pub b: T,
}

impl<T> Each<T> {
    fn of(&self, part: Part) -> &T {
        match part {
            Part::One => &self.a,
            Part::Other => &self.b,
        }
    }

    fn of_mut(&mut self, part: Part) -> &mut T {
        match part {
            Part::One => &mut self.a,
            Part::Other => &mut self.b,
        }
    }

    fn map<U>(&self, each: impl Fn(&T) -> U) -> Each<U> {
        Each {
            a: each(&self.a),
            b: each(&self.b),
        }
    }
}

/// What two groups say. Every theme that has a passage is in one of the lists of themes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How many passages each group has. A passage of both is in either number.
    pub passages: Each<usize>,
    /// The themes that both treat, those with the most passages first.
    pub shared: Vec<SharedTheme>,
    /// The themes that a group treats and the other doesn't, the surest first.
    pub only: Each<Vec<OnlyTheme>>,
    /// The themes that one group alone treats, but with so few passages that it may be by chance.
    pub too_few: Vec<usize>,
    /// The passages of each group that are least like anything of the other on any theme, each of another article; none
    /// where the other has no passages.
    pub novel: Each<Vec<Novel>>,
}

/// A theme that both groups treat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharedTheme {
    /// The theme.
    pub theme: usize,
    /// How many passages of each group treat it.
    pub passages: Each<usize>,
    /// In how many articles.
    pub articles: Each<usize>,
    /// What share that is of all that the group wrote, 0 to 1.
    pub share: Each<f64>,
    /// Whose theme it is more: above 0 A's, below it B's. It is the difference of the logarithms of the odds, drawn towards 0
    /// where there is little to go by: .7 is about twice as much.
    pub lean: f64,
    /// How sure that is, in standard errors: beyond ±2 it is hardly by chance. Passages of one article are not counted as
    /// independent.
    pub z: f64,
    /// The two passages that are most alike, one of each group, of two articles and no copies (a cosine below .98).
    pub alike: Option<Alike>,
    /// The passages of each group that are least like anything that the other says on the theme, each of another article.
    pub novel: Each<Vec<Novel>>,
}

/// A theme that one group treats and the other doesn't: at most one passage, where at least five would be expected if both
/// gave it the same share of what they write.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OnlyTheme {
    /// The theme.
    pub theme: usize,
    /// How many passages of the group treat it.
    pub passages: usize,
    /// In how many articles.
    pub articles: usize,
    /// What share that is of all that the group wrote, 0 to 1.
    pub share: f64,
    /// How many passages the other group has on it: one or none.
    pub others: usize,
    /// How many would be expected of it.
    pub expected: f64,
    /// How sure it is that the groups differ, in standard errors. Passages of one article are not counted as independent.
    pub z: f64,
}

/// The passages of a theme.
#[derive(Debug, Default)]
struct Treated {
    passages: Each<Vec<usize>>,
    articles: Sizes,
}

impl Treated {
    fn counts(&self) -> Each<usize> {
        self.passages.map(Vec::len)
    }

    fn articles(&self) -> Each<usize> {
        let mut articles = Each::default();
        for (_, part) in self.articles.keys() {
            *articles.of_mut(*part) += 1;
        }
        articles
    }
}

/// Compares what the two groups say. `vectors` has the vector of each passage, unit length.
///
/// Passages are compared within themes, group with group. Of a theme with more than 2048 passages of a group, so many, evenly
/// spaced, stand for all where the most alike pair and candidates for the most novel passages are sought. How novel
/// those are is computed from all passages of the other group. So each passage takes part in at most some 6,000 dot
/// products, however many there are: `O(passages · dim)` beyond that, and where all themes are small
/// `O(Σ a · b · dim)` over the themes' passages `a` and `b`. The same passages give the same comparison on any number of threads.
#[must_use]
pub fn compare(passages: &[Contribution], vectors: &Vectors<'_>, limits: &Limits) -> Comparison {
    let mut themes: BTreeMap<usize, Treated> = BTreeMap::new();
    let mut all: Each<Vec<usize>> = Each::default();
    let mut sizes = Sizes::new();
    for (place, passage) in passages.iter().enumerate() {
        for &part in passage.group.parts() {
            let treated = themes.entry(passage.theme).or_default();
            treated.passages.of_mut(part).push(place);
            all.of_mut(part).push(place);
            let article = (passage.article, part);
            *treated.articles.entry(article).or_default() += 1.0;
            *sizes.entry(article).or_default() += 1.0;
        }
    }
    let groups = Groups {
        sample: all.map(|passages| thinned(passages)),
        all,
        body: Body::new(sizes),
        passages,
        vectors,
        limits,
    };
    let themes: Vec<(usize, Treated)> = themes.into_iter().collect();
    let met: Vec<(Treatment, Each<Vec<Nearest>>)> = themes
        .par_iter()
        .map(|(theme, treated)| groups.look_at(*theme, treated))
        .collect();
    groups.comparison(met)
}

/// What a theme is to the groups.
enum Treatment {
    Shared(SharedTheme),
    /// It is the group's alone.
    Only(Part, OnlyTheme),
    TooFew(usize),
}

/// The groups with all that they say.
struct Groups<'a, 'v> {
    passages: &'a [Contribution],
    vectors: &'a Vectors<'v>,
    limits: &'a Limits,
    body: Body,
    all: Each<Vec<usize>>,
    /// What stands for all of each group.
    sample: Each<Vec<usize>>,
}

impl Groups<'_, '_> {
    fn article(&self, passage: usize) -> u64 {
        self.passages[passage].article
    }

    /// What a theme is to the groups, and what is nearest to its passages among those of the other group, or among some
    /// of them.
    fn look_at(&self, theme: usize, treated: &Treated) -> (Treatment, Each<Vec<Nearest>>) {
        let counts = treated.counts();
        for part in [Part::One, Part::Other] {
            let expected = self.expected(&counts, other(part));
            if *counts.of(other(part)) <= FEW && expected >= EXPECTED {
                let only = self.only(theme, treated, part, expected);
                return (Treatment::Only(part, only), self.beside_all(treated));
            }
        }
        if counts.a == 0 || counts.b == 0 {
            return (Treatment::TooFew(theme), self.beside_all(treated));
        }
        let (shared, nearest) = self.shared(theme, treated);
        (Treatment::Shared(shared), nearest)
    }

    /// How many of a theme's passages would be a group's if both gave it the same share.
    fn expected(&self, counts: &Each<usize>, part: Part) -> f64 {
        let sizes = self.all.map(Vec::len);
        (counts.a + counts.b) as f64 * *sizes.of(part) as f64 / (sizes.a + sizes.b) as f64
    }

    fn share(&self, counts: &Each<usize>, part: Part) -> f64 {
        *counts.of(part) as f64 / self.all.of(part).len() as f64
    }

    fn only(&self, theme: usize, treated: &Treated, part: Part, expected: f64) -> OnlyTheme {
        let counts = treated.counts();
        let difference = self.body.difference(&treated.articles);
        OnlyTheme {
            theme,
            passages: *counts.of(part),
            articles: *treated.articles().of(part),
            share: self.share(&counts, part),
            others: *counts.of(other(part)),
            expected,
            z: difference.map_or(0.0, |found| found.z.abs()),
        }
    }

    fn shared(&self, theme: usize, treated: &Treated) -> (SharedTheme, Each<Vec<Nearest>>) {
        let sample = treated.passages.map(|passages| thinned(passages));
        let meeting = meet(&sample.a, &sample.b, self.vectors, &|passage| {
            self.article(passage)
        });
        let nearest = Each {
            a: meeting.first,
            b: meeting.second,
        };
        let counts = treated.counts();
        let difference = self.body.difference(&treated.articles);
        let novel = |part: Part| {
            let candidates = nearest.of(part).clone();
            let others = treated.passages.of(other(part));
            self.most_novel(candidates, others, self.limits.in_theme)
        };
        let shared = SharedTheme {
            theme,
            passages: counts,
            articles: treated.articles(),
            share: Each {
                a: self.share(&counts, Part::One),
                b: self.share(&counts, Part::Other),
            },
            lean: difference.map_or(0.0, |found| found.log_odds),
            z: difference.map_or(0.0, |found| found.z),
            alike: meeting.alike,
            novel: Each {
                a: novel(Part::One),
                b: novel(Part::Other),
            },
        };
        (shared, nearest)
    }

    /// What is nearest to a theme's passages among what stands for all that the other group says.
    fn beside_all(&self, treated: &Treated) -> Each<Vec<Nearest>> {
        let beside = |part| {
            let passages = thinned(treated.passages.of(part));
            let others = self.sample.of(other(part));
            meet(&passages, others, self.vectors, &|passage| {
                self.article(passage)
            })
            .first
        };
        Each {
            a: beside(Part::One),
            b: beside(Part::Other),
        }
    }

    fn most_novel(&self, candidates: Vec<Nearest>, others: &[usize], limit: usize) -> Vec<Novel> {
        most_novel(candidates, others, limit, self.vectors, &|passage| {
            self.article(passage)
        })
    }

    fn comparison(&self, themes: Vec<(Treatment, Each<Vec<Nearest>>)>) -> Comparison {
        let mut shared = Vec::new();
        let mut only: Each<Vec<OnlyTheme>> = Each::default();
        let mut too_few = Vec::new();
        let mut candidates: Each<Vec<Nearest>> = Each::default();
        for (kind, nearest) in themes {
            match kind {
                Treatment::Shared(theme) => shared.push(theme),
                Treatment::Only(part, theme) => only.of_mut(part).push(theme),
                Treatment::TooFew(theme) => too_few.push(theme),
            }
            candidates.a.extend(nearest.a);
            candidates.b.extend(nearest.b);
        }
        // The sorts are stable: of two alike, the theme with the smaller number comes first.
        shared.sort_by_key(|theme| std::cmp::Reverse(theme.passages.a + theme.passages.b));
        for themes in [&mut only.a, &mut only.b] {
            themes.sort_by(|x, y| y.z.total_cmp(&x.z));
        }
        let overall = self.limits.overall;
        Comparison {
            passages: self.all.map(Vec::len),
            shared,
            only,
            too_few,
            novel: Each {
                a: self.most_novel(candidates.a, &self.all.b, overall),
                b: self.most_novel(candidates.b, &self.all.a, overall),
            },
        }
    }
}

/// The other group.
fn other(part: Part) -> Part {
    match part {
        Part::One => Part::Other,
        Part::Other => Part::One,
    }
}

#[cfg(test)]
#[path = "comparison_tests.rs"]
mod tests;
