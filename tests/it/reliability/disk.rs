//! A disk that has what was written to it, or loses what it wasn't made to keep.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::trace::Op;

/// What may be left of the changes of a folder after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Crash {
    /// Of the program: all that was done is there.
    Killed,
    /// Of the program in the middle of its last write, of which half is there.
    Torn,
    /// Of the machine: only what was synchronised is there, names of files too.
    Lost,
    /// Of the machine: all names are there, and of the files only what was synchronised.
    LostData,
    /// Of the machine: the names that were synchronised, with all of the files' content.
    LostNames,
    /// Of the machine: of what was not synchronised, only every other write is there.
    Reordered,
}

pub(super) const CRASHES: [Crash; 6] = [
    Crash::Killed,
    Crash::Torn,
    Crash::Lost,
    Crash::LostData,
    Crash::LostNames,
    Crash::Reordered,
];

#[derive(Debug, Clone)]
enum Edit {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Edit {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(offset, bytes) => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(bytes);
            }
            Self::Truncate(length) => content.resize(*length, 0),
        }
    }
}

/// A file: what will certainly be there, and what was done since.
#[derive(Debug, Clone, Default)]
struct Content {
    synced: Vec<u8>,
    edits: Vec<Edit>,
}

impl Content {
    fn after(&self, edits: impl Iterator<Item = Edit>) -> Vec<u8> {
        let mut content = self.synced.clone();
        edits.for_each(|edit| edit.apply(&mut content));
        content
    }

    fn left_by(&self, crash: Crash) -> Vec<u8> {
        match crash {
            Crash::Killed | Crash::Torn | Crash::LostNames => {
                self.after(self.edits.iter().cloned())
            }
            Crash::Lost | Crash::LostData => self.synced.clone(),
            Crash::Reordered => self.after(self.edits.iter().skip(1).step_by(2).cloned()),
        }
    }
}

/// A name leads to a file, by its place among the files, or is that of a folder.
type Names = BTreeMap<PathBuf, Option<usize>>;

/// The files below a folder.
#[derive(Debug, Default)]
pub(super) struct Disk {
    root: PathBuf,
    files: Vec<Content>,
    /// The file that has an identity now.
    known: HashMap<u64, usize>,
    names: Names,
    synced_names: Names,
    last: Option<(usize, Edit)>,
}

impl Disk {
    /// The disk as a folder is, all of it safe.
    pub(super) fn of(root: &Path) -> Self {
        let mut disk = Self {
            root: root.to_owned(),
            ..Self::default()
        };
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                let metadata = fs::metadata(&path).unwrap();
                if metadata.is_dir() {
                    disk.names.insert(path.clone(), None);
                    folders.push(path);
                } else {
                    disk.known.insert(metadata.ino(), disk.files.len());
                    disk.names.insert(path.clone(), Some(disk.files.len()));
                    disk.files.push(Content {
                        synced: fs::read(&path).unwrap(),
                        edits: Vec::new(),
                    });
                }
            }
        }
        disk.synced_names = disk.names.clone();
        disk
    }

    pub(super) fn apply(&mut self, op: &Op) {
        self.last = None;
        match op {
            Op::Create { file, path } => {
                self.known.insert(*file, self.files.len());
                self.names.insert(path.clone(), Some(self.files.len()));
                self.files.push(Content::default());
            }
            Op::Truncate { file, length } => self.edit(*file, Edit::Truncate(*length as usize)),
            Op::Write {
                file,
                offset,
                bytes,
            } => self.edit(*file, Edit::Write(*offset as usize, bytes.clone())),
            Op::Sync { file } => {
                if let Some(&place) = self.known.get(file) {
                    let content = &mut self.files[place];
                    content.synced = content.after(content.edits.iter().cloned());
                    content.edits.clear();
                }
            }
            Op::SyncFolder { path } => {
                let is_in = |name: &PathBuf| name.parent() == Some(path);
                self.synced_names.retain(|name, _| !is_in(name));
                let names = self.names.iter().filter(|(name, _)| is_in(name));
                self.synced_names
                    .extend(names.map(|(name, file)| (name.clone(), *file)));
            }
            Op::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
                let below: Vec<PathBuf> = self
                    .names
                    .keys()
                    .filter(|name| name.starts_with(from))
                    .cloned()
                    .collect();
                for name in below {
                    if let Some(file) = self.names.remove(&name) {
                        self.names
                            .insert(to.join(name.strip_prefix(from).unwrap()), file);
                    }
                }
            }
            Op::Link { file, path } => {
                let place = self.known.get(file).copied();
                self.names.insert(path.clone(), place);
            }
            Op::Remove { path } => {
                self.names.remove(path);
            }
            Op::MakeFolder { path } => {
                self.names.insert(path.clone(), None);
            }
            Op::Said(_) => {}
        }
    }

    fn edit(&mut self, file: u64, edit: Edit) {
        if let Some(&place) = self.known.get(&file) {
            self.files[place].edits.push(edit.clone());
            self.last = Some((place, edit));
        }
    }

    /// What is left after a crash now: the names below the folder, and the content of each file. `None` where this crash is the
    /// same as another. The memory that a database shares between processes is never left.
    pub(super) fn left_by(&self, crash: Crash) -> Option<State> {
        let names = match crash {
            Crash::Lost | Crash::LostNames => &self.synced_names,
            _ => &self.names,
        };
        let torn = match (&self.last, crash) {
            (Some((place, Edit::Write(offset, bytes))), Crash::Torn) if bytes.len() > 1 => {
                let content = &self.files[*place];
                let before = &content.edits[..content.edits.len() - 1];
                let half = Edit::Write(*offset, bytes[..bytes.len() / 2].to_vec());
                Some((
                    *place,
                    content.after(before.iter().cloned().chain(std::iter::once(half))),
                ))
            }
            (_, Crash::Torn) => return None,
            _ => None,
        };
        let mut state = State::default();
        for (path, file) in names {
            let path = path.strip_prefix(&self.root).unwrap().to_owned();
            if path.to_string_lossy().ends_with("-shm") {
                continue;
            }
            let content = file.map(|place| match &torn {
                Some((torn, content)) if *torn == place => content.clone(),
                _ => self.files[place].left_by(crash),
            });
            state.files.push((path, content));
        }
        Some(state)
    }
}

/// Files and folders that can be made real.
#[derive(Debug, Default, Hash)]
pub(super) struct State {
    files: Vec<(PathBuf, Option<Vec<u8>>)>,
}

impl State {
    /// What tells it from another.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// Makes a folder like it.
    pub(super) fn write(&self, root: &Path) {
        let _ = fs::remove_dir_all(root);
        fs::create_dir_all(root).unwrap();
        for (path, content) in &self.files {
            let path = root.join(path);
            match content {
                None => fs::create_dir_all(path).unwrap(),
                Some(content) => {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, content).unwrap();
                }
            }
        }
    }
}
