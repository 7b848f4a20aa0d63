//! Taking a library over into another one, with its vectors: from a folder to servers, and back.
//!
//! It goes file by file, and what the other library has already is left as it is: so it goes on where it was cut off. In the
//! end each passage there is compared with what it was taken from.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use topoi_index::to_whole;
use topoi_models::Embeddings;

use super::backend::{self, Intake};
use super::{Library, indexer, read_identity};
use crate::article::{ArticleId, Passage, PassageId};
use crate::error::{Error, Result};
use crate::location::Location;
use crate::store::{
    Change, FileRow, KeptTheme, Membership, NewArticle, NewFile, NewPassage, Records, Validators,
    VectorSource,
};

/// How many passages are committed at once, at least.
const BATCH: usize = 4096;

/// What was taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Copied {
    /// Files that were taken over now.
    pub files: u64,
    /// Files that were there already.
    pub files_known: u64,
    /// Articles that were taken over now.
    pub articles: u64,
    /// Passages that were taken over now.
    pub passages: u64,
    /// Passages that were compared in the end with what they were taken from.
    pub compared: u64,
}

/// Takes a library over into another one. `report` is told how many passages have been taken over or compared, and says
/// whether to go on.
///
/// What the other library has of a file that isn't in this one, or is another there, goes.
///
/// # Errors
///
/// Where one of them can't be read or written, their vectors are of different models, or a passage turns out to be another
/// than what it was taken from.
pub fn copy(
    from: impl Into<Location>,
    to: impl Into<Location>,
    report: &mut dyn FnMut(&Copied) -> bool,
) -> Result<Copied> {
    let (source, to) = (Library::open(from)?, to.into());
    let records = source.store();
    let (Some(identity), Some(model)) = (read_identity(records)?, records.model()?) else {
        return Err(Error::Empty(source.location().clone()));
    };
    let mut target = backend::open_intake(&to, &model, &identity)?;
    let mut transfer = Transfer {
        source: &source,
        dim: identity.dim,
        changes: Vec::new(),
        vectors: Vec::new(),
        copied: Copied::default(),
    };
    let files = in_order(records)?;
    for path in &files {
        transfer.file(path, &mut *target)?;
        if !report(&transfer.copied) {
            return Err(Error::Interrupted);
        }
    }
    transfer.commit(&mut *target)?;
    let mut gone = target.records().paths()?;
    gone.retain(|path| !matches!(records.file(path), Ok(Some(_))));
    target.editor().remove_files(&gone)?;
    target.finish()?;
    let Transfer { mut copied, .. } = transfer;
    if copied.articles > 0 || !gone.is_empty() {
        indexer::derive(target.editor(), true)?;
    }
    drop(target);
    let numbers = compare(&source, &to, &files, &mut copied, report)?;
    copy_themes(records, &to, &numbers)?;
    Ok(copied)
}

/// The files in the order in which their first articles were taken in, so that passages get numbers in the same order.
fn in_order(records: &dyn Records) -> Result<Vec<String>> {
    let mut files: Vec<(Option<ArticleId>, String)> = Vec::new();
    for path in records.paths()? {
        let first = records.article_digests(&path)?.first().map(|first| first.0);
        files.push((first, path));
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

struct Transfer<'l> {
    source: &'l Library,
    dim: usize,
    changes: Vec<Change>,
    /// The vectors of the passages that were gathered, one behind the other.
    vectors: Vec<f32>,
    copied: Copied,
}

impl Transfer<'_> {
    /// Gathers what the target lacks of a file.
    fn file(&mut self, path: &str, target: &mut dyn Intake) -> Result<()> {
        let records = self.source.store();
        let Some(file) = records.file(path)? else {
            return Ok(());
        };
        let wanted = records.article_digests(path)?;
        let there = target.records();
        let mut present: HashMap<[u8; 32], Vec<ArticleId>> = HashMap::new();
        for (id, digest) in there.article_digests(path)? {
            present.entry(digest).or_default().push(id);
        }
        let is_whole = there
            .file(path)?
            .is_some_and(|known| known.digest == file.digest);
        let missing: Vec<(ArticleId, [u8; 32])> = wanted
            .into_iter()
            .filter(|(_, digest)| present.get_mut(digest).and_then(Vec::pop).is_none())
            .collect();
        let mut removed: Vec<ArticleId> = present.into_values().flatten().collect();
        removed.sort_unstable();
        if is_whole && missing.is_empty() && removed.is_empty() {
            self.copied.files_known += 1;
            return Ok(());
        }
        let file = new_file(path, &file, records.validators(path)?);
        let mut added = Vec::new();
        for (id, digest) in missing {
            added.extend(self.article(id, digest)?);
            if self.vectors.len() >= BATCH * self.dim {
                // The file is not complete yet: without its digest, the next run goes on with it.
                let unfinished = NewFile {
                    digest: [0; 32],
                    modified_ns: 0,
                    validators: Validators::default(),
                    ..file.clone()
                };
                self.changes.push(Change {
                    file: unfinished,
                    removed: Vec::new(),
                    added: std::mem::take(&mut added),
                });
                self.commit(target)?;
            }
        }
        self.copied.files += 1;
        self.changes.push(Change {
            file,
            removed,
            added,
        });
        Ok(())
    }

    fn article(&mut self, id: ArticleId, digest: [u8; 32]) -> Result<Option<NewArticle>> {
        let records = self.source.store();
        let Some(article) = records.article(id)? else {
            return Ok(None);
        };
        let passages = records.passages_of(id)?;
        let mut languages = records.own_languages(id)?;
        let ids: Vec<PassageId> = passages.iter().map(|passage| passage.id).collect();
        let vectors = self.source.vectors(&ids)?;
        let mut new = Vec::with_capacity(passages.len());
        for passage in passages {
            let vector = vectors
                .get(&passage.id)
                .ok_or(Error::NoVector(passage.id))?;
            let place = self.vectors.len() / self.dim;
            self.vectors.extend(vector);
            new.push(NewPassage {
                place: passage.place,
                span: passage.span,
                kind: passage.kind,
                language: languages.remove(&passage.id).map(Into::into),
                digest: Sha256::digest(&passage.text).into(),
                text: passage.text,
                vector: VectorSource::Embedded(place),
            });
        }
        self.copied.articles += 1;
        self.copied.passages += new.len() as u64;
        Ok(Some(NewArticle {
            entry: article.entry,
            metadata: article.metadata,
            paragraphs: article.paragraphs,
            digest,
            passages: new,
        }))
    }

    fn commit(&mut self, target: &mut dyn Intake) -> Result<()> {
        let vectors = std::mem::take(&mut self.vectors);
        let mut embedded = Embeddings::zeros(vectors.len() / self.dim.max(1), self.dim);
        for (row, vector) in vectors.chunks_exact(self.dim.max(1)).enumerate() {
            if let Some(place) = embedded.row_mut(row) {
                place.copy_from_slice(vector);
            }
        }
        let changes = std::mem::take(&mut self.changes);
        if changes.is_empty() {
            return Ok(());
        }
        target.commit(&changes, &embedded)
    }
}

