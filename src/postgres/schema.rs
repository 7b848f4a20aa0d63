//! The tables, and how they are made and brought up to date.
//!
//! | table | where | what |
//! |---|---|---|
//! | `files`, `articles` | one server | what was read |
//! | `passages` | partitions, by the hash of the article | texts, words and vectors, with what filters ask of their articles |
//! | `totals` | one server | how many passages there are, and the sum of their vectors: a row for each commit, added up now and then |
//! | `themes`, `sketches`, `copies` … | one server | as in a folder |
//! | `queue`, `pending` | one server | what waits for workers, and what a commit to several servers may leave behind |

use deadpool_postgres::Object;
use tokio_postgres::{Client, Error};

use crate::store::ModelRow;

/// The version of the tables that this code reads and writes.
pub(super) const CURRENT: i64 = MIGRATIONS.len() as i64;

/// The advisory lock under which tables are changed: "topoi" and a number.
pub(super) const LOCK_OF_TABLES: i64 = 0x746f_706f_6900;

/// The advisory lock of those who write: of one alone, or shared by workers.
pub(super) const LOCK_OF_WRITERS: i64 = 0x746f_706f_6901;

/// The advisory lock under which files are dealt out to workers.
pub(super) const LOCK_OF_QUEUE: i64 = 0x746f_706f_6902;

/// The first half of the advisory locks that say that a writer lives; the second is its number.
pub(super) const LOCKS_OF_LIVING: i32 = 0x746f_7069;

/// How many partitions the passages have, where nobody says otherwise: each is searched by itself, so one is fastest.
pub(super) const PARTITIONS: u32 = 1;

/// How many passages a partition holds before a graph is made of their vectors. Fewer are compared one by one in some
/// milliseconds; and a graph that is made at once, of what a first run has brought, takes a fraction of the time that it takes
/// to put them in one by one.
const GRAPH_FROM: i64 = 10_000;

/// What a server may use to make a graph. One that doesn't fit is finished more slowly.
const GRAPH_MEMORY: &str = "512MB";

/// Each entry takes a database from the version that is its index to the next. Entries are never edited.
const MIGRATIONS: &[&str] = &["
    CREATE SCHEMA IF NOT EXISTS topoi;
    SET LOCAL search_path = topoi;

    CREATE TABLE meta (
        key text PRIMARY KEY,
        value text NOT NULL
    );

    CREATE TABLE files (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        path text COLLATE \"C\" NOT NULL UNIQUE,
        size bigint NOT NULL,
        modified_ns bigint NOT NULL,
        digest bytea NOT NULL,
        -- What a server said of it, where it was fetched from one.
        etag text,
        last_modified text
    );

    CREATE SEQUENCE article_ids;
    CREATE SEQUENCE passage_ids;

    CREATE TABLE articles (
        id bigint PRIMARY KEY,
        file bigint NOT NULL REFERENCES files (id),
        entry text,
        title text,
        author text COLLATE \"C\",
        -- The date as the source gives it, and the first day that it can mean.
        date text COLLATE \"C\",
        date_from text COLLATE \"C\",
        source text COLLATE \"C\",
        language text COLLATE \"C\",
        address text,
        paragraphs int4 NOT NULL,
        -- How many passages it has.
        passages int4 NOT NULL,
        digest bytea NOT NULL,
        -- In small letters, as filters compare them.
        author_small text COLLATE \"C\",
        source_small text COLLATE \"C\",
        language_small text COLLATE \"C\",
        path text COLLATE \"C\" NOT NULL,
        path_small text COLLATE \"C\" NOT NULL
    );
    CREATE INDEX articles_file ON articles (file);

    CREATE TABLE totals (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        passages bigint NOT NULL,
        body bigint NOT NULL,
        -- How many words they have, and the sum of their vectors.
        words bigint NOT NULL,
        vectors float8[] NOT NULL
    );

    CREATE TABLE themes (
        id bigint PRIMARY KEY,
        name text NOT NULL,
        given text,
        title text,
        terms text NOT NULL,
        exemplars text NOT NULL,
        coherence float8 NOT NULL,
        pinned boolean NOT NULL,
        ended boolean NOT NULL DEFAULT false
    );

    CREATE TABLE theme_passages (
        passage bigint PRIMARY KEY,
        theme bigint NOT NULL REFERENCES themes (id),
        strength float8 NOT NULL
    );
    CREATE INDEX theme_passages_theme ON theme_passages (theme);

    CREATE TABLE theme_runs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        changes text NOT NULL
    );

    CREATE TABLE sketches (
        article bigint PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
        hashes bytea NOT NULL
    );

    CREATE TABLE copies (
        article bigint PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
        original bigint NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
        likeness float4 NOT NULL
    );
    CREATE INDEX copies_original ON copies (original);
