//! The highest numbers that were given out, kept where damage to them shows.
//!
//! SQLite keeps them in a table of its own, which can have no triggers and so has no part in the [sum](super::seal) over all rows.
//! Were one lowered there, what comes next would get a number that something had before. So each change writes them into a row of `meta`
//! too. An earlier program doesn't; then they are higher than that row says, never lower.

use rusqlite::{Connection, Transaction};

/// Keeps them as they are now, within the transaction that gave them out.
pub(super) fn keep(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO meta (key, value)
             SELECT 'numbers', json_group_object(name, seq ORDER BY name) FROM sqlite_sequence WHERE true
             ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
        )?
        .execute([])?;
    Ok(())
}

/// The tables whose highest number is lower than one that they gave out.
pub(super) fn lowered(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "WITH given (name, number) AS (
             SELECT kept.key, kept.value FROM meta, json_each(meta.value) AS kept WHERE meta.key = 'numbers'
             UNION ALL SELECT 'files', max(id) FROM files
             UNION ALL SELECT 'articles', max(id) FROM articles
             UNION ALL SELECT 'passages', max(id) FROM passages
             UNION ALL SELECT 'passages', max(passage) FROM tombstones
             UNION ALL SELECT 'segments', max(id) FROM segments
             UNION ALL SELECT 'themes', max(id) FROM themes
             UNION ALL SELECT 'theme_runs', max(id) FROM theme_runs
         )
         SELECT DISTINCT given.name FROM given LEFT JOIN sqlite_sequence AS last ON last.name = given.name
         WHERE given.number > coalesce(last.seq, 0) ORDER BY given.name",
    )?;
    statement.query_map([], |row| row.get(0))?.collect()
}
