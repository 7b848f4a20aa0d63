//! Telling when a library on PostgreSQL has changed.

use super::ServerUrl;
use super::database::Database;
use crate::error::Result;
use crate::store::StoreError;

/// Which state a library is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Revision(Option<String>);

/// Watches a library: whatever is committed changes its totals, or its files.
#[derive(Debug)]
pub(crate) struct Watch {
    url: ServerUrl,
    open: Option<Database>,
}

impl Watch {
    pub(crate) fn new(url: &ServerUrl) -> Self {
        Self {
            url: url.clone(),
            open: None,
        }
    }

    pub(crate) fn revision(&mut self) -> Result<Revision> {
        let database = match &self.open {
            Some(database) => database,
            None => match Database::open(&self.url) {
                Ok(database) => self.open.insert(database),
                Err(StoreError::Missing { .. }) => return Ok(Revision::default()),
                Err(error) => return Err(error.into()),
            },
        };
        let rows = database.rows(
            "SELECT concat_ws('/', (SELECT concat_ws(' ', max(id), count(*), sum(passages), sum(body)) FROM totals),
             (SELECT concat_ws(' ', max(id), count(*)) FROM files), (SELECT count(*) FROM theme_passages),
             (SELECT max(id) FROM theme_runs), (SELECT md5(string_agg(concat_ws(' ', id, given, title, pinned, ended), ',' ORDER BY id)) FROM themes))",
            &[],
        )?;
        let revision = match rows.first() {
            Some(row) => row.try_get(0).map_err(|error| database.failed(&error))?,
            None => None,
        };
        Ok(Revision(revision))
    }
}
