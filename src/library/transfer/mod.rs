//! Taking a library over into another one, with its vectors: from a folder to servers, and back; or by way of a file.
//!
//! | file | what |
//! |---|---|
//! | `carried` | an article on its way |
//! | `arrivals` | what arrives, taken in file by file |
//! | `comparison` | what is there, compared with what it was made of |
//! | `export` | a library in lines of JSON, written and read |
//!
//! It goes file by file, and what the other library has already is left as it is: so it goes on where it was cut off. In the
//! end each passage there is compared with what it was taken from.

mod arrivals;
mod carried;
mod comparison;
mod export;

use std::collections::{HashMap, HashSet};

use arrivals::Arrivals;
use carried::Carried;
use comparison::Comparison;
pub use export::{ExportError, Exported, Imported, export, import, spool};

use super::{Library, backend, indexer, read_identity};
use crate::article::{ArticleId, PassageId};
use crate::error::{Error, Result};
use crate::location::Location;
use crate::store::{FileRow, KeptTheme, Membership, NewFile, Records, Validators};

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
    let mut arrivals = Arrivals::new(&mut *target, identity.dim);
    let files = in_order(records)?;
    for path in &files {
        copy_file(&source, path, &mut arrivals)?;
        if !report(&arrivals.copied) {
            return Err(Error::Interrupted);
        }
    }
    let (mut copied, near) = arrivals.finish()?;
    // By what was listed: a source that can't be read any more has lost nothing.
    let listed: HashSet<&String> = files.iter().collect();
    let mut gone = target.records().paths()?;
    gone.retain(|path| !listed.contains(path));
    target.editor().remove_files(&gone)?;
    target.finish()?;
    indexer::derive(target.editor())?;
    drop(target);
    let mut comparison = Comparison::open(&to, identity.dim, near)?;
    let numbers = compare(&source, &mut comparison, &files, &mut copied, report)?;
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

/// Takes over what the other library lacks of a file.
fn copy_file(source: &Library, path: &str, arrivals: &mut Arrivals<'_>) -> Result<()> {
    let records = source.store();
    let Some(file) = records.file(path)? else {
        return Ok(());
    };
    let mut arriving = arrivals.file(new_file(path, &file, records.validators(path)?))?;
    for (id, digest) in records.article_digests(path)? {
        let (carried, _) = Carried::read(source, id, true)?;
        if arriving.has(&digest, &carried)? {
            continue;
        }
        if let Some(article) = carried::article(source, id, digest)? {
            arriving.add(article, carried)?;
        }
    }
    arriving.end();
    Ok(())
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
    comparison: &mut Comparison,
    files: &[String],
    copied: &mut Copied,
    report: &mut dyn FnMut(&Copied) -> bool,
) -> Result<HashMap<PassageId, PassageId>> {
    let mut numbers = HashMap::new();
    for path in files {
        let mut file = comparison.file(path)?;
        for (id, digest) in source.store().article_digests(path)? {
            let (ours, ids) = Carried::read(source, id, true)?;
            numbers.extend(ids.into_iter().zip(file.article(&digest, &ours)?));
        }
        file.end()?;
        copied.compared = comparison.compared;
        if !report(copied) {
            return Err(Error::Interrupted);
        }
    }
    Ok(numbers)
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
