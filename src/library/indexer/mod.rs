//! Taking articles into a library.
//!
//! Articles are gathered until there is a batch worth embedding; then their vectors are written as a segment, and
//! one commit makes files, articles, passages and segment visible together. A text that the library holds already
//! (a renamed file, a syndicated copy) takes over the vector of its twin.

mod files;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use sha2::{Digest, Sha256};
use topoi_index::{BuildOptions, PointId, Searcher, write_segment};
use topoi_models::{Embeddings, Encoder, Role};

use super::maintenance::Merge;
use super::parts::parts;
use super::report::{IndexReport, Observer, Windowing};
use super::{open_segment, read_identity, same_model, space_of};
use crate::article::{Article, ArticleId, Kind, Paragraph, PassageId, Place};
use crate::error::{Error, Result};
use crate::ingest::{self, Hints};
use crate::store::{
    self, Change, ModelRow, NewArticle, NewFile, NewPassage, SegmentRow, Validators, Writer,
};

/// How many texts are embedded between two commits, at most.
///
/// A few seconds of work on two cores: what an interruption can cost.
const BATCH_TEXTS: usize = 512;

/// How many passages are committed at once, at most, where most of them need no embedding.
const BATCH_PASSAGES: usize = 8192;

/// Where a new passage's vector comes from.
#[derive(Debug, Clone, Copy)]
enum VectorSource {
    /// A text of this batch, by its position.
    Batch(usize),
    /// A passage that the library has.
    Library(PassageId),
}

/// What has been gathered since the last commit.
#[derive(Debug, Default)]
struct Batch {
    changes: Vec<Change>,
    texts: Vec<String>,
    positions: HashMap<[u8; 32], usize>,
    vectors: Vec<(PassageId, VectorSource)>,
    touched: Vec<NewFile>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.texts.len() >= BATCH_TEXTS
            || self.vectors.len() >= BATCH_PASSAGES
            || self.touched.len() >= BATCH_PASSAGES
    }
}

/// Adds articles to a library. There is one at a time.
pub struct Indexer<'a> {
    writer: Writer,
    encoder: &'a dyn Encoder,
    observer: &'a dyn Observer,
    windowing: Windowing,
    /// How many tokens a passage may have beside the model's prompt, special tokens included.
    searcher: Searcher,
    hints: Hints,
    first_article: ArticleId,
    next_passage: PassageId,
    batch: Batch,
    /// What is merged while articles are taken in.
    merge: Option<Merge>,
    report: IndexReport,
    warnings: Vec<(String, ingest::Warning)>,
}

