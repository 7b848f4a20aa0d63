//! How good topoi is: measurements on texts of which it is known what should come out.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{ModeArg, ModelArgs};

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// A folder with `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`, or a table of pairs of sentences with
    /// their likeness, as the STS benchmark has them
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) collection: PathBuf,
    /// Embed each document, title and text, as one text that the model cuts off, as published figures do
    #[arg(long)]
    pub(crate) whole: bool,
    /// What queries are answered by [default: auto, with `--whole` semantic]
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) mode: Option<ModeArg>,
    /// How to score passages [default: as `search` does, with `--whole` by the cosine]
    #[arg(long, value_enum, value_name = "WAY")]
    pub(crate) ranking: Option<RankingArg>,
    /// Keep the library that is made for the measurement in this folder (or `postgres://…`), and use it again if it is there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) keep: Option<PathBuf>,
    /// Write each query's measures and first documents, or each pair's cosine, into this file, as JSON lines
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) per_query: Option<PathBuf>,
    /// Compare with an earlier run over the same collection: the file that its `--per-query` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) against: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How to score passages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RankingArg {
    /// By the cosine of the question with what sets the passage apart from the library, as `search` does.
    Distinctive,
    /// By the cosine of the question with the passage.
    Cosine,
}

#[derive(Debug, Args)]
pub(crate) struct EvalThemes {
    /// A file of JSON lines `{"id": …, "label": …, "text": …}`, where `paragraphs` may stand for `text` and a `title`
    /// beside it; `-` for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// How many themes to make [default: as many as the documents suggest]
    #[arg(long, short = 'c', value_name = "N")]
    pub(crate) count: Option<usize>,
    /// Take the documents' vectors from this NumPy array (n × dimension, float32) instead of embedding their texts
    #[arg(long, value_name = "FILE.npy", value_hint = ValueHint::FilePath)]
    pub(crate) vectors: Option<PathBuf>,
    /// Write the documents' vectors into this file, as such an array
    #[arg(long, value_name = "FILE.npy", value_hint = ValueHint::FilePath)]
    pub(crate) keep_vectors: Option<PathBuf>,
    /// Write each document's theme, and how firmly it belongs there, into this file, as JSON lines
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) assignments: Option<PathBuf>,
    /// Find the themes once, without asking how they change with the seed and with the number of documents
    #[arg(long)]
    pub(crate) no_stability: bool,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
