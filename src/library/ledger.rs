//! The ledger of themes: what the library's themes are, who joins them, and what a person makes of them.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use topoi_index::{IdSet, PointId, SearchParams, Selection};

use super::body::Body;
use super::commentary::{Commentary, Renewed, ThemesWanted};
use super::{Library, point_set};
use crate::article::{Passage, PassageId, ThemeId};
use crate::error::{Error, Result};
use crate::location::Location;
use crate::store::{Editor, Filter, KeptTheme, Membership, Records};
use crate::themes::ledger::{Change, ChangeKind};
use crate::themes::{Count, NEIGHBOURS, Options};

/// What the passages beside a new one say of its theme, against what its neighbours say: as in the graph of all passages, where
/// links in reading order have .65 of the weight of the others.
const BESIDE: f64 = 0.65;

/// How many terms of the larger theme, and then of the smaller one, name two that were merged.
const TERMS: [usize; 2] = [3, 2];

/// Themes are found anew once there are so many new passages for each that has a theme. Fewer join the themes there are.
const TOO_MANY_NEW: f64 = 0.25;

/// The themes that a library has, and the passages that have none yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    /// The themes, with the passages that have one.
    pub commentary: Commentary,
    /// How many passages of those are new: they have joined the themes that their neighbours have, but this isn't kept yet.
    pub joined: usize,
}

/// What a library is about now.
#[derive(Debug)]
pub struct Current {
    /// The themes.
    pub commentary: Commentary,
    /// How many new passages have joined the themes that were there.
    pub joined: usize,
    /// What has changed, where the themes had to be found anew.
    pub changes: Option<Vec<Change>>,
    /// Why the themes could not be kept for the next time; they are good all the same.
    pub not_kept: Option<Error>,
}

impl Library {
    /// The library's themes as they are: found now if there are none, or if most of it is new; else joined by what is new.
    /// They are kept, if the library can be written to now.
    ///
    /// ```no_run
    /// # fn run(library: &topoi::library::Library) -> Result<(), topoi::Error> {
    /// for theme in &library.current_themes()?.commentary.themes {
    ///     println!("{}: {} passages in {} articles", theme.name(), theme.members.len(), theme.articles);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Where the library is damaged.
    pub fn current_themes(&self) -> Result<Current> {
        let ledger = self.ledger()?.filter(|ledger| {
            let known = ledger.commentary.passages.len() - ledger.joined;
            ledger.joined as f64 <= TOO_MANY_NEW * known as f64
        });
        let Some(Ledger { commentary, joined }) = ledger else {
            return self.renew_themes(&ThemesWanted::default());
        };
        let kept = if joined > 0 {
            keep_themes(self, &commentary, None)
        } else {
            Ok(())
        };
        Ok(Current {
            commentary,
            joined,
            changes: None,
            not_kept: kept.err(),
        })
    }

    /// [`renewed_themes`](Self::renewed_themes), kept if the library can be written to now.
    ///
    /// # Errors
    ///
    /// As [`Library::themes`].
    pub fn renew_themes(&self, wanted: &ThemesWanted) -> Result<Current> {
        let Renewed {
            commentary,
            changes,
        } = self.renewed_themes(wanted)?;
        let kept = keep_themes(self, &commentary, Some(&changes));
        Ok(Current {
            commentary,
            joined: 0,
            changes: Some(changes),
            not_kept: kept.err(),
        })
    }

    /// The library's themes as they were last kept, joined by passages that have come since. `None` where there are none.
    ///
    /// # Errors
    ///
    /// Where the library is damaged.
    pub fn ledger(&self) -> Result<Option<Ledger>> {
        let themes = self.store().themes()?;
        if themes.is_empty() {
            return Ok(None);
        }
        let known: HashMap<PassageId, (ThemeId, f64)> = self
            .store()
            .memberships()?
            .into_iter()
            .map(|member| (member.passage, (member.theme, member.strength)))
            .collect();
        let mut passages: Vec<Passage> = Vec::new();
        let take = &mut |passage| passages.push(passage);
        self.store().each_passage(&Filter::default(), take)?;
        let mut of: Vec<Option<(ThemeId, f64)>> = passages
            .iter()
            .map(|passage| known.get(&passage.id).copied())
            .collect();
        let joined = self.join(&passages, &mut of)?;
        Ok(Some(Ledger {
            commentary: Commentary::new(passages, themes, &of),
            joined,
        }))
    }

