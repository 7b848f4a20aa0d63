//! Looking for damage on the servers, and what a library comes to there.

use super::ServerUrl;
use super::database::{Database, wait};
use super::totals::Totals;
use super::{ServerError, totals};
use crate::error::Result;
use crate::library::{Finding, Findings, Sizes};
use crate::store::StoreError;

/// How many passages are asked for their neighbours to tell the recall.
const SAMPLED: usize = 50;

/// What is asked of the tables, and what it means that there are any.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "SELECT count(*) FROM passages WHERE NOT EXISTS (SELECT FROM articles WHERE id = article)",
        "passages belong to no article",
    ),
    (
        "SELECT count(*) FROM articles WHERE articles.passages <> (SELECT count(*) FROM passages WHERE article = articles.id)",
        "articles don't have the passages that they should",
    ),
    (
        "SELECT count(*) FROM (SELECT id FROM passages GROUP BY id HAVING count(*) > 1) AS twice",
        "numbers of passages are given twice",
    ),
    (
        "SELECT count(*) FROM passages WHERE l2_norm(embedding) = 0",
        "passages have no vector",
    ),
    (
        "SELECT count(*) FROM pg_index JOIN pg_inherits ON inhrelid = indrelid
         WHERE inhparent = to_regclass('topoi.passages') AND NOT indisvalid",
        "indexes are not usable",
    ),
];

/// Looks at the whole of the library at `url`.
pub(crate) fn check(url: &ServerUrl) -> Result<Findings> {
    let database = Database::open(url)?;
    let totals = database.totals()?;
    let sizes = sizes(&database, &totals)?;
    let mut findings = Findings {
        segments: sizes.segments,
        vectors: sizes.vectors,
        bytes: sizes.bytes,
        ..Findings::default()
    };
    if database.partitions.is_empty() {
        return Ok(findings);
    }
    for (question, problem) in QUESTIONS {
        let found = database.number(question, &[])?;
        if found > 0 {
            findings.add(url, format!("{found} {problem}"));
        }
    }
    let passages = database
        .number("SELECT count(*) FROM passages", &[])?
        .unsigned_abs();
    findings.passages = passages;
    if passages != totals.passages {
        let counted = totals.passages;
        findings.add(
            url,
            format!("there are {passages} passages, and {counted} were counted"),
        );
    }
    findings.recall_at_10 = recall(&database)?;
    Ok(findings)
}

impl Findings {
    fn add(&mut self, url: &ServerUrl, problem: String) {
        self.findings.push(Finding {
            file: url.to_string(),
            problem,
            segment: None,
            words: false,
        });
    }
}

/// The share of the true neighbours that the graphs find, over some passages.
fn recall(database: &Database) -> Result<Option<f64>, StoreError> {
    let ids = database.rows(
        &format!(
            "SELECT id FROM passages WHERE kind = 'body' ORDER BY md5(id::text) LIMIT {SAMPLED}"
        ),
        &[],
    )?;
    let (mut found, mut expected) = (0usize, 0usize);
    for row in &ids {
        let id: i64 = row.try_get(0).map_err(|error| database.failed(&error))?;
        let near = |order: &str| {
            let sql = format!("SELECT id FROM passages WHERE id <> $1 ORDER BY {order} LIMIT 10");
            let rows = database.rows(&sql, &[&id])?;
            let ids = rows.iter().map(|row| row.try_get::<_, i64>(0));
            ids.collect::<Result<Vec<_>, _>>()
                .map_err(|error| database.failed(&error))
        };
        let own = "(SELECT embedding FROM passages WHERE id = $1)";
        let walked = near(&format!("embedding <=> {own}"))?;
        let scanned = near(&format!("(embedding <=> {own}) + 0.0::float8"))?;
        found += scanned.iter().filter(|id| walked.contains(id)).count();
        expected += scanned.len();
    }
    Ok((expected > 0).then(|| found as f64 / expected as f64))
}

/// What the passages come to on disk.
pub(super) fn sizes(database: &Database, totals: &Totals) -> Result<Sizes, StoreError> {
    let bytes = database.number(
        "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits
         WHERE inhparent = to_regclass('topoi.passages')",
        &[],
    )?;
    let other = database.number(
        "SELECT coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint FROM pg_class
         JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname = 'topoi' AND relkind = 'r' AND NOT relispartition",
        &[],
    )?;
    Ok(Sizes {
        segments: database.partitions.len(),
        vectors: totals.passages,
        bytes: bytes.unsigned_abs(),
        other_bytes: other.unsigned_abs(),
    })
}

/// Takes away what belongs to nothing, and counts anew.
pub(crate) fn drop_damaged(url: &ServerUrl) -> Result<()> {
    let database = Database::open(url)?;
    database.alone(async |client| {
        client
            .batch_execute(
                "DELETE FROM topoi.passages WHERE NOT EXISTS (SELECT FROM topoi.articles WHERE id = article);
                 UPDATE topoi.articles SET passages =
                 (SELECT count(*) FROM topoi.passages WHERE article = articles.id);
                 DELETE FROM topoi.totals;",
            )
            .await?;
        totals::count_anew(client).await
    })?;
    Ok(())
}

/// Takes back the room of what was removed.
pub(crate) fn compact(url: &ServerUrl) -> Result<(Sizes, Sizes)> {
    let database = Database::open(url)?;
    let totals = database.totals()?;
    let before = sizes(&database, &totals)?;
    let done = wait(url, async {
        let client = database.client().await?;
        let done = client.batch_execute("SET statement_timeout = 0").await.and(
            client
                .batch_execute("VACUUM (ANALYZE) topoi.passages")
                .await,
        );
        done.map_err(|error| ServerError::of(url, &error))
    });
    done.map_err(StoreError::from)?.map_err(StoreError::from)?;
    Ok((before, sizes(&database, &totals)?))
}
