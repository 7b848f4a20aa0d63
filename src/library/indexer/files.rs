//! From files to articles: which of them are as before, and what is read of the others.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::Indexer;
use crate::article::Article;
use crate::error::Result;
use crate::fetch::{Address, Fetched};
use crate::ingest::{self, Format, FoundFile, Hints};
use crate::library::report::Refusal;
use crate::store::{NewFile, Validators};

/// A file that was changed less than this before it was read may change again within the same tick of the file
/// system's clock; its time is then not trusted (the "racy" problem known from git).
const RACY: Duration = Duration::from_secs(2);

impl Indexer<'_> {
    /// Takes in files; those that are as the library has them cost a look at their length and time.
    ///
    /// Returns what could not be read, and why.
    ///
    /// # Errors
    ///
    /// Where the library can't be written, the model fails, or the user interrupts.
    pub fn add_files(
        &mut self,
        files: &[FoundFile],
        max_bytes: u64,
    ) -> Result<Vec<(PathBuf, Refusal)>> {
        let mut refused = Vec::new();
        for file in files {
            if let Err(refusal) = self.add_file(file, max_bytes)? {
                refused.push((file.path.clone(), refusal));
            }
        }
        Ok(refused)
    }

    fn add_file(
        &mut self,
        file: &FoundFile,
        max_bytes: u64,
    ) -> Result<std::result::Result<(), Refusal>> {
        let Some(path) = file.path.to_str() else {
            return Ok(Err(Refusal::PathNotUtf8));
        };
        let known = self.intake.records().file(path)?;
        if self.is_unhinted()
            && known.as_ref().is_some_and(|known| {
                known.size == file.size && known.modified_ns == file.mtime_ns && file.mtime_ns != 0
            })
        {
            self.report.files_unchanged += 1;
            return Ok(Ok(()));
        }
        let bytes = match ingest::read_file(&file.path, max_bytes) {
            Ok(bytes) => bytes,
            Err(reason) => return Ok(Err(reason.into())),
        };
        let new = NewFile {
            path: path.to_owned(),
            size: file.size,
            modified_ns: trusted_time(file.mtime_ns),
            digest: Sha256::digest(&bytes).into(),
            validators: Validators::default(),
        };
        let hints = self.hints_for(Path::new(path));
        self.add_bytes(new, known.map(|known| known.digest), &bytes, &hints)
    }

    /// What is known of a file with this name.
    fn hints_for(&self, name: &Path) -> Hints {
        Hints {
            path: Some(name.to_owned()),
            ..self.hints.clone()
        }
    }

    /// Takes in a text from standard input, as the content of a file called `name`.
    ///
    /// # Errors
    ///
    /// As [`Indexer::add_files`]; the inner result says why the text could not be read.
    pub fn add_text(
        &mut self,
        name: &str,
        bytes: &[u8],
    ) -> Result<std::result::Result<(), Refusal>> {
        let known = self.intake.records().file(name)?.map(|known| known.digest);
        let new = NewFile {
            path: name.to_owned(),
            size: bytes.len() as u64,
            modified_ns: 0,
            digest: Sha256::digest(bytes).into(),
            validators: Validators::default(),
        };
        let hints = self.hints_for(Path::new(name));
        self.add_bytes(new, known, bytes, &hints)
    }

    /// Takes in something that was fetched, as the content of a file at `path`.
    ///
    /// # Errors
    ///
    /// As [`Indexer::add_files`]; the inner result says why it could not be read.
    pub fn add_fetched(
        &mut self,
        path: &str,
        fetched: Fetched,
    ) -> Result<std::result::Result<(), Refusal>> {
        let known = self.intake.records().file(path)?.map(|known| known.digest);
        let new = NewFile {
            path: path.to_owned(),
            size: fetched.bytes.len() as u64,
            modified_ns: 0,
            digest: Sha256::digest(&fetched.bytes).into(),
            validators: fetched.validators.clone(),
        };
        let hints = fetched.hints(&self.hints);
        self.add_bytes(new, known, &fetched.bytes, &hints)
    }

    fn add_bytes(
        &mut self,
        file: NewFile,
        known: Option<[u8; 32]>,
        bytes: &[u8],
        hints: &Hints,
    ) -> Result<std::result::Result<(), Refusal>> {
        if known == Some(file.digest) && self.is_unhinted() {
            self.report.files_unchanged += 1;
            self.batch.touched.push(file);
            self.flush_when_full()?;
            return Ok(Ok(()));
        }
        match ingest::read_source(bytes, hints) {
            Ok(mut reading) => {
                if reading.format == Format::Feed {
                    self.leave_out_teasers(&mut reading.articles)?;
                }
                self.report.read.add(&reading);
                if let [only] = reading.articles.as_mut_slice() {
                    let metadata = &mut only.metadata;
                    let name = hints.path.as_deref();
                    metadata.title = metadata
                        .title
                        .take()
                        .or_else(|| name.and_then(ingest::title_from_path));
                    if reading.format != Format::Feed {
                        metadata.address = metadata.address.take().or(hints.address.clone());
                    }
                }
                self.warnings.extend(
                    reading
                        .warnings
                        .into_iter()
                        .map(|warning| (file.path.clone(), warning)),
                );
                self.add_articles(file, reading.articles).map(Ok)
            }
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// Leaves out of a feed's entries those that only advertise a page which the library has as a file of its own.
    fn leave_out_teasers(&self, articles: &mut Vec<Article>) -> Result<()> {
        let mut kept = Vec::with_capacity(articles.len());
        for article in articles.drain(..) {
            let address = article.metadata.address.as_deref();
            let page = address.and_then(|address| address.parse::<Address>().ok());
            let is_known = match page {
                Some(page) if ingest::is_teaser(&article.paragraphs) => self.has(page.as_str())?,
                _ => false,
            };
            if !is_known {
                kept.push(article);
            }
        }
        *articles = kept;
        Ok(())
    }

    /// Whether the library has a file, or will have it with the next commit.
    fn has(&self, path: &str) -> Result<bool> {
        let is_new = self
            .batch
            .changes
            .iter()
            .any(|change| change.file.path == path);
        Ok(is_new || self.intake.records().file(path)?.is_some())
    }
}

fn trusted_time(modified_ns: i64) -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let racy = i64::try_from(now.saturating_sub(RACY).as_nanos()).unwrap_or(i64::MAX);
    if modified_ns < racy { modified_ns } else { 0 }
}
