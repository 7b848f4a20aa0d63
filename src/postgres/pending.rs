//! What a commit to several servers may leave behind.
//!
//! The servers commit one after another, the first one last. What was cut off in between is on some of them: passages that
//! belong to no article. So before such a commit the first server is told the numbers of its articles, which the commit itself
//! takes back; whoever writes next removes what one that died has left.

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::rights;

/// Announces articles that are about to be written, in a transaction of its own.
pub(super) async fn announce(client: &Client, writer: i32, articles: &[i64]) -> Result<(), Error> {
    client
        .query_typed(
            "INSERT INTO topoi.pending (first, articles, writer) VALUES ($1, $2, $3)",
            &[
                (&articles.first(), Type::INT8),
                (&articles, Type::INT8_ARRAY),
                (&writer, Type::INT4),
            ],
        )
        .await?;
    Ok(())
}

/// Takes back what was announced, within the transaction that writes it.
pub(super) async fn withdraw(client: &Client, articles: &[i64]) -> Result<(), Error> {
    client
        .query_typed(
            "DELETE FROM topoi.pending WHERE first = $1",
            &[(&articles.first(), Type::INT8)],
        )
        .await?;
    Ok(())
}

/// Removes what writers that died have left on other servers, within a transaction.
pub(super) async fn clear(client: &Client) -> Result<(), Error> {
    let rows = client
        .query(
            &format!(
                "DELETE FROM topoi.pending WHERE first IN (
                     SELECT first FROM topoi.pending WHERE writer NOT IN ({}) FOR UPDATE SKIP LOCKED
                 ) RETURNING articles",
                rights::living()
            ),
            &[],
        )
        .await?;
    let mut articles: Vec<i64> = Vec::new();
    for row in &rows {
        articles.extend(row.try_get::<_, Vec<i64>>(0)?);
    }
    if articles.is_empty() {
        return Ok(());
    }
    let rows = client
        .query(
            "SELECT number FROM unnest($1::bigint[]) AS announced (number)
             WHERE NOT EXISTS (SELECT FROM topoi.articles WHERE id = number)",
            &[&articles],
        )
        .await?;
    let mut left: Vec<i64> = Vec::with_capacity(rows.len());
    for row in &rows {
        left.push(row.try_get(0)?);
    }
    client
        .execute(
            "DELETE FROM topoi.passages WHERE article = ANY($1)",
            &[&left],
        )
        .await?;
    Ok(())
}
