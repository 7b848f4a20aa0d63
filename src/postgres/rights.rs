//! The right to write: of one program alone, or of several workers at the same time.
//!
//! It is an advisory lock of the connection that writes, so that it ends with it. Beside it each writer has a number, and a
//! lock on that for as long as it lives, by which others see whether what it has begun may be taken over.

use std::time::Duration;

use tokio_postgres::{Client, Error};

use super::schema::{LOCK_OF_WRITERS, LOCKS_OF_LIVING};

/// How often the right to write is asked for before it is another's: one that has just ended may not have given it back yet.
const ATTEMPTS: usize = 5;

/// How long to wait before it is asked for again.
const PAUSE: Duration = Duration::from_millis(100);

/// Who else may write at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Nobody.
    Alone,
    /// Other workers.
    Workers,
}

/// The right to write, on one connection.
#[derive(Debug)]
pub(super) struct Right {
    /// The number of this writer.
    pub(super) writer: i32,
    sharing: Sharing,
}

impl Right {
    /// Asks for the right to write; `None` where another has it.
    pub(super) async fn ask(client: &Client, sharing: Sharing) -> Result<Option<Self>, Error> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            if lock(client, sharing).await? {
                let row = client
                    .query_one("SELECT nextval('topoi.writers')::int4", &[])
                    .await?;
                let writer: i32 = row.try_get(0)?;
                client
                    .execute(
                        "SELECT pg_advisory_lock($1::int4, $2::int4)",
                        &[&LOCKS_OF_LIVING, &writer],
                    )
                    .await?;
                return Ok(Some(Self { writer, sharing }));
            }
        }
        Ok(None)
    }

    pub(super) fn is_shared(&self) -> bool {
        self.sharing == Sharing::Workers
    }

    /// Makes of the right of a worker that of one alone, if it is the last. Where it is not, it has none any more.
    ///
    /// Two that did this while both have a share would each wait for the other; so each gives its own up first.
    pub(super) async fn take_over(&mut self, client: &Client) -> Result<bool, Error> {
        if self.is_shared() {
            client.batch_execute(&unlock(Sharing::Workers)).await?;
            self.sharing = Sharing::Alone;
            return lock(client, Sharing::Alone).await;
        }
        Ok(true)
    }

    /// What gives the right back.
    pub(super) fn release(&self) -> String {
        format!(
            "{}; SELECT pg_advisory_unlock({LOCKS_OF_LIVING}, {})",
            unlock(self.sharing),
            self.writer
        )
    }
}

/// The numbers of the writers that live, as a query.
pub(super) fn living() -> String {
    format!(
        "SELECT objid::int4 FROM pg_locks JOIN pg_database ON pg_database.oid = database
         WHERE locktype = 'advisory' AND classid = {LOCKS_OF_LIVING} AND objsubid = 2 AND datname = current_database()"
    )
}

async fn lock(client: &Client, sharing: Sharing) -> Result<bool, Error> {
    let shared = suffix(sharing);
    let sql = format!("SELECT pg_try_advisory_lock{shared}({LOCK_OF_WRITERS})");
    client.query_one(&sql, &[]).await?.try_get(0)
}

fn unlock(sharing: Sharing) -> String {
    let shared = suffix(sharing);
    format!("SELECT pg_advisory_unlock{shared}({LOCK_OF_WRITERS})")
}

fn suffix(sharing: Sharing) -> &'static str {
    match sharing {
        Sharing::Alone => "",
        Sharing::Workers => "_shared",
    }
}
