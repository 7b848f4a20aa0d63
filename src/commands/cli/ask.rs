//! What can be said of a question: which passages it is about, how they are ranked, and what is shown of them.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use serde::{Deserialize, Serialize};
use topoi::article::{Date, ThemeId};
use topoi::search::{Mode, Origin};
use topoi::store::Filter;

/// Which passages a question is about.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Filters")]
pub(crate) struct FilterArgs {
    /// Only authors whose name holds this
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Only sources whose name holds this
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only articles of this day or later: 2024-05-14, 2024-05 or 2024
    #[arg(long, value_name = "DATE")]
    after: Option<Date>,
    /// Only articles of before this day
    #[arg(long, value_name = "DATE")]
    before: Option<Date>,
    /// Only articles in this language: en, de, fr …
    #[arg(long, value_name = "CODE")]
    lang: Option<String>,
    /// Only paths that hold this, or that match it if it has `*`, `?` or `[`
    #[arg(long, value_name = "PATTERN")]
    path: Option<String>,
    /// Only passages of this theme, by its number in `topoi themes`
    #[arg(long, value_name = "THEME", value_parser = theme)]
    theme: Option<ThemeId>,
    /// Headings and boilerplate (credits, bylines, teasers …) too
    #[arg(long)]
    all_kinds: bool,
}

impl FilterArgs {
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            author: self.author.clone(),
            source: self.source.clone(),
            after: self.after,
            before: self.before,
            language: self.lang.clone(),
            path: self.path.clone(),
            theme: self.theme,
            one_in: None,
            all_kinds: self.all_kinds,
        }
    }
}

/// In which form to answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct FormatArgs {
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// One JSON object a line
    #[arg(long, conflicts_with = "json")]
    pub(crate) jsonl: bool,
}

/// How answers are ranked.
#[derive(Debug, Args)]
pub(crate) struct RankArgs {
    /// How many passages to show at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    /// Leave out passages whose score is below this (-1 to 1)
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    pub(crate) min_score: Option<f32>,
    /// Show no more than N passages of an article
    #[arg(long, value_name = "N")]
    pub(crate) per_article: Option<std::num::NonZeroUsize>,
    /// Show each copy of a passage by itself, instead of one line a story
    #[arg(long)]
    pub(crate) copies: bool,
    /// Compare every vector, instead of walking a graph that may miss some
    #[arg(long)]
    pub(crate) exact: bool,
}

/// What is shown of each answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ShowArgs {
    /// Show N paragraphs before and after each passage
    #[arg(long, short = 'C', value_name = "N", default_value_t = 0)]
    pub(crate) context: u32,
    /// Say where each passage stands by meaning and by words, and what each of its sentences adds to the score
    #[arg(long)]
    pub(crate) explain: bool,
    /// Don't look for the sentence that matches, which takes longer than the search
    #[arg(long, conflicts_with = "explain")]
    pub(crate) no_why: bool,
}

/// What can be said of the answers to any question.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    #[command(flatten)]
    pub(crate) rank: RankArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// What to look for, in any words, between quotes where it has signs: 'tariffs -steel'. "a phrase" and +word must be
    /// there, -word and -"a phrase" must not; '"this" - "that"', each in quotation marks, goes by the meaning of both;
    /// `-` reads it from standard input
    #[arg(required_unless_present_any = ["more", "queries"], value_name = "QUERY")]
    pub(crate) query: Vec<String>,
    /// What the query is answered by
    #[arg(long, value_enum, value_name = "MODE", default_value_t = ModeArg::Auto)]
    pub(crate) mode: ModeArg,
    /// Look for more like this passage, or this article (a7)
    #[arg(long, value_name = "PASSAGE|ARTICLE", value_parser = target)]
    pub(crate) like: Vec<Origin>,
    /// Look for less like this passage, or this article (a7)
    #[arg(long, value_name = "PASSAGE|ARTICLE", value_parser = target)]
    pub(crate) unlike: Vec<Origin>,
    /// Go on with the last search: the next answers to its query, without those that it has shown
    #[arg(long, conflicts_with_all = ["query", "queries", "mode"])]
    pub(crate) more: bool,
    /// Answer each query of a file of JSON lines {"id": …, "query": …}, on all cores; `-` for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["query", "json", "context", "explain"])]
    pub(crate) queries: Option<PathBuf>,
    /// Let a model that reads query and passage together put the N best in order: slower, and often better
    #[arg(long, value_name = "N")]
    pub(crate) rerank: Option<std::num::NonZeroUsize>,
    /// That model: its name on the Hugging Face hub, or its folder
    #[arg(
        long,
        env = "TOPOI_RERANKER",
        value_name = "MODEL",
        default_value = "cross-encoder/ms-marco-MiniLM-L6-v2",
        hide_env_values = true
    )]
    pub(crate) reranker: String,
    #[command(flatten)]
    pub(crate) answers: AnswerArgs,
}

pub(super) fn theme(text: &str) -> Result<ThemeId, String> {
    let number = text.parse().map(ThemeId);
    number.map_err(|_| "write its number, as `topoi themes` shows it".to_owned())
}

fn target(text: &str) -> Result<Origin, String> {
    Origin::parse(text).ok_or_else(|| "write 12 for a passage, a7 for an article".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Related {
    /// A passage's number, an article's (a7), a file, or `-` for a text on standard input
    #[arg(value_name = "PASSAGE|ARTICLE|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) origin: String,
    #[command(flatten)]
    pub(crate) answers: AnswerArgs,
}

/// What a query is answered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ModeArg {
    /// What is best for the query
    #[default]
    Auto,
    /// By meaning: the vectors
    Semantic,
    /// By words: BM25
    Lexical,
    /// By both
    Hybrid,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Auto => Self::Auto,
            ModeArg::Semantic => Self::Semantic,
            ModeArg::Lexical => Self::Lexical,
            ModeArg::Hybrid => Self::Hybrid,
        }
    }
}
