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

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The file to write; `-` for standard output
    #[arg(value_name = "FILE", default_value = "-", value_hint = ValueHint::FilePath)]
    pub(crate) to: PathBuf,
    /// Leave the vectors out, for programs that want the texts: `topoi import` needs them
    #[arg(long)]
    pub(crate) no_vectors: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A file that `topoi export` has written; `-` for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) from: PathBuf,
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
