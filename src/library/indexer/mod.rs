//! Taking articles into a library.
//!
//! Articles are gathered until there is a batch worth embedding; then one commit makes files, articles, passages and
//! vectors visible together. A text that the library holds already
//! (a renamed file, a syndicated copy) takes over the vector of its twin.

mod files;
mod share;
mod worker;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use sha2::{Digest, Sha256};
use topoi_models::{Embeddings, Encoder, Role};

use super::backend::{self, Intake};
use super::parts::parts;
use super::report::{IndexReport, Observer, Windowing};
use crate::article::{Article, ArticleId, Kind, Paragraph, PassageId, Place};
use crate::error::{Error, Result};
use crate::ingest::{self, Hints};
use crate::location::Location;
use crate::store::{
    Change, Editor, ModelRow, NewArticle, NewFile, NewPassage, Records, VectorSource,
};

pub use share::{Share, ShareError};
pub use worker::Worker;

/// How many texts are embedded between two commits, at most.
///
/// A few seconds of work on two cores: what an interruption can cost.
const BATCH_TEXTS: usize = 512;

/// How many passages are committed at once, at most, where most of them need no embedding.
const BATCH_PASSAGES: usize = 8192;

/// What has been gathered since the last commit.
#[derive(Debug, Default)]
struct Batch {
    changes: Vec<Change>,
    texts: Vec<String>,
    positions: HashMap<[u8; 32], usize>,
    /// How many passages are among the changes.
    passages: usize,
    touched: Vec<NewFile>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.texts.len() >= BATCH_TEXTS
            || self.passages >= BATCH_PASSAGES
            || self.touched.len() >= BATCH_PASSAGES
    }
}

/// Adds articles to a library. There is one at a time.
pub struct Indexer<'a> {
    intake: Box<dyn Intake>,
    encoder: &'a dyn Encoder,
    observer: &'a dyn Observer,
    windowing: Windowing,
    hints: Hints,
    batch: Batch,
    report: IndexReport,
    warnings: Vec<(String, ingest::Warning)>,
}

impl<'a> Indexer<'a> {
    /// Opens a library for taking in articles, making it where there is none.
    ///
    /// `model_reference` is how the user named the model, so that a later search finds it again.
    /// Passages whose vectors are lost are embedded again at once.
    ///
    /// # Errors
    ///
    /// Where another program is writing, the library's vectors come from another model, or it is damaged.
    pub fn open(
        location: impl Into<Location>,
        model_reference: &str,
        encoder: &'a dyn Encoder,
        observer: &'a dyn Observer,
        windowing: Windowing,
    ) -> Result<Self> {
        let model = model_row(model_reference, encoder);
        let intake = backend::open_intake(&location.into(), &model, encoder.identity())?;
        let mut indexer = Self::with_intake(intake, encoder, observer, windowing);
        indexer.embed_missing()?;
        Ok(indexer)
    }

    fn with_intake(
        intake: Box<dyn Intake>,
        encoder: &'a dyn Encoder,
        observer: &'a dyn Observer,
        windowing: Windowing,
    ) -> Self {
        Self {
            intake,
            encoder,
            observer,
            windowing,
            hints: Hints::default(),
            batch: Batch::default(),
            report: IndexReport::default(),
            warnings: Vec::new(),
        }
    }

    /// What a person says of all files: their format, and which fields of records mean what. Files are then read again even
    /// if they are as the library has them.
    pub fn set_hints(&mut self, hints: Hints) {
        self.hints = hints;
    }

    /// Whether nothing is said of the files, so that those which are as before give what they gave before.
    fn is_unhinted(&self) -> bool {
        self.hints == Hints::default()
    }

    /// Takes in the articles of one file, in place of those that the library has of it.
    ///
    /// # Errors
    ///
    /// As [`Indexer::add_files`].
    pub fn add_articles(&mut self, file: NewFile, articles: Vec<Article>) -> Result<()> {
        let mut present = present(self.intake.records(), &file.path)?;
        let mut added = Vec::new();
        for article in articles {
            let digest = article_digest(&article);
            if present.get_mut(&digest).and_then(Vec::pop).is_some() {
                continue;
            }
            added.push(self.prepare(article, digest)?);
            if self.batch.is_full() {
                self.batch.changes.push(Change {
                    file: file.unfinished(),
                    removed: Vec::new(),
                    added: std::mem::take(&mut added),
                });
                self.flush()?;
            }
        }
        let mut removed: Vec<ArticleId> = present.into_values().flatten().collect();
        removed.sort_unstable();
        self.report.files_read += 1;
        self.report.articles_removed += removed.len() as u64;
        self.batch.changes.push(Change {
            file,
            removed,
            added,
        });
        self.flush_when_full()
    }

