//! What can be said on the command line.

mod ask;
mod index;
mod keep;
mod measure;
mod serve;
mod themes;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use ask::{AnswerArgs, FilterArgs, FormatArgs, ModeArg, Related, Search};
pub(crate) use index::{Index, ReadArgs, Watch, WebArgs};
pub(crate) use keep::{Backup, Export, Import};
pub(crate) use measure::{Eval, EvalThemes, RankingArg};
pub(crate) use serve::{LogForm, Mcp, Serve};
pub(crate) use themes::{By, Compare, FileArgs, Mend, Themes, TitleArgs};

/// Semantic search for a library of articles.
///
/// topoi finds the passages that say the same thing in other words, shows what belongs beside a passage, and groups a
/// body of commentary by theme. Everything happens on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "topoi",
    version,
    max_term_width = 100,
    infer_subcommands = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// The library: its folder, or the one around its `.topoi`, or `postgres://USER@HOST/DATABASE` [default: the nearest `.topoi` upwards, else `./.topoi`]
    #[arg(long, global = true, env = "TOPOI_LIBRARY", value_name = "LIBRARY", value_hint = ValueHint::DirPath, hide_env_values = true)]
    pub(crate) library: Option<PathBuf>,
    /// Never reach out to the network
    #[arg(long, global = true, env = "TOPOI_OFFLINE", value_parser = clap::builder::FalseyValueParser::new(), hide_env_values = true)]
    pub(crate) offline: bool,
    /// How many threads to compute on [default: one a core]
    #[arg(
        long,
        global = true,
        env = "TOPOI_THREADS",
        value_name = "N",
        hide_env_values = true
    )]
    pub(crate) threads: Option<std::num::NonZeroUsize>,
    /// Where to compute: cpu, cuda, cuda:N or metal [default: a graphics card that this build supports, else cpu]
    #[arg(
        long,
        global = true,
        env = "TOPOI_DEVICE",
        value_name = "DEVICE",
        value_parser = automatic::<topoi_models::Device>,
        default_value = "auto",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub(crate) device: Choice<topoi_models::Device>,
    /// When to colour the output
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more about what is being done
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// When to colour the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take articles into the library
    Index(Index),
    /// Keep the library up to date with folders and feeds
    Watch(Watch),
    /// Find the passages that say something like this
    Search(Search),
    /// Find what belongs beside a passage, an article or a text
    Related(Related),
    /// Say what the library is about
    Themes(Themes),
    /// Say what two authors, or two sources, have in common, and what only one of them says
    Compare(Compare),
    /// Show passages in their context, or whole articles
    Show(Show),
    /// List the articles, or the passages
    List(List),
    /// List the articles, or the passages, that are copies of one another
    Duplicates(Duplicates),
    /// Take articles out of the library
    Remove(Remove),
    /// Say what the library holds
    Status(Status),
    /// Look for damage, and mend it
    Check(Check),
    /// Make one segment of all, without the vectors of removed passages
    Compact(Compact),
    /// Make a library, on one server or several
    #[command(subcommand)]
    Library(LibraryCommand),
    /// Copy the library's files into a folder, while others may go on writing
    Backup(Backup),
    /// Write the library as JSON lines, with its vectors and themes
    Export(Export),
    /// Make a library of such lines, or take them into one
    Import(Import),
    /// Take a library over into another one, with its vectors: to servers, or back
    Copy(Copy),
    /// Serve a web page and an HTTP interface
    Serve(Serve),
    /// Answer an assistant on standard input and output, in the Model Context Protocol
    Mcp(Mcp),
    /// List, fetch and describe models
    #[command(subcommand)]
    Model(Model),
    /// Turn texts into vectors
    Embed(Embed),
    /// Measure how well passages are found, on a test collection in BEIR's form
    Eval(Eval),
    /// Measure how well themes agree with labels that people gave
    EvalThemes(EvalThemes),
    /// Show what topoi does on a sample library of its own
    Demo(Demo),
    /// Write completions for a shell
    Completions(Completions),
    /// Write manual pages
    Man(Man),
}

#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// A model's name, its name on the Hugging Face hub, or its folder [default: the library's, else all-MiniLM-L6-v2]
    #[arg(
        long,
        env = "TOPOI_MODEL",
        value_name = "MODEL",
        hide_env_values = true
    )]
    pub(crate) model: Option<String>,
    /// What kind of numbers to compute in: int8, f32, or f16 and bf16 on a graphics card [default: the library's, else
    /// int8 on a processor and f32 on a graphics card]
    #[arg(
        long,
        env = "TOPOI_PRECISION",
        value_name = "KIND",
        value_parser = automatic::<topoi_models::Precision>,
        default_value = "auto",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub(crate) precision: Choice<topoi_models::Precision>,
}