    /// Refuses a filter by a theme that the library doesn't have.
    ///
    /// # Errors
    ///
    /// That, and where the library can't be read.
    pub fn expect_theme(&self, filter: &Filter) -> Result<()> {
        match filter.theme {
            Some(id) if self.store().themes()?.iter().all(|theme| theme.id != id) => {
                Err(Error::NoTheme(id))
            }
            _ => Ok(()),
        }
    }

    /// Gives each passage without a theme that which its nearest neighbours have, and those of the passages beside it; says how
    /// many there were.
    fn join(&self, passages: &[Passage], of: &mut [Option<(ThemeId, f64)>]) -> Result<usize> {
        let new: Vec<usize> = (0..of.len()).filter(|&place| of[place].is_none()).collect();
        let placed: IdSet = point_set(
            passages
                .iter()
                .zip(of.iter())
                .filter(|(_, of)| of.is_some())
                .map(|(passage, _)| passage.id),
        );
        if new.is_empty() || placed.is_empty() {
            return Ok(0);
        }
        let selection = Selection {
            only: Some(&placed),
            except: None,
        };
        let theme_of = |id: PointId| {
            let place = passages
                .binary_search_by_key(&id.0, |passage| passage.id.0)
                .ok()?;
            of[place].map(|(theme, _)| theme)
        };
        let searcher = self.backend().gather(passages)?;
        let votes: Vec<Votes> = new
            .par_iter()
            .map(|&place| {
                let id = PointId(passages[place].id.0);
                let near =
                    searcher.neighbours(id, NEIGHBOURS, &selection, &SearchParams::default())?;
                let mut votes = Votes::default();
                for near in near {
                    if let Some(theme) = theme_of(near.id) {
                        votes.add(theme, f64::from(near.score.max(0.0)));
                    }
                }
                Ok(votes.normalised())
            })
            .collect::<Result<_>>()?;
        let joined: Vec<Option<(ThemeId, f64)>> = (0..new.len())
            .map(|index| {
                let mut own = votes[index].clone();
                let is_beside = |other: usize| {
                    let (a, b) = (new[index], new[other]);
                    a.abs_diff(b) == 1 && passages[a].article == passages[b].article
                };
                let around = [index.checked_sub(1), index.checked_add(1)]
                    .into_iter()
                    .flatten();
                for other in around.filter(|&other| other < new.len() && is_beside(other)) {
                    for (&theme, vote) in &votes[other].0 {
                        own.add(theme, 0.5 * BESIDE * vote);
                    }
                }
                own.most()
            })
            .collect();
        for (&place, joined) in new.iter().zip(joined) {
            // Where nothing is near, any theme will do: the first.
            of[place] =
                joined.or_else(|| of.iter().flatten().next().map(|&(theme, _)| (theme, 0.0)));
        }
        Ok(new.len())
    }
}

/// What speaks for each theme.
#[derive(Debug, Clone, Default)]
struct Votes(BTreeMap<ThemeId, f64>);

impl Votes {
    fn add(&mut self, theme: ThemeId, vote: f64) {
        *self.0.entry(theme).or_default() += vote;
    }

    /// The same with a sum of 1.
    fn normalised(mut self) -> Self {
        let sum: f64 = self.0.values().sum();
        if sum > 0.0 {
            self.0.values_mut().for_each(|vote| *vote /= sum);
        }
        self
    }

    /// The theme with the most votes, and by what share it has more than the next.
    fn most(&self) -> Option<(ThemeId, f64)> {
        let mut votes: Vec<(ThemeId, f64)> =
            self.0.iter().map(|(&theme, &vote)| (theme, vote)).collect();
        votes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let &(theme, most) = votes.first()?;
        let next = votes.get(1).map_or(0.0, |vote| vote.1);
        Some((theme, if most > 0.0 { 1.0 - next / most } else { 0.0 }))
    }
}

