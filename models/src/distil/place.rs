//! The folder of a new model: all of it appears at once, or none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::DistilError;

/// A folder that is being filled out of sight, beside the place where it belongs. Swept away if it isn't finished.
pub(super) struct Place {
    target: PathBuf,
    staged: PathBuf,
    beside: TempDir,
}

impl Place {
    /// Makes room for the folder `target`, which mustn't exist yet unless it is empty: said before an hour's work, not
    /// after it.
    pub(super) fn reserve(target: &Path) -> Result<Self, DistilError> {
        let unwritable = unwritable(target);
        match fs::read_dir(target).map(|mut entries| entries.next()) {
            Ok(None) => {}
            Ok(Some(_)) => {
                return Err(DistilError::Occupied {
                    path: target.to_owned(),
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unwritable(error)),
        }
        let parent = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(&unwritable)?;
        let beside = tempfile::Builder::new()
            .prefix(".distil-")
            .tempdir_in(parent)
            .map_err(&unwritable)?;
        // A temporary folder is its owner's alone, which the model's needn't be.
        let staged = beside.path().join("model");
        fs::create_dir(&staged).map_err(&unwritable)?;
        Ok(Self {
            target: target.to_owned(),
            staged,
            beside,
        })
    }

    /// Writes the file `name`.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), DistilError> {
        File::create(self.staged.join(name))
            .and_then(|mut file| {
                file.write_all(content)?;
                // On the disk before its name is: a crash then leaves no model or a whole one.
                file.sync_all()
            })
            .map_err(unwritable(&self.target.join(name)))
    }

    /// Puts the folder into its place.
    pub(super) fn finish(self) -> Result<(), DistilError> {
        let unwritable = unwritable(&self.target);
        // Not everywhere can a folder take the place of an empty one. One that was filled meanwhile stays.
        match fs::remove_dir(&self.target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(error)),
            _ => fs::rename(&self.staged, &self.target).map_err(&unwritable)?,
        }
        self.beside.close().map_err(&unwritable)
    }
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> DistilError {
    let path = path.to_owned();
    move |source| DistilError::Write {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn nothing_is_there_until_all_of_it_is() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("deep/model");
        let place = Place::reserve(&target).unwrap();
        place.write("a", b"1").unwrap();
        assert!(!target.exists());
        place.finish().unwrap();
        assert_eq!(fs::read(target.join("a")).unwrap(), b"1");
        assert_eq!(names(target.parent().unwrap()), ["model"]);
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let place = Place::reserve(&root.path().join("model")).unwrap();
        place.write("a", b"1").unwrap();
        drop(place);
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn an_empty_folder_is_used_and_any_other_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("model");
        fs::create_dir(&target).unwrap();
        let place = Place::reserve(&target).unwrap();
        let late = Place::reserve(&target).unwrap();
        place.write("a", b"1").unwrap();
        place.finish().unwrap();
        assert!(matches!(
            Place::reserve(&target),
            Err(DistilError::Occupied { .. })
        ));
        assert!(late.finish().is_err());
        assert_eq!(names(root.path()), ["model"]);
        assert!(matches!(
            Place::reserve(&target.join("a")),
            Err(DistilError::Write { .. })
        ));
        assert_eq!(names(&target), ["a"]);
    }
}
