//! Words → passages: a BM25 index beside the vectors, through tantivy.
//!
//! It is derived: everything in it comes from the database, and can be made again. Its own commit carries a watermark,
//! the highest passage that it has seen, so that whoever writes to the library next brings it up to date, whatever has
//! happened before; and the number of the database's commit that it is of, so that it is made anew where later commits of the
//! database are lost, and numbers of passages are given again. A passage that is gone may linger here; what may be found is
//! decided by the caller's [`IdSet`]s.
//!
//! | file | what |
//! |---|---|
//! | `words` | a text → its words, and their stems |
//! | `query` | what a person types → words, phrases, `+must` and `-without` |
//! | `collect` | the scores of the passages that may be found |

mod collect;
mod query;
mod words;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;
use tantivy::query::{
    BooleanQuery, BoostQuery, DisjunctionMaxQuery, EmptyQuery, Occur, PhraseQuery,
    Query as Clauses, TermQuery,
};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};
use topoi_index::{IdSet, PointId};

use crate::article::PassageId;
use crate::store::StoreError;
use crate::store::sqlite::Writer;

pub(crate) use collect::{Allowed, Moments, Scores};
use query::{Demand, Wording};
pub use query::{Query, QueryError, WeightedTerm};
pub(crate) use words::Words;

/// The folder within a library.
const FOLDER: &str = "lexical";

/// Goes up whenever words are found otherwise or the fields change: an index of another version is made anew.
const VERSION: u32 = 1;

/// The file that describes the index, and the one that lists its files.
const DESCRIPTION: &str = "meta.json";
const FILES: &str = ".managed.json";

/// How large these may be, since tantivy reads them whole. They have some hundred bytes for each segment.
const MOST_DESCRIBED: u64 = 16 << 20;

/// How often the index is opened while another program changes it.
const ATTEMPTS: usize = 10;

/// How long tantivy's right to write is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many words of a passage are compared, at most, to see whether it is that one.
const MOST_COMPARED: usize = 64;

/// How much tantivy may gather before it writes a segment.
const WRITER_BYTES: usize = 50 << 20;

