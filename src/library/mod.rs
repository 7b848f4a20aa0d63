//! A library in use: articles, vectors and words together.
//!
//! [`Library`] reads, [`Indexer`] writes, [`check`] looks for damage. All of them take a library by its
//! [`Location`]: what keeps it there is behind the traits in `backend`.

pub(crate) mod backend;
mod backup;
mod body;
mod check;
mod commentary;
mod copies;
mod embedded;
mod indexer;
mod ledger;
mod lines;
mod medium;
mod parts;
mod picture;
mod recurring;
mod report;
mod sizes;
mod transfer;

use std::collections::HashMap;

use topoi_index::{IdSet, PointId};
use topoi_models::Identity;

use backend::Backend;
pub(crate) use backend::{ByWords, Finder, Gathered, Near, WordsAsked};
pub use backend::{Revision, Watch};
pub use backup::{BackedUp, backup};
pub use check::{Finding, Findings};
pub use commentary::{Commentary, LibraryTheme, Renewed, ThemesWanted, Topic};
pub use copies::{PassageStory, find_copies};
pub use indexer::{Indexer, Share, ShareError, Worker};
pub use ledger::{
    Current, Ledger, entitle_themes, keep_themes, last_changes, merge_themes, pin_theme,
    rename_theme, split_theme,
};
pub use lines::Lines;
pub use medium::network_file_system;
pub use parts::parts;
pub use picture::{Part, Picture};
pub use report::{FormatSurvey, IndexReport, Observer, Refusal, Silent, Survey, Windowing};
pub use sizes::Sizes;
pub use transfer::{Copied, ExportError, Exported, Imported, copy, export, import, spool};

use crate::article::PassageId;
use crate::error::{Error, Result};
use crate::location::Location;
use crate::search::{Background, Scope};
use crate::store::{Editor, Filter, Records, StoreError};

/// A library, open for reading. In a folder it stays as it was when it was opened, whatever a writer does meanwhile; on
/// servers each question sees it as it is then.
///
/// ```no_run
/// use std::path::Path;
/// use topoi::library::Library;
/// use topoi::search::{Feedback, Query, SearchOptions};
///
/// # fn run(encoder: &dyn topoi_models::Encoder) -> Result<(), topoi::Error> {
/// let library = Library::open(Path::new("articles.topoi"))?;
/// let question = Query::parse("tariffs are paid by consumers")?;
/// let found = library.search(&question, &Feedback::default(), encoder, &SearchOptions::default())?;
/// for hit in &found.hits {
///     println!("{:.2} {}", hit.score, hit.passage.text);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Library {
    location: Location,
    backend: Box<dyn Backend>,
}

impl Library {
    /// Opens a library.
    ///
    /// # Errors
    ///
    /// Where there is no library, it is of a newer version, the database or a segment is damaged, or a server can't be
    /// reached.
    pub fn open(location: impl Into<Location>) -> Result<Self> {
        let location = location.into();
        Ok(Self {
            backend: backend::open(&location)?,
            location,
        })
    }

    /// Whether there is a library.
    ///
    /// # Errors
    ///
    /// Where a server can't be reached.
    pub fn exists(location: impl Into<Location>) -> Result<bool> {
        backend::exists(&location.into())
    }

    /// Makes an empty library, or leaves the one there as it is.
    ///
    /// # Errors
    ///
    /// Where it can't be written, or there is something that is no library.
    pub fn create(location: impl Into<Location>) -> Result<()> {
        backend::create(&location.into())
    }

    /// The files and articles of a library, without its vectors.
    ///
    /// # Errors
    ///
    /// As [`Library::open`].
    pub fn records(location: impl Into<Location>) -> Result<Box<dyn Records>> {
        backend::open_records(&location.into())
    }