/// Keeps the themes of a library. `changes` says what has changed, where they were found anew.
///
/// What they were called meanwhile stays.
///
/// # Errors
///
/// Where another program is writing, has kept, merged, split or pinned themes since `library` was opened, or the library
/// can't be written.
pub fn keep_themes(
    library: &Library,
    commentary: &Commentary,
    changes: Option<&[Change]>,
) -> Result<()> {
    let mut editor = Library::edit(library.location())?;
    let (before, now) = (library.store().themes()?, editor.records().themes()?);
    let is_renamed_at_most = before.len() == now.len()
        && before.iter().zip(&now).all(|(before, now)| {
            let renamed = KeptTheme {
                given: now.given.clone(),
                title: now.title.clone(),
                ..before.clone()
            };
            renamed == *now
        });
    if editor.records().next_theme()? != library.store().next_theme()? || !is_renamed_at_most {
        return Err(Error::ThemesChanged);
    }
    let changes = changes.map(|changes| serde_json::to_string(changes).unwrap_or_default());
    let mut themes: Vec<KeptTheme> = commentary
        .themes
        .iter()
        .map(|theme| theme.kept.clone())
        .collect();
    for (before, now) in before.into_iter().zip(now) {
        let Some(theme) = themes.iter_mut().find(|theme| theme.id == now.id) else {
            continue;
        };
        if before.given != now.given {
            theme.given = now.given;
        }
        if before.title != now.title {
            theme.title = now.title;
        }
    }
    let memberships: Vec<Membership> = commentary
        .themes
        .iter()
        .flat_map(|theme| {
            theme.members.iter().map(|member| Membership {
                passage: commentary.passages[member.node].id,
                theme: theme.kept.id,
                strength: member.strength,
            })
        })
        .collect();
    Ok(editor.keep_themes(&themes, &memberships, changes.as_deref())?)
}

/// What changed when the themes were last found anew; `None` before they were found.
///
/// # Errors
///
/// Where the library can't be read.
pub fn last_changes(records: &dyn Records) -> Result<Option<Vec<Change>>> {
    let Some(changes) = records.theme_changes()? else {
        return Ok(None);
    };
    let changes = serde_json::from_str(&changes).map_err(|error| {
        let detail = format!("what has changed in the themes can't be read: {error}");
        records.damaged(detail)
    })?;
    Ok(Some(changes))
}

/// The ledger, open to be mended by hand.
struct Open {
    editor: Box<dyn Editor>,
    themes: Vec<KeptTheme>,
    memberships: Vec<Membership>,
}

impl Open {
    fn of(location: &Location) -> Result<Self> {
        let editor = Library::edit(location)?;
        Ok(Self {
            themes: editor.records().themes()?,
            memberships: editor.records().memberships()?,
            editor,
        })
    }

    fn theme(&mut self, id: ThemeId) -> Result<&mut KeptTheme> {
        let theme = self.themes.iter_mut().find(|theme| theme.id == id);
        theme.ok_or(Error::NoTheme(id))
    }

    fn size(&self, id: ThemeId) -> usize {
        self.memberships
            .iter()
            .filter(|member| member.theme == id)
            .count()
    }

    fn keep(mut self, changes: Option<&[Change]>) -> Result<()> {
        let changes = changes.map(|changes| serde_json::to_string(changes).unwrap_or_default());
        Ok(self
            .editor
            .keep_themes(&self.themes, &self.memberships, changes.as_deref())?)
    }
}

/// Calls a theme `name`, whatever its terms are, from now on; with `None` after its terms again.
///
/// # Errors
///
/// Where there is no such theme, or the library can't be written.
pub fn rename_theme(
    location: impl Into<Location>,
    theme: ThemeId,
    name: Option<&str>,
) -> Result<()> {
    let mut ledger = Open::of(&location.into())?;
    ledger.theme(theme)?.given = name.map(str::to_owned);
    ledger.keep(None)
}

/// Gives themes the titles that a language model has found for them.
///
/// # Errors
///
/// As [`rename_theme`].
pub fn entitle_themes(location: impl Into<Location>, titles: &[(ThemeId, String)]) -> Result<()> {
    let mut ledger = Open::of(&location.into())?;
    for (theme, title) in titles {
        ledger.theme(*theme)?.title = Some(title.clone());
    }
    ledger.keep(None)
}

