//! What can be said of where articles come from, and how they are read.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::ModelArgs;

#[derive(Debug, Args)]
pub(crate) struct Index {
    /// Files, folders, and addresses of pages and feeds (`https://…`); `-` for a text on standard input
    #[arg(required_unless_present_any = ["files_from", "explain", "worker"], value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Read the paths of files from this file, one a line; `-` for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files_from: Option<PathBuf>,
    /// The name under which a text from standard input is kept
    #[arg(long, value_name = "NAME", default_value = "standard input")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Only say what would be read: write nothing, and need no model
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print what is extracted from one file or address, each paragraph with its kind, and write nothing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["paths", "files_from", "dry_run", "prune"])]
    pub(crate) explain: Option<PathBuf>,
    /// Remove articles whose files, below the folders given, are no longer there
    #[arg(long)]
    pub(crate) prune: bool,
    /// Take in files beside other workers (PostgreSQL only): those given, and those that wait in the library already
    #[arg(long, conflicts_with_all = ["prune", "dry_run", "explain"])]
    pub(crate) worker: bool,
    /// As a worker, take only a share of the files, as `1/4` for the first of four
    #[arg(long, value_name = "I/N", conflicts_with_all = ["prune", "dry_run", "explain"])]
    pub(crate) shard: Option<topoi::library::Share>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) web: WebArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Files, folders, and addresses of pages and feeds (`https://…`)
    #[arg(required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// How often addresses are asked whether they have changed, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "30")]
    every: NonZeroU64,
    /// Bring the library up to date once, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// Look for changes in folders every so many seconds, where the system doesn't report them (network drives)
    #[arg(long, value_name = "SECONDS")]
    poll: Option<NonZeroU64>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Report in JSON, one object a line for each time that something was done
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) web: WebArgs,
}

impl Watch {
    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(self.every.get().saturating_mul(60))
    }

    pub(crate) fn poll(&self) -> Option<Duration> {
        self.poll.map(|seconds| Duration::from_secs(seconds.get()))
    }
}

/// How files are read.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// Read a field of records (JSON, CSV) as this, as in `--map title=headline --map text=content.rendered`
    #[arg(long, value_name = "FIELD=NAME")]
    pub(crate) map: Vec<String>,
    /// Read all files as this, whatever they look like
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<topoi::ingest::Format>,
    /// Skip files larger than this many MiB
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    max_file_size: u64,
}

impl ReadArgs {
    /// The largest file that is read, in bytes.
    pub(crate) const fn max_bytes(&self) -> u64 {
        self.max_file_size.saturating_mul(1 << 20)
    }
}

/// How the web is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "From the web")]
pub(crate) struct WebArgs {
    /// Fetch the pages of a feed's entries too, where the feed holds only their beginnings
    #[arg(long)]
    pub(crate) follow: bool,
    /// Ask machines of this network too, and use the proxy that the environment names
    #[arg(long)]
    pub(crate) allow_private: bool,
    /// How long an answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

impl WebArgs {
    pub(crate) const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}
