//! What is written of articles and passages, and what is removed, within a transaction.

use std::borrow::Cow;
use std::pin::pin;

use deadpool_postgres::Transaction;
use pgvector::HalfVector;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::records::{all_signed, signed};
use super::totals::Added;
use super::{schema, values};
use crate::article::{ArticleId, Kind, Metadata};
use crate::lexical::Words;
use crate::store::{Change, NewArticle, NewFile, NewPassage};

/// A passage as it is stored, but for its number and its article's.
pub(super) struct Prepared<'p> {
    passage: &'p NewPassage,
    length: i32,
    stems: values::Words,
    words: values::Words,
    vector: HalfVector,
}

impl<'p> Prepared<'p> {
    pub(super) fn new(
        article: &NewArticle,
        passage: &'p NewPassage,
        vector: HalfVector,
        words: &mut Words,
    ) -> Self {
        let metadata = &article.metadata;
        let language = passage.language.as_deref().or(metadata.language.as_deref());
        let texts = [metadata.title.as_deref().unwrap_or_default(), &passage.text];
        let stems = texts.map(|text| words.stems(text, language.unwrap_or_default()));
        let length = stems.iter().map(Vec::len).sum::<usize>();
        Self {
            passage,
            length: i32::try_from(length).unwrap_or(i32::MAX),
            stems: values::Words::counted(stems.into_iter().flatten()),
            words: values::Words::placed(texts.map(|text| words.exact(text))),
            vector,
        }
    }
}

/// The numbers of articles and passages that are about to be written.
pub(super) struct Numbers {
    pub(super) articles: Vec<i64>,
    passages: Vec<i64>,
}

impl Numbers {
    /// Numbers that nothing ever had.
    pub(super) async fn new(
        client: &Client,
        articles: usize,
        passages: usize,
    ) -> Result<Self, Error> {
        Ok(Self {
            articles: numbers(client, "article_ids", articles).await?,
            passages: numbers(client, "passage_ids", passages).await?,
        })
    }
}

/// Writes all of it.
pub(super) async fn write(
    transaction: &Transaction<'_>,
    changes: &[Change],
    prepared: &[Prepared<'_>],
    numbers: &Numbers,
    halfvec: Type,
) -> Result<(), Error> {
    let mut article_ids = numbers.articles.iter().copied();
    let mut files = Vec::with_capacity(changes.len());
    for change in changes {
        files.push(keep_file(transaction, &change.file).await?);
        delete(transaction, &change.removed).await?;
    }
    let mut new: Vec<(i64, i64, &str, &NewArticle)> = Vec::with_capacity(numbers.articles.len());
    for (change, file) in changes.iter().zip(files) {
        for article in &change.added {
            let id = article_ids.next().unwrap_or_default();
            new.push((id, file, &change.file.path, article));
        }
    }
    if !new.is_empty() {
        schema::owe_copies(transaction.client()).await?;
    }
    copy_articles(transaction, &new).await?;
    copy_passages(transaction, &new, prepared, &numbers.passages, halfvec).await?;
    let mut added = Added::default();
    for one in prepared {
        let is_body = one.passage.kind == Kind::Body;
        added.count(is_body, one.length, &values::from_half(&one.vector));
    }
    if added.passages > 0 {
        added.keep(transaction.client()).await?;
    }
    Ok(())
}

async fn numbers(client: &Client, sequence: &str, count: usize) -> Result<Vec<i64>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT nextval('topoi.{sequence}') FROM generate_series(1, $1::bigint)");
    let rows = client
        .query_typed(&sql, &[(&(count as i64), Type::INT8)])
        .await?;
    let mut numbers: Vec<i64> = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// Keeps what is known of a file, and gives its number.
async fn keep_file(transaction: &Transaction<'_>, file: &NewFile) -> Result<i64, Error> {
    let statement = transaction
        .prepare_cached(
            "INSERT INTO topoi.files (path, size, modified_ns, digest, etag, last_modified)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified_ns = excluded.modified_ns,
             digest = excluded.digest, etag = excluded.etag, last_modified = excluded.last_modified
             RETURNING id",
        )
        .await?;
    let row = transaction
        .query_one(
            &statement,
            &[
                &file.path,
                &signed(file.size),
                &file.modified_ns,
                &file.digest.as_slice(),
                &file.validators.etag,
                &file.validators.last_modified,
            ],
        )
        .await?;
    row.try_get(0)
}

/// Removes articles with their passages.
pub(super) async fn delete(
    transaction: &Transaction<'_>,
    articles: &[ArticleId],
) -> Result<(), Error> {
    if articles.is_empty() {
        return Ok(());
    }
    schema::owe_copies(transaction.client()).await?;
    let ids = all_signed(articles.iter().map(|id| id.0));
    let rows = transaction
        .query(
            "SELECT kind, length, embedding, id FROM topoi.passages WHERE article = ANY($1)",
            &[&ids],
        )
        .await?;
    let mut removed = Added::default();
    let mut passages: Vec<i64> = Vec::with_capacity(rows.len());
    for row in &rows {
        removed.count_row(row)?;
        passages.push(row.try_get(3)?);
    }
    transaction
        .execute(
            "DELETE FROM topoi.theme_passages WHERE passage = ANY($1)",
            &[&passages],
        )
        .await?;
    for sql in [
        "DELETE FROM topoi.passages WHERE article = ANY($1)",
        "DELETE FROM topoi.articles WHERE id = ANY($1)",
    ] {
        transaction.execute(sql, &[&ids]).await?;
    }
    if removed.passages > 0 {
        removed.removed().keep(transaction.client()).await?;
    }
    Ok(())
}

/// PostgreSQL's texts can't hold the character zero.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn small(text: Option<&str>) -> Option<String> {
    text.map(|text| storable(text).to_lowercase())
}

