//! Libraries that are kept open and up to date, and those who answer questions about them: what all ways to ask share.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context as _;
use topoi::Location;

use super::desk::{Desk, Limits};
use super::failure::{Failure, Result};
use super::metrics::Metrics;
use super::model::Model;
use super::shelf::{Shelf, Watcher};
use super::themes::Themes;

/// A library that is to be served.
pub(crate) struct Served {
    /// What it is called in requests.
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) model: Arc<Model>,
}

/// The libraries, and what is known of them.
pub(crate) struct Room {
    pub(crate) shelves: Vec<Arc<Shelf>>,
    pub(crate) desk: Desk,
    pub(crate) themes: Themes,
    pub(crate) workers: usize,
}

impl Room {
    /// Sets up the libraries and their workers. Until [`keep`](Self::keep) they are closed, as if there were none.
    pub(crate) fn new(
        libraries: Vec<Served>,
        workers: NonZeroUsize,
        limits: Limits,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Self> {
        let workers = workers.get();
        let shelves: Vec<Arc<Shelf>> = (0..)
            .zip(libraries)
            .map(|(number, served)| {
                Arc::new(Shelf::new(
                    number,
                    served.name,
                    served.location,
                    served.model,
                ))
            })
            .collect();
        let desk = Desk::open(shelves.clone(), workers, limits, metrics)
            .context("cannot start the workers")?;
        Ok(Self {
            themes: Themes::new(shelves.len()),
            shelves,
            desk,
            workers,
        })
    }

    /// The library of this name, or the first.
    pub(crate) fn shelf(&self, name: Option<&str>) -> Result<&Arc<Shelf>> {
        let shelf = match name {
            None => self.shelves.first(),
            Some(name) => self.shelves.iter().find(|shelf| shelf.name == name),
        };
        shelf.ok_or_else(|| {
            let names: Vec<&str> = self.shelves.iter().map(|shelf| &*shelf.name).collect();
            Failure {
                param: Some("library"),
                ..Failure::not_found(format!(
                    "there is no library “{}” here, but: {}",
                    name.unwrap_or_default(),
                    names.join(", ")
                ))
            }
        })
    }

    /// Keeps the libraries open, as they are on disk, for as long as `meanwhile` goes on; then the desk is closed for good.
    pub(crate) fn keep<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        let is_over = AtomicBool::new(false);
        thread::scope(|threads| {
            // The first opening is waited for, so that the first question finds the library.
            let mut watch = Watcher::new(&self.shelves, self.workers);
            watch.look();
            threads.spawn(|| watch.watch(&is_over));
            let done = meanwhile();
            self.desk.close();
            is_over.store(true, Ordering::Relaxed);
            done
        })
    }
}