    /// Removes files that the library has and that are no longer there.
    ///
    /// # Errors
    ///
    /// Where the library can't be written.
    pub fn remove_files(&mut self, paths: &[String]) -> Result<()> {
        self.flush()?;
        let mut articles = 0;
        for path in paths {
            articles += self.intake.records().article_digests(path)?.len() as u64;
        }
        self.intake.editor().remove_files(paths)?;
        self.report.files_removed += paths.len() as u64;
        self.report.articles_removed += articles;
        Ok(())
    }

    /// Every path that the library has.
    ///
    /// # Errors
    ///
    /// Where the library can't be read.
    pub fn paths(&self) -> Result<Vec<String>> {
        Ok(self.intake.records().paths()?)
    }

    /// What was odd in the files that were read: each with its file's path.
    #[must_use]
    pub fn warnings(&self) -> &[(String, ingest::Warning)] {
        &self.warnings
    }

    /// Commits what is left, and says what was done.
    ///
    /// # Errors
    ///
    /// As [`Indexer::add_files`].
    pub fn finish(self) -> Result<IndexReport> {
        Ok(self.finish_unless_others_work()?.0)
    }

    /// The same, with whether no worker was left to do the rest.
    fn finish_unless_others_work(mut self) -> Result<(IndexReport, bool)> {
        self.flush()?;
        if !self.intake.finish()? {
            return Ok((self.report, false));
        }
        let (editor, report) = (self.intake.editor(), &mut self.report);
        let derived = derive(editor)?;
        report.read.boilerplate += derived.recurring;
        report.copies = derived.copies;
        Ok((self.report, true))
    }

    /// Finds out where the vectors of an article's passages come from.
    fn prepare(&mut self, article: Article, digest: [u8; 32]) -> Result<NewArticle> {
        let mut passages = Vec::with_capacity(article.paragraphs.len());
        let paragraphs = u32::try_from(article.paragraphs.len()).unwrap_or(u32::MAX);
        for (paragraph, number) in article.paragraphs.into_iter().zip(1..) {
            let parts = self.parts(&paragraph);
            let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
            for (text, part) in parts.into_iter().zip(1..) {
                let place = Place {
                    paragraph: number,
                    part,
                    parts: count,
                };
                passages.push(NewPassage {
                    place,
                    span: paragraph.span,
                    kind: paragraph.kind,
                    language: paragraph.language.map(Cow::Borrowed),
                    digest: Sha256::digest(&text).into(),
                    text,
                    // Which it is, is found out for all of them together.
                    vector: VectorSource::Embedded(0),
                });
            }
        }
        self.find_vectors(&mut passages)?;
        self.batch.passages += passages.len();
        self.report.articles_added += 1;
        self.report.passages_added += passages.len() as u64;
        Ok(NewArticle {
            entry: article.entry,
            metadata: article.metadata,
            paragraphs,
            digest,
            passages,
        })
    }

    /// Says where the vectors of new passages come from: a text of this batch, or a passage that the library has.
    fn find_vectors(&mut self, passages: &mut [NewPassage]) -> Result<()> {
        let mut unknown: Vec<[u8; 32]> = passages.iter().map(|passage| passage.digest).collect();
        unknown.retain(|digest| !self.batch.positions.contains_key(digest));
        let twins = self.intake.twins(&unknown)?;
        for passage in passages {
            let digest = passage.digest;
            passage.vector = match (self.batch.positions.get(&digest), twins.get(&digest)) {
                (Some(position), _) => {
                    self.report.reused += 1;
                    VectorSource::Embedded(*position)
                }
                (None, Some(twin)) => {
                    self.report.reused += 1;
                    VectorSource::Passage(*twin)
                }
                (None, None) => {
                    let position = self.batch.texts.len();
                    self.batch.texts.push(passage.text.clone());
                    self.observer.queued();
                    self.batch.positions.insert(digest, position);
                    VectorSource::Embedded(position)
                }
            };
        }
        Ok(())
    }

