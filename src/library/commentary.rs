//! The themes of a library: what its passages are about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Library;
use super::body::Body;
use crate::article::{ArticleId, Passage, PassageId, ThemeId};
use crate::error::Result;
use crate::store::{Filter, KeptTheme};
use crate::themes::ledger::{Change, Succession};
use crate::themes::{Count, Member, Options, Themes};

/// How many passages nearest to a topic its theme begins with, at most.
const ANCHORS: usize = 10;

/// What a passage that hardly belongs to its theme counts in its article's mixture.
const LEAST_WEIGHT: f64 = 0.1;

/// Themes, and the passages that they are about.
#[derive(Debug, Clone, PartialEq)]
pub struct Commentary {
    /// The themes, the one with the most passages first.
    pub themes: Vec<LibraryTheme>,
    /// The passages, by number.
    pub passages: Vec<Passage>,
}

/// A theme of a library.
#[derive(Debug, Clone, PartialEq)]
pub struct LibraryTheme {
    /// Its number and its names.
    pub kept: KeptTheme,
    /// Its passages, by their places among the commentary's, those that belong most firmly first.
    pub members: Vec<Member>,
    /// How many articles they stand in.
    pub articles: usize,
}

impl LibraryTheme {
    /// What it is called: as a person says, as a language model says, or after its terms.
    #[must_use]
    pub fn name(&self) -> &str {
        let KeptTheme {
            given, title, name, ..
        } = &self.kept;
        given.as_ref().or(title.as_ref()).unwrap_or(name)
    }
}

/// A topic that is to have a theme.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// What its theme is to be called.
    pub name: String,
    /// Its vector, of the library's model.
    pub vector: Vec<f32>,
}

/// What is asked of the themes of a library.
#[derive(Debug, Clone, PartialEq)]
pub struct ThemesWanted {
    /// Which passages they are about.
    pub filter: Filter,
    /// How many there are to be.
    pub count: Count,
    /// Topics that are to have a theme each; the rest is left free.
    pub topics: Vec<Topic>,
}

impl Default for ThemesWanted {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            count: Count::Natural(0),
            topics: Vec::new(),
        }
    }
}

/// Themes that were found anew, and how they go on from those that the library had.
#[derive(Debug, Clone, PartialEq)]
pub struct Renewed {
    /// The themes, with the numbers and names of those that they go on.
    pub commentary: Commentary,
    /// What has changed.
    pub changes: Vec<Change>,
}

impl Commentary {
    /// The theme of this number.
    #[must_use]
    pub fn theme(&self, id: ThemeId) -> Option<&LibraryTheme> {
        self.themes.iter().find(|theme| theme.kept.id == id)
    }

    /// The place of each passage's theme among the themes.
    #[must_use]
    pub fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.passages.len()];
        for (place, theme) in self.themes.iter().enumerate() {
            for member in &theme.members {
                places[member.node] = place;
            }
        }
        places
    }

    /// What each article is about: its themes with their shares, the greatest first. Passages count by how firmly they
    /// belong, those that hardly do by a tenth.
    #[must_use]
    pub fn mixtures(&self) -> BTreeMap<ArticleId, Vec<(ThemeId, f64)>> {
        let mut mixtures: BTreeMap<ArticleId, Vec<(ThemeId, f64)>> = BTreeMap::new();
        for theme in &self.themes {
            for member in &theme.members {
                let shares = mixtures
                    .entry(self.passages[member.node].article)
                    .or_default();
                let weight = member.strength.max(LEAST_WEIGHT);
                match shares.iter_mut().find(|share| share.0 == theme.kept.id) {
                    Some(share) => share.1 += weight,
                    None => shares.push((theme.kept.id, weight)),
                }
            }
        }
        for shares in mixtures.values_mut() {
            let all: f64 = shares.iter().map(|share| share.1).sum();
            shares.iter_mut().for_each(|share| share.1 /= all);
            shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        }
        mixtures
    }

    /// Puts the themes together from who belongs to which, by size.
    pub(super) fn new(
        passages: Vec<Passage>,
        themes: Vec<KeptTheme>,
        of: &[Option<(ThemeId, f64)>],
    ) -> Self {
        let mut members: HashMap<ThemeId, Vec<Member>> = HashMap::new();
        for (node, of) in of.iter().enumerate() {
            if let &Some((theme, strength)) = of {
                members
                    .entry(theme)
                    .or_default()
                    .push(Member { node, strength });
            }
        }
        let mut themes: Vec<LibraryTheme> = themes
            .into_iter()
            .filter_map(|kept| {
                let mut members = members.remove(&kept.id)?;
                members.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.node.cmp(&b.node)));
                let articles: BTreeSet<ArticleId> = members
                    .iter()
                    .map(|member| passages[member.node].article)
                    .collect();
                Some(LibraryTheme {
                    kept,
                    members,
                    articles: articles.len(),
                })
            })
            .collect();
        themes.sort_by(|a, b| {
            b.members
                .len()
                .cmp(&a.members.len())
                .then(a.kept.id.cmp(&b.kept.id))
        });
        Self { themes, passages }
    }
}

