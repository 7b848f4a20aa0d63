//! What can go wrong in a library, and what a person can do about it.

use std::path::PathBuf;

use crate::article::{ArticleId, PassageId, ThemeId};
use crate::lexical::LexicalError;
use crate::library::ExportError;
use crate::location::Location;
use crate::store::StoreError;

/// The result of working with a library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done with a library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A vector segment.
    #[error(transparent)]
    Vectors(#[from] topoi_index::Error),
    /// A vector that can't be compared.
    #[error(transparent)]
    Vector(#[from] topoi_index::VectorError),
    /// The model.
    #[error(transparent)]
    Encode(#[from] topoi_models::EncodeError),
    /// The index of words.
    #[error(transparent)]
    Lexical(#[from] LexicalError),
    /// What was typed is no question.
    #[error(transparent)]
    Query(#[from] crate::lexical::QueryError),
    /// What was asked of the themes.
    #[error(transparent)]
    Themes(#[from] crate::themes::ThemesError),
    /// The library's vectors come from another model than the one at hand.
    #[error(
        "the library at `{at}` was made with {library}, and the model given is {given}: their vectors can't be compared"
    )]
    OtherModel {
        /// The library.
        at: Location,
        /// The library's model.
        library: String,
        /// The model at hand.
        given: String,
    },
    /// Workers need a library on servers.
    #[error("the library in `{}` has one writer at a time, and no workers", .0.display())]
    OneWriter(PathBuf),
    /// The library holds nothing yet.
    #[error("the library at `{0}` holds no articles yet")]
    Empty(Location),
    /// No such passage.
    #[error("there is no passage {0} in the library")]
    NoPassage(PassageId),
    /// No such article.
    #[error("there is no article {0} in the library")]
    NoArticle(ArticleId),
    /// No such theme.
    #[error("there is no theme {0} in the library")]
    NoTheme(ThemeId),
    /// Another program has kept other themes meanwhile.
    #[error("another program has found the library's themes meanwhile, so these were not kept")]
    ThemesChanged,
    /// A segment is not the one that the manifest names.
    #[error("the segment `{0}` is not the one that the library's manifest names")]
    StrangeSegment(PathBuf),
    /// A passage has no vector, because its segment was lost.
    #[error("passage {0} has no vector: a segment of the library is lost")]
    NoVector(PassageId),
    /// A copy isn't like what it was taken from.
    #[error("what `{to}` has of `{path}` is not what was copied there")]
    CopyDiffers {
        /// The file of the library.
        path: String,
        /// The copy.
        to: Location,
    },
    /// An export.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A library on servers was changed while it was exported.
    #[error(
        "the library at `{0}` was changed while it was read, so that what was written is not one state of it"
    )]
    ChangedMeanwhile(Location),
    /// A library on servers has no files to copy.
    #[error("the library at `{0}` is on servers, so there are no files of it to copy")]
    NoFiles(Location),
    /// There is something where a backup is to be.
    #[error("`{}` is there already, and is no empty folder", .0.display())]
    Occupied(PathBuf),
    /// What was copied isn't sound.
    #[error("`{file}` of the library at `{}` is damaged: {problem}", at.display())]
    BackupDamaged {
        /// The library.
        at: PathBuf,
        /// The file, from the library's folder on.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A text without a paragraph to compare.
    #[error("the text holds no paragraph")]
    NoParagraph,
    /// An answer that is wanted until a certain time ([`SearchOptions::until`](crate::search::SearchOptions::until)).
    #[error("the answer took too long")]
    Late,
    /// The user stopped it.
    #[error("interrupted; what was committed before is kept, and the next run goes on from there")]
    Interrupted,
    /// The user stopped what is done as a whole or not at all.
    #[error("interrupted; nothing was changed, and nothing is left of it")]
    Stopped,
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Encode(error) => error.hint(),
            Self::Vectors(_) | Self::StrangeSegment(_) | Self::NoVector(_) => Some(
                "`topoi check --repair` makes lost and damaged segments again from the text".into(),
            ),
            Self::OtherModel { library, .. } => Some(format!(
                "leave `--model` out to go on with {library}, or index into another library with `--library DIR`"
            )),
            Self::OneWriter(_) => Some(
                "leave out `--worker` and `--shard`, or name a library on PostgreSQL with `--library postgres://…`".into(),
            ),
            Self::Empty(_) => Some("add some with `topoi index FILE_OR_FOLDER`".into()),
            Self::NoPassage(_) => {
                Some("`topoi list --passages` shows the numbers of all passages".into())
            }
            Self::NoArticle(_) => Some("`topoi list` shows the numbers of all articles".into()),
            Self::NoTheme(_) => Some("`topoi themes` finds and shows them with their numbers".into()),
            Self::ThemesChanged => Some("`topoi themes` shows them as they are now".into()),
            Self::Query(error) => Some(error.hint().into()),
            Self::Lexical(LexicalError::Missing) => {
                Some("if another program is writing, wait for it to finish; or search with `--mode semantic`".into())
            }
            Self::Lexical(_) => {
                Some("`topoi check --repair` makes the index of words again from the text".into())
            }
            Self::CopyDiffers { .. } => Some(
                "copy again while nothing is written to either library; `topoi check` looks for damage".into(),
            ),
            Self::Export(error) => error.hint(),
            Self::ChangedMeanwhile(_) => Some("export again while nothing is written to it".into()),
            Self::NoFiles(at) => Some(format!(
                "`topoi copy {at} DIR` makes a library in a folder of it; `pg_dump` keeps the database"
            )),
            Self::Occupied(_) => Some("name a folder that isn't there yet".into()),
            Self::BackupDamaged { .. } => Some(
                "nothing was kept; `topoi check` says all that is damaged, and `--repair` mends it".into(),
            ),
            Self::Vector(_)
            | Self::Themes(_)
            | Self::NoParagraph
            | Self::Late
            | Self::Interrupted
            | Self::Stopped => None,
        }
    }
}
