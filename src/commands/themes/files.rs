//! Themes in files: a map for a browser, a picture, and a table for other programs.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context as _;
use topoi::article::ArticleId;
use topoi::library::{Library, Picture};
use topoi::themes::map::{self, Map, MapArticle, MapTheme, Point};

use super::Subject;
use crate::commands::cli::{FileArgs, Themes};
use crate::commands::context::Context;
use crate::commands::failure::Failure;
use crate::commands::output::short_path;

/// How many terms of a part of a theme are its name on the map.
const PART_NAME: usize = 2;

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
        let title = library
            .root()
            .canonicalize()
            .unwrap_or_else(|_| library.root().to_owned());
        let title = short_path(&title.to_string_lossy());
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

/// What the map shows: groups, themes and their parts, and every passage with its article.
fn map_of<'s>(subject: &'s Subject, picture: &Picture, title: &'s str) -> Map<'s> {
    let commentary = &subject.commentary;
    let groups = picture
        .groups
        .iter()
        .max()
        .map_or(0, |&last| last as usize + 1);
    // A group of one theme would say nothing that the theme doesn't.
    let are_grouped = groups < commentary.themes.len();
    let mut themes: Vec<MapTheme> = Vec::new();
    if are_grouped {
        for group in 0..groups {
            let mut members: Vec<usize> = (0..picture.groups.len())
                .filter(|&theme| picture.groups[theme] as usize == group)
                .collect();
            members.sort_by_key(|&theme| std::cmp::Reverse(commentary.themes[theme].members.len()));
            let names = members
                .iter()
                .filter_map(|&theme| commentary.themes[theme].kept.terms.first());
            let terms: Vec<String> = names.cloned().collect();
            themes.push(MapTheme {
                id: group as u64,
                name: terms[..terms.len().min(2)].join(", "),
                terms,
                parent: None,
                level: 0,
            });
        }
    }
    let first_theme = themes.len();
    for (theme, &group) in commentary.themes.iter().zip(&picture.groups) {
        themes.push(MapTheme {
            id: theme.kept.id.0,
            name: theme.name().to_owned(),
            terms: theme.kept.terms.clone(),
            parent: are_grouped.then_some(group),
            level: 1,
        });
    }
    let first_part = themes.len();
    for (number, part) in (0..).zip(&picture.parts) {
        themes.push(MapTheme {
            id: number,
            name: part.terms[..part.terms.len().min(PART_NAME)].join(", "),
            terms: part.terms.clone(),
            parent: Some((first_theme + part.theme) as u32),
            level: 2,
        });
    }
    let mut places: BTreeMap<ArticleId, u32> = BTreeMap::new();
    let mut articles = Vec::new();
    for passage in &commentary.passages {
        places.entry(passage.article).or_insert_with(|| {
            let known = subject.article(passage.article);
            let metadata = known
                .map(|article| article.metadata.clone())
                .unwrap_or_default();
            articles.push(MapArticle {
                id: passage.article.0,
                title: metadata.title,
                author: metadata.author,
                date: metadata.date.map(|date| date.to_string()),
                source: metadata.source,
                path: known
                    .map(|article| short_path(&article.path))
                    .unwrap_or_default(),
            });
            articles.len() as u32 - 1
        });
    }
    let mut strengths = vec![0.0; commentary.passages.len()];
    for member in commentary.themes.iter().flat_map(|theme| &theme.members) {
        strengths[member.node] = member.strength as f32;
    }
    let points = commentary
        .passages
        .iter()
        .enumerate()
        .map(|(place, passage)| Point {
            passage: passage.id.0,
            x: picture.places[place][0],
            y: picture.places[place][1],
            leaf: first_part as u32 + picture.part_of[place],
            article: places[&passage.article],
            strength: strengths[place],
            text: &passage.text,
        });
    Map {
        title,
        points: points.collect(),
        themes,
        articles,
    }
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
