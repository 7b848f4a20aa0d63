//! How well documents are read: the words of each, compared with those of its true text.
//!
//! A document's score is the F1 of its bag of words, and beside it the F1 of the longest common subsequence of its
//! words, which also falls where they come in another order. Words are runs of letters and digits in lower case.
//! All paragraphs count but reviewers' comments, which the true texts leave out. A set's score is the mean over its
//! documents; one that can't be read scores 0.
//!
//! The true texts are Markdown, from which comes off what is not text: comments, pictures, the addresses of links,
//! the markers of lists (`-`, `1.`, `[x]`), escapes. Bars, emphasis and headings have no letters.

use std::error::Error;
use std::fs;
use std::path::Path;

use topoi::article::Kind;
use topoi::ingest::{Hints, read_source};

use super::Row;
use super::words::{common_subsequence, common_words, f1, without_markup, words};

/// Reads the documents under `sources` and compares each with its text under `groundtruth`.
fn measure(set: &'static str, folder: &Path, goal: f64) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut names: Vec<_> = fs::read_dir(folder.join("sources"))?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    names.sort();
    let (mut bag, mut ordered) = (0.0, 0.0);
    let mut worst = Vec::new();
    for name in &names {
        let name = name.to_string_lossy();
        let path = folder.join("sources").join(&*name);
        let bytes = fs::read(&path)?;
        let truth = fs::read_to_string(folder.join("groundtruth").join(format!("{name}.md")))?;
        let hints = Hints {
            path: Some(path),
            ..Hints::default()
        };
        let text: Vec<String> = read_source(&bytes, &hints).map_or_else(
            |_| Vec::new(),
            |reading| {
                let articles = reading.articles.into_iter();
                articles
                    .flat_map(|article| article.paragraphs)
                    .filter(|paragraph| paragraph.kind != Kind::Comment)
                    .map(|paragraph| paragraph.text)
                    .collect()
            },
        );
        let (found, expected) = (words(&text.join("\n")), words(&without_markup(&truth)));
        let score = f1(common_words(&found, &expected), &found, &expected);
        bag += score;
        ordered += f1(common_subsequence(&found, &expected), &found, &expected);
        worst.push((score, name.into_owned()));
    }
    worst.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = names.len().max(1) as f64;
    let row = |measure: &str, value: String, goal: String| {
        [
            set.to_owned(),
            measure.to_owned(),
            names.len().to_string(),
            value,
            goal,
        ]
    };
    let (lowest, lowest_name) = worst.first().cloned().unwrap_or_default();
    Ok(vec![
        row(
            "F1 of words",
            format!("{:.3}", bag / count),
            format!("{goal}"),
        ),
        row(
            "F1 of words in order",
            format!("{:.3}", ordered / count),
            String::new(),
        ),
        row(
            &format!("lowest: {lowest_name}"),
            format!("{lowest:.3}"),
            String::new(),
        ),
    ])
}

/// Word documents.
pub(super) fn docx(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    measure("Word documents", folder, 0.95)
}

/// Books.
pub(super) fn epub(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    measure("books", folder, 0.95)
}
