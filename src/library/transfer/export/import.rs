//! Lines become a library.

use std::fs::File;

use super::read::{ExportReader, Themes, Verified, verify};
use crate::article::{PassageId, ThemeId};
use crate::error::{Error, Result};
use crate::library::transfer::Copied;
use crate::library::transfer::arrivals::Arrivals;
use crate::library::transfer::comparison::Comparison;
use crate::library::{Library, backend, copies, indexer, read_identity, same_model};
use crate::location::Location;
use crate::store::{Editor, KeptTheme, Membership, ModelRow};

/// What was taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// Files, articles and passages.
    #[serde(flatten)]
    pub copied: Copied,
    /// Themes that were taken over.
    pub themes: u64,
    /// Whether themes were left out, since the library has had some of its own.
    pub themes_left_out: bool,
}

/// Takes an export into a library, making it where there is none. `name` is what errors call the file. `report` is told how
/// many passages were looked at, each of them three times, and of how many, and says whether to go on.
///
/// All of the export is verified before anything is changed. Files that the library has and the export hasn't stay; a file
/// that both have becomes what it is in the export, but that vectors which another device computed a little otherwise stay, and that
/// lines which recur in either recur. In the end each passage is compared with what it was made of. Themes are taken over, with
/// their numbers, where the library has never had any.
///
/// # Errors
///
/// Where the file is no export, damaged, or without vectors, where it is of another model than the library, and where the
/// library can't be written.
pub fn import(
    file: &File,
    name: &str,
    to: impl Into<Location>,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Imported> {
    let to = to.into();
    let reader = ExportReader::open(file, name)?;
    let header = reader.header.clone();
    let (identity, passages) = (header.model.identity, header.counts.passages);
    let dim = identity.dim;
    if let Some(records) = Library::records_if_any(&to)?
        && let Some(library) = read_identity(&*records)?
    {
        same_model(&to, &library, &identity)?;
    }
    let verified = verify(reader, &mut |read| report(read, 3 * passages))?;
    let model = ModelRow {
        reference: header.model.reference,
        identity: serde_json::to_string(&identity).unwrap_or_default(),
    };
    let mut target = backend::open_intake(&to, &model, &identity)?;
    let mut arrivals = Arrivals::new(&mut *target, dim);
    let mut read = passages;
    let mut reader = ExportReader::open(file, name)?;
    while let Some(file) = reader.next_file()? {
        let mut arriving = arrivals.file(file)?;
        while let Some(article) = reader.next_article()? {
            read += article.passages();
            let (line, digest) = (article.line, article.digest());
            let opened = article.open(dim);
            let (article, carried, _) = opened.map_err(|detail| reader.damaged(line, detail))?;
            if !arriving.has(&digest, &carried)? {
                arriving.add(article, carried)?;
            }
        }
        arriving.end();
        if !report(read, 3 * passages) {
            return Err(Error::Interrupted);
        }
    }
    let (mut copied, near) = arrivals.finish()?;
    target.finish()?;
    let Verified { paths, themes } = verified;
    let there = target.records().paths()?;
    let editor = target.editor();
    if there.iter().all(|path| paths.contains(path)) {
        // The kinds of all passages are those that they had: which of them recur is known.
        let missing = editor.records().not_sketched()?;
        copies::bring_up_to_date(editor, &missing)?;
    } else {
        indexer::derive(editor)?;
    }
    let mut comparison = Comparison::open(&to, dim, near)?;
    let reader = ExportReader::open(file, name)?;
    let known = themes.themes.iter().flat_map(|theme| &theme.exemplars);
    let mut places: Vec<u64> = known.copied().collect();
    places.sort_unstable();
    places.dedup();
    let numbers = compare(reader, &mut comparison, &places, &mut |compared| {
        report(2 * passages + compared, 3 * passages)
    })?;
    copied.compared = comparison.compared;
    let mut imported = Imported {
        copied,
        themes: themes.themes.len() as u64,
        themes_left_out: false,
    };
    // A number that a theme had here may not become that of another one.
    if imported.themes > 0 && editor.records().next_theme()? != ThemeId(1) {
        (imported.themes, imported.themes_left_out) = (0, true);
    } else if imported.themes > 0 {
        keep(editor, themes, &places, &numbers)?;
    }
    Ok(imported)
}

/// The numbers that passages have in the library.
#[derive(Default)]
struct Numbers {
    /// Of those that have a theme.
    memberships: Vec<Membership>,
    /// Of those that stand for a theme, in the order of their places in the export.
    exemplars: Vec<PassageId>,
}

/// Compares each passage with what it was made of. `places` are those of the passages that stand for themes, in order.
fn compare(
    mut reader: ExportReader<'_>,
    comparison: &mut Comparison,
    places: &[u64],
    report: &mut dyn FnMut(u64) -> bool,
) -> Result<Numbers> {
    let dim = reader.header.model.identity.dim;
    let mut numbers = Numbers::default();
    let mut place = 0;
    while let Some(file) = reader.next_file()? {
        let mut comparing = comparison.file(&file.path)?;
        while let Some(article) = reader.next_article()? {
            let (line, digest) = (article.line, article.digest());
            let opened = article.open(dim);
            let (_, ours, members) = opened.map_err(|detail| reader.damaged(line, detail))?;
            let ids = comparing.article(&digest, &ours)?;
            for (id, member) in ids.into_iter().zip(members) {
                numbers.memberships.extend(member.map(|member| Membership {
                    passage: id,
                    theme: member.id,
                    strength: member.strength,
                }));
                if places.binary_search(&place).is_ok() {
                    numbers.exemplars.push(id);
                }
                place += 1;
            }
        }
        comparing.end()?;
        if !report(place) {
            return Err(Error::Interrupted);
        }
    }
    Ok(numbers)
}

/// Keeps the themes of an export.
fn keep(editor: &mut dyn Editor, themes: Themes, places: &[u64], numbers: &Numbers) -> Result<()> {
    let number = |place: &u64| {
        let at = places.binary_search(place).ok()?;
        numbers.exemplars.get(at).copied()
    };
    let kept = themes.themes.into_iter().map(|line| {
        let exemplars = line.exemplars.iter().filter_map(number).collect();
        KeptTheme {
            exemplars,
            ..line.into_theme()
        }
    });
    let kept: Vec<KeptTheme> = kept.collect();
    Ok(editor.keep_themes(&kept, &numbers.memberships, themes.changes.as_deref())?)
}