impl<'a> Indexer<'a> {
    /// Opens the library at `root` for writing, making it where there is none.
    ///
    /// `model_reference` is how the user named the model, so that a later search finds it again.
    /// Passages whose vectors are lost are embedded again at once.
    ///
    /// # Errors
    ///
    /// Where another program is writing, the library's vectors come from another model, or it is damaged.
    pub fn open(
        root: &Path,
        model_reference: &str,
        encoder: &'a dyn Encoder,
        observer: &'a dyn Observer,
        windowing: Windowing,
    ) -> Result<Self> {
        let mut writer = store::open_writer(root)?;
        let identity = encoder.identity();
        match read_identity(&writer)? {
            Some(library) => same_model(root, &library, identity)?,
            None => {
                let row = ModelRow {
                    reference: model_reference.to_owned(),
                    identity: to_json(identity),
                };
                writer.set_model(&row)?;
            }
        }
        let space = space_of(identity);
        let segments = writer
            .segments()?
            .iter()
            .map(|row| open_segment(root, row, &space))
            .collect::<Result<_>>()?;
        let mut indexer = Self {
            hints: Hints::default(),
            first_article: writer.next_article()?,
            next_passage: writer.next_passage()?,
            writer,
            encoder,
            observer,
            windowing,
            searcher: Searcher::new(segments)?,
            batch: Batch::default(),
            merge: None,
            report: IndexReport::default(),
            warnings: Vec::new(),
        };
        indexer.embed_missing()?;
        Ok(indexer)
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
        let mut present: HashMap<[u8; 32], Vec<ArticleId>> = HashMap::new();
        for (id, digest) in self.writer.article_digests(&file.path)? {
            present.entry(digest).or_default().push(id);
        }
        let mut added = Vec::new();
        for article in articles {
            let digest = article_digest(&article);
            if present.get_mut(&digest).and_then(Vec::pop).is_some() {
                continue;
            }
            added.push(self.prepare(article, digest)?);
            if self.batch.is_full() {
                // The file is not complete yet: without its digest, the next run reads it again.
                let unfinished = NewFile {
                    digest: [0; 32],
                    modified_ns: 0,
                    validators: Validators::default(),
                    ..file.clone()
                };
                self.batch.changes.push(Change {
                    file: unfinished,
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
        self.writer.remove_files(paths)?;
        self.report.files_removed += paths.len() as u64;
        Ok(())
    }

    /// Every path that the library has.
    ///
    /// # Errors
    ///
    /// Where the library can't be read.
    pub fn paths(&self) -> Result<Vec<String>> {
        Ok(self.writer.paths()?)
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
    pub fn finish(mut self) -> Result<IndexReport> {
        self.flush()?;
        super::words::bring_up_to_date(&self.writer)?;
        while self.merge.is_some() {
            self.finish_merge()?;
            self.begin_merge_if_due()?;
        }
        let (writer, report, first) = (&mut self.writer, &mut self.report, self.first_article);
        let has_grown = report.articles_added > 0;
        let has_shrunk = report.articles_removed + report.files_removed > 0;
        if has_grown {
            report.read.boilerplate += super::recurring::mark(writer, first)?;
        }
        super::copies::bring_up_to_date(writer, has_grown || has_shrunk)?;
        if has_grown {
            let copies = writer.copies()?;
            report.copies = copies.iter().filter(|copy| copy.article >= first).count() as u64;
        }
        Ok(self.report)
    }

    /// Gives passages their numbers and finds out where their vectors come from.
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
                passages.push(self.passage(text, place, &paragraph)?);
            }
        }
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

    fn parts(&self, paragraph: &Paragraph) -> Vec<String> {
        match self.windowing {
            Windowing::Whole => vec![paragraph.text.clone()],
            Windowing::Windows => parts(&paragraph.text, self.encoder)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }

    fn passage(&mut self, text: String, place: Place, paragraph: &Paragraph) -> Result<NewPassage> {
        let id = self.next_passage;
        self.next_passage = PassageId(id.0 + 1);
        let digest: [u8; 32] = Sha256::digest(&text).into();
        let source = match self.batch.positions.get(&digest) {
            Some(position) => {
                self.report.reused += 1;
                VectorSource::Batch(*position)
            }
            None => match self.twin(&digest)? {
                Some(twin) => {
                    self.report.reused += 1;
                    VectorSource::Library(twin)
                }
                None => {
                    let position = self.batch.texts.len();
                    self.batch.texts.push(text.clone());
                    self.observer.queued();
                    self.batch.positions.insert(digest, position);
                    VectorSource::Batch(position)
                }
            },
        };
        self.batch.vectors.push((id, source));
        Ok(NewPassage {
            id,
            place,
            span: paragraph.span,
            kind: paragraph.kind,
            language: paragraph.language,
            text,
            digest,
        })
    }

    /// A passage with the same text whose vector the library has.
    fn twin(&self, digest: &[u8; 32]) -> Result<Option<PassageId>> {
        let twins = self.writer.passages_with_digest(digest)?;
        Ok(twins
            .into_iter()
            .find(|twin| self.searcher.contains(PointId(twin.0))))
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
            self.writer.touch(&batch.touched)?;
        }
        if batch.changes.is_empty() {
            return Ok(());
        }
        let embeddings = self.embed(&batch.texts)?;
        let segment = self.write_segment(&batch.vectors, &embeddings)?;
        self.writer.commit(&batch.changes, segment.as_ref())?;
        self.after_commit(segment.as_ref())
    }

    fn after_commit(&mut self, segment: Option<&SegmentRow>) -> Result<()> {
        self.report.commits += 1;
        self.observer.committed(&self.report);
        if let Some(row) = segment {
            let segment =
                open_segment(self.writer.root(), row, &space_of(self.encoder.identity()))?;
            let segments = self
                .searcher
                .segments()
                .iter()
                .cloned()
                .chain([segment])
                .collect();
            self.searcher = Searcher::new(segments)?;
            self.maintain()?;
        }
        Ok(())
    }

    /// Takes over a merge that is done, and begins the next that is due.
    fn maintain(&mut self) -> Result<()> {
        if self.merge.as_ref().is_some_and(|merge| !merge.is_done()) {
            return Ok(());
        }
        self.finish_merge()?;
        self.begin_merge_if_due()
    }

    fn begin_merge_if_due(&mut self) -> Result<()> {
        self.merge = Merge::begin_if_due(&self.writer, &space_of(self.encoder.identity()))?;
        Ok(())
    }

    /// Waits for the merge that is under way, and searches the merged segment from now on.
    fn finish_merge(&mut self) -> Result<()> {
        let Some(merge) = self.merge.take() else {
            return Ok(());
        };
        merge.finish(&mut self.writer)?;
        let space = space_of(self.encoder.identity());
        let root = self.writer.root();
        let rows = self.writer.segments()?;
        let segments = rows.iter().map(|row| open_segment(root, row, &space));
        self.searcher = Searcher::new(segments.collect::<Result<_>>()?)?;
        Ok(())
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

    fn write_segment(
        &self,
        vectors: &[(PassageId, VectorSource)],
        embeddings: &Embeddings,
    ) -> Result<Option<SegmentRow>> {
        if vectors.is_empty() {
            return Ok(None);
        }
        let mut points: Vec<(PointId, Cow<'_, [f32]>)> = Vec::with_capacity(vectors.len());
        for (id, source) in vectors {
            let vector = match source {
                VectorSource::Batch(position) => embeddings.row(*position).map(Cow::Borrowed),
                VectorSource::Library(twin) => {
                    self.searcher.vector(PointId(twin.0)).map(Cow::Owned)
                }
            };
            points.push((PointId(id.0), vector.ok_or(Error::NoVector(*id))?));
        }
        let id = self.writer.next_segment()?;
        let path = id.path(self.writer.root());
        let info = write_segment(
            &path,
            &space_of(self.encoder.identity()),
            points,
            &BuildOptions::default(),
        )?;
        Ok(Some(SegmentRow {
            id,
            points: info.points as u64,
            bytes: info.bytes,
            digest: info.digest,
        }))
    }

    /// Embeds the passages that no segment holds, because one was lost and dropped.
    fn embed_missing(&mut self) -> Result<()> {
        let counts = self.writer.counts()?;
        let points: u64 = self.writer.segments()?.iter().map(|row| row.points).sum();
        if points >= counts.passages + counts.tombstones {
            return Ok(());
        }
        let missing: Vec<PassageId> = self
            .writer
            .passage_ids()?
            .into_iter()
            .filter(|id| !self.searcher.contains(PointId(id.0)))
            .collect();
        for ids in missing.chunks(BATCH_TEXTS) {
            let mut texts = Vec::with_capacity(ids.len());
            for id in ids {
                texts.push(self.writer.passage(*id)?.ok_or(Error::NoPassage(*id))?.text);
                self.observer.queued();
            }
            let embeddings = self.embed(&texts)?;
            let vectors: Vec<_> = ids
                .iter()
                .enumerate()
                .map(|(position, id)| (*id, VectorSource::Batch(position)))
                .collect();
            let segment = self.write_segment(&vectors, &embeddings)?;
            self.writer.commit(&[], segment.as_ref())?;
            self.after_commit(segment.as_ref())?;
        }
        Ok(())
    }
}

fn to_json(identity: &topoi_models::Identity) -> String {
    serde_json::to_string(identity).unwrap_or_default()
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
