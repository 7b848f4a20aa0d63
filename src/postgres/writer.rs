//! Writing: every change is one transaction, on the connection that holds the right to write.

use std::borrow::Cow;
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use pgvector::HalfVector;
use rayon::prelude::*;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};
use topoi_index::PointId;
use topoi_models::{Embeddings, Identity};

use super::database::{Database, wait};
use super::records::{all_signed, signed};
use super::totals::{self, Added};
use super::values::{self, to_half};
use super::{ServerError, ServerUrl, finder, schema};
use crate::article::{ArticleId, Kind, Metadata, PassageId};
use crate::copies::Sketch;
use crate::error::Result;
use crate::lexical::Words;
use crate::library::backend::Intake;
use crate::library::{read_identity, same_model};
use crate::location::Location;
use crate::store::{
    Change, Copy, Editor, KeptTheme, Membership, ModelRow, NewArticle, NewFile, NewPassage,
    Records, StoreError, VectorSource,
};

/// How often the right to write is asked for before it is another's: one that has just ended may not have given it back yet.
const ATTEMPTS: usize = 5;

/// How long to wait before it is asked for again.
const PAUSE: Duration = Duration::from_millis(100);

/// After how many commits their totals are added up.
const ADDED_UP: usize = 64;

/// A library on PostgreSQL, open for writing. There is one at a time.
pub(crate) struct Writer {
    database: Database,
    client: Object,
    commits: usize,
}

impl Writer {
    /// Opens the library at `url` to change it.
    pub(crate) fn open(url: &ServerUrl) -> Result<Self, StoreError> {
        Self::of(Database::open(url)?)
    }

    /// Opens the library at `url` for articles with vectors of a model, making it where there is none.
    pub(crate) fn open_for(url: &ServerUrl, model: &ModelRow, identity: &Identity) -> Result<Self> {
        let writer = Self::of(Database::create(url)?)?;
        if let Some(library) = read_identity(&writer.database)? {
            same_model(&Location::Server(url.clone()), &library, identity)?;
            return Ok(writer);
        }
        writer.database.alone(async |client| {
            schema::keep_model(client, model).await?;
            schema::make_passages(client, identity.dim, schema::PARTITIONS).await
        })?;
        drop(writer);
        Ok(Self::open(url)?)
    }

    fn of(database: Database) -> Result<Self, StoreError> {
        let sql = format!("SELECT pg_try_advisory_lock({})", schema::LOCK_OF_WRITERS);
        let locked: Result<_, ServerError> = wait(database.url(), async {
            let client = database.client().await?;
            for attempt in 0..ATTEMPTS {
                if attempt > 0 {
                    tokio::time::sleep(PAUSE).await;
                }
                let row = client.query_one(&sql, &[]).await;
                let got = row.and_then(|row| row.try_get(0));
                if got.map_err(|error| ServerError::of(database.url(), &error))? {
                    return Ok(Some(client));
                }
            }
            Ok(None)
        })?;
        match locked? {
            Some(client) => Ok(Self {
                client,
                database,
                commits: 0,
            }),
            None => Err(StoreError::Locked {
                at: Location::Server(database.url().clone()),
                holder: None,
            }),
        }
    }

    fn transact<T>(
        &mut self,
        work: impl AsyncFnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let (database, client) = (&self.database, &mut self.client);
        let done: Result<T, Error> = wait(database.url(), async {
            let transaction = client.transaction().await?;
            let done = work(&transaction).await?;
            transaction.commit().await?;
            Ok(done)
        })?;
        done.map_err(|error| database.failed(&error))
    }

    fn add_up_now_and_then(&mut self) -> Result<(), StoreError> {
        self.commits += 1;
        if self.commits.is_multiple_of(ADDED_UP) {
            self.transact(async |transaction| totals::add_up(transaction.client()).await)?;
        }
        Ok(())
    }
}

/// Gives the right to write back at once; the connection itself is closed a moment later.
impl Drop for Writer {
    fn drop(&mut self) {
        let sql = format!("SELECT pg_advisory_unlock({})", schema::LOCK_OF_WRITERS);
        // Where the connection is lost, so is the lock.
        let _ = wait(self.database.url(), self.client.batch_execute(&sql));
    }
}

