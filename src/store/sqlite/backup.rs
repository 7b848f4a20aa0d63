//! A copy of the database as a reader sees it, made while a writer goes on.

use std::ffi::c_int;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::read::{Reader, unsigned};
use crate::store::StoreError;

/// How many pages are copied between two looks at whether to go on: 4 MiB of them.
const PAGES: c_int = 1024;

/// How long to wait where SQLite says that something is in the way.
const PAUSE: Duration = Duration::from_millis(20);

impl Reader {
    /// The length of the database as this reader sees it.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn bytes(&self) -> Result<u64, StoreError> {
        self.run(|connection| {
            connection.query_row(
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                [],
                |row| unsigned(row, 0),
            )
        })
    }

    /// Copies the database as this reader sees it into a file that isn't there yet. `report` is told which share of it is
    /// copied, and says whether to go on; gives whether all of it was copied.
    ///
    /// The reader's transaction holds its snapshot, so that the copy never begins anew, whatever is committed meanwhile.
    ///
    /// # Errors
    ///
    /// Where the database can't be read, or the copy can't be written.
    pub(crate) fn copy_to(
        &self,
        path: &Path,
        report: &mut dyn FnMut(f64) -> bool,
    ) -> Result<bool, StoreError> {
        let run = |report: &mut dyn FnMut(f64) -> bool| {
            let mut copy = Connection::open(path)?;
            // No journal: what is not finished is thrown away.
            copy.pragma_update(None, "journal_mode", "off")?;
            let is_whole = copy_pages(&self.connection, &mut copy, report)?;
            copy.close().map_err(|(_, error)| error)?;
            Ok(is_whole)
        };
        let copied = run(report);
        self.check_unchanged()?;
        copied.map_err(|error| StoreError::sqlite(path, error))
    }
}

fn copy_pages(
    from: &Connection,
    to: &mut Connection,
    report: &mut dyn FnMut(f64) -> bool,
) -> rusqlite::Result<bool> {
    let backup = Backup::new(from, to)?;
    loop {
        match backup.step(PAGES)? {
            StepResult::Done => return Ok(true),
            StepResult::More => {}
            _ => std::thread::sleep(PAUSE),
        }
        let progress = backup.progress();
        let left = f64::from(progress.remaining) / f64::from(progress.pagecount.max(1));
        if !report(1.0 - left) {
            return Ok(false);
        }
    }
}