", "
    SET LOCAL search_path = topoi;

    -- Whoever writes has a number, and a lock on it for as long as it lives.
    CREATE SEQUENCE writers AS int4 CYCLE;

    -- Files that wait for workers.
    CREATE TABLE queue (
        path text COLLATE \"C\" PRIMARY KEY,
        -- By what they are divided among workers that each have a share.
        hash bigint NOT NULL,
        -- Whose turn it is to take it in.
        worker int4
    );

    -- Articles that a writer is about to write to several servers. What is left here by one that died may be there in part.
    CREATE TABLE pending (
        first bigint PRIMARY KEY,
        articles bigint[] NOT NULL,
        writer int4 NOT NULL
    );
"];

/// The version of the tables; `None` where there are none.
pub(super) async fn version(client: &Object) -> Result<Option<i64>, Error> {
    let row = client
        .query_one("SELECT to_regclass('topoi.meta') IS NOT NULL", &[])
        .await?;
    if !row.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let row = client
        .query_opt(
            "SELECT value::bigint FROM topoi.meta WHERE key = 'version'",
            &[],
        )
        .await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// Brings the tables to [`CURRENT`], within a transaction.
pub(super) async fn migrate(client: &Client) -> Result<(), Error> {
    client
        .batch_execute("CREATE EXTENSION IF NOT EXISTS vector")
        .await?;
    let row = client
        .query_one("SELECT to_regclass('topoi.meta') IS NOT NULL", &[])
        .await?;
    let found: i64 = if row.try_get(0)? {
        let row = client
            .query_one(
                "SELECT value::bigint FROM topoi.meta WHERE key = 'version'",
                &[],
            )
            .await?;
        row.try_get(0)?
    } else {
        0
    };
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    for step in MIGRATIONS.iter().skip(done) {
        client.batch_execute(step).await?;
    }
    client
        .execute(
            "INSERT INTO topoi.meta (key, value) VALUES ('version', $1)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            &[&CURRENT.to_string()],
        )
        .await?;
    Ok(())
}

/// Whether the library has a model already.
pub(super) async fn has_model(client: &Client) -> Result<bool, Error> {
    let sql = "SELECT FROM topoi.meta WHERE key = 'model_identity'";
    Ok(client.query_opt(sql, &[]).await?.is_some())
}

/// Keeps which model the vectors come from, within a transaction.
pub(super) async fn keep_model(client: &Client, model: &ModelRow) -> Result<(), Error> {
    for (key, value) in [
        ("model_reference", &model.reference),
        ("model_identity", &model.identity),
    ] {
        client
            .execute(
                "INSERT INTO topoi.meta (key, value) VALUES ($1, $2)",
                &[&key, value],
            )
            .await?;
    }
    Ok(())
}

/// The row of `meta` that says that it is to be worked out anew which articles are copies.
pub(super) const OWED: &str = "copies_owed";

/// Keeps that articles come or go, within the transaction in which they do. Of workers who do so at the same time, those behind
/// the first wait for it, and later ones for nobody.
pub(super) async fn owe_copies(client: &Client) -> Result<(), Error> {
    client
        .execute(
            "INSERT INTO topoi.meta (key, value) VALUES ($1, 'yes') ON CONFLICT DO NOTHING",
            &[&OWED],
        )
        .await?;
    Ok(())
}

/// Makes the table of passages with partitions on the same server, for vectors of `dim` numbers, within a transaction.
pub(super) async fn make_passages(
    client: &Client,
    dim: usize,
    partitions: u32,
) -> Result<(), Error> {
    make_parent(client, dim).await?;
    for remainder in 0..partitions {
        make_part(client, remainder, dim).await?;
        client
            .batch_execute(&format!(
                "ALTER TABLE topoi.passages ATTACH PARTITION topoi.passages_{remainder}
                 FOR VALUES WITH (MODULUS {partitions}, REMAINDER {remainder})"
            ))
            .await?;
    }
    Ok(())
}

/// Makes the table that the partitions are parts of.
pub(super) async fn make_parent(client: &Client, dim: usize) -> Result<(), Error> {
    let columns = columns(dim);
    client
        .batch_execute(&format!(
            "CREATE TABLE topoi.passages ({columns}) PARTITION BY HASH (article)"
        ))
        .await
}

/// Makes a table that is to be a partition, here or elsewhere.
///
/// A row is kept together, since what compares vectors or words would otherwise fetch each from a table of long values.
pub(super) async fn make_part(client: &Client, number: u32, dim: usize) -> Result<(), Error> {
    let (name, columns) = (format!("topoi.passages_{number}"), columns(dim));
    client
        .batch_execute(&format!("CREATE TABLE {name} ({columns})"))
        .await?;
    client
        .batch_execute(&settings_and_indexes(&name, "id"))
        .await
}

/// The same with a graph from the start, for servers on which nobody can make it later.
pub(super) async fn make_part_with_graph(
    client: &Client,
    number: u32,
    dim: usize,
) -> Result<(), Error> {
    make_part(client, number, dim).await?;
    client
        .batch_execute(&graph(&format!("topoi.passages_{number}")))
        .await
}

/// Makes the table of passages for Citus, which distributes it by article.
pub(super) async fn make_distributed_passages(client: &Client, dim: usize) -> Result<(), Error> {
    let columns = columns(dim);
    client
        .batch_execute(&format!(
            "CREATE EXTENSION IF NOT EXISTS citus; CREATE TABLE topoi.passages ({columns});
             SELECT create_distributed_table('topoi.passages', 'article');"
        ))
        .await?;
    // A key of a distributed table holds the column by which it is distributed.
    let settings = settings_and_indexes("topoi.passages", "article, id");
    client.batch_execute(&settings).await?;
    client.batch_execute(&graph("topoi.passages")).await
}

/// The columns of the table of passages.
fn columns(dim: usize) -> String {
    format!(
        "id bigint NOT NULL,
         article bigint NOT NULL,
         paragraph int4 NOT NULL,
         part int4 NOT NULL,
         parts int4 NOT NULL,
         start bigint NOT NULL,
         stop bigint NOT NULL,
         kind text COLLATE \"C\" NOT NULL,
         -- Its own language, where that is another than its article's, and that which it is in, in small letters.
         language text COLLATE \"C\",
         language_small text COLLATE \"C\",
         text text NOT NULL,
         digest bytea NOT NULL,
         -- Of its article, as filters compare them.
         author_small text COLLATE \"C\",
         source_small text COLLATE \"C\",
         date_from text COLLATE \"C\",
         path text COLLATE \"C\" NOT NULL,
         path_small text COLLATE \"C\" NOT NULL,
         -- How many words it has with the title, the stems with how often each stands there, and the words in their places.
         length int4 NOT NULL,
         stems tsvector NOT NULL,
         words tsvector NOT NULL,
         -- Whole numbers: the vector without its length.
         embedding halfvec({dim}) NOT NULL"
    )
}

fn settings_and_indexes(name: &str, key: &str) -> String {
    let storage = ["text", "stems", "words", "embedding"]
        .map(|column| format!("ALTER COLUMN {column} SET STORAGE MAIN"))
        .join(", ");
    format!(
        "ALTER TABLE {name} SET (toast_tuple_target = 8160);
         ALTER TABLE {name} {storage};
         ALTER TABLE {name} ADD PRIMARY KEY ({key});
         CREATE INDEX ON {name} (article);
         CREATE INDEX ON {name} USING hash (digest);
         CREATE INDEX ON {name} USING gin (stems);
         CREATE INDEX ON {name} USING gin (words);"
    )
}

/// Makes the graph of a table's vectors.
fn graph(name: &str) -> String {
    format!("CREATE INDEX ON {name} USING hnsw (embedding halfvec_cosine_ops)")
}

/// Makes graphs for the partitions of this server that have none, if they hold enough on average, within a transaction.
pub(super) async fn make_graphs(client: &Client) -> Result<(), Error> {
    let rows = client
        .query(
            "SELECT format('%I.%I', nspname, relname) FROM pg_class
             JOIN pg_namespace ON pg_namespace.oid = relnamespace
             LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
             WHERE (inhparent = to_regclass('topoi.passages') OR pg_class.oid = to_regclass('topoi.passages'))
             AND relkind = 'r' AND NOT EXISTS (
                 SELECT FROM pg_index JOIN pg_class AS own ON own.oid = indexrelid
                 JOIN pg_am ON pg_am.oid = own.relam WHERE indrelid = pg_class.oid AND amname = 'hnsw'
             ) AND (SELECT sum(passages) FROM topoi.totals) >= $1 * (
                 SELECT greatest(count(*), 1) FROM pg_inherits WHERE inhparent = to_regclass('topoi.passages')
             )",
            &[&GRAPH_FROM],
        )
        .await?;
    if rows.is_empty() {
        return Ok(());
    }
    client
        .batch_execute(&format!(
            "SET LOCAL maintenance_work_mem = '{GRAPH_MEMORY}'"
        ))
        .await?;
    for row in rows {
        client.batch_execute(&graph(row.try_get(0)?)).await?;
    }
    Ok(())
}

/// Whether a version of pgvector has iterative scans.
pub(super) fn is_new_enough(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    version >= (0, 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_new_enough("0.8.0") && is_new_enough("0.10") && is_new_enough("1.0"));
        assert!(!is_new_enough("0.7.4") && !is_new_enough("0.5") && !is_new_enough(""));
    }
}
