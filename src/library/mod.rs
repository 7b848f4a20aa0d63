//! A library in use: the database and the vector segments together.
//!
//! [`Library`] reads, [`Indexer`] writes, [`check`] looks for damage. All of them take a library by its folder.

mod body;
mod check;
mod commentary;
mod copies;
mod indexer;
mod lazy;
mod ledger;
mod lines;
mod maintenance;
mod parts;
mod picture;
mod recurring;
mod report;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use topoi_index::{IdSet, PointId, Searcher, Segment, Space};
use topoi_models::Identity;

pub use check::{Finding, Findings, check, drop_segments, drop_words};
pub use commentary::{Commentary, LibraryTheme, Renewed, ThemesWanted, Topic};
pub use copies::{PassageStory, find_copies};
pub use indexer::Indexer;
pub use ledger::{
    Current, Ledger, entitle_themes, keep_themes, last_changes, merge_themes, pin_theme,
    rename_theme, split_theme,
};
pub use lines::Lines;
pub use maintenance::{Sizes, compact};
pub use parts::parts;
pub use picture::{Part, Picture};
pub use report::{FormatSurvey, IndexReport, Observer, Refusal, Silent, Survey, Windowing};

use crate::article::PassageId;
use crate::error::{Error, Result};
use crate::lexical;
use crate::store::{self, Reader, SegmentRow, StoreError, Watch};

/// A library, open for reading: it stays as it was when it was opened, whatever a writer does meanwhile.
///
/// ```no_run
/// use topoi::library::Library;
/// use topoi::search::{Feedback, Query, SearchOptions};
///
/// # fn run(encoder: &dyn topoi_models::Encoder) -> Result<(), topoi::Error> {
/// let library = Library::open("articles.topoi".as_ref())?;
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
    root: PathBuf,
    reader: Reader,
    searcher: Searcher,
    identity: Option<Identity>,
    tombstones: IdSet,
    lazy: lazy::Lazy,
}

impl Library {
    /// Opens the library in the folder `root`.
    ///
    /// # Errors
    ///
    /// Where there is no library, it is of a newer version, or the database or a segment is damaged.
    pub fn open(root: &Path) -> Result<Self> {
        // Between reading the manifest and opening the files that it names, a writer may have merged those
        // files away. Then the manifest is out of date, and reading it again helps.
        let mut attempt = 0;
        loop {
            let reader = store::open_reader(root)?;
            let rows = reader.segments()?;
            match Self::assemble(root, reader, &rows) {
                Err(_) if attempt < 3 && rows.iter().any(|row| !row.id.path(root).exists()) => {
                    attempt += 1
                }
                result => return result,
            }
        }
    }

    fn assemble(root: &Path, reader: Reader, rows: &[SegmentRow]) -> Result<Self> {
        let identity = read_identity(&reader)?;
        let segments = match &identity {
            Some(identity) => rows
                .iter()
                .map(|row| open_segment(root, row, &space_of(identity)))
                .collect::<Result<_>>()?,
            None => Vec::new(),
        };
        let tombstones = point_set(reader.tombstones()?);
        Ok(Self {
            root: root.to_owned(),
            reader,
            searcher: Searcher::new(segments)?,
            identity,
            tombstones,
            lazy: lazy::Lazy::default(),
        })
    }

    /// Makes an empty library in the folder `root`, or leaves the one there as it is.
    ///
    /// # Errors
    ///
    /// Where the folder can't be written, or holds something that is no library.
    pub fn create(root: &Path) -> Result<()> {
        Ok(store::open_writer(root).map(drop)?)
    }

    /// What tells when the library in the folder `root` has changed. Whoever keeps a [`Library`] open for long opens it
    /// again then.
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
    pub fn watch(root: &Path) -> Watch {
        Watch::new(root, lexical::folder(root).join("meta.json"))
    }

    /// The library's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database: articles, passages, counts.
    #[must_use]
    pub fn store(&self) -> &Reader {
        &self.reader
    }

    /// The model that the library's vectors come from; `None` while it is empty.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The vector segments.
    #[must_use]
    pub fn searcher(&self) -> &Searcher {
        &self.searcher
    }

    /// Passages that are gone while a segment still holds their vectors.
    pub(crate) fn tombstones(&self) -> &IdSet {
        &self.tombstones
    }

    /// Refuses a model whose vectors can't be compared with this library's.
    pub(crate) fn expect_model(&self, given: &Identity) -> Result<()> {
        match &self.identity {
            None => Err(Error::Empty(self.root.clone())),
            Some(identity) => same_model(&self.root, identity, given),
        }
    }
}

fn same_model(root: &Path, library: &Identity, given: &Identity) -> Result<()> {
    if library.digest() == given.digest() {
        return Ok(());
    }
    Err(Error::OtherModel {
        root: root.to_owned(),
        library: library.to_string(),
        given: given.to_string(),
    })
}

fn read_identity(reader: &Reader) -> Result<Option<Identity>> {
    let Some(model) = reader.model()? else {
        return Ok(None);
    };
    serde_json::from_str(&model.identity)
        .map(Some)
        .map_err(|error| {
            let detail = format!("the model's identity can't be read: {error}");
            StoreError::Damaged {
                path: reader.path().to_owned(),
                detail,
            }
            .into()
        })
}

fn space_of(identity: &Identity) -> Space {
    Space {
        dim: identity.dim,
        digest: identity.digest(),
    }
}

fn open_segment(root: &Path, row: &SegmentRow, space: &Space) -> Result<Arc<Segment>> {
    let path = row.id.path(root);
    let segment = Segment::open(&path, space)?;
    let info = segment.info();
    if info.digest != row.digest || info.points as u64 != row.points {
        return Err(Error::StrangeSegment(path));
    }
    Ok(Arc::new(segment))
}

/// The same numbers as the vector index has them.
pub(crate) fn point_set(passages: impl IntoIterator<Item = PassageId>) -> IdSet {
    passages.into_iter().map(|id| PointId(id.0)).collect()
}