impl Library {
    /// What passages of the library are about, found anew and kept nowhere. Themes are numbered by size.
    ///
    /// # Errors
    ///
    /// Where what is asked can't be fulfilled, or the library is damaged.
    pub fn themes(&self, wanted: &ThemesWanted) -> Result<Commentary> {
        let body = Body::of(self, &wanted.filter)?;
        let anchors = anchors(&body, &wanted.topics);
        let found = body.structured(&anchors, |structure| {
            let options = Options {
                count: wanted.count,
                ..Options::default()
            };
            Ok(structure.describe(&structure.divide(&options)?))
        })?;
        let numbers: Vec<ThemeId> = (1..).map(ThemeId).take(found.themes.len()).collect();
        Ok(commentary(
            body,
            &found,
            &numbers,
            &anchors,
            &wanted.topics,
            &[],
        ))
    }

    /// The library's themes, found anew: those that it has go on where they still hold, under their numbers and names, and those
    /// that are pinned keep their passages.
    ///
    /// The filter of what is wanted is passed over: the library's themes are about all of it.
    ///
    /// # Errors
    ///
    /// As [`Library::themes`].
    pub fn renewed_themes(&self, wanted: &ThemesWanted) -> Result<Renewed> {
        let body = Body::of(self, &Filter::default())?;
        let kept = self.store().themes()?;
        let memberships = self.store().memberships()?;
        let before: HashMap<PassageId, ThemeId> = memberships
            .iter()
            .map(|member| (member.passage, member.theme))
            .collect();
        let theme_of = |passage: PassageId| before.get(&passage).copied();
        let previous = body.by_node(theme_of);
        let pinned: Vec<ThemeId> = kept
            .iter()
            .filter(|theme| theme.pinned)
            .map(|theme| theme.id)
            .collect();
        // Pinned themes are held by the numbers behind those of the topics.
        let topics = wanted.topics.len() as u32;
        let anchors = anchors(&body, &wanted.topics);
        let held: Vec<Option<u32>> = (0..previous.len())
            .map(|node| {
                let theme =
                    previous[node].and_then(|theme| pinned.iter().position(|pin| *pin == theme));
                let anchor = anchors.get(node).copied().flatten();
                theme.map(|place| topics + place as u32).or(anchor)
            })
            .collect();
        let is_asked_for = wanted.count != Count::Natural(0) || !wanted.topics.is_empty();
        let earlier: Vec<Option<u32>> = if is_asked_for {
            Vec::new()
        } else {
            previous
                .iter()
                .map(|theme| theme.map(|theme| theme.0 as u32))
                .collect()
        };
        let found = body.structured(&held, |structure| {
            let options = Options {
                count: wanted.count,
                previous: &earlier,
                ..Options::default()
            };
            Ok(structure.describe(&structure.divide(&options)?))
        })?;
        let places: Vec<(Option<ThemeId>, usize)> = body
            .passages
            .iter()
            .zip(&body.node_of)
            .map(|(passage, &node)| (theme_of(passage.id), found.assignment[node as usize] - 1))
            .collect();
        let is_here = |passage: PassageId| {
            body.passages
                .binary_search_by_key(&passage, |p| p.id)
                .is_ok()
        };
        let gone = memberships.iter().filter(|member| !is_here(member.passage));
        let gone: Vec<ThemeId> = gone.map(|member| member.theme).collect();
        let held_places = held
            .iter()
            .zip(&found.assignment)
            .filter_map(|(held, theme)| {
                let pin = held.as_ref()?.checked_sub(topics)?;
                Some((theme - 1, pinned[pin as usize]))
            });
        let succession = Succession::new(&places, &gone, held_places);
        let mut next = self.store().next_theme()?.0;
        let numbers: Vec<ThemeId> = (0..found.themes.len())
            .map(|place| {
                succession
                    .of
                    .get(place)
                    .copied()
                    .flatten()
                    .unwrap_or_else(|| {
                        next += 1;
                        ThemeId(next - 1)
                    })
            })
            .collect();
        let commentary = commentary(body, &found, &numbers, &anchors, &wanted.topics, &kept);
        let name = |id: ThemeId| {
            let old = || kept.iter().find(|theme| theme.id == id);
            commentary
                .theme(id)
                .map(|theme| theme.name().to_owned())
                .unwrap_or_else(|| {
                    old().map_or_else(String::new, |old| {
                        old.given.clone().unwrap_or_else(|| old.name.clone())
                    })
                })
        };
        let changes = if before.is_empty() {
            Vec::new()
        } else {
            succession.changes(&numbers, &name)
        };
        Ok(Renewed {
            commentary,
            changes,
        })
    }
}

