//! Themes as a map.

use std::collections::BTreeMap;

use topoi::article::ArticleId;
use topoi::library::Picture;
use topoi::themes::map::{Map, MapArticle, MapTheme, Point};

use super::{Subject, short_path};

/// How many terms of a part of a theme are its name on the map.
const PART_NAME: usize = 2;

/// What the map shows: groups, themes and their parts, and every passage with its article.
pub(crate) fn map_of<'s>(subject: &'s Subject, picture: &Picture, title: &'s str) -> Map<'s> {
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
