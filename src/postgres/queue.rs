//! The files that wait for workers.
//!
//! A worker takes some by writing its number beside them. They are its own for as long as it lives; of one that died they
//! are taken over. Each commit of a worker sees, within its transaction, that the files are still its own.

use std::sync::Arc;

use tokio_postgres::{Client, Error};

use super::database::Database;
use super::records::signed;
use super::{rights, schema};
use crate::error::Result;
use crate::ingest::FoundFile;
use crate::library::Share;
use crate::library::backend;

/// The files that wait for the workers of a library, as one of them sees it.
pub(crate) struct Queue {
    database: Arc<Database>,
    worker: i32,
}

impl Queue {
    pub(super) fn new(database: Arc<Database>, worker: i32) -> Self {
        Self { database, worker }
    }
}

impl backend::Queue for Queue {
    fn add(&mut self, files: &[FoundFile]) -> Result<()> {
        let named = files.iter().filter_map(|file| {
            let path = file.path.to_str()?;
            Some((path, signed(Share::hash(path)), file))
        });
        let (mut paths, mut hashes, mut sizes, mut times) = (vec![], vec![], vec![], vec![]);
        for (path, hash, file) in named {
            paths.push(path);
            hashes.push(hash);
            sizes.push(signed(file.size));
            times.push(file.mtime_ns);
        }
        // In the order of the paths, since two that add the same in different orders would wait for each other.
        Ok(self.database.in_transaction(async |transaction| {
            transaction
                .execute(
                    "INSERT INTO topoi.queue (path, hash)
                     SELECT path, hash FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
                     AS found (path, hash, size, modified_ns)
                     WHERE NOT EXISTS (
                         SELECT FROM topoi.files WHERE files.path = found.path AND files.size = found.size
                         AND files.modified_ns = found.modified_ns AND files.modified_ns <> 0
                     )
                     ORDER BY path COLLATE \"C\" ON CONFLICT DO NOTHING",
                    &[&paths, &hashes, &sizes, &times],
                )
                .await?;
            Ok(())
        })?)
    }

    fn take(&mut self, count: usize, share: Share) -> Result<Vec<String>> {
        let sql = format!(
            "UPDATE topoi.queue SET worker = $1 WHERE path IN (
                 SELECT path FROM topoi.queue
                 WHERE (worker IS NULL OR worker NOT IN ({})) AND hash % $3 = $4
                 ORDER BY path LIMIT $2 FOR UPDATE SKIP LOCKED
             ) RETURNING path",
            rights::living()
        );
        let (shares, number) = (signed(share.of.get()), signed(share.number));
        let mut paths: Vec<String> = self.database.in_transaction(async |transaction| {
            // One after another: who lives is looked up before files are locked, and somebody who began in between would
            // be taken for dead.
            transaction
                .batch_execute(&format!(
                    "SELECT pg_advisory_xact_lock({})",
                    schema::LOCK_OF_QUEUE
                ))
                .await?;
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let rows = transaction
                .query(&sql, &[&self.worker, &count, &shares, &number])
                .await?;
            rows.iter().map(|row| row.try_get(0)).collect()
        })?;
        paths.sort_unstable();
        Ok(paths)
    }

    fn done(&mut self, paths: &[String]) -> Result<()> {
        Ok(self.database.in_transaction(async |transaction| {
            transaction
                .execute(
                    "DELETE FROM topoi.queue WHERE worker = $1 AND path = ANY($2)",
                    &[&self.worker, &paths],
                )
                .await?;
            Ok(())
        })?)
    }
}

/// Whether some files are still a worker's own, which then stay so until the transaction ends.
pub(super) async fn holds(client: &Client, worker: i32, paths: &[&str]) -> Result<bool, Error> {
    let rows = client
        .query(
            "SELECT FROM topoi.queue WHERE worker = $1 AND path = ANY($2) FOR UPDATE",
            &[&worker, &paths],
        )
        .await?;
    Ok(rows.len() == paths.len())
}