/// For each node the topic that it is one of the nearest to; nothing without topics.
fn anchors(body: &Body, topics: &[Topic]) -> Vec<Option<u32>> {
    if topics.is_empty() {
        return Vec::new();
    }
    let most = ANCHORS.min(body.first.len() / topics.len()).max(1);
    let mut best: Vec<(f32, usize, u32)> = Vec::new();
    for (number, topic) in (0..).zip(topics) {
        let mut near: Vec<(f32, usize, u32)> = Vec::with_capacity(body.first.len());
        for (node, &place) in body.first.iter().enumerate() {
            let id = topoi_index::PointId(body.passages[place].id.0);
            if let Some(vector) = body.vectors.vector(id) {
                near.push((
                    topoi_index::dot_product(&vector, &topic.vector),
                    node,
                    number,
                ));
            }
        }
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        best.extend(near.into_iter().take(most));
    }
    // A passage that is near to two topics anchors the nearer one.
    best.sort_by(|a, b| a.0.total_cmp(&b.0).then((b.2, b.1).cmp(&(a.2, a.1))));
    let mut anchors = vec![None; body.first.len()];
    for (_, node, topic) in best {
        anchors[node] = Some(topic);
    }
    anchors
}

/// What was found, with the copies of each passage, under these numbers, and what is kept of the themes that go on.
fn commentary(
    body: Body,
    found: &Themes,
    numbers: &[ThemeId],
    anchors: &[Option<u32>],
    topics: &[Topic],
    kept: &[KeptTheme],
) -> Commentary {
    let mut topic_of: Vec<Option<u32>> = vec![None; found.themes.len()];
    for (anchor, theme) in anchors.iter().zip(&found.assignment) {
        topic_of[theme - 1] = topic_of[theme - 1].or(*anchor);
    }
    let (mut themes, of) = body.themes(found, numbers);
    for (theme, topic) in themes.iter_mut().zip(topic_of) {
        if let Some(before) = kept.iter().find(|kept| kept.id == theme.id) {
            theme.given.clone_from(&before.given);
            theme.title.clone_from(&before.title);
            theme.pinned = before.pinned;
        }
        if let Some(topic) = topic.and_then(|topic| topics.get(topic as usize)) {
            theme.given = Some(topic.name.clone());
        }
    }
    let of: Vec<Option<(ThemeId, f64)>> = of.into_iter().map(Some).collect();
    Commentary::new(body.passages, themes, &of)
}
