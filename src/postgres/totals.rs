//! How many passages there are, how many words they have, and the sum of their vectors.
//!
//! Each commit adds a row, so that those who write at the same time don't wait for one another. Whoever is done adds them up.

use tokio_postgres::{Client, Error, Row};

use super::database::Database;
use super::values;
use crate::article::Kind;
use crate::store::StoreError;

/// Sums over all passages.
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

/// What a commit changes, or several together.
#[derive(Debug, Clone, Default)]
pub(super) struct Added {
    pub(super) passages: i64,
    pub(super) body: i64,
    pub(super) words: i64,
    pub(super) vectors: Vec<f64>,
}

impl Added {
    /// Counts one more passage.
    pub(super) fn count(&mut self, is_body: bool, words: i32, vector: &[f32]) {
        self.passages += 1;
        self.body += i64::from(is_body);
        self.words += i64::from(words);
        self.add_vectors(vector.iter().copied().map(f64::from));
    }

    /// Counts one more passage, by its kind, its length and its vector, the first columns of a row.
    pub(super) fn count_row(&mut self, row: &Row) -> Result<(), Error> {
        let is_body = row.try_get::<_, &str>(0)? == Kind::Body.as_str();
        self.count(is_body, row.try_get(1)?, &values::vector(row, 2)?);
        Ok(())
    }

    /// The same taken away.
    pub(super) fn removed(self) -> Self {
        Self {
            passages: -self.passages,
            body: -self.body,
            words: -self.words,
            vectors: self.vectors.into_iter().map(|sum| -sum).collect(),
        }
    }

    /// Rows of the table, together.
    fn of_rows(rows: &[Row]) -> Result<Self, Error> {
        let mut all = Self::default();
        for row in rows {
            all.passages += row.try_get::<_, i64>(0)?;
            all.body += row.try_get::<_, i64>(1)?;
            all.words += row.try_get::<_, i64>(2)?;
            all.add_vectors(row.try_get::<_, Vec<f64>>(3)?.into_iter());
        }
        Ok(all)
    }

    fn add_vectors(&mut self, values: impl ExactSizeIterator<Item = f64>) {
        let dim = self.vectors.len().max(values.len());
        self.vectors.resize(dim, 0.0);
        for (sum, value) in self.vectors.iter_mut().zip(values) {
            *sum += value;
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
    Added::of_rows(&rows)?.keep(client).await
}

impl Database {
    pub(super) fn totals(&self) -> Result<Totals, StoreError> {
        let rows = self.rows(
            "SELECT passages, body, words, vectors FROM totals ORDER BY id",
            &[],
        )?;
        let all = Added::of_rows(&rows).map_err(|error| self.failed(&error))?;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(Totals {
            passages: count(all.passages),
            body: count(all.body),
            words: count(all.words),
            vectors: all.vectors,
        })
    }
}

/// Counts all that there is, within a transaction.
pub(super) async fn count_anew(client: &Client) -> Result<(), Error> {
    let rows = client
        .query("SELECT kind, length, embedding FROM topoi.passages", &[])
        .await?;
    let mut all = Added::default();
    for row in &rows {
        all.count_row(row)?;
    }
    all.keep(client).await
}