/// Pins a theme: its passages stay together whenever themes are found anew, though others may join them. Or takes the pin out.
///
/// # Errors
///
/// As [`rename_theme`].
pub fn pin_theme(location: impl Into<Location>, theme: ThemeId, pinned: bool) -> Result<()> {
    let mut ledger = Open::of(&location.into())?;
    ledger.theme(theme)?.pinned = pinned;
    ledger.keep(None)
}

/// Makes `others` part of the theme `into`, which is pinned, so that it stays so.
///
/// # Errors
///
/// As [`rename_theme`].
pub fn merge_themes(
    location: impl Into<Location>,
    into: ThemeId,
    others: &[ThemeId],
) -> Result<()> {
    let mut ledger = Open::of(&location.into())?;
    let mut changes = Vec::new();
    for &other in others.iter().filter(|&&other| other != into) {
        let (size, gone) = (ledger.size(other), ledger.theme(other)?.clone());
        let is_larger = ledger.size(into) >= size;
        let left = ledger.theme(into)?;
        let (larger, smaller) = if is_larger {
            (&left.terms, &gone.terms)
        } else {
            (&gone.terms, &left.terms)
        };
        let smaller = smaller
            .iter()
            .filter(|term| !larger.contains(term))
            .take(TERMS[1]);
        let terms: Vec<String> = larger
            .iter()
            .take(TERMS[0])
            .chain(smaller)
            .cloned()
            .collect();
        if !is_larger {
            left.name.clone_from(&gone.name);
        }
        left.given = left.given.take().or_else(|| gone.given.clone());
        left.terms = terms;
        left.title = None;
        left.exemplars.extend(&gone.exemplars);
        left.pinned = true;
        ledger.themes.retain(|theme| theme.id != other);
        for member in ledger
            .memberships
            .iter_mut()
            .filter(|member| member.theme == other)
        {
            member.theme = into;
        }
        changes.push(Change {
            kind: ChangeKind::Merged,
            theme: other,
            name: gone.given.unwrap_or(gone.name),
            others: vec![into],
            before: size,
            after: 0,
        });
    }
    ledger.theme(into)?;
    ledger.keep(Some(&changes))
}

/// Divides a theme into `parts` (`None`: as many as show by themselves, at least two), which are pinned. The largest keeps the
/// number. Returns the numbers of all, that one first.
///
/// # Errors
///
/// As [`rename_theme`]; where the theme has fewer passages than parts are asked for.
pub fn split_theme(
    location: impl Into<Location>,
    theme: ThemeId,
    parts: Option<usize>,
) -> Result<Vec<ThemeId>> {
    let location = location.into();
    let library = Library::open(&location)?;
    let mut ledger = Open::of(&location)?;
    let kept = ledger.theme(theme)?.clone();
    let body = Body::of(
        &library,
        &Filter {
            theme: Some(theme),
            ..Filter::default()
        },
    )?;
    let found = body.structured(&[], |structure| {
        let natural = structure.divide(&Options::default())?;
        let count = parts.unwrap_or_else(|| natural.count().max(2));
        let options = Options {
            count: Count::Exactly(count),
            ..Options::default()
        };
        Ok(structure.describe(&structure.divide(&options)?))
    })?;
    let first_new = ledger.editor.records().next_theme()?.0;
    let new = (first_new..).map(ThemeId);
    let numbers: Vec<ThemeId> = std::iter::once(theme)
        .chain(new)
        .take(found.themes.len())
        .collect();
    let (mut themes, of) = body.themes(&found, &numbers);
    let mut changes = Vec::new();
    for part in &mut themes {
        part.pinned = true;
        if part.id == theme {
            part.given.clone_from(&kept.given);
        } else {
            changes.push(Change {
                kind: ChangeKind::Split,
                theme: part.id,
                name: part.name.clone(),
                others: vec![theme],
                before: 0,
                after: of.iter().filter(|of| of.0 == part.id).count(),
            });
        }
    }
    ledger.themes.retain(|other| other.id != theme);
    ledger.themes.extend(themes);
    let ids = body.passages.iter().map(|passage| passage.id);
    let of: HashMap<PassageId, (ThemeId, f64)> = ids.zip(of).collect();
    for member in &mut ledger.memberships {
        if let Some(&(theme, strength)) = of.get(&member.passage) {
            (member.theme, member.strength) = (theme, strength);
        }
    }
    ledger.keep(Some(&changes))?;
    Ok(numbers)
}
