//! What can be said of how libraries are served, to people, programs and agents.

use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::ModelArgs;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Libraries, each perhaps with a name for requests: `DIR` or `NAME=DIR` [default: the library]
    #[arg(value_name = "LIBRARY", value_hint = ValueHint::DirPath)]
    pub(crate) libraries: Vec<String>,
    /// The address and port to listen on; port 0 for any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7788")]
    pub(crate) listen: SocketAddr,
    /// What whoever asks must know; needed where others than this machine can reach the address. Better given as
    /// TOPOI_TOKEN: arguments can be seen by everybody on the machine
    #[arg(
        long,
        env = "TOPOI_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,
    /// A name under which this server is known, beside its addresses and `localhost`
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Vec<String>,
    /// Let pages of another server ask: `https://example.org`
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors: Vec<String>,
    /// Let files be sent to be taken into a library
    #[arg(long)]
    pub(crate) uploads: bool,
    /// Let files below this folder be named to be taken into a library
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) allow: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// How to write the log, on standard error
    #[arg(long, value_enum, value_name = "FORM", default_value_t = LogForm::Text)]
    pub(crate) log: LogForm,
}

#[derive(Debug, Args)]
pub(crate) struct Mcp {
    /// The library's folder, instead of `--library`
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// How many questions may wait; more are told to come again
    #[arg(long, value_name = "N", default_value = "128")]
    pub(crate) queue: NonZeroUsize,
    /// How many texts are embedded together, at most
    #[arg(long, value_name = "N", default_value = "16")]
    pub(crate) batch: NonZeroUsize,
    /// How many seconds an answer may take
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    pub(crate) timeout: NonZeroU64,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// A line for people.
    Text,
    /// One JSON object a line.
    Json,
}