    fn parts(&self, paragraph: &Paragraph) -> Vec<String> {
        match self.windowing {
            Windowing::Whole => vec![paragraph.text.clone()],
            Windowing::Windows => parts(&paragraph.text, self.encoder)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }

    fn flush_when_full(&mut self) -> Result<()> {
        if self.observer.interrupted() {
            return Err(Error::Interrupted);
        }
        if self.batch.is_full() {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Embeds what was gathered, and commits it.
    fn flush(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        if !batch.touched.is_empty() {
            self.intake.touch(&batch.touched)?;
        }
        if batch.changes.is_empty() {
            return Ok(());
        }
        let embeddings = self.embed(&batch.texts)?;
        self.intake.commit(&batch.changes, &embeddings)?;
        self.count_commit();
        Ok(())
    }

    fn count_commit(&mut self) {
        self.report.commits += 1;
        self.observer.committed(&self.report);
    }

    fn embed(&mut self, texts: &[String]) -> Result<Embeddings> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let observer = self.observer;
        let embeddings = self.encoder.encode(&texts, Role::Passage, &mut |done| {
            observer.embedded(done);
            if observer.interrupted() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        match embeddings {
            Err(_) if observer.interrupted() => Err(Error::Interrupted),
            embeddings => {
                self.report.embedded += texts.len() as u64;
                Ok(embeddings?)
            }
        }
    }

    /// Embeds the passages that have no vector, because one was lost and dropped.
    fn embed_missing(&mut self) -> Result<()> {
        let missing = self.intake.without_vectors()?;
        for ids in missing.chunks(BATCH_TEXTS) {
            let passages = self.intake.records().passages(ids)?;
            let mut texts: HashMap<PassageId, String> = passages
                .into_iter()
                .map(|passage| (passage.id, passage.text))
                .collect();
            let texts = ids.iter().map(|id| {
                let text = texts.remove(id);
                text.ok_or(Error::NoPassage(*id))
            });
            let texts: Vec<String> = texts.collect::<Result<_>>()?;
            texts.iter().for_each(|_| self.observer.queued());
            let embeddings = self.embed(&texts)?;
            self.intake.restore_vectors(ids, &embeddings)?;
            self.count_commit();
        }
        Ok(())
    }
}

/// What was found out about articles that were added.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Derived {
    /// How many of their lines, and of others', recur.
    recurring: u64,
    /// How many of them are copies.
    copies: u64,
}

/// Finds out of the articles that nobody has looked at yet which of their lines recur, and which of all articles are copies if
/// some came or went. Where a run was cut off before this, the next one makes up for it.
pub(super) fn derive(editor: &mut dyn Editor) -> Result<Derived> {
    let new = editor.records().not_sketched()?;
    let recurring = if new.is_empty() {
        0
    } else {
        super::recurring::mark(editor, &new)?
    };
    super::copies::bring_up_to_date(editor, &new)?;
    let copies = if new.is_empty() {
        Vec::new()
    } else {
        editor.records().copies()?
    };
    let is_new = |copy: &&crate::store::Copy| new.binary_search(&copy.article).is_ok();
    Ok(Derived {
        recurring,
        copies: copies.iter().filter(is_new).count() as u64,
    })
}

/// The articles that a library has of a file, by the digests of their content.
pub(super) fn present(
    records: &dyn Records,
    path: &str,
) -> Result<HashMap<[u8; 32], Vec<ArticleId>>> {
    let mut present: HashMap<[u8; 32], Vec<ArticleId>> = HashMap::new();
    for (id, digest) in records.article_digests(path)? {
        present.entry(digest).or_default().push(id);
    }
    Ok(present)
}

fn model_row(reference: &str, encoder: &dyn Encoder) -> ModelRow {
    ModelRow {
        reference: reference.to_owned(),
        identity: serde_json::to_string(encoder.identity()).unwrap_or_default(),
    }
}

/// The digest of everything that an article says: while it is the same, nothing needs to be done.
fn article_digest(article: &Article) -> [u8; 32] {
    let Article {
        entry,
        metadata,
        paragraphs,
    } = article;
    let mut hasher = Sha256::new();
    let mut add = |part: &str| {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    let date = metadata.date.map(|date| date.to_string());
    for field in [
        entry,
        &metadata.title,
        &metadata.author,
        &date,
        &metadata.source,
        &metadata.language,
        &metadata.address,
    ] {
        add(field.as_deref().unwrap_or("\0"));
    }
    for Paragraph {
        text,
        span,
        kind,
        language,
    } in paragraphs
    {
        add(text);
        add(Kind::as_str(*kind));
        add(&format!("{}..{}", span.start, span.end));
        add(language.unwrap_or("\0"));
    }
    hasher.finalize().into()
}
