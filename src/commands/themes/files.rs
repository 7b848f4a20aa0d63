//! Themes in files: a map for a browser, a picture, and a table for other programs.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context as _;
use topoi::library::{Library, Picture};
use topoi::themes::map;

use crate::answers::{Subject, map_of, short_path};
use crate::commands::cli::{FileArgs, Themes};
use crate::commands::context::Context;
use crate::commands::failure::Failure;

/// Writes the files that are asked for.
pub(super) fn write(
    context: &Context,
    library: &Library,
    subject: &Subject,
    arguments: &Themes,
) -> anyhow::Result<()> {
    let FileArgs { map, csv } = &arguments.files;
    if map.is_none() && csv.is_none() {
        return Ok(());
    }
    let form = map.as_deref().map(form).transpose()?;
    let picture = library.picture(&subject.commentary, &arguments.filter.filter())?;
    if let (Some(path), Some(form)) = (map, form) {
        let folder = library.location().folder();
        let title = match folder.and_then(|folder| folder.canonicalize().ok()) {
            Some(folder) => short_path(&folder.to_string_lossy()),
            None => library.location().to_string(),
        };
        let map = map_of(subject, &picture, &title);
        let content = match form {
            Form::Page => map::html(&map),
            Form::Drawing => map::svg(&map),
        };
        save(context, path, content.as_bytes())?;
    }
    if let Some(path) = csv {
        save(context, path, &table(subject, &picture)?)?;
    }
    Ok(())
}

/// In which form a map is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Page,
    Drawing,
}

fn form(path: &Path) -> anyhow::Result<Form> {
    let is = |form: &str| {
        path.extension()
            .and_then(OsStr::to_str)
            .is_some_and(|ending| ending.eq_ignore_ascii_case(form))
    };
    if is("html") || is("htm") {
        Ok(Form::Page)
    } else if is("svg") {
        Ok(Form::Drawing)
    } else {
        Err(Failure::with_hint(
            format!("`{}` says not what a map is to be", path.display()),
            "end its name in .html for a page, or in .svg for a picture",
        )
        .into())
    }
}

fn save(context: &Context, path: &Path, content: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, content).with_context(|| format!("cannot write `{}`", path.display()))?;
    let size = content.len() as f64 / f64::from(1 << 20);
    context
        .output
        .note(format_args!("wrote `{}` ({size:.1} MiB)", path.display()));
    Ok(())
}

/// A row a passage, in comma-separated values.
fn table(subject: &Subject, picture: &Picture) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "passage", "article", "x", "y", "theme", "name", "part", "strength", "date", "author",
        "source", "title", "path",
    ])?;
    let places = subject.commentary.places();
    let mut strengths = vec![0.0; places.len()];
    for member in subject
        .commentary
        .themes
        .iter()
        .flat_map(|theme| &theme.members)
    {
        strengths[member.node] = member.strength;
    }
    for (place, passage) in subject.commentary.passages.iter().enumerate() {
        let theme = &subject.commentary.themes[places[place]];
        let known = subject.article(passage.article);
        let metadata = known
            .map(|article| article.metadata.clone())
            .unwrap_or_default();
        let [x, y] = picture.places[place];
        writer.write_record([
            passage.id.to_string(),
            passage.article.0.to_string(),
            x.to_string(),
            y.to_string(),
            theme.kept.id.to_string(),
            theme.name().to_owned(),
            picture.parts[picture.part_of[place] as usize]
                .terms
                .join(", "),
            format!("{:.4}", strengths[place]),
            metadata
                .date
                .map(|date| date.to_string())
                .unwrap_or_default(),
            metadata.author.unwrap_or_default(),
            metadata.source.unwrap_or_default(),
            metadata.title.unwrap_or_default(),
            known
                .map(|article| article.path.clone())
                .unwrap_or_default(),
        ])?;
    }
    Ok(writer.into_inner()?)
}
