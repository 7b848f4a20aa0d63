//! Libraries that are kept open, once for each worker, and opened again when they have changed.
//!
//! A [`Library`] stays as it was when it was opened, and it is for one thread at a time. So a thread of its own watches for
//! commits, opens the library anew beside the one that is in use, does what the first search would have to wait for, and
//! only then lays the new one ready. A question never waits for that, nor for whoever is writing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use topoi::Location;
use topoi::library::{Library, Revision, Watch};
use topoi::store::{Counts, StoreError};

use super::model::Model;

/// How often it is looked whether a library has changed.
const TICK: Duration = Duration::from_millis(200);

/// After opening a library anew, so many times as long as that took passes before the next time: an indexing run that
/// commits all the time takes no more than a tenth of a core this way.
const REST: u32 = 10;

/// A library that is served.
pub(crate) struct Shelf {
    /// Its place among the libraries.
    pub(crate) number: usize,
    /// What it is called in requests.
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) model: Arc<Model>,
    generation: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The library as it is now, once for each worker that hasn't taken its own yet.
    fresh: Vec<Option<Library>>,
    counts: Counts,
    /// Why the library can't be opened; what was open before goes on being used.
    problem: Option<String>,
}

impl Shelf {
    pub(crate) fn new(number: usize, name: String, location: Location, model: Arc<Model>) -> Self {
        Self {
            number,
            name,
            location,
            model,
            generation: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// Which of its states the library is in; grows whenever it was opened anew.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// How much the library holds.
    pub(crate) fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Why the library can't be opened as it is now.
    pub(crate) fn problem(&self) -> Option<String> {
        self.state().problem.clone()
    }

    /// The library for a worker, if it has changed since the worker took it last.
    fn take(&self, worker: usize) -> Option<Library> {
        self.state().fresh.get_mut(worker)?.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the library for so many workers.
    pub(crate) fn open(&self, workers: usize) {
        let opened: Result<Vec<Option<Library>>, topoi::Error> = thread::scope(|scope| {
            let open = || {
                let library = Library::open(&self.location)?;
                library.prepare()?;
                Ok(library)
            };
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(open)).collect();
            threads
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(opened) => opened.map(Some),
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        });
        match opened {
            Ok(fresh) => {
                let first = fresh.first().and_then(Option::as_ref);
                let counts = first.and_then(|library| library.store().counts().ok());
                let counts = counts.unwrap_or_default();
                tracing::info!(
                    library = self.name,
                    articles = counts.articles,
                    passages = counts.passages,
                    "library opened"
                );
                let before = {
                    let mut state = self.state();
                    state.counts = counts;
                    state.problem = None;
                    std::mem::replace(&mut state.fresh, fresh)
                };
                self.generation.fetch_add(1, Ordering::AcqRel);
                drop(before);
            }
            // There may be none yet: then it is empty.
            Err(topoi::Error::Store(StoreError::Missing { .. })) => {}
            Err(error) => {
                tracing::warn!(library = self.name, %error, "library can't be opened");
                self.state().problem = Some(error.to_string());
            }
        }
    }
}

/// The libraries as one worker has them open.
pub(crate) struct Seats {
    worker: usize,
    open: Vec<Option<Library>>,
}

impl Seats {
    pub(crate) fn new(worker: usize) -> Self {
        Self {
            worker,
            open: Vec::new(),
        }
    }

    /// The library as it is now; none while there is none.
    pub(crate) fn library(&mut self, shelf: &Shelf) -> Option<&Library> {
        if self.open.len() <= shelf.number {
            self.open.resize_with(shelf.number + 1, || None);
        }
        let place = &mut self.open[shelf.number];
        if let Some(fresh) = shelf.take(self.worker) {
            *place = Some(fresh);
        }
        place.as_ref()
    }
}

/// Opens libraries anew when they have changed.
pub(crate) struct Watcher<'s> {
    shelves: &'s [Arc<Shelf>],
    workers: usize,
    watched: Vec<Watched>,
}

struct Watched {
    watch: Watch,
    seen: Option<Revision>,
    not_before: Instant,
}

impl<'s> Watcher<'s> {
    pub(crate) fn new(shelves: &'s [Arc<Shelf>], workers: usize) -> Self {
        let watched = shelves.iter().map(|shelf| Watched {
            watch: Library::watch(&shelf.location),
            seen: None,
            not_before: Instant::now(),
        });
        Self {
            shelves,
            workers,
            watched: watched.collect(),
        }
    }

    /// Opens those that have changed.
    pub(crate) fn look(&mut self) {
        for (shelf, watched) in self.shelves.iter().zip(&mut self.watched) {
            if Instant::now() < watched.not_before {
                continue;
            }
            // What can't be looked at is looked at again: it may be in the middle of being replaced.
            let Ok(revision) = watched.watch.revision() else {
                continue;
            };
            if watched.seen.as_ref() == Some(&revision) {
                continue;
            }
            let begin = Instant::now();
            shelf.open(self.workers);
            watched.seen = Some(revision);
            watched.not_before = Instant::now() + begin.elapsed() * REST;
        }
    }

    /// Looks again and again, until it is told to stop.
    pub(crate) fn watch(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(TICK);
            self.look();
        }
    }
}
