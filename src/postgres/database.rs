//! Connections: a pool of them, what is checked before they are used, and what happens when they break.

use std::sync::OnceLock;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    Transaction,
};
use tokio::runtime::{self, Handle};
use tokio_postgres::Client;
use tokio_postgres::types::{Kind, Type};

use super::schema::{self, CURRENT};
use super::{ServerError, ServerUrl, tls};
use crate::location::Location;
use crate::store::StoreError;

/// How many connections a program holds at most: a question uses one at a time, and there are as many questions as cores.
const CONNECTIONS: usize = 16;

/// How long to wait for one of them.
const WAIT: Duration = Duration::from_secs(30);

/// The oldest server that is known to work, as it gives its version itself.
const OLDEST_SERVER: i32 = 150_000;

/// How often something that only reads is tried, where connections break.
const ATTEMPTS: usize = 3;

/// How long to wait before it is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// What every connection is told. A statement may take a minute, where nobody has said otherwise.
///
/// As many candidates as a walk keeps in a folder, and where a filter lets in few of them, on and on in strict order until
/// there are enough. Plans are made for what is asked, since a filter may let in everything or nothing. Compiling plans takes
/// longer than running them. A server notices within two minutes that the machine at the other end is gone.
const SESSION: &str = "
    SELECT set_config('search_path', 'topoi, ' || quote_ident(nspname), false)
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector';
    SELECT set_config('statement_timeout', '60s', false) WHERE current_setting('statement_timeout') = '0';
    SET hnsw.ef_search = 100;
    SET hnsw.iterative_scan = strict_order;
    SET jit = off;
    SET enable_partitionwise_aggregate = on;
    SET tcp_keepalives_idle = 60;
    SET tcp_keepalives_interval = 10;
    SET tcp_keepalives_count = 6;
";

/// A database that holds a library.
pub(crate) struct Database {
    url: ServerUrl,
    pool: Pool,
    /// The type `halfvec`, whose number differs from database to database.
    pub(super) halfvec: Type,
    /// The partitions of the passages, as they are named in statements. None before the library has a model.
    pub(super) partitions: Vec<String>,
    /// Whether some of them are on other servers.
    pub(super) is_spread: bool,
    version: i64,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// What runs connections: two threads, shared by all libraries of a program.
fn handle() -> Result<&'static Handle, std::io::Error> {
    static RUNTIME: OnceLock<runtime::Runtime> = OnceLock::new();
    if let Some(known) = RUNTIME.get() {
        return Ok(known.handle());
    }
    let made = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("postgres")
        .enable_all()
        .build()?;
    Ok(RUNTIME.get_or_init(|| made).handle())
}

/// Waits for something that a server is asked. Not for threads that run asynchronous code.
pub(super) fn wait<T>(url: &ServerUrl, work: impl Future<Output = T>) -> Result<T, ServerError> {
    let handle = handle().map_err(|error| ServerError::Other {
        url: url.to_string(),
        detail: error.to_string(),
    })?;
    Ok(handle.block_on(work))
}

impl Database {
    /// Opens the library at `url`.
    pub(crate) fn open(url: &ServerUrl) -> Result<Self, StoreError> {
        let mut database = Self::connect(url)?;
        match database.read(async |client| schema::version(client).await)? {
            None => Err(StoreError::Missing {
                at: Location::Server(url.clone()),
            }),
            Some(found) if found > CURRENT => Err(ServerError::Newer {
                url: url.to_string(),
                found,
                known: CURRENT,
            }
            .into()),
            Some(found) => {
                database.version = found;
                database.look()?;
                Ok(database)
            }
        }
    }

    /// Opens the library at `url`, making its tables where there are none.
    pub(super) fn create(url: &ServerUrl) -> Result<Self, StoreError> {
        let database = Self::connect(url)?;
        let version = database.read(async |client| schema::version(client).await)?;
        if version.is_none_or(|version| version < CURRENT) {
            database.alone(async |transaction| schema::migrate(transaction).await)?;
        }
        Self::open(url)
    }

    /// Opens the library at `url` to change it, bringing older tables up to date.
    pub(super) fn open_to_write(url: &ServerUrl) -> Result<Self, StoreError> {
        let mut database = Self::open(url)?;
        if database.version < CURRENT {
            database.alone(async |transaction| schema::migrate(transaction).await)?;
            database.version = CURRENT;
        }
        Ok(database)
    }

