//! The themes of the libraries, found in the background.
//!
//! Finding themes takes seconds to a minute, and so does drawing the map. So whoever asks first is told that they are being
//! found. When a library has changed, the themes that were found before are shown until those of now are known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use topoi::article::{ArticleId, Date, PassageId, ThemeId};
use topoi::library::Library;
use topoi::store::Filter;
use topoi::themes::map;
use topoi::themes::trends::Unit;

use super::failure::{Failure, Result};
use super::lock;
use super::packed::Packed;
use super::shelf::Shelf;
use super::shown::ShareJson;
use crate::answers::themes::{BriefJson, brief};
use crate::answers::{Subject, map_of};

/// How many authors and sources of a theme are named.
const NAMES: usize = 20;

/// After finding themes, so many times as long as that took passes before it is done again.
const REST: u32 = 10;

/// How long to wait, once themes were kept in the library, until it is open with them; and how often to look.
const OPENING: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(10);

/// The themes of a library, as they were found.
pub(crate) struct Found {
    unit: Option<Unit>,
    recent_from: Option<Date>,
    bins: Vec<Date>,
    pub(crate) themes: Vec<FoundTheme>,
    of_article: HashMap<ArticleId, Vec<(ThemeId, f64)>>,
}

/// A theme, with the passages that belong to it, the firmest first.
pub(crate) struct FoundTheme {
    pub(crate) id: ThemeId,
    pub(crate) name: String,
    pub(crate) brief: BriefJson,
    pub(crate) members: Vec<(PassageId, f32)>,
}

/// All themes.
#[derive(Serialize)]
pub(crate) struct ThemesJson<'t> {
    schema: &'static str,
    status: &'static str,
    unit: Option<Unit>,
    recent_from: Option<Date>,
    bins: &'t [Date],
    themes: Vec<BriefJson>,
}

impl Found {
    /// The themes; with what else is known of them, and whether they were kept just now.
    fn new(library: &Library) -> topoi::Result<(Self, Subject, bool)> {
        let current = library.current_themes()?;
        if let Some(error) = &current.not_kept {
            tracing::info!(%error, "the themes are not kept");
        }
        let is_kept =
            current.not_kept.is_none() && (current.joined > 0 || current.changes.is_some());
        let subject = Subject::new(library, current.commentary)?;
        let commentary = &subject.commentary;
        let themes = commentary.themes.iter().enumerate().map(|(place, theme)| {
            let member = |member: &topoi::themes::Member| {
                let passage = commentary.passages[member.node].id;
                (passage, member.strength as f32)
            };
            FoundTheme {
                id: theme.kept.id,
                name: theme.name().to_owned(),
                brief: brief(&subject, place, NAMES),
                members: theme.members.iter().map(member).collect(),
            }
        });
        let found = Self {
            unit: subject.trends.unit,
            recent_from: subject.trends.recent_from,
            bins: subject.trends.bins.clone(),
            themes: themes.collect(),
            of_article: commentary.mixtures().into_iter().collect(),
        };
        Ok((found, subject, is_kept))
    }

    /// All themes, each with so many passages that stand for it.
    pub(crate) fn json(&self, exemplars: usize) -> ThemesJson<'_> {
        let brief = |theme: &FoundTheme| {
            let mut brief = theme.brief.clone();
            brief.exemplars.truncate(exemplars);
            brief
        };
        ThemesJson {
            schema: "topoi.themes.v1",
            status: "ready",
            unit: self.unit,
            recent_from: self.recent_from,
            bins: &self.bins,
            themes: self.themes.iter().map(brief).collect(),
        }
    }

    pub(crate) fn theme(&self, id: ThemeId) -> Result<&FoundTheme> {
        let theme = self.themes.iter().find(|theme| theme.id == id);
        theme.ok_or_else(|| topoi::Error::NoTheme(id).into())
    }

    /// What an article is about.
    pub(crate) fn of_article(&self, id: ArticleId) -> Vec<ShareJson> {
        let shares = self.of_article.get(&id).into_iter().flatten();
        let share = |&(theme, share): &(ThemeId, f64)| {
            let name = self.theme(theme).map(|theme| theme.name.clone());
            ShareJson {
                theme,
                name: name.unwrap_or_default(),
                share,
            }
        };
        shares.map(share).collect()
    }
}

/// What is known of something that takes long to find.
enum Known<T> {
    Nothing,
    /// It was found, of this generation.
    Found(T, u64),
    /// It can't be found, in this generation.
    Failed(Failure, u64),
}

/// Something that is found in the background, and found anew when the library has changed.
struct Slow<T> {
    known: Known<T>,
    is_being_found: bool,
    not_before: Option<Instant>,
}