    /// The same where there is a library; `None` where there is none.
    ///
    /// # Errors
    ///
    /// As [`Library::open`], but for that.
    pub fn records_if_any(location: impl Into<Location>) -> Result<Option<Box<dyn Records>>> {
        match Self::records(location) {
            Ok(records) => Ok(Some(records)),
            Err(Error::Store(StoreError::Missing { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a library to change it otherwise than by taking in articles. What a run that was cut off still owes, which lines
    /// recur and which articles are copies, is made up for first.
    ///
    /// # Errors
    ///
    /// As [`Library::open`], and where another program is writing to it, or it can't be written.
    pub fn edit(location: impl Into<Location>) -> Result<Box<dyn Editor>> {
        let mut editor = backend::open_editor(&location.into())?;
        find_copies(&mut *editor)?;
        Ok(editor)
    }

    /// What tells when a library has changed. Whoever keeps a [`Library`] open for long opens it again then.
    ///
    /// ```no_run
    /// use topoi::library::Library;
    ///
    /// # fn run(root: &std::path::Path) -> Result<(), topoi::Error> {
    /// let mut watch = Library::watch(root);
    /// let mut seen = watch.revision()?;
    /// let mut library = Library::open(root)?;
    /// loop {
    ///     let now = watch.revision()?;
    ///     if now != seen {
    ///         library = Library::open(root)?;
    ///         library.prepare()?;
    ///         seen = now;
    ///     }
    ///     // … answer from `library` …
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn watch(location: impl Into<Location>) -> Watch {
        Watch::new(&location.into())
    }

    /// Opens and computes now what the first search would otherwise have to wait for.
    ///
    /// # Errors
    ///
    /// Where the library is damaged.
    pub fn prepare(&self) -> Result<()> {
        self.backend.prepare()
    }

    /// Where the library is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Files, articles and passages.
    #[must_use]
    pub fn store(&self) -> &dyn Records {
        self.backend.records()
    }

    /// The model that the library's vectors come from; `None` while it is empty.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.backend.identity()
    }

    /// What the vectors come to.
    ///
    /// # Errors
    ///
    /// Where the library can't be read.
    pub fn sizes(&self) -> Result<Sizes> {
        self.backend.sizes()
    }

    /// The vectors of those of some passages that have one, as they are stored: of unit length.
    ///
    /// # Errors
    ///
    /// Where the library can't be read.
    pub fn vectors(&self, passages: &[PassageId]) -> Result<HashMap<PassageId, Vec<f32>>> {
        self.backend.vectors(passages)
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(crate) fn background(&self) -> Result<&Background> {
        self.backend.background()
    }

    /// The passages that a filter lets in, as searches want them.
    pub(crate) fn scope(&self, filter: &Filter) -> Result<Scope> {
        self.expect_theme(filter)?;
        self.backend.scope(filter)
    }

    /// Refuses a model whose vectors can't be compared with this library's.
    pub(crate) fn expect_model(&self, given: &Identity) -> Result<()> {
        match self.identity() {
            None => Err(Error::Empty(self.location.clone())),
            Some(identity) => same_model(&self.location, identity, given),
        }
    }
}

/// Looks at the whole of a library and says what is wrong with it.
///
/// # Errors
///
/// Where the database can't be read at all.
pub fn check(location: impl Into<Location>) -> Result<Findings> {
    backend::check(&location.into())
}

/// Takes away what is derived and was found to be damaged. An [`Indexer`] makes it again when it is opened and finished.
///
/// # Errors
///
/// Where another program is writing to the library, it can't be written, or its text is damaged too.
pub fn drop_damaged(location: impl Into<Location>, findings: &Findings) -> Result<()> {
    backend::drop_damaged(&location.into(), findings)
}

/// Makes one segment of all that a library has, without the vectors of removed passages; says what they came to before and
/// what they come to now. A library that has one segment, and in it nothing removed, is left as it is. On servers the
/// database takes back the room of what was removed.
///
/// # Errors
///
/// Where another program is writing to the library, a segment is damaged, or there is no room for another.
pub fn compact(location: impl Into<Location>) -> Result<(Sizes, Sizes)> {
    backend::compact(&location.into())
}

pub(crate) fn same_model(location: &Location, library: &Identity, given: &Identity) -> Result<()> {
    if library.digest() == given.digest() {
        return Ok(());
    }
    Err(Error::OtherModel {
        at: location.clone(),
        library: library.to_string(),
        given: given.to_string(),
    })
}

pub(crate) fn read_identity(records: &dyn Records) -> Result<Option<Identity>> {
    let Some(model) = records.model()? else {
        return Ok(None);
    };
    serde_json::from_str(&model.identity)
        .map(Some)
        .map_err(|error| {
            let detail = format!("the model's identity can't be read: {error}");
            records.damaged(detail).into()
        })
}

/// The same numbers as the vector index has them.
pub(crate) fn point_set(passages: impl IntoIterator<Item = PassageId>) -> IdSet {
    passages.into_iter().map(|id| PointId(id.0)).collect()
}
