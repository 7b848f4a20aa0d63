//! PDFs: the words of each compared with those that are in it.
//!
//! The true texts are Markdown. Two figures, each the mean over documents: the F1 of the words whatever their order (a
//! bag), and the F1 of the words in order, counted by their longest common subsequence. A document that can't be read scores 0.

use std::error::Error;
use std::fs;
use std::path::Path;

use topoi::ingest::{Hints, read_source};

use super::Row;
use super::words::{common_subsequence, common_words, f1, without_markup, words};

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
        let reading = read_source(&fs::read(path)?, &hints);
        read += usize::from(reading.is_ok());
        let articles = reading.map(|reading| reading.articles).unwrap_or_default();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let truth = folder.join("groundtruth").join(format!("{name}.md"));
        let Ok(truth) = fs::read_to_string(truth) else {
            continue;
        };
        let paragraphs = articles.iter().flat_map(|article| &article.paragraphs);
        let text: Vec<&str> = paragraphs
            .map(|paragraph| paragraph.text.as_str())
            .collect();
        let (found, truth) = (words(&text.join("\n")), words(&without_markup(&truth)));
        bag.push(f1(common_words(&found, &truth), &found, &truth));
        order.push(f1(common_subsequence(&found, &truth), &found, &truth));
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