impl Intake for Writer {
    fn records(&self) -> &dyn Records {
        &self.database
    }

    fn editor(&mut self) -> &mut dyn Editor {
        self
    }

    fn twins(&self, digests: &[[u8; 32]]) -> Result<HashMap<[u8; 32], PassageId>> {
        let mut twins = HashMap::new();
        if digests.is_empty() {
            return Ok(twins);
        }
        let digests: Vec<&[u8]> = digests.iter().map(<[u8; 32]>::as_slice).collect();
        let failed = |error| self.database.failed(&error);
        let rows = self.database.rows(
            "SELECT digest, min(id) FROM passages WHERE digest = ANY($1) GROUP BY digest",
            &[&digests],
        )?;
        for row in &rows {
            let digest: &[u8] = row.try_get(0).map_err(failed)?;
            let id: i64 = row.try_get(1).map_err(failed)?;
            if let Ok(digest) = digest.try_into() {
                twins.insert(digest, PassageId(id.unsigned_abs()));
            }
        }
        Ok(twins)
    }

    fn commit(&mut self, changes: &[Change], embedded: &Embeddings) -> Result<()> {
        let added = || changes.iter().flat_map(|change| &change.added);
        let twins = added().flat_map(|article| &article.passages);
        let twins = twins.filter_map(|passage| match passage.vector {
            VectorSource::Passage(twin) => Some(PointId(twin.0)),
            VectorSource::Embedded(_) => None,
        });
        let twins = finder::vectors(&self.database, twins)?;
        let twins: HashMap<PointId, Vec<f32>> = twins.into_iter().collect();
        let vector = |source: VectorSource| match source {
            VectorSource::Embedded(place) => embedded.row(place),
            VectorSource::Passage(twin) => twins.get(&PointId(twin.0)).map(Vec::as_slice),
        };
        // A twin may have been removed since it was found.
        let mut passages = Vec::new();
        for article in added() {
            for passage in &article.passages {
                let stored = vector(passage.vector).ok_or_else(|| gone(passage.vector))?;
                passages.push((article, passage, stored));
            }
        }
        let prepared: Vec<Prepared<'_>> = passages
            .into_par_iter()
            .map_init(Words::default, |words, (article, passage, vector)| {
                Prepared::new(article, passage, to_half(vector), words)
            })
            .collect();
        let halfvec = self.database.halfvec.clone();
        self.transact(async |transaction| write(transaction, changes, &prepared, halfvec).await)?;
        Ok(self.add_up_now_and_then()?)
    }

    fn touch(&mut self, files: &[NewFile]) -> Result<()> {
        Ok(self.transact(async |transaction| {
            let statement = transaction
                .prepare_cached(
                    "UPDATE topoi.files SET size = $1, modified_ns = $2, etag = $3, last_modified = $4
                     WHERE path = $5",
                )
                .await?;
            for file in files {
                let NewFile {
                    path,
                    size,
                    modified_ns,
                    validators,
                    ..
                } = file;
                transaction
                    .execute(
                        &statement,
                        &[
                            &signed(*size),
                            modified_ns,
                            &validators.etag,
                            &validators.last_modified,
                            path,
                        ],
                    )
                    .await?;
            }
            Ok(())
        })?)
    }

    fn without_vectors(&self) -> Result<Vec<PassageId>> {
        // They are in the same row.
        Ok(Vec::new())
    }

    fn restore_vectors(&mut self, _: &[PassageId], _: &Embeddings) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.transact(async |transaction| {
            transaction
                .batch_execute("SET LOCAL statement_timeout = 0")
                .await?;
            totals::add_up(transaction.client()).await?;
            schema::make_graphs(transaction.client()).await?;
            // So that filters are planned for by what there is.
            transaction
                .batch_execute("ANALYZE topoi.articles; ANALYZE topoi.passages")
                .await
        })?;
        Ok(())
    }
}

fn gone(source: VectorSource) -> crate::Error {
    let id = match source {
        VectorSource::Passage(twin) => twin,
        VectorSource::Embedded(place) => PassageId(place as u64),
    };
    crate::Error::NoVector(id)
}

