//! How a library is laid out over servers.
//!
//! In every layout files and articles are on one server. Its passages are in partitions by the hash of their article, so that
//! those of an article are together: on the same server, or as foreign tables on others (shards), through `postgres_fdw`.
//! Whoever asks, asks the first server, which hands on to each shard what it is to find, and to all at the same time.

use tokio_postgres::config::{Host, TargetSessionAttrs};
use tokio_postgres::{Client, Config, Error};
use topoi_models::Identity;

use super::database::Database;
use super::{ServerError, ServerUrl, schema};
use crate::location::Location;
use crate::store::{ModelRow, StoreError};

/// How a library is laid out over servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// Everything on one server, the passages in so many partitions.
    Single {
        /// How many.
        partitions: u32,
    },
    /// The passages on others, each of which has one partition or more.
    Foreign {
        /// How many partitions there are.
        partitions: u32,
        /// The other servers.
        shards: Vec<ServerUrl>,
    },
    /// The passages in a table that Citus distributes. Written by its documentation, and not tried.
    Citus,
}

/// What foreign servers are told. Candidates are few and rows are large, so as many as a question asks for come at once;
/// articles are written some hundred passages at a time. All of what is asked for is fetched, though through a cursor, and is
/// to be planned for so.
const SERVER_OPTIONS: &str =
    "extensions 'vector', fetch_size '2000', batch_size '200', async_capable 'true',
    options '-c hnsw.ef_search=100 -c hnsw.iterative_scan=strict_order -c jit=off -c cursor_tuple_fraction=1'";

/// Makes an empty library for vectors of a model, laid out in one way.
///
/// # Errors
///
/// Where there is one already, or a server can't be reached or written to.
pub fn init(
    url: &ServerUrl,
    layout: &Layout,
    model: &ModelRow,
    identity: &Identity,
) -> Result<(), StoreError> {
    let database = Database::create(url)?;
    if !database.partitions.is_empty() {
        return Err(ServerError::Exists {
            url: Location::Server(url.clone()).to_string(),
        }
        .into());
    }
    if let Layout::Foreign { partitions, shards } = layout {
        for (place, shard) in (0..).zip(shards) {
            let shard = Database::connect(shard)?;
            shard.alone(async |client| {
                client
                    .batch_execute(
                        "CREATE EXTENSION IF NOT EXISTS vector; CREATE SCHEMA IF NOT EXISTS topoi",
                    )
                    .await?;
                for partition in of_shard(place, shards.len(), *partitions) {
                    schema::make_part_with_graph(client, partition, identity.dim).await?;
                }
                Ok(())
            })?;
        }
    }
    let servers = match layout {
        Layout::Foreign { shards, .. } => {
            let configs = shards.iter().map(|shard| Ok(shard.config()?.0));
            configs.collect::<Result<Vec<Config>, ServerError>>()?
        }
        _ => Vec::new(),
    };
    database.alone(async |client| {
        schema::keep_model(client, model).await?;
        match layout {
            Layout::Single { partitions } => {
                schema::make_passages(client, identity.dim, *partitions).await
            }
            Layout::Citus => schema::make_distributed_passages(client, identity.dim).await,
            Layout::Foreign { partitions, .. } => {
                client
                    .batch_execute("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
                    .await?;
                for (place, config) in (0..).zip(&servers) {
                    make_server(client, place, config).await?;
                }
                schema::make_parent(client, identity.dim).await?;
                for partition in 0..*partitions {
                    let place = partition as usize % servers.len().max(1);
                    client
                        .batch_execute(&format!(
                            "CREATE FOREIGN TABLE topoi.passages_{partition} PARTITION OF topoi.passages
                             FOR VALUES WITH (MODULUS {partitions}, REMAINDER {partition})
                             SERVER topoi_shard_{place}
                             OPTIONS (schema_name 'topoi', table_name 'passages_{partition}')"
                        ))
                        .await?;
                }
                Ok(())
            }
        }
    })
}

/// The partitions that one of several shards has.
fn of_shard(place: u32, shards: usize, partitions: u32) -> impl Iterator<Item = u32> {
    (place..partitions).step_by(shards.max(1))
}

/// Tells the first server of a shard, and of the user that it is to be asked as.
async fn make_server(client: &Client, place: u32, config: &Config) -> Result<(), Error> {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let hosts: Vec<String> = hosts.collect();
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    let mut options = format!("{SERVER_OPTIONS}, host {}", quoted(&hosts.join(",")));
    if !ports.is_empty() {
        options.push_str(&format!(", port {}", quoted(&ports.join(","))));
    }
    if let Some(name) = config.get_dbname() {
        options.push_str(&format!(", dbname {}", quoted(name)));
    }
    if config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite {
        options.push_str(", target_session_attrs 'read-write'");
    }
    let mut user = Vec::new();
    if let Some(name) = config.get_user() {
        user.push(format!("user {}", quoted(name)));
    }
    if let Some(password) = config.get_password() {
        let password = String::from_utf8_lossy(password);
        user.push(format!("password {}", quoted(&password)));
    }
    client
        .batch_execute(&format!(
            "CREATE SERVER topoi_shard_{place} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({options});
             CREATE USER MAPPING FOR CURRENT_USER SERVER topoi_shard_{place} OPTIONS ({})",
            user.join(", ")
        ))
        .await
}

/// A text as a statement has it.
fn quoted(text: &str) -> String {
    let text = text.replace('\'', "''");
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\"))
    } else {
        format!("'{text}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_is_on_one_shard() {
        let of = |place| of_shard(place, 3, 8).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2)].map(|of| of.len()), [3, 3, 2]);
        assert_eq!(of(1), [1, 4, 7]);
    }

    #[test]
    fn quotation_marks_end_no_text() {
        assert_eq!(quoted("a'b"), "'a''b'");
        assert_eq!(quoted("a\\'b"), "E'a\\\\''b'");
    }
}