    /// Connects, and sees that the server is one that a library can be on.
    pub(super) fn connect(url: &ServerUrl) -> Result<Self, StoreError> {
        let (config, encryption) = url.config()?;
        let manager = Manager::from_config(
            config,
            tls::connector(url, &encryption)?,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(WAIT))
            .runtime(Runtime::Tokio1)
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async move {
                    let told = client.batch_execute(SESSION).await;
                    told.map_err(HookError::Backend)
                })
            }))
            .build();
        let pool = pool.map_err(|error| ServerError::Other {
            url: url.to_string(),
            detail: error.to_string(),
        })?;
        let database = Self {
            url: url.clone(),
            pool,
            halfvec: Type::UNKNOWN,
            partitions: Vec::new(),
            is_spread: false,
            version: CURRENT,
        };
        let version = database.read(async |client| {
            let row = client
                .query_one(
                    "SELECT current_setting('server_version_num')::int4, current_setting('server_version')",
                    &[],
                )
                .await?;
            Ok((row.try_get::<_, i32>(0)?, row.try_get::<_, String>(1)?))
        })?;
        if version.0 < OLDEST_SERVER {
            return Err(ServerError::OldServer {
                url: url.to_string(),
                found: version.1,
            }
            .into());
        }
        Ok(database)
    }

    /// Finds out what the tables are.
    fn look(&mut self) -> Result<(), StoreError> {
        let found = self.read(async |client| {
            let vectors = client
                .query_opt(
                    "SELECT pg_type.oid, nspname::text, extversion FROM pg_type
                     JOIN pg_namespace ON pg_namespace.oid = typnamespace
                     JOIN pg_extension ON extnamespace = typnamespace
                     WHERE typname = 'halfvec' AND extname = 'vector'",
                    &[],
                )
                .await?;
            let partitions = client
                .query(
                    "SELECT format('%I.%I', nspname, relname), relkind = 'f' FROM pg_class
                     JOIN pg_namespace ON pg_namespace.oid = relnamespace
                     LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
                     WHERE inhparent = to_regclass('topoi.passages')
                     OR pg_class.oid = to_regclass('topoi.passages') AND relkind = 'r'
                     ORDER BY pg_class.oid",
                    &[],
                )
                .await?;
            let partitions = partitions
                .iter()
                .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
            let partitions: Result<Vec<(String, bool)>, tokio_postgres::Error> =
                partitions.collect();
            Ok((vectors, partitions?))
        })?;
        let (Some(vectors), partitions) = found else {
            return Err(self.no_vectors("the extension `vector` is missing").into());
        };
        let read = || -> Result<_, tokio_postgres::Error> {
            let (oid, schema): (u32, String) = (vectors.try_get(0)?, vectors.try_get(1)?);
            Ok((
                Type::new("halfvec".into(), oid, Kind::Simple, schema),
                vectors.try_get(2)?,
            ))
        };
        let (halfvec, version): (Type, String) =
            read().map_err(|error| ServerError::of(&self.url, &error))?;
        if !schema::is_new_enough(&version) {
            return Err(self.no_vectors(&format!("it has version {version}")).into());
        }
        self.halfvec = halfvec;
        self.is_spread = partitions.iter().any(|(_, is_foreign)| *is_foreign);
        self.partitions = partitions.into_iter().map(|(name, _)| name).collect();
        Ok(())
    }

    fn no_vectors(&self, detail: &str) -> ServerError {
        ServerError::NoVectors {
            url: self.url.to_string(),
            detail: detail.to_owned(),
        }
    }

    pub(super) fn url(&self) -> &ServerUrl {
        &self.url
    }

    pub(super) fn failed(&self, error: &tokio_postgres::Error) -> StoreError {
        ServerError::of(&self.url, error).into()
    }

    /// Waits for a connection.
    pub(super) async fn client(&self) -> Result<Object, ServerError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                ServerError::of_connecting(&self.url, &error)
            }
            error => ServerError::Unreachable {
                url: self.url.to_string(),
                detail: error.to_string(),
            },
        })
    }

    /// Asks something that changes nothing: where the connection breaks, it is asked again on another one.
    pub(super) fn read<T>(
        &self,
        work: impl AsyncFn(&Object) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        let mut attempt = 1;
        loop {
            let asked = wait(&self.url, async {
                let client = self.client().await?;
                let done = work(&client).await;
                done.map_err(|error| ServerError::of(&self.url, &error))
            })?;
            match asked {
                Err(error) if attempt < ATTEMPTS && error.is_passing() => {
                    attempt += 1;
                    std::thread::sleep(PAUSE);
                }
                asked => return Ok(asked?),
            }
        }
    }

    /// Does something in one transaction, while nobody else does anything of the kind: for changes of the tables.
    pub(super) fn alone<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        self.in_transaction(async |client| {
            client
                .batch_execute(&format!(
                    "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({})",
                    schema::LOCK_OF_TABLES
                ))
                .await?;
            work(client).await
        })
    }

    /// Does something in one transaction.
    pub(super) fn in_transaction<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        let done = wait(&self.url, async {
            let mut client = self.client().await?;
            let done = async {
                let transaction: Transaction<'_> = client.transaction().await?;
                let done = work(transaction.client()).await?;
                transaction.commit().await?;
                Ok(done)
            };
            let done: Result<T, tokio_postgres::Error> = done.await;
            done.map_err(|error| ServerError::of(&self.url, &error))
        })?;
        Ok(done?)
    }
}
