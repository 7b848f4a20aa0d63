//! How long the log of commits may become beside those who follow a library.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{BUSY, open};

/// From which length on, in bytes, a writer waits until the log can be begun anew.
const LONG: u64 = 32 << 20;

/// How long it waits. Who follows a library opens it twice before it needs no part of the log, within a second or two.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long each attempt takes, during which nobody else can empty the log, and how long others have between two.
const ATTEMPT: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(80);

/// The log of a database that is being written.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    /// How long it may be.
    most: u64,
}

impl Log {
    pub(super) fn of(database: &Path) -> Self {
        Self {
            path: open::log_of(database),
            most: LONG,
        }
    }

    /// Empties a log that has become too long. SQLite begins a log anew when nobody needs a part of it; but whoever follows a library
    /// opens it after each commit, and needs the last part, so that there is no such moment while one commit follows another.
    ///
    /// Where somebody needs an earlier state for longer, the log may become twice as long before this waits again.
    pub(super) fn keep_short(&mut self, connection: &Connection) {
        let length = || self.path.metadata().map_or(0, |metadata| metadata.len());
        if length() <= self.most {
            return;
        }
        let began = Instant::now();
        while !empty(connection) {
            if began.elapsed() > PATIENCE {
                self.most = 2 * length();
                return;
            }
            thread::sleep(PAUSE);
        }
        self.most = LONG;
    }
}

/// Has the log written into the database and cut; whether nobody stood in the way. The commits are safe without it.
fn empty(connection: &Connection) -> bool {
    let run = || {
        connection.busy_timeout(ATTEMPT)?;
        let is_busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, bool>(0)
        });
        connection.busy_timeout(BUSY)?;
        is_busy
    };
    run().is_ok_and(|is_busy: bool| !is_busy)
}