impl<T> Default for Slow<T> {
    fn default() -> Self {
        Self {
            known: Known::Nothing,
            is_being_found: false,
            not_before: None,
        }
    }
}

impl<T: Clone> Slow<T> {
    /// What is known, and whether it must be found now.
    fn look(&mut self, generation: u64) -> (Result<Option<T>>, bool) {
        let (known, of) = match &self.known {
            Known::Nothing => (Ok(None), None),
            Known::Found(found, of) => (Ok(Some(found.clone())), Some(*of)),
            Known::Failed(failure, of) => (Err(failure.clone()), Some(*of)),
        };
        let is_due = of != Some(generation)
            && !self.is_being_found
            && self.not_before.is_none_or(|time| time <= Instant::now());
        self.is_being_found |= is_due;
        (known, is_due)
    }

    fn found(&mut self, found: Result<T>, generation: u64, took: Duration) {
        self.known = match found {
            Ok(found) => Known::Found(found, generation),
            Err(failure) => Known::Failed(failure, generation),
        };
        self.is_being_found = false;
        self.not_before = Some(Instant::now() + took * REST);
    }
}

#[derive(Default)]
struct State {
    themes: Slow<Arc<Found>>,
    map: Slow<Arc<Packed>>,
}

/// The themes of all libraries.
pub(crate) struct Themes {
    of: Vec<Arc<Mutex<State>>>,
    /// One at a time: each takes all cores.
    turn: Arc<Mutex<()>>,
}

impl Themes {
    pub(crate) fn new(libraries: usize) -> Self {
        Self {
            of: (0..libraries).map(|_| Arc::default()).collect(),
            turn: Arc::default(),
        }
    }

    /// The library's themes, if they are known; else they are being found from now on.
    pub(crate) fn get(&self, shelf: &Arc<Shelf>) -> Result<Option<Arc<Found>>> {
        self.look(
            shelf,
            |state| &mut state.themes,
            |library| {
                let (found, _, is_kept) = Found::new(library)?;
                Ok((Arc::new(found), is_kept))
            },
        )
    }

    /// The library's themes, if they are known.
    pub(crate) fn known(&self, shelf: &Shelf) -> Option<Arc<Found>> {
        match &lock(self.of.get(shelf.number)?).themes.known {
            Known::Found(found, _) => Some(Arc::clone(found)),
            _ => None,
        }
    }

    /// The library's map, if it is drawn; else it is being drawn from now on.
    pub(crate) fn map(&self, shelf: &Arc<Shelf>) -> Result<Option<Arc<Packed>>> {
        let title = shelf.name.clone();
        self.look(
            shelf,
            |state| &mut state.map,
            move |library| {
                let (_, subject, _) = Found::new(library)?;
                let picture = library.picture(&subject.commentary, &Filter::default())?;
                let page = map::html(&map_of(&subject, &picture, &title));
                Ok((
                    Arc::new(Packed::new("text/html; charset=utf-8", page)),
                    false,
                ))
            },
        )
    }

    fn look<T: Clone + Send + 'static>(
        &self,
        shelf: &Arc<Shelf>,
        slow: impl Fn(&mut State) -> &mut Slow<T> + Send + 'static,
        find: impl FnOnce(&Library) -> topoi::Result<(T, bool)> + Send + 'static,
    ) -> Result<Option<T>> {
        let Some(state) = self.of.get(shelf.number) else {
            return Ok(None);
        };
        let generation = shelf.generation();
        if shelf.counts().articles == 0 {
            return Err(Failure::empty());
        }
        let (known, is_due) = slow(&mut lock(state)).look(generation);
        if is_due {
            let (state, turn) = (Arc::clone(state), Arc::clone(&self.turn));
            let shelf = Arc::clone(shelf);
            thread::spawn(move || {
                let _turn = lock(&turn);
                let begin = Instant::now();
                let find = || Ok(find(&Library::open(&shelf.location)?)?);
                let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(find));
                let found = found.unwrap_or_else(|_| Err(super::desk::Refusal::Broken.into()));
                let took = begin.elapsed();
                tracing::info!(
                    library = shelf.name,
                    seconds = took.as_secs_f32(),
                    "themes found"
                );
                let found = found.map(|(found, is_kept)| {
                    // Whoever is told a theme's number may ask about it at once.
                    let until = Instant::now() + OPENING;
                    while is_kept && shelf.generation() == generation && Instant::now() < until {
                        thread::sleep(MOMENT);
                    }
                    found
                });
                slow(&mut lock(&state)).found(found, generation, took);
            });
        }
        known
    }
}
