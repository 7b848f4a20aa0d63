//! The lock that admits one writer to a library.
//!
//! It is an advisory lock of the operating system on a file that always stays: a process that dies loses it at
//! once, so there is nothing stale to clean up. The file holds the number of the process, for the message.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::store::StoreError;

const LOCK: &str = "lock";

/// Holds the right to write to a library until it is dropped.
#[derive(Debug)]
pub(super) struct WriteLock {
    file: File,
}

/// The lock would end when the last descriptor of the file is closed, and a process that is being started from another thread
/// has one too for a moment. So it is given back in words.
impl Drop for WriteLock {
    fn drop(&mut self) {
        // What fails here ends with the descriptors.
        let _ = self.file.unlock();
    }
}

impl WriteLock {
    pub(super) fn acquire(root: &Path) -> Result<Self, StoreError> {
        let path = root.join(LOCK);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| StoreError::io("open", &path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The message is better with the number, and good enough without.
                let _ = Read::by_ref(&mut file).take(20).read_to_string(&mut holder);
                let holder = Some(holder.trim().to_owned()).filter(|pid| !pid.is_empty());
                return Err(StoreError::Locked {
                    at: root.into(),
                    holder,
                });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path, error)),
        }
        let note = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        note.map_err(|error| StoreError::io("write", &path, error))?;
        Ok(Self { file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_being_started_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let lock = WriteLock::acquire(folder.path()).unwrap();
        // What such a process has until it is another program.
        let inherited = lock.file.try_clone().unwrap();
        assert!(WriteLock::acquire(folder.path()).is_err());
        drop(lock);
        assert!(WriteLock::acquire(folder.path()).is_ok());
        drop(inherited);
    }
}
