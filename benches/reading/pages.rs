//! Web pages: how much of the article is found, and how much else.
//!
//! The measure is that of scrapinghub's article-extraction-benchmark, from which the pages are: the sequences of four
//! words that the text and the true one have in common; precision and recall are means over the pages, and F1 is of
//! these means. What counts as the article's text is what topoi searches as such: no comments and no boilerplate.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use topoi::ingest::{Format, Hints, read_source};

use crate::Row;

/// So many words are a shingle.
const SHINGLE: usize = 4;

/// A page as it should be read.
#[derive(Deserialize)]
struct Truth {
    #[serde(rename = "articleBody")]
    body: String,
}

/// What was read of a page, compared with what should be.
#[derive(Clone, Copy)]
struct Comparison {
    precision: Option<f64>,
    recall: Option<f64>,
}

/// Reads all pages and compares them.
pub(crate) fn measure(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let truth = fs::read_to_string(folder.join("ground-truth.json"))?;
    let mut truth: Vec<(String, Truth)> = (serde_json::from_str::<HashMap<String, Truth>>(&truth)?)
        .into_iter()
        .collect();
    truth.sort_by(|a, b| a.0.cmp(&b.0));
    let mut comparisons = Vec::with_capacity(truth.len());
    let mut times = Vec::with_capacity(truth.len());
    for (name, truth) in &truth {
        let packed = fs::read(folder.join("html").join(format!("{name}.html.gz")))?;
        let hints = Hints {
            format: Some(Format::Html),
            ..Hints::default()
        };
        let start = Instant::now();
        let reading = read_source(&packed, &hints);
        times.push(start.elapsed());
        let articles = reading.map(|reading| reading.articles).unwrap_or_default();
        let paragraphs = articles.iter().flat_map(|article| &article.paragraphs);
        let texts: Vec<&str> = paragraphs
            .filter(|paragraph| !paragraph.kind.is_boilerplate())
            .map(|paragraph| paragraph.text.as_str())
            .collect();
        comparisons.push(compare(&texts.join("\n\n"), &truth.body));
    }
    // Rules were made on three quarters of the pages; every fourth, from the last of the first four, was left unread.
    let quarter = |is_kept: bool| {
        let pages = comparisons.iter().enumerate();
        let pages: Vec<Comparison> = pages
            .filter(|(at, _)| (at % 4 == 3) == is_kept)
            .map(|(_, comparison)| *comparison)
            .collect();
        pages
    };
    let row = |measure: &str, pages: usize, value: String, goal: &str| -> Row {
        ["pages", measure, &pages.to_string(), &value, goal].map(str::to_owned)
    };
    let scores = |measure: &str, pages: &[Comparison], goal: &str| {
        row(measure, pages.len(), format!("{:.4}", f1(pages)), goal)
    };
    times.sort_unstable();
    let mean = times.iter().sum::<Duration>() / u32::try_from(times.len().max(1))?;
    let tail = times
        .get(times.len() * 95 / 100)
        .copied()
        .unwrap_or_default();
    let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    Ok(vec![
        scores("F1 of shingles", &comparisons, "≥ 0.970"),
        scores("F1, pages that rules were made on", &quarter(false), ""),
        scores("F1, pages that no rule was made on", &quarter(true), ""),
        row("time, mean", times.len(), milliseconds(mean), "≤ 10 ms"),
        row(
            "time, 95 of 100",
            times.len(),
            milliseconds(tail),
            "≤ 10 ms",
        ),
    ])
}

/// F1 of the means of precision and recall; a page of which nothing was read has no precision.
fn f1(pages: &[Comparison]) -> f64 {
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let precision = mean(pages.iter().filter_map(|page| page.precision).collect());
    let recall = mean(pages.iter().filter_map(|page| page.recall).collect());
    2.0 * precision * recall / (precision + recall)
}

fn compare(read: &str, truth: &str) -> Comparison {
    let (read, truth) = (shingles(read), shingles(truth));
    let count = |shingles: &HashMap<Vec<&str>, usize>| shingles.values().sum::<usize>();
    let common: usize = truth
        .iter()
        .map(|(shingle, count)| read.get(shingle).unwrap_or(&0).min(count))
        .sum();
    let share = |of: usize| (of > 0).then(|| common as f64 / of as f64);
    Comparison {
        precision: share(count(&read)),
        recall: share(count(&truth)),
    }
}

/// The shingles of a text and how often each stands in it; a text of fewer words is one shingle.
fn shingles(text: &str) -> HashMap<Vec<&str>, usize> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let mut shingles = HashMap::new();
    let length = SHINGLE.min(words.len()).max(1);
    for shingle in words.windows(length) {
        *shingles.entry(shingle.to_vec()).or_insert(0) += 1;
    }
    shingles
}
