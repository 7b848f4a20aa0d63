//! PDFs: the words of each compared with those that are in it.
//!
//! The truth is Markdown that the converter Docling makes of the same files, checked by its authors. Two figures, each
//! the mean over documents: the F1 of the words whatever their order (a bag), and the F1 of the words in order, counted
//! by their longest common subsequence.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use topoi::ingest::{Hints, read_source};

use super::Row;

/// Measures the PDFs of a folder with `sources` and `groundtruth`.
pub(super) fn measure(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut sources: Vec<_> = fs::read_dir(folder.join("sources"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    sources.sort();
    let (mut read, mut bag, mut order) = (0_usize, Vec::new(), Vec::new());
    let mut rows = Vec::new();
    for path in &sources {
        let hints = Hints {
            path: Some(path.clone()),
            ..Hints::default()
        };
        let Ok(reading) = read_source(&fs::read(path)?, &hints) else {
            continue;
        };
        read += 1;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let truth = folder.join("groundtruth").join(format!("{name}.md"));
        let Ok(truth) = fs::read_to_string(truth) else {
            continue;
        };
        let paragraphs = reading
            .articles
            .iter()
            .flat_map(|article| &article.paragraphs);
        let text: Vec<&str> = paragraphs
            .map(|paragraph| paragraph.text.as_str())
            .collect();
        let (found, truth) = (words(&text.join("\n")), words(&without_markup(&truth)));
        let f1 = |common: usize| 2.0 * common as f64 / (found.len() + truth.len()) as f64;
        bag.push(f1(in_common(&found, &truth)));
        order.push(f1(in_order(&found, &truth)));
        rows.push(row(
            &format!("pdf: {name}"),
            "F1 of words",
            1,
            bag.last().copied(),
            "",
        ));
    }
    let mean = |values: &[f64]| Some(values.iter().sum::<f64>() / values.len() as f64);
    rows.push(row("pdf", "F1 of words", bag.len(), mean(&bag), "0.90"));
    rows.push(row(
        "pdf",
        "F1 of words in order",
        order.len(),
        mean(&order),
        "",
    ));
    rows.push(row(
        "pdf",
        "files read",
        sources.len(),
        Some(read as f64 / sources.len() as f64),
        "1.00",
    ));
    Ok(rows)
}

fn row(set: &str, measure: &str, documents: usize, value: Option<f64>, goal: &str) -> Row {
    [
        set.to_owned(),
        measure.to_owned(),
        documents.to_string(),
        value.map_or_else(String::new, |value| format!("{value:.3}")),
        goal.to_owned(),
    ]
}

/// The words of a text in lower case, as `\w+` finds them.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Markdown without what is no word of the page: placeholders of pictures, addresses, entities, escapes.
fn without_markup(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some(at) = rest.find("<!--") {
        text.push_str(&rest[..at]);
        rest = rest[at..]
            .find("-->")
            .map_or("", |end| &rest[at + end + 3..]);
    }
    text.push_str(rest);
    for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("\\_", "_")] {
        text = text.replace(entity, c);
    }
    while let Some(at) = text.find("](") {
        let Some(end) = text[at..].find(')') else {
            break;
        };
        text.replace_range(at..=at + end, " ");
    }
    text
}

/// How many words two texts share, each as often as it stands in both.
fn in_common(a: &[String], b: &[String]) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in a {
        *counts.entry(word).or_default() += 1;
    }
    b.iter()
        .filter(|word| match counts.get_mut(word.as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        })
        .count()
}

/// The length of the longest common subsequence of two texts.
fn in_order(a: &[String], b: &[String]) -> usize {
    let mut lengths = vec![0; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (at, other) in b.iter().enumerate() {
            let above = lengths[at + 1];
            lengths[at + 1] = match word == other {
                true => diagonal + 1,
                false => above.max(lengths[at]),
            };
            diagonal = above;
        }
    }
    lengths.last().copied().unwrap_or(0)
}
