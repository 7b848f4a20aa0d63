//! How well feeds are read, compared with what another library made of the same files.
//!
//! `NAME.serde.json` beside a feed lists its entries. A feed counts where it is read at all; its entries, where as many
//! are found (those that were left out for having no text included); its titles, where each entry that was read has
//! the title that the list gives to the entry at its place. Feeds without a list are none that any library can read.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;
use topoi::ingest::{Hints, ReadError, fold, read_source};

use super::Row;

/// Reads every feed in the folders of `folder`.
pub(super) fn measure(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut feeds = Vec::new();
    for kind in fs::read_dir(folder)? {
        for file in fs::read_dir(kind?.path())? {
            let path = file?.path();
            let list = path.with_extension("serde.json");
            if !path.to_string_lossy().ends_with(".serde.json") && list.exists() {
                feeds.push((path, list));
            }
        }
    }
    feeds.sort();
    let (mut read, mut counted, mut titles, mut titled) = (0, 0, 0, 0);
    for (path, list) in &feeds {
        let expected: Value = serde_json::from_slice(&fs::read(list)?)?;
        let expected = expected["entries"].as_array().cloned().unwrap_or_default();
        // An entry has text where it has a content or a summary that is more than tags and white space.
        let has_text = |entry: &&Value| {
            [&entry["content"]["body"], &entry["summary"]["content"]]
                .iter()
                .any(|text| text.as_str().is_some_and(is_text))
        };
        let with_text: Vec<&Value> = expected.iter().filter(has_text).collect();
        let hints = Hints {
            path: Some(path.clone()),
            ..Hints::default()
        };
        let reading = match read_source(&fs::read(path)?, &hints) {
            Ok(reading) => reading,
            // A feed none of whose entries has a text was read when that was found out.
            Err(ReadError::Damaged { reason, .. }) if with_text.is_empty() => {
                let was_read = reason.contains("has no text");
                read += usize::from(was_read);
                counted += usize::from(was_read);
                continue;
            }
            Err(error) => {
                println!("{}: {error}", path.display());
                continue;
            }
        };
        read += 1;
        counted += usize::from(reading.articles.len() + reading.left_out == expected.len());
        titles += with_text.len();
        titled += with_text
            .iter()
            .zip(&reading.articles)
            .filter(|(entry, article)| {
                let title = entry["title"]["content"].as_str().map(fold);
                let title = title.filter(|title| !title.is_empty());
                article.metadata.title == title
            })
            .count();
    }
    let row = |measure: &str, of: usize, value: usize| {
        [
            "feeds".to_owned(),
            measure.to_owned(),
            of.to_string(),
            value.to_string(),
            of.to_string(),
        ]
    };
    Ok(vec![
        row("read", feeds.len(), read),
        row("as many entries", feeds.len(), counted),
        row("titles of entries", titles, titled),
    ])
}

fn is_text(html: &str) -> bool {
    let mut in_tag = false;
    html.chars().any(|c| {
        in_tag = (in_tag || c == '<') && c != '>';
        !in_tag && c != '>' && !c.is_whitespace()
    })
}
