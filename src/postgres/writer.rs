//! Writing: every change is one transaction, on the connection that holds the right to write.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use deadpool_postgres::{Object, Transaction};
use rayon::prelude::*;
use tokio_postgres::{Client, Error};
use topoi_index::PointId;
use topoi_models::{Embeddings, Identity};

use super::database::{Database, wait};
use super::loading::{Numbers, Prepared, delete, write};
use super::queue::{self, Queue};
use super::records::{all_signed, signed};
use super::rights::{Right, Sharing};
use super::totals::{self, Added};
use super::values::to_half;
use super::{ServerError, ServerUrl, finder, pending, schema};
use crate::article::{ArticleId, Kind, PassageId};
use crate::copies::Sketch;
use crate::error::Result;
use crate::lexical::Words;
use crate::library::backend::Intake;
use crate::library::{read_identity, same_model};
use crate::location::Location;
use crate::store::{
    Change, Copy, Editor, KeptTheme, Membership, ModelRow, NewFile, Records, StoreError,
    VectorSource,
};

/// After how many commits their totals are added up.
const ADDED_UP: usize = 64;

/// A library on PostgreSQL, open for writing. There is one at a time, or several workers.
pub(crate) struct Writer {
    database: Arc<Database>,
    client: Object,
    right: Right,
    commits: usize,
}

impl Writer {
    /// Opens the library at `url` to change it.
    pub(crate) fn open(url: &ServerUrl) -> Result<Self, StoreError> {
        Self::of(Database::open_to_write(url)?, Sharing::Alone)
    }

    /// Opens the library at `url` for articles with vectors of a model, making it where there is none.
    pub(crate) fn open_for(url: &ServerUrl, model: &ModelRow, identity: &Identity) -> Result<Self> {
        let database = with_model(url, model, identity)?;
        Ok(Self::of(database, Sharing::Alone)?)
    }

    /// The same beside other workers, with the files that wait for them.
    pub(crate) fn open_shared(
        url: &ServerUrl,
        model: &ModelRow,
        identity: &Identity,
    ) -> Result<(Self, Queue)> {
        let database = with_model(url, model, identity)?;
        let writer = Self::of(database, Sharing::Workers)?;
        let queue = Queue::new(Arc::clone(&writer.database), writer.right.writer);
        Ok((writer, queue))
    }

    fn of(database: Database, sharing: Sharing) -> Result<Self, StoreError> {
        let asked: Result<_, ServerError> = wait(database.url(), async {
            let client = database.client().await?;
            let right = Right::ask(&client, sharing).await;
            let right = right.map_err(|error| ServerError::of(database.url(), &error))?;
            Ok((client, right))
        })?;
        let (client, Some(right)) = asked? else {
            return Err(StoreError::Locked {
                at: Location::Server(database.url().clone()),
                holder: None,
            });
        };
        let mut writer = Self {
            client,
            right,
            database: Arc::new(database),
            commits: 0,
        };
        if writer.database.is_spread {
            writer.transact(async |transaction| pending::clear(transaction.client()).await)?;
        }
        Ok(writer)
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

    /// Writes articles, if the files are still this worker's own.
    fn write(&mut self, changes: &[Change], prepared: &[Prepared<'_>]) -> Result<(), StoreError> {
        let articles = changes.iter().map(|change| change.added.len()).sum();
        let paths: BTreeSet<&str> = changes.iter().map(|one| &*one.file.path).collect();
        let paths: Vec<&str> = paths.into_iter().collect();
        let (writer, is_shared) = (self.right.writer, self.right.is_shared());
        let is_announced = self.database.is_spread && articles > 0;
        let halfvec = self.database.halfvec.clone();
        let numbers: Result<Numbers, Error> = wait(self.database.url(), async {
            let numbers = Numbers::new(&self.client, articles, prepared.len()).await?;
            if is_announced {
                pending::announce(&self.client, writer, &numbers.articles).await?;
            }
            Ok(numbers)
        })?;
        let numbers = numbers.map_err(|error| self.database.failed(&error))?;
        let is_own = self.transact(async |transaction| {
            let client = transaction.client();
            if is_shared && !queue::holds(client, writer, &paths).await? {
                return Ok(false);
            }
            write(transaction, changes, prepared, &numbers, halfvec).await?;
            if is_announced {
                pending::withdraw(client, &numbers.articles).await?;
            }
            Ok(true)
        })?;
        if is_own {
            return Ok(());
        }
        Err(ServerError::Conflict {
            url: self.database.url().to_string(),
            detail: "another worker has taken over the files of this one".into(),
        }
        .into())
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
        let sql = self.right.release();
        // Where the connection is lost, so is the lock.
        let _ = wait(self.database.url(), self.client.batch_execute(&sql));
    }
}

/// The library at `url`, which is made where there is none, for vectors of a model.
fn with_model(url: &ServerUrl, model: &ModelRow, identity: &Identity) -> Result<Database> {
    let database = Database::create(url)?;
    let Some(library) = read_identity(&database)? else {
        database.alone(async |client| {
            // Another may have done it meanwhile.
            if schema::has_model(client).await? {
                return Ok(());
            }
            schema::keep_model(client, model).await?;
            schema::make_passages(client, identity.dim, schema::PARTITIONS).await
        })?;
        return with_model(url, model, identity);
    };
    same_model(&Location::Server(url.clone()), &library, identity)?;
    Ok(database)
}

impl Intake for Writer {
    fn records(&self) -> &dyn Records {
        &*self.database
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

    fn vectors(&self, passages: &[PassageId]) -> Result<HashMap<PassageId, Vec<f32>>> {
        let points = passages.iter().map(|id| PointId(id.0));
        let vectors = finder::vectors(&self.database, points)?.into_iter();
        Ok(vectors
            .map(|(point, vector)| (PassageId(point.0), vector))
            .collect())
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
        self.write(changes, &prepared)?;
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

    fn finish(&mut self) -> Result<bool> {
        let (client, right) = (&self.client, &mut self.right);
        let is_last = wait(self.database.url(), right.take_over(client))
            .map_err(StoreError::from)?
            .map_err(|error| self.database.failed(&error))?;
        if !is_last {
            return Ok(false);
        }
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
        Ok(true)
    }
}

fn gone(source: VectorSource) -> crate::Error {
    let id = match source {
        VectorSource::Passage(twin) => twin,
        VectorSource::Embedded(place) => PassageId(place as u64),
    };
    crate::Error::NoVector(id)
}

impl Editor for Writer {
    fn records(&self) -> &dyn Records {
        &*self.database
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
            schema::owe_copies(transaction.client()).await
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
            let sql = "DELETE FROM topoi.meta WHERE key = $1";
            transaction.execute(sql, &[&schema::OWED]).await?;
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