/// Why words can't be searched.
#[derive(Debug, thiserror::Error)]
pub enum LexicalError {
    /// The index of words itself.
    #[error("the index of words at `{}` can't be used", path.display())]
    Index {
        /// Its folder.
        path: PathBuf,
        /// What tantivy says.
        source: TantivyError,
    },
    /// Its files make no sense.
    #[error("the index of words is damaged at `{}`: {detail}", path.display())]
    Damaged {
        /// Its folder, or the file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Its folder.
    #[error("can't write the index of words at `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It isn't there or can't be used, and can't be made now.
    #[error("the library has no index of words that can be used, and it can't be written to now")]
    Missing,
    /// The database that it is made of.
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Result<T> = std::result::Result<T, LexicalError>;

#[derive(Debug, Clone, Copy)]
struct Fields {
    number: Field,
    /// Words as they are written but for case and accents, with their positions: for phrases and names.
    exact: Field,
    /// Stems, with their frequencies: for BM25.
    stems: Field,
}

/// What a commit of the index carries.
#[derive(Debug, Serialize, Deserialize)]
struct Watermark {
    version: u32,
    /// The highest passage that the index has seen.
    passage: u64,
    /// How many commits of the database there were then; 0 where an earlier program has written it.
    #[serde(default)]
    commits: u64,
}

/// The words of a library, open for reading.
pub(crate) struct Lexical {
    path: PathBuf,
    index: Index,
    reader: IndexReader,
    fields: Fields,
    seen: PassageId,
    commits: u64,
}

impl Lexical {
    /// Opens the index of the library at `root`. `None` if there is none, or it is of another version.
    ///
    /// Its bytes are compared with their checksums first: tantivy takes them at their word, and would make room for as much as a
    /// damaged length says.
    pub(crate) fn open(root: &Path) -> Result<Option<Self>> {
        let path = folder(root);
        for _ in 1..ATTEMPTS {
            let Some(before) = description(&path)? else {
                return Ok(None);
            };
            let opened = guarded(&path, || Self::open_at(&path));
            let is_as_it_was = description(&path)?.is_some_and(|now| now == before);
            if opened.is_ok() || is_as_it_was {
                return opened;
            }
            // Another program has committed meanwhile, and taken away files that were described before.
        }
        guarded(&path, || Self::open_at(&path))
    }

    fn open_at(path: &Path) -> Result<Option<Self>> {
        let failed = |source| LexicalError::Index {
            path: path.to_owned(),
            source,
        };
        let index = Index::open_in_dir(path).map_err(failed)?;
        let damaged = index.validate_checksum().map_err(failed)?;
        if let Some(file) = damaged.into_iter().next() {
            return Err(LexicalError::Damaged {
                path: path.join(file),
                detail: "its bytes are not those that were written".to_owned(),
            });
        }
        let metas = index.load_metas().map_err(failed)?;
        let mark = metas
            .payload
            .and_then(|payload| serde_json::from_str::<Watermark>(&payload).ok())
            .filter(|mark| mark.version == VERSION);
        let (schema, fields) = schema();
        let Some(mark) = mark.filter(|_| index.schema() == schema) else {
            return Ok(None);
        };
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into();
        let reader = match reader {
            // Opening takes a lock, which can't be had on a read-only medium.
            Err(TantivyError::LockFailure(..)) => return Ok(None),
            reader => reader.map_err(failed)?,
        };
        let words = Self {
            path: path.to_owned(),
            index,
            reader,
            fields,
            seen: PassageId(mark.passage),
            commits: mark.commits,
        };
        words.look_into_all().map_err(failed)?;
        Ok(Some(words))
    }

    /// Looks for the words of each segment. Where another program was taking the index away while this one opened it, tantivy
    /// takes a segment for one without positions, and says so only when they are asked for.
    fn look_into_all(&self) -> tantivy::Result<()> {
        let Fields {
            number,
            exact,
            stems,
        } = self.fields;
        for segment in self.reader.searcher().segment_readers() {
            for field in [number, exact, stems] {
                segment.inverted_index(field)?;
            }
        }
        Ok(())
    }

    /// The highest passage that is in it.
    pub(crate) fn seen(&self) -> PassageId {
        self.seen
    }

    /// How many commits of the database it knows of, at least. Where there are fewer, it is of commits that are lost.
    pub(crate) fn commits(&self) -> u64 {
        self.commits
    }

    /// The numbers of the passages that are in it.
    pub(crate) fn numbers(&self) -> Result<IdSet> {
        let searcher = self.reader.searcher();
        let all = &tantivy::query::AllQuery;
        let found = self.guarded(|| searcher.search(all, &Allowed::everything()))?;
        Ok(found.ids().collect())
    }

    /// Whether the passage of this number has the words of `text`.
    pub(crate) fn has(&self, passage: PassageId, text: &str) -> Result<bool> {
        let must = |term| -> (Occur, Box<dyn Clauses>) {
            (
                Occur::Must,
                Box::new(TermQuery::new(term, IndexRecordOption::Basic)),
            )
        };
        let exact: BTreeSet<String> = Words::default().exact(text).into_iter().collect();
        let number = Term::from_field_u64(self.fields.number, passage.0);
        let terms = exact
            .iter()
            .take(MOST_COMPARED)
            .map(|word| Term::from_field_text(self.fields.exact, word));
        let all = BooleanQuery::new(std::iter::once(number).chain(terms).map(must).collect());
        let searcher = self.reader.searcher();
        let found = self.guarded(|| searcher.search(&all, &tantivy::collector::Count))?;
        Ok(found == 1)
    }

    /// How many passages are in it.
    pub(crate) fn passages(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// The BM25 scores of the words of `query` in the passages that are `allowed`; the moments are those over all
    /// passages of the library.
    pub(crate) fn scores(
        &self,
        query: &Query,
        allowed: Allowed,
        languages: &[String],
    ) -> Result<Scores> {
        let words = self.words_of(query, Occur::Should, languages);
        let searcher = self.reader.searcher();
        let scores = self.guarded(|| searcher.search(words.as_ref(), &allowed))?;
        Ok(Scores {
            moments: scores.moments.filled_up(self.passages()),
            ..scores
        })
    }

    /// The passages that have what `query` demands, and not what it excludes. `None` if it demands nothing.
    pub(crate) fn demanded(&self, query: &Query) -> Result<Option<IdSet>> {
        let (excluded, wanted): (Vec<_>, Vec<_>) =
            query.demands().iter().partition(|demand| demand.excluded);
        let clauses = |demands: Vec<&Demand>, occur: Occur| -> BooleanQuery {
            let clause = |demand: &Demand| (occur, self.exactly(&demand.wording));
            BooleanQuery::new(demands.into_iter().map(clause).collect())
        };
        let found = |clauses: &dyn Clauses| -> Result<IdSet> {
            let searcher = self.reader.searcher();
            let found = self.guarded(|| searcher.search(clauses, &Allowed::everything()))?;
            Ok(found.ids().collect())
        };
        let mut ids = match (wanted.is_empty(), excluded.is_empty()) {
            (true, true) => return Ok(None),
            (true, false) => found(&tantivy::query::AllQuery)?,
            (false, _) => found(&clauses(wanted, Occur::Must))?,
        };
        // Not left to tantivy, which asks a phrase that stands nowhere for passages behind its last one: an assertion of its own
        // calls that an error (quickwit-oss/tantivy#2811).
        if !excluded.is_empty() {
            ids.difference_with(&found(&clauses(excluded, Occur::Should))?);
        }
        Ok(Some(ids))
    }

    /// The passages that have all words of `query`.
    pub(crate) fn with_all_words(&self, query: &Query, languages: &[String]) -> Result<IdSet> {
        let words = self.words_of(query, Occur::Must, languages);
        let searcher = self.reader.searcher();
        let found = self.guarded(|| searcher.search(words.as_ref(), &Allowed::everything()))?;
        Ok(found.ids().collect())
    }

    /// The query's words, by their stems in any of the `languages`: all of them, or any.
    fn words_of(&self, query: &Query, occur: Occur, languages: &[String]) -> Box<dyn Clauses> {
        let mut words = Words::default();
        let mut clauses: Vec<(Occur, Box<dyn Clauses>)> = Vec::new();
        for (stems, times) in words.query_stems(query.text(), languages) {
            let mut terms: Vec<Box<dyn Clauses>> = stems
                .iter()
                .map(|stem| -> Box<dyn Clauses> {
                    let term = Term::from_field_text(self.fields.stems, stem);
                    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
                })
                .collect();
            let word = match (terms.pop(), terms.is_empty()) {
                (Some(only), true) => only,
                (Some(last), false) => {
                    terms.push(last);
                    Box::new(DisjunctionMaxQuery::new(terms))
                }
                (None, _) => continue,
            };
            let word: Box<dyn Clauses> = if times == 1 {
                word
            } else {
                Box::new(BoostQuery::new(word, times as f32))
            };
            clauses.push((occur, word));
        }
        if clauses.is_empty() {
            return Box::new(EmptyQuery);
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// Just these words, one behind the other.
    fn exactly(&self, wording: &Wording) -> Box<dyn Clauses> {
        let term = |word: &String| Term::from_field_text(self.fields.exact, word);
        match Words::default().exact(wording.as_str()).as_slice() {
            [] => Box::new(EmptyQuery),
            [word] => Box::new(TermQuery::new(term(word), IndexRecordOption::Basic)),
            words => Box::new(PhraseQuery::new(words.iter().map(term).collect())),
        }
    }

    /// Has tantivy do something.
    fn guarded<T>(&self, work: impl FnOnce() -> tantivy::Result<T>) -> Result<T> {
        guarded(&self.path, || {
            work().map_err(|source| LexicalError::Index {
                path: self.path.clone(),
                source,
            })
        })
    }
}

/// The description of the index at `path`. None while the index is being made.
fn description(path: &Path) -> Result<Option<Vec<u8>>> {
    for name in [DESCRIPTION, FILES] {
        let file = path.join(name);
        let size = fs::metadata(&file).map_or(0, |metadata| metadata.len());
        if size > MOST_DESCRIBED {
            return Err(LexicalError::Damaged {
                path: file,
                detail: format!("it has {size} bytes"),
            });
        }
    }
    Ok(fs::read(path.join(DESCRIPTION)).ok())
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is caught and becomes an error, so that nobody need be told of it.
#[must_use]
pub fn is_guarded() -> bool {
    IS_GUARDED.get()
}

/// Has tantivy do something with the index at `path`. It takes its files at their word, and panics where they are damaged.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let was_guarded = IS_GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was_guarded);
    done.unwrap_or_else(|panic| {
        let detail = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(LexicalError::Damaged {
            path: path.to_owned(),
            detail: detail.unwrap_or("it makes no sense").to_owned(),
        })
    })
}

/// Brings the index of words up to date with the database, making it where there is none, or where it is of commits that the
/// database has lost.
///
/// Passages that are gone are taken out, so that their tombstones may be dropped.
pub(crate) fn catch_up(library: &Writer) -> Result<()> {
    // What can't be opened is made anew.
    catch_up_from(library, Lexical::open(library.root()).ok().flatten())
}

/// The same with the index as the writer has opened it.
pub(crate) fn catch_up_from(library: &Writer, found: Option<Lexical>) -> Result<()> {
    let path = folder(library.root());
    match guarded(&path, || extend(library, found)) {
        // What is damaged is made anew.
        Err(LexicalError::Damaged { .. } | LexicalError::Index { .. }) => {
            guarded(&path, || extend(library, None))
        }
        done => done,
    }
}

fn extend(library: &Writer, found: Option<Lexical>) -> Result<()> {
    let root = library.root();
    let commits = library.commits()?;
    let next = library.next_passage()?;
    let found = found.filter(|found| found.commits <= commits && found.seen < next);
    let path = folder(root);
    let failed = |source| LexicalError::Index {
        path: path.clone(),
        source,
    };
    let (schema, fields) = schema();
    let (index, seen) = match found {
        Some(found) => (found.index, found.seen),
        None => {
            clear(root)?;
            fs::create_dir_all(&path).map_err(|source| LexicalError::Folder {
                path: path.clone(),
                source,
            })?;
            let directory = MmapDirectory::open(&path).map_err(|error| failed(error.into()))?;
            let index = Index::create(directory, schema, Default::default()).map_err(failed)?;
            (index, PassageId(0))
        }
    };
    let mut writer = writer(&index).map_err(failed)?;
    for gone in library.tombstones()? {
        writer.delete_term(Term::from_field_u64(fields.number, gone.0));
    }
    let mut words = Words::default();
    let mut refused = None;
    library.each_text_after(seen, &mut |text| {
        let mut document = TantivyDocument::new();
        document.add_u64(fields.number, text.passage.0);
        for part in [text.title.unwrap_or_default(), text.text] {
            document.add_pre_tokenized_text(fields.exact, tokens(words.exact(part)));
            let stems = words.stems(part, text.language.unwrap_or_default());
            document.add_pre_tokenized_text(fields.stems, tokens(stems));
        }
        if let Err(error) = writer.add_document(document) {
            refused.get_or_insert(error);
        }
    })?;
    if let Some(error) = refused {
        return Err(failed(error));
    }
    let mark = Watermark {
        version: VERSION,
        // Those of the numbers given so far that are gone are seen too.
        passage: next.0.saturating_sub(1),
        commits,
    };
    let mark =
        serde_json::to_string(&mark).map_err(|error| failed(io::Error::from(error).into()))?;
    let mut commit = writer.prepare_commit().map_err(failed)?;
    commit.set_payload(&mark);
    commit.commit().map_err(failed)?;
    writer.wait_merging_threads().map_err(failed)
}

/// The right to write to the index, which whoever may write to the library has: but a process that is being started from another
/// thread keeps it from the writer before for a moment, until it is another program.
fn writer(index: &Index) -> tantivy::Result<IndexWriter> {
    let began = Instant::now();
    loop {
        match index.writer_with_num_threads(1, WRITER_BYTES) {
            Err(TantivyError::LockFailure(LockError::LockBusy, _))
                if began.elapsed() < PATIENCE =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

/// Where the index of the library at `root` lies.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join(FOLDER)
}

/// Removes the index of the library at `root`, so that the next who writes makes it anew.
pub(crate) fn clear(root: &Path) -> Result<()> {
    let path = folder(root);
    // First of all, so that whoever is opening it sees that it is no longer what it was. What fails here fails below.
    let _ = fs::remove_file(path.join(DESCRIPTION));
    match fs::remove_dir_all(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(LexicalError::Folder { path, source })
        }
        _ => Ok(()),
    }
}

fn schema() -> (Schema, Fields) {
    let indexing = |record| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(record);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut schema = Schema::builder();
    let fields = Fields {
        number: schema.add_u64_field("number", INDEXED | FAST),
        exact: schema.add_text_field("exact", indexing(IndexRecordOption::WithFreqsAndPositions)),
        stems: schema.add_text_field("stems", indexing(IndexRecordOption::WithFreqs)),
    };
    (schema.build(), fields)
}

/// Words as tantivy takes them, one behind the other.
fn tokens(words: Vec<String>) -> PreTokenizedString {
    let token = |(position, text)| Token {
        position,
        text,
        ..Token::default()
    };
    PreTokenizedString {
        text: String::new(),
        tokens: words.into_iter().enumerate().map(token).collect(),
    }
}

impl Scores {
    fn ids(&self) -> impl Iterator<Item = PointId> + '_ {
        self.best.iter().map(|(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_goes_while_it_is_opened_is_not_taken_for_one_without_positions() {
        let folder = tempfile::tempdir().unwrap();
        let (schema, fields) = schema();
        let index = Index::create_in_dir(folder.path(), schema).unwrap();
        let mut writer: IndexWriter = writer(&index).unwrap();
        let mut document = TantivyDocument::new();
        document.add_u64(fields.number, 1);
        document.add_pre_tokenized_text(fields.exact, tokens(vec!["bread".to_owned()]));
        writer.add_document(document).unwrap();
        writer.commit().unwrap();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "pos") {
                fs::remove_file(path).unwrap();
            }
        }
        let words = Lexical {
            path: folder.path().to_owned(),
            reader: index.reader().unwrap(),
            index,
            fields,
            seen: PassageId(1),
            commits: 1,
        };
        assert!(words.look_into_all().is_err());
    }
}
