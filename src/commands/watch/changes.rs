//! What happens in the folders that are watched.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, MetadataKind, ModifyKind};
use notify::{Config, ErrorKind, Event, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use super::super::failure::Failure;
use super::super::interrupt;
use super::super::output::Output;
use super::pending::{Look, Pending};

/// Looks out for changes of files and folders.
pub(super) struct Changes {
    watcher: Box<dyn Watcher>,
    events: Receiver<notify::Result<Event>>,
    roots: Vec<Root>,
    /// The library's folder, which may lie in one that is watched, and changes with each change.
    library: Option<PathBuf>,
    pending: Pending,
}

/// A file or folder that is watched.
struct Root {
    path: PathBuf,
    is_folder: bool,
    is_there: bool,
}

/// What has come to rest, and what has not.
pub(super) struct Settled<'a> {
    paths: BTreeSet<PathBuf>,
    pending: &'a Pending,
    roots: &'a [Root],
}

impl Settled<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether a file, or a folder above it, has changed and come to rest.
    pub(super) fn holds(&self, path: &Path) -> bool {
        !self.pending.holds(path) && path.ancestors().any(|path| self.paths.contains(path))
    }

    /// What has come to rest, and need not be kept where it is gone. A watched folder that is gone as a whole may come back,
    /// as a drive does.
    pub(super) fn removable(&self) -> Vec<PathBuf> {
        let is_removable = |path: &&PathBuf| {
            let mut roots = self.roots.iter();
            roots
                .any(|root| path.starts_with(&root.path) && (!root.is_folder || root.path.is_dir()))
        };
        self.paths.iter().filter(is_removable).cloned().collect()
    }
}

impl Changes {
    /// Looks out from now on, by what the system reports, or else by looking every so often.
    pub(super) fn watch(
        roots: &[PathBuf],
        library: Option<PathBuf>,
        poll: Option<Duration>,
    ) -> anyhow::Result<Self> {
        let (sender, events) = mpsc::channel();
        let config = Config::default().with_follow_symlinks(false);
        let watcher: Result<Box<dyn Watcher>, notify::Error> = match poll {
            Some(poll) => PollWatcher::new(sender, config.with_poll_interval(poll))
                .map(|watcher| Box::new(watcher) as Box<dyn Watcher>),
            None => RecommendedWatcher::new(sender, config)
                .map(|watcher| Box::new(watcher) as Box<dyn Watcher>),
        };
        let mut changes = Self {
            watcher: watcher.map_err(|error| unwatchable(Path::new("."), &error))?,
            events,
            roots: Vec::new(),
            library,
            pending: Pending::default(),
        };
        for path in roots {
            let is_folder = path.is_dir();
            changes.look_out(path, is_folder)?;
            changes.roots.push(Root {
                path: path.clone(),
                is_folder,
                is_there: true,
            });
        }
        Ok(changes)
    }

    fn look_out(&mut self, path: &Path, is_folder: bool) -> Result<(), Failure> {
        // An editor may put a new file in the place of the old one, which only its folder shows.
        let (place, mode) = match path.parent() {
            Some(parent) if !is_folder => (parent, RecursiveMode::NonRecursive),
            _ => (path, RecursiveMode::Recursive),
        };
        let is_watched = |root: &Root| root.is_folder && place.starts_with(&root.path);
        if !is_folder && self.roots.iter().any(is_watched) {
            return Ok(());
        }
        let watched = self.watcher.watch(place, mode);
        watched.map_err(|error| unwatchable(place, &error))
    }

    /// Waits for something to have changed and come to rest, or for a time.
    pub(super) fn wait(&mut self, until: Instant, output: &Output) -> anyhow::Result<Settled<'_>> {
        let paths = loop {
            if interrupt::requested() {
                return Err(topoi::Error::Interrupted.into());
            }
            match self.events.recv_timeout(interrupt::TICK) {
                Ok(event) => {
                    self.take(event, output);
                    while let Ok(event) = self.events.try_recv() {
                        self.take(event, output);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                // No folder is watched, only addresses are.
                Err(RecvTimeoutError::Disconnected) => interrupt::sleep(interrupt::TICK)?,
            }
            self.tend(output);
            let now = Instant::now();
            let settled = self.pending.settle(now, look);
            if !settled.is_empty() || now >= until {
                break settled;
            }
        };
        Ok(Settled {
            paths,
            pending: &self.pending,
            roots: &self.roots,
        })
    }

    fn take(&mut self, event: notify::Result<Event>, output: &Output) {
        let now = Instant::now();
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                output.warn(format_args!("some changes may have been missed: {error}"));
                return;
            }
        };
        if event.need_rescan() {
            let all: Vec<PathBuf> = self.roots.iter().map(|root| root.path.clone()).collect();
            for path in all {
                let look = look(&path);
                self.pending.add(path, look, now);
            }
        }
        if !is_change(event.kind) {
            return;
        }
        for mut path in event.paths {
            if is_ignore_file(&path) {
                path.pop();
            }
            if self.is_watched(&path) {
                let look = look(&path);
                self.pending.add(path, look, now);
            }
        }
    }

    /// Whether something is, or may be, in a file that is to be read. Hidden files and folders are not.
    fn is_watched(&self, path: &Path) -> bool {
        let is_hidden = |below: &Path| {
            below.components().any(|part| match part {
                Component::Normal(name) => name.as_encoded_bytes().starts_with(b"."),
                _ => false,
            })
        };
        let library = self.library.as_ref();
        let is_library = library.is_some_and(|library| path.starts_with(library));
        let is_in = |root: &Root| match path.strip_prefix(&root.path) {
            Ok(below) => !is_hidden(below),
            Err(_) => false,
        };
        !is_library && self.roots.iter().any(is_in)
    }

    /// Looks after folders that vanish and come back: the system forgets that they are watched.
    fn tend(&mut self, output: &Output) {
        for at in 0..self.roots.len() {
            let Some(root) = self.roots.get_mut(at).filter(|root| root.is_folder) else {
                continue;
            };
            let (path, was_there) = (root.path.clone(), root.is_there);
            root.is_there = path.is_dir();
            let is_there = root.is_there;
            if was_there && !is_there {
                output.warn(format_args!(
                    "`{}` is no longer there; what the library has of it is kept",
                    path.display()
                ));
                // It may be forgotten already.
                let _ = self.watcher.unwatch(&path);
            }
            if !was_there && is_there {
                if let Err(error) = self.look_out(&path, true) {
                    output.warn(error);
                }
                let look = look(&path);
                self.pending.add(path, look, Instant::now());
            }
        }
    }
}

/// What says which files are passed over: a change of it changes what is to be read.
fn is_ignore_file(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name == ".gitignore" || name == ".ignore")
}

/// Whether an event is of a file that may hold something else now. Reading a file makes events too.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Modify(ModifyKind::Metadata(kind)) => {
            !matches!(kind, MetadataKind::AccessTime | MetadataKind::Extended)
        }
        _ => true,
    }
}

fn look(path: &Path) -> Look {
    let metadata = path.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

fn unwatchable(path: &Path, error: &notify::Error) -> Failure {
    let reason = match &error.kind {
        ErrorKind::Io(error) => error.to_string(),
        ErrorKind::MaxFilesWatch => "the system's limit of watched folders is reached".to_owned(),
        ErrorKind::PathNotFound => "no such file or folder".to_owned(),
        _ => error.to_string(),
    };
    Failure::with_hint(
        format!("`{}` can't be watched: {reason}", path.display()),
        "`--poll 60` looks for changes once a minute instead",
    )
}
