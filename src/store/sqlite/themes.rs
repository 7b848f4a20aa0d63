//! The ledger of themes: which there are, what they are called, and which passages belong to each.

use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::Writer;
use super::read::{Reader, passage_id, signed, unsigned};
use crate::article::ThemeId;
use crate::store::{KeptTheme, Membership, StoreError};

impl Reader {
    /// The themes that have not ended, by number.
    pub(super) fn kept_themes(&self) -> Result<Vec<KeptTheme>, StoreError> {
        self.collect(
            "SELECT id, name, given, title, terms, exemplars, coherence, pinned FROM themes WHERE ended = 0 ORDER BY id",
            theme,
        )
    }

    /// The passages that have a theme, in ascending order.
    pub(super) fn theme_passages(&self) -> Result<Vec<Membership>, StoreError> {
        self.collect(
            "SELECT passage, theme, strength FROM theme_passages ORDER BY passage",
            |row| {
                Ok(Membership {
                    passage: passage_id(row)?,
                    theme: ThemeId(unsigned(row, 1)?),
                    strength: row.get(2)?,
                })
            },
        )
    }

    /// What changed when the themes were last found anew, as it was kept; none before they were found.
    pub(super) fn last_theme_changes(&self) -> Result<Option<String>, StoreError> {
        self.run(|connection| {
            connection
                .query_row(
                    "SELECT changes FROM theme_runs ORDER BY id DESC LIMIT 1",
                    [],
                    |row| row.get(0),
                )
                .optional()
        })
    }
}

impl Writer {
    /// Puts these themes in the place of those that there are, which end where they aren't among them.
    pub(super) fn write_themes(
        &mut self,
        themes: &[KeptTheme],
        memberships: &[Membership],
        changes: Option<&str>,
    ) -> Result<(), StoreError> {
        self.transact(|transaction| {
            transaction.execute("DELETE FROM theme_passages", [])?;
            transaction.execute("UPDATE themes SET ended = 1", [])?;
            for theme in themes {
                transaction
                    .prepare_cached(
                        "INSERT INTO themes (id, name, given, title, terms, exemplars, coherence, pinned)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                         ON CONFLICT (id) DO UPDATE SET name = ?2, given = ?3, title = ?4, terms = ?5, exemplars = ?6,
                         coherence = ?7, pinned = ?8, ended = 0",
                    )?
                    .execute(params![
                        signed(theme.id.0),
                        theme.name,
                        theme.given,
                        theme.title,
                        json(&theme.terms),
                        json(&theme.exemplars),
                        theme.coherence,
                        theme.pinned,
                    ])?;
            }
            let mut statement = transaction.prepare_cached(
                "INSERT INTO theme_passages (passage, theme, strength) SELECT id, ?, ? FROM passages WHERE id = ?",
            )?;
            for Membership { passage, theme, strength } in memberships {
                statement.execute(params![signed(theme.0), strength, signed(passage.0)])?;
            }
            if let Some(changes) = changes {
                transaction.execute("INSERT INTO theme_runs (changes) VALUES (?)", [changes])?;
            }
            Ok(())
        })
    }
}

fn json(list: &impl Serialize) -> String {
    serde_json::to_string(list).unwrap_or_default()
}

fn theme(row: &Row<'_>) -> rusqlite::Result<KeptTheme> {
    Ok(KeptTheme {
        id: ThemeId(unsigned(row, 0)?),
        name: row.get(1)?,
        given: row.get(2)?,
        title: row.get(3)?,
        terms: list(row, 4)?,
        exemplars: list(row, 5)?,
        coherence: row.get(6)?,
        pinned: row.get(7)?,
    })
}

fn list<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<T>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
    })
}