/// What was chosen, if it wasn't left to topoi.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice<T>(pub(crate) Option<T>);

fn automatic<T: std::str::FromStr<Err = String>>(name: &str) -> Result<Choice<T>, String> {
    match name {
        "auto" => Ok(Choice(None)),
        name => name.parse().map(Some).map(Choice),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Numbers of passages, and of articles (a7)
    #[arg(required = true, value_name = "PASSAGE|ARTICLE")]
    pub(crate) ids: Vec<String>,
    /// How many paragraphs to show before and after a passage
    #[arg(long, short = 'C', value_name = "N", default_value_t = 1)]
    pub(crate) context: u32,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// List the passages of the articles, each with its kind
    #[arg(long)]
    pub(crate) passages: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Duplicates {
    /// List copies of passages, which are worked out anew
    #[arg(long)]
    pub(crate) passages: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Numbers of articles (a7), files, folders, and addresses
    #[arg(required = true, value_name = "ARTICLE|PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) targets: Vec<String>,
}

/// What to do with the library as a whole.
#[derive(Debug, Subcommand)]
pub(crate) enum LibraryCommand {
    /// Make an empty library
    Init(Init),
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// How it is laid out over servers
    #[arg(long, value_enum, default_value_t = LayoutArg::Single, value_name = "LAYOUT")]
    pub(crate) layout: LayoutArg,
    /// A server for a part of the passages, in the layout `fdw`; once for each
    #[arg(long, value_name = "URL")]
    pub(crate) shard: Vec<String>,
    /// In how many parts the passages are, so that they can be moved to more servers later [default: 1, or one a shard]
    #[arg(long, value_name = "N")]
    pub(crate) partitions: Option<std::num::NonZeroU32>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// How a library is laid out over servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutArg {
    /// Everything on one server.
    Single,
    /// The passages on several, through `postgres_fdw`.
    Fdw,
    /// The passages where Citus puts them; not tried.
    Citus,
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The library to copy: a folder, or `postgres://USER@HOST/DATABASE`
    #[arg(value_name = "FROM", value_hint = ValueHint::DirPath)]
    pub(crate) from: PathBuf,
    /// Where to copy it; what is there already stays, and what is other than in FROM goes
    #[arg(value_name = "TO", value_hint = ValueHint::DirPath)]
    pub(crate) to: PathBuf,
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Make lost and damaged segments again from the text
    #[arg(long)]
    pub(crate) repair: bool,
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Compact {
    /// Report in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Model {
    /// List the models that topoi knows
    List {
        /// Report in JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model and verify it
    Pull {
        /// A model's name, or its name on the Hugging Face hub
        #[arg(default_value = "all-MiniLM-L6-v2")]
        model: String,
    },
    /// Describe a model
    Show {
        /// A model's name, its name on the hub, or its folder
        #[arg(default_value = "all-MiniLM-L6-v2")]
        model: String,
        /// Report in JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a static model of a model: a hundred times as fast, and not as good
    Distil(Distil),
}

#[derive(Debug, Args)]
pub(crate) struct Distil {
    /// A model's name, its name on the hub, or its folder
    #[arg(default_value = "all-MiniLM-L6-v2")]
    pub(crate) model: String,
    /// The folder for the static model, which `--model` takes; it mustn't be there yet
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) to: PathBuf,
    /// How many numbers a vector is to have [default: 256, or all of the model's where these are fewer]
    #[arg(long, value_name = "N")]
    pub(crate) dimensions: Option<std::num::NonZeroUsize>,
}

#[derive(Debug, Args)]
pub(crate) struct Embed {
    /// Files of JSON lines `{"id": …, "text": …}`; `-` for standard input [default: standard input]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Take each line as a text
    #[arg(long)]
    pub(crate) lines: bool,
    /// Embed as questions, not as passages, where the model tells them apart
    #[arg(long)]
    pub(crate) queries: bool,
    /// Write a NumPy array (n × dimension, float32) to this file instead of JSON lines
    #[arg(long, short, value_name = "FILE.npy", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// What to search for in the sample library
    #[arg(default_value = "did blocking chip sales slow a rival down?")]
    pub(crate) query: String,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for each command into this folder, instead of one to standard output
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
}
