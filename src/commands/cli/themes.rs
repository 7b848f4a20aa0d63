//! What can be said of themes.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum, ValueHint};
use topoi::article::ThemeId;

use super::FilterArgs;
use super::ask::theme;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Themes {
    #[command(subcommand)]
    pub(crate) mend: Option<Mend>,
    /// Show the passages of one theme, by its number; or the themes of an article (a7)
    #[arg(value_name = "THEME|ARTICLE")]
    pub(crate) of: Option<String>,
    /// Find themes anew, and keep them: under their numbers and names, where they still hold
    #[arg(long)]
    pub(crate) update: bool,
    /// Say what has changed since themes were last found, which are found anew if there are new passages
    #[arg(long, conflicts_with_all = ["of", "count", "seed", "finer", "coarser"])]
    pub(crate) diff: bool,
    /// How many themes to make [default: as many as the articles suggest]
    #[arg(long, short = 'c', value_name = "N", conflicts_with_all = ["finer", "coarser"])]
    pub(crate) count: Option<usize>,
    /// More and smaller themes; twice for still more
    #[arg(long, action = ArgAction::Count, conflicts_with = "coarser")]
    pub(crate) finer: u8,
    /// Fewer and larger themes; twice for still fewer
    #[arg(long, action = ArgAction::Count)]
    pub(crate) coarser: u8,
    /// A topic that is to have a theme, in a few words; may be given several times
    #[arg(long, value_name = "TOPIC")]
    pub(crate) seed: Vec<String>,
    /// How many passages to show of each theme [default: 1; of one theme 10]
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) passages: Option<usize>,
    /// Show a table of themes by month, author or source
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "of")]
    pub(crate) by: Option<By>,
    /// Find themes of about so many passages only, of articles from all over the library: for one that is too large to be
    /// fetched and compared as a whole. They are shown, and not kept
    #[arg(long, value_name = "N", conflicts_with_all = ["update", "diff"])]
    pub(crate) sample: Option<NonZeroU64>,
    /// Show first the themes that are written about more of late
    #[arg(long, conflicts_with = "of")]
    pub(crate) rising: bool,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    #[command(flatten)]
    pub(crate) titles: TitleArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// One JSON document, with every passage of every theme
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where to write themes for other programs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub(crate) struct FileArgs {
    /// Write a map of the passages into this file: a page for a browser (.html), or a picture (.svg)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) map: Option<PathBuf>,
    /// Write a table of the passages into this file: number, place on the map, theme, date …
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
}

/// Who is asked for titles.
#[derive(Debug, Args)]
#[command(next_help_heading = "Titles")]
pub(crate) struct TitleArgs {
    /// Ask this endpoint for a title of each theme: any that speaks as OpenAI's does. It gets the theme's terms and
    /// three passages, and the key in `TOPOI_TITLES_KEY`; without this option nothing is sent to anyone
    #[arg(
        long,
        env = "TOPOI_TITLES_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) titles_url: Option<String>,
    /// The model to ask for
    #[arg(
        long,
        env = "TOPOI_TITLES_MODEL",
        value_name = "NAME",
        default_value = "default",
        hide_env_values = true
    )]
    pub(crate) titles_model: String,
}

/// By what themes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// Months, or years where most dates know no more
    Month,
    /// Authors
    Author,
    /// Sources
    Source,
}

/// What a person makes of the themes.
#[derive(Debug, Subcommand)]
pub(crate) enum Mend {
    /// Give a theme a name of your own; without one it is called after its terms again
    Rename {
        /// The theme's number
        #[arg(value_parser = theme)]
        theme: ThemeId,
        /// Its name
        name: Option<String>,
    },
    /// Make one theme of several: the first takes in the others, and is pinned
    Merge {
        /// The theme that is left
        #[arg(value_parser = theme)]
        into: ThemeId,
        /// The themes that become part of it
        #[arg(value_parser = theme, required = true)]
        others: Vec<ThemeId>,
    },
    /// Divide a theme; its parts are pinned, and the largest keeps the number
    Split {
        /// The theme's number
        #[arg(value_parser = theme)]
        theme: ThemeId,
        /// Into how many [default: as many as its passages suggest]
        #[arg(long, short = 'c', value_name = "N")]
        count: Option<usize>,
    },
    /// Keep the passages of a theme together whenever themes are found anew
    Pin {
        /// The theme's number
        #[arg(value_parser = theme)]
        theme: ThemeId,
    },
    /// Let go of a pinned theme
    Unpin {
        /// The theme's number
        #[arg(value_parser = theme)]
        theme: ThemeId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// An author whose name holds this; give two
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "source",
        conflicts_with = "source"
    )]
    pub(crate) author: Vec<String>,
    /// A source whose name holds this; give two
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Vec<String>,
    /// How many themes to show, and of each group how many passages that say what the other doesn't
    #[arg(long, short = 'n', value_name = "N", default_value_t = 5)]
    pub(crate) limit: usize,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
