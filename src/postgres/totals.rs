//! How many passages there are, how many words they have, and the sum of their vectors.
//!
//! Each commit adds a row, so that those who write at the same time don't wait for one another. Whoever is done adds them up.

use tokio_postgres::{Client, Error};

use super::database::Database;
use super::values;
use crate::article::Kind;
use crate::store::StoreError;

/// Sums over all passages, or what a commit adds to them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Totals {
    pub(super) passages: u64,
    pub(super) body: u64,
    pub(super) words: u64,
    /// As many numbers as vectors have; none without passages.
    pub(super) vectors: Vec<f64>,
}

impl Totals {
    /// The mean of all vectors; empty without passages.
    pub(super) fn mean(&self) -> Vec<f32> {
        if self.passages == 0 {
            return Vec::new();
        }
        let sums = self.vectors.iter();
        sums.map(|sum| (sum / self.passages as f64) as f32)
            .collect()
    }
}

/// What a commit changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Added {
    pub(super) passages: i64,
    pub(super) body: i64,
    pub(super) words: i64,
    pub(super) vectors: Vec<f64>,
}

impl Added {
    /// Counts one more vector.
    pub(super) fn add_vector(&mut self, vector: &[f32]) {
        self.vectors.resize(vector.len(), 0.0);
        for (sum, value) in self.vectors.iter_mut().zip(vector) {
            *sum += f64::from(*value);
        }
    }

    /// Keeps it, within the transaction that makes it true.
    pub(super) async fn keep(&self, client: &Client) -> Result<(), Error> {
        client
            .execute(
                "INSERT INTO topoi.totals (passages, body, words, vectors) VALUES ($1, $2, $3, $4)",
                &[&self.passages, &self.body, &self.words, &self.vectors],
            )
            .await?;
        Ok(())
    }
}

/// Adds up the rows, within a transaction; those that are written at the same time stay as they are.
pub(super) async fn add_up(client: &Client) -> Result<(), Error> {
    let rows = client
        .query(
            "DELETE FROM topoi.totals WHERE id IN (SELECT id FROM topoi.totals ORDER BY id FOR UPDATE SKIP LOCKED)
             RETURNING passages, body, words, vectors",
            &[],
        )
        .await?;
    let mut all = Added::default();
    for row in rows {
        all.passages += row.try_get::<_, i64>(0)?;
        all.body += row.try_get::<_, i64>(1)?;
        all.words += row.try_get::<_, i64>(2)?;
        let vectors: Vec<f64> = row.try_get(3)?;
        all.vectors
            .resize(vectors.len().max(all.vectors.len()), 0.0);
        for (sum, value) in all.vectors.iter_mut().zip(vectors) {
            *sum += value;
        }
    }
    all.keep(client).await
}

impl Database {
    pub(super) fn totals(&self) -> Result<Totals, StoreError> {
        let rows = self.rows(
            "SELECT passages, body, words, vectors FROM totals ORDER BY id",
            &[],
        )?;
        let add = || -> Result<Totals, Error> {
            let (mut passages, mut body, mut words) = (0i64, 0i64, 0i64);
            let mut sums: Vec<f64> = Vec::new();
            for row in &rows {
                passages += row.try_get::<_, i64>(0)?;
                body += row.try_get::<_, i64>(1)?;
                words += row.try_get::<_, i64>(2)?;
                let vectors: Vec<f64> = row.try_get(3)?;
                sums.resize(vectors.len().max(sums.len()), 0.0);
                for (sum, value) in sums.iter_mut().zip(vectors) {
                    *sum += value;
                }
            }
            let count = |count: i64| u64::try_from(count).unwrap_or(0);
            Ok(Totals {
                passages: count(passages),
                body: count(body),
                words: count(words),
                vectors: sums,
            })
        };
        add().map_err(|error| self.failed(&error))
    }
}

/// Counts all that there is, within a transaction.
pub(super) async fn count_anew(client: &Client) -> Result<(), Error> {
    let rows = client
        .query("SELECT kind, length, embedding FROM topoi.passages", &[])
        .await?;
    let mut all = Added::default();
    for row in &rows {
        all.passages += 1;
        all.body += i64::from(row.try_get::<_, &str>(0)? == Kind::Body.as_str());
        all.words += i64::from(row.try_get::<_, i32>(1)?);
        all.add_vector(&values::vector(row, 2)?);
    }
    all.keep(client).await
}
