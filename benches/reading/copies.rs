//! Copies of articles: how many of the pairs that share half of their sentences are found, and how many others.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use topoi::article::Article;
use topoi::copies::{self, Sketch, Text};
use topoi::ingest::{Hints, read_source};

use super::Row;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let path = folder.join("../commentary/opinions.jsonl.gz");
    let hints = Hints {
        path: Some(path.clone()),
        ..Hints::default()
    };
    let articles = read_source(&fs::read(path)?, &hints)?.articles;
    let mut sources: HashMap<Option<String>, u64> = HashMap::new();
    let begun = Instant::now();
    let texts: Vec<Text> = articles
        .iter()
        .map(|article| {
            let next = sources.len() as u64;
            let source = *sources
                .entry(article.metadata.source.clone())
                .or_insert(next);
            Text {
                sketch: Sketch::of(
                    article
                        .paragraphs
                        .iter()
                        .map(|paragraph| paragraph.text.as_str()),
                ),
                source: Some(source),
            }
        })
        .collect();
    let sketched = begun.elapsed();
    let paragraphs = |at: usize| -> Result<Vec<String>, Infallible> {
        let article = articles.get(at).into_iter();
        let paragraphs = article.flat_map(|article| &article.paragraphs);
        Ok(paragraphs.map(|paragraph| paragraph.text.clone()).collect())
    };
    let pairs = copies::pairs_read(&texts, paragraphs)?;
    let compared = begun.elapsed() - sketched;
    let found = all_pairs(&copies::stories(texts.len(), &pairs));
    let half = Instant::now();
    let half_of_them = texts.get(..texts.len() / 2).unwrap_or_default();
    let found_in_half = copies::pairs_read(half_of_them, paragraphs)?.len();
    let half = half.elapsed();

    let mut rows = Vec::new();
    for (measure, column) in [
        ("sentence resemblance >= .5", 6),
        ("sentence containment >= .5", 7),
    ] {
        let truth = truth(&folder.join("opinions_pairs.tsv"), column)?;
        let right = found.intersection(&truth).count();
        let f1 = 2.0 * right as f64 / (found.len() + truth.len()).max(1) as f64;
        // The labels lack texts that one source printed often, such as an advertisement that stands nineteen times. A pair that
        // shares half of its sentences is right all the same.
        let unlabelled = found.difference(&truth).filter(|(one, other)| {
            let sentences = |at: &usize| articles.get(*at).map(sentences).unwrap_or_default();
            resemblance(&sentences(one), &sentences(other)) >= 0.5
        });
        let precision = (right + unlabelled.count()) as f64 / found.len().max(1) as f64;
        let recall = right as f64 / truth.len().max(1) as f64;
        let checked = 2.0 * precision * recall / (precision + recall);
        for (how, f1) in [("as labelled", f1), ("unlabelled pairs checked", checked)] {
            let measure = format!("F1, {measure}, {how}");
            let row = [
                "copies",
                &measure,
                &texts.len().to_string(),
                &format!("{f1:.3}"),
                ">= .95",
            ];
            rows.push(row.map(str::to_owned));
        }
    }
    rows.push(
        [
            "copies",
            "pairs in a half",
            &(texts.len() / 2).to_string(),
            &found_in_half.to_string(),
            "",
        ]
        .map(str::to_owned),
    );
    let row = |measure: &str, value: String| {
        ["copies", measure, &texts.len().to_string(), &value, ""].map(str::to_owned)
    };
    rows.push(row(
        "sketches, seconds",
        format!("{:.2}", sketched.as_secs_f64()),
    ));
    rows.push(row(
        "comparing, seconds",
        format!("{:.3}", compared.as_secs_f64()),
    ));
    rows.push(row(
        "comparing a half, share of the whole",
        format!("{:.2}", half.as_secs_f64() / compared.as_secs_f64()),
    ));
    Ok(rows)
}

/// The sentences of an article, each as its letters and digits; those shorter than 25 bytes tell nothing.
fn sentences(article: &Article) -> HashSet<String> {
    let text: String = article
        .paragraphs
        .iter()
        .map(|paragraph| format!("{} ", paragraph.text))
        .collect();
    let sentences = text.split(['.', '!', '?']).map(|sentence| {
        let letters = sentence.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    });
    sentences.filter(|sentence| sentence.len() >= 25).collect()
}

/// What two texts share of all their sentences.
fn resemblance(one: &HashSet<String>, other: &HashSet<String>) -> f64 {
    let shared = one.intersection(other).count();
    shared as f64 / (one.len() + other.len() - shared).max(1) as f64
}

/// Every two texts of one story.
fn all_pairs(stories: &[copies::Story]) -> HashSet<(usize, usize)> {
    let mut pairs = HashSet::new();
    for story in stories {
        for (at, (one, _)) in story.texts.iter().enumerate() {
            pairs.extend(
                story
                    .texts
                    .iter()
                    .skip(at + 1)
                    .map(|(other, _)| (*one, *other)),
            );
        }
    }
    pairs
}

/// The pairs of the table, by position, of which a column has .5 or more.
fn truth(path: &Path, column: usize) -> Result<HashSet<(usize, usize)>, Box<dyn Error>> {
    let mut pairs = HashSet::new();
    for line in fs::read_to_string(path)?.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let field = |at: usize| {
            fields
                .get(at)
                .copied()
                .ok_or("a line of the table is too short")
        };
        let (one, other): (usize, usize) = (field(0)?.parse()?, field(1)?.parse()?);
        if field(column)?.parse::<f32>()? >= 0.5 {
            pairs.insert((one.min(other), one.max(other)));
        }
    }
    Ok(pairs)
}
