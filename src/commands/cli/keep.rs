//! What can be said of keeping a library elsewhere.

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The folder for the copy: empty, or not there yet
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) to: PathBuf,
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