async fn copy_articles(
    transaction: &Transaction<'_>,
    articles: &[(i64, i64, &str, &NewArticle)],
) -> Result<(), Error> {
    let sink = transaction
        .copy_in(
            "COPY topoi.articles (id, file, entry, title, author, date, date_from, source, language, address,
             paragraphs, passages, digest, author_small, source_small, language_small, path, path_small)
             FROM STDIN BINARY",
        )
        .await?;
    let text = Type::TEXT;
    let types = [
        Type::INT8,
        Type::INT8,
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        Type::INT4,
        Type::INT4,
        Type::BYTEA,
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        text,
    ];
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for (id, file, path, article) in articles {
        let Metadata {
            title,
            author,
            date,
            source,
            language,
            address,
        } = &article.metadata;
        let stored =
            |text: &Option<String>| text.as_deref().map(|text| storable(text).into_owned());
        let date_from = date.map(|date| date.earliest().to_string());
        let date = date.map(|date| date.to_string());
        let paragraphs = i32::try_from(article.paragraphs).unwrap_or(i32::MAX);
        let passages = i32::try_from(article.passages.len()).unwrap_or(i32::MAX);
        writer
            .as_mut()
            .write(&[
                id,
                file,
                &stored(&article.entry),
                &stored(title),
                &stored(author),
                &date,
                &date_from,
                &stored(source),
                language,
                &stored(address),
                &paragraphs,
                &passages,
                &article.digest.as_slice(),
                &small(author.as_deref()),
                &small(source.as_deref()),
                &small(language.as_deref()),
                path,
                &path.to_lowercase(),
            ])
            .await?;
    }
    writer.finish().await?;
    Ok(())
}

async fn copy_passages(
    transaction: &Transaction<'_>,
    articles: &[(i64, i64, &str, &NewArticle)],
    prepared: &[Prepared<'_>],
    ids: &[i64],
    halfvec: Type,
) -> Result<(), Error> {
    if prepared.is_empty() {
        return Ok(());
    }
    let sink = transaction
        .copy_in(
            "COPY topoi.passages (id, article, paragraph, part, parts, start, stop, kind, language, language_small,
             text, digest, author_small, source_small, date_from, path, path_small, length, stems, words, embedding)
             FROM STDIN BINARY",
        )
        .await?;
    let text = Type::TEXT;
    let types = [
        Type::INT8,
        Type::INT8,
        Type::INT4,
        Type::INT4,
        Type::INT4,
        Type::INT8,
        Type::INT8,
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        Type::BYTEA,
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        text,
        Type::INT4,
        Type::TS_VECTOR,
        Type::TS_VECTOR,
        halfvec,
    ];
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    let mut rows = prepared.iter().zip(ids);
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    for (article, _, path, new) in articles {
        let metadata = &new.metadata;
        let author = small(metadata.author.as_deref());
        let source = small(metadata.source.as_deref());
        let date_from = metadata.date.map(|date| date.earliest().to_string());
        let path_small = path.to_lowercase();
        for (one, id) in rows.by_ref().take(new.passages.len()) {
            let passage = one.passage;
            let place = passage.place;
            let language = passage.language.as_deref().or(metadata.language.as_deref());
            writer
                .as_mut()
                .write(&[
                    id,
                    article,
                    &number(place.paragraph),
                    &number(place.part),
                    &number(place.parts),
                    &signed(passage.span.start as u64),
                    &signed(passage.span.end as u64),
                    &passage.kind.as_str(),
                    &passage.language,
                    &small(language),
                    &storable(&passage.text),
                    &passage.digest.as_slice(),
                    &author,
                    &source,
                    &date_from,
                    path,
                    &path_small,
                    &one.length,
                    &one.stems,
                    &one.words,
                    &one.vector,
                ])
                .await?;
        }
    }
    writer.finish().await?;
    Ok(())
}