/// A passage as it is stored, but for its number and its article's.
struct Prepared<'p> {
    passage: &'p NewPassage,
    length: i32,
    stems: values::Words,
    words: values::Words,
    vector: HalfVector,
}

impl<'p> Prepared<'p> {
    fn new(
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

async fn write(
    transaction: &Transaction<'_>,
    changes: &[Change],
    prepared: &[Prepared<'_>],
    halfvec: Type,
) -> Result<(), Error> {
    let articles: usize = changes.iter().map(|change| change.added.len()).sum();
    let mut article_ids = numbers(transaction, "article_ids", articles)
        .await?
        .into_iter();
    let passage_ids = numbers(transaction, "passage_ids", prepared.len()).await?;
    let mut files = Vec::with_capacity(changes.len());
    for change in changes {
        files.push(keep_file(transaction, &change.file).await?);
        delete(transaction, &change.removed).await?;
    }
    let mut new: Vec<(i64, i64, &str, &NewArticle)> = Vec::with_capacity(articles);
    for (change, file) in changes.iter().zip(files) {
        for article in &change.added {
            let id = article_ids.next().unwrap_or_default();
            new.push((id, file, &change.file.path, article));
        }
    }
    copy_articles(transaction, &new).await?;
    copy_passages(transaction, &new, prepared, &passage_ids, halfvec).await?;
    let mut added = Added::default();
    for one in prepared {
        added.passages += 1;
        added.body += i64::from(one.passage.kind == Kind::Body);
        added.words += i64::from(one.length);
        added.add_vector(&values::from_half(&one.vector));
    }
    if added.passages > 0 {
        added.keep(transaction.client()).await?;
    }
    Ok(())
}

/// So many numbers that nothing ever had.
async fn numbers(
    transaction: &Transaction<'_>,
    sequence: &str,
    count: usize,
) -> Result<Vec<i64>, Error> {
    let sql = format!("SELECT nextval('topoi.{sequence}') FROM generate_series(1, $1::bigint)");
    let statement = transaction.prepare_cached(&sql).await?;
    let rows = transaction.query(&statement, &[&(count as i64)]).await?;
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
async fn delete(transaction: &Transaction<'_>, articles: &[ArticleId]) -> Result<(), Error> {
    if articles.is_empty() {
        return Ok(());
    }
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
        removed.passages -= 1;
        removed.body -= i64::from(row.try_get::<_, &str>(0)? == Kind::Body.as_str());
        removed.words -= i64::from(row.try_get::<_, i32>(1)?);
        removed.add_vector(&values::vector(row, 2)?);
        passages.push(row.try_get(3)?);
    }
    removed.vectors.iter_mut().for_each(|sum| *sum = -*sum);
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
    if removed.passages < 0 {
        removed.keep(transaction.client()).await?;
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

impl Editor for Writer {
    fn records(&self) -> &dyn Records {
        &self.database
    }

    fn remove_articles(&mut self, articles: &[ArticleId]) -> Result<(), StoreError> {
        self.transact(async |transaction| {
            delete(transaction, articles).await?;
            transaction
                .batch_execute(
                    "DELETE FROM topoi.files WHERE NOT EXISTS
                     (SELECT FROM topoi.articles WHERE file = files.id)",
                )
                .await?;
            totals::add_up(transaction.client()).await
        })
    }

    fn remove_files(&mut self, paths: &[String]) -> Result<(), StoreError> {
        self.transact(async |transaction| {
            for path in paths {
                let rows = transaction
                    .query(
                        "SELECT articles.id FROM topoi.articles JOIN topoi.files ON files.id = file
                         WHERE files.path = $1",
                        &[path],
                    )
                    .await?;
                let mut articles = Vec::with_capacity(rows.len());
                for row in &rows {
                    articles.push(ArticleId(row.try_get::<_, i64>(0)?.unsigned_abs()));
                }
                delete(transaction, &articles).await?;
                transaction
                    .execute("DELETE FROM topoi.files WHERE path = $1", &[path])
                    .await?;
            }
            Ok(())
        })
    }

    fn mark_recurring(&mut self, passages: &[PassageId]) -> Result<(), StoreError> {
        if passages.is_empty() {
            return Ok(());
        }
        let ids = all_signed(passages.iter().map(|id| id.0));
        self.transact(async |transaction| {
            let marked = transaction
                .execute(
                    "UPDATE topoi.passages SET kind = $1 WHERE id = ANY($2) AND kind = $3",
                    &[&Kind::Recurring.as_str(), &ids, &Kind::Body.as_str()],
                )
                .await?;
            let removed = Added {
                body: -signed(marked),
                ..Added::default()
            };
            removed.keep(transaction.client()).await?;
            totals::add_up(transaction.client()).await
        })
    }

    fn keep_sketches(&mut self, sketches: &[(ArticleId, Sketch)]) -> Result<(), StoreError> {
        self.transact(async |transaction| {
            let statement = transaction
                .prepare_cached(
                    "INSERT INTO topoi.sketches (article, hashes) VALUES ($1, $2)
                     ON CONFLICT (article) DO UPDATE SET hashes = excluded.hashes",
                )
                .await?;
            for (article, sketch) in sketches {
                transaction
                    .execute(&statement, &[&signed(article.0), &sketch.to_bytes()])
                    .await?;
            }
            Ok(())
        })
    }

    fn keep_copies(&mut self, copies: &[Copy]) -> Result<(), StoreError> {
        self.transact(async |transaction| {
            transaction
                .batch_execute("DELETE FROM topoi.copies")
                .await?;
            let statement = transaction
                .prepare_cached(
                    "INSERT INTO topoi.copies (article, original, likeness) VALUES ($1, $2, $3)",
                )
                .await?;
            for copy in copies {
                let (article, original) = (signed(copy.article.0), signed(copy.original.0));
                transaction
                    .execute(&statement, &[&article, &original, &copy.likeness])
                    .await?;
            }
            Ok(())
        })
    }

    fn keep_themes(
        &mut self,
        themes: &[KeptTheme],
        memberships: &[Membership],
        changes: Option<&str>,
    ) -> Result<(), StoreError> {
        self.transact(async |transaction| {
            keep_themes(transaction.client(), themes, memberships, changes).await
        })
    }
}

async fn keep_themes(
    client: &Client,
    themes: &[KeptTheme],
    memberships: &[Membership],
    changes: Option<&str>,
) -> Result<(), Error> {
    let json = |list: serde_json::Result<String>| list.unwrap_or_default();
    client
        .batch_execute("DELETE FROM topoi.theme_passages; UPDATE topoi.themes SET ended = true")
        .await?;
    let statement = client
        .prepare(
            "INSERT INTO topoi.themes (id, name, given, title, terms, exemplars, coherence, pinned)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (id) DO UPDATE SET name = $2, given = $3, title = $4, terms = $5, exemplars = $6,
             coherence = $7, pinned = $8, ended = false",
        )
        .await?;
    for theme in themes {
        client
            .execute(
                &statement,
                &[
                    &signed(theme.id.0),
                    &theme.name,
                    &theme.given,
                    &theme.title,
                    &json(serde_json::to_string(&theme.terms)),
                    &json(serde_json::to_string(&theme.exemplars)),
                    &theme.coherence,
                    &theme.pinned,
                ],
            )
            .await?;
    }
    let passages = all_signed(memberships.iter().map(|member| member.passage.0));
    let of = all_signed(memberships.iter().map(|member| member.theme.0));
    let strengths: Vec<f64> = memberships.iter().map(|member| member.strength).collect();
    client
        .execute(
            "INSERT INTO topoi.theme_passages (passage, theme, strength)
             SELECT passage, theme, strength FROM unnest($1::bigint[], $2::bigint[], $3::float8[])
             AS kept (passage, theme, strength)
             WHERE passage IN (SELECT id FROM topoi.passages)",
            &[&passages, &of, &strengths],
        )
        .await?;
    if let Some(changes) = changes {
        client
            .execute(
                "INSERT INTO topoi.theme_runs (changes) VALUES ($1)",
                &[&changes],
            )
            .await?;
    }
    Ok(())
}
