//! Lines that recur in a source: whether those that are marked in a raw scrape are the site's, and how many of them are.
//!
//! The raw pages hold the articles with all that stood around them; the same articles are there without it. A marked
//! line is right if no article holds it as a paragraph. The lines of a site are those that stand in at least ten pages.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use topoi::article::{Article, Kind};
use topoi::ingest::{Fields, Hints, Line, read_source};

use super::Row;

/// In how many pages a line stands that is the site's beyond doubt.
const EVERYWHERE: usize = 10;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut fields = Fields::default();
    fields.add("text=x")?;
    let pages = read(&folder.join("syndicate_2020_raw_windows1252.csv"), fields)?;
    let articles = read(&folder.join("syndicate_2020.jsonl"), Fields::default())?;
    let own: HashSet<u64> = articles
        .iter()
        .flat_map(|article| &article.paragraphs)
        .map(|paragraph| Line::of(&paragraph.text).digest)
        .collect();
    let mut in_pages: HashMap<u64, usize> = HashMap::new();
    let mut marked: HashSet<u64> = HashSet::new();
    for page in &pages {
        let mut lines = HashSet::new();
        for paragraph in &page.paragraphs {
            let line = Line::of(&paragraph.text).digest;
            if paragraph.kind == Kind::Recurring {
                marked.insert(line);
            }
            if matches!(paragraph.kind, Kind::Body | Kind::Recurring)
                && paragraph.text.contains(char::is_alphabetic)
            {
                lines.insert(line);
            }
        }
        for line in lines {
            *in_pages.entry(line).or_default() += 1;
        }
    }
    let right = marked.difference(&own).count();
    let sites: Vec<u64> = in_pages
        .into_iter()
        .filter(|(line, pages)| *pages >= EVERYWHERE && !own.contains(line))
        .map(|(line, _)| line)
        .collect();
    let found = sites.iter().filter(|line| marked.contains(line)).count();
    let row = |measure: &str, part: usize, whole: usize, goal: &str| {
        [
            "recurring",
            measure,
            &pages.len().to_string(),
            &format!("{part} of {whole}"),
            goal,
        ]
        .map(str::to_owned)
    };
    Ok(vec![
        row(
            "marked lines that are the site's",
            right,
            marked.len(),
            "all",
        ),
        row(
            "the site's lines that are marked",
            found,
            sites.len(),
            "all",
        ),
    ])
}

fn read(path: &Path, fields: Fields) -> Result<Vec<Article>, Box<dyn Error>> {
    let hints = Hints {
        path: Some(path.to_owned()),
        fields,
        ..Hints::default()
    };
    Ok(read_source(&fs::read(path)?, &hints)?.articles)
}