fn new_file(path: &str, file: &FileRow, validators: Validators) -> NewFile {
    NewFile {
        path: path.to_owned(),
        size: file.size,
        modified_ns: file.modified_ns,
        digest: file.digest,
        validators,
    }
}

/// Compares each passage with what it was taken from; gives the numbers that the passages have now.
fn compare(
    source: &Library,
    to: &Location,
    files: &[String],
    copied: &mut Copied,
    report: &mut dyn FnMut(&Copied) -> bool,
) -> Result<HashMap<PassageId, PassageId>> {
    let target = Library::open(to)?;
    let mut numbers = HashMap::new();
    let differs = |path: &str| Error::CopyDiffers {
        path: path.to_owned(),
        to: to.clone(),
    };
    for path in files {
        let (mut ours, mut theirs) = (
            source.store().article_digests(path)?,
            target.store().article_digests(path)?,
        );
        // Equal articles stand in the order in which they were taken in.
        ours.sort_by_key(|(id, digest)| (*digest, *id));
        theirs.sort_by_key(|(id, digest)| (*digest, *id));
        if ours.len() != theirs.len() {
            return Err(differs(path));
        }
        for ((a, digest), (b, other)) in ours.into_iter().zip(theirs) {
            let (ours, theirs) = (
                source.store().passages_of(a)?,
                target.store().passages_of(b)?,
            );
            if digest != other || ours.len() != theirs.len() {
                return Err(differs(path));
            }
            if fingerprint(source, &ours)? != fingerprint(&target, &theirs)? {
                return Err(differs(path));
            }
            copied.compared += ours.len() as u64;
            let pairs = ours.iter().zip(&theirs);
            numbers.extend(pairs.map(|(ours, theirs)| (ours.id, theirs.id)));
        }
        if !report(copied) {
            return Err(Error::Interrupted);
        }
    }
    Ok(numbers)
}

/// A digest of all that passages are but their numbers: texts, places, kinds and vectors.
fn fingerprint(library: &Library, passages: &[Passage]) -> Result<[u8; 32]> {
    let ids: Vec<PassageId> = passages.iter().map(|passage| passage.id).collect();
    let vectors = library.vectors(&ids)?;
    let mut hasher = Sha256::new();
    for passage in passages {
        let Passage {
            id,
            place,
            span,
            kind,
            text,
            ..
        } = passage;
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
        hasher.update(format!("{place:?} {span:?} {kind}"));
        let vector = vectors.get(id).ok_or(Error::NoVector(*id))?;
        for number in to_whole(vector) {
            hasher.update(number.to_le_bytes());
        }
    }
    Ok(hasher.finalize().into())
}

/// Takes the ledger of themes over, where there is one.
fn copy_themes(
    records: &dyn Records,
    to: &Location,
    numbers: &HashMap<PassageId, PassageId>,
) -> Result<()> {
    let themes = records.themes()?;
    if themes.is_empty() {
        return Ok(());
    }
    let number = |id: &PassageId| numbers.get(id).copied();
    let themes: Vec<KeptTheme> = themes
        .into_iter()
        .map(|theme| KeptTheme {
            exemplars: theme.exemplars.iter().filter_map(number).collect(),
            ..theme
        })
        .collect();
    let memberships = records.memberships()?.into_iter();
    let memberships: Vec<Membership> = memberships
        .filter_map(|member| {
            Some(Membership {
                passage: number(&member.passage)?,
                ..member
            })
        })
        .collect();
    let changes = records.theme_changes()?;
    let mut editor = Library::edit(to)?;
    Ok(editor.keep_themes(&themes, &memberships, changes.as_deref())?)
}
