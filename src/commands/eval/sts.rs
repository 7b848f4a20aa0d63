//! The STS benchmark (Cer et al. 2017): pairs of sentences, and how alike people find them.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use topoi_models::Role;

use super::super::cli::Eval;
use super::super::context::Context;
use super::super::failure::Failure;
use super::super::output::STRONG;
use super::super::{Outcome, interrupt};

#[derive(Serialize)]
struct StsJson {
    schema: &'static str,
    collection: String,
    model: String,
    pairs: usize,
    spearman: f64,
}

/// Two sentences and how alike they are, from 0 to 5.
struct Pair {
    score: f64,
    sentences: [String; 2],
}

pub(super) fn run(context: &mut Context, arguments: &Eval) -> anyhow::Result<Outcome> {
    let path = &arguments.collection;
    let table = fs::read_to_string(path)
        .with_context(|| format!("cannot read the table `{}`", path.display()))?;
    let pairs = parse(&table, path)?;
    let model = context.model(&(&arguments.model).into())?;
    let encoder = model.encoder.as_ref();
    interrupt::listen();
    let texts: Vec<&str> = pairs
        .iter()
        .flat_map(|pair| pair.sentences.iter().map(String::as_str))
        .collect();
    let embeddings = interrupt::encode(encoder, &texts, Role::Passage)?;
    let cosines: Vec<f64> = embeddings
        .values()
        .chunks_exact(2 * embeddings.dim())
        .map(|pair| {
            let (a, b) = pair.split_at(embeddings.dim());
            cosine(a, b)
        })
        .collect();
    let scores: Vec<f64> = pairs.iter().map(|pair| pair.score).collect();
    let report = StsJson {
        schema: "topoi.eval.sts.v1",
        collection: path.display().to_string(),
        model: encoder.identity().to_string(),
        pairs: pairs.len(),
        spearman: spearman(&cosines, &scores),
    };
    if arguments.json {
        context.output.json(&report)?;
        return Ok(Outcome::Found);
    }
    context.output.line(format_args!(
        "{STRONG}{:<12}{STRONG:#}{:.4}",
        "Spearman", report.spearman
    ))?;
    context
        .output
        .note(format_args!("{} pairs, {}", report.pairs, report.model));
    Ok(Outcome::Found)
}

/// Reads a table with tabs between its columns: genre, file, year, number, score, and the two sentences.
fn parse(table: &str, path: &Path) -> anyhow::Result<Vec<Pair>> {
    let pairs: anyhow::Result<Vec<Pair>> = table
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            let columns: Vec<&str> = line.split('\t').collect();
            let pair = match columns.as_slice() {
                [_, _, _, _, score, first, second, ..] => score.parse().ok().map(|score| Pair {
                    score,
                    sentences: [(*first).to_owned(), (*second).to_owned()],
                }),
                _ => None,
            };
            pair.ok_or_else(|| {
                Failure::with_hint(
                    format!(
                        "line {} of `{}` is no pair of sentences with a score",
                        index + 1,
                        path.display()
                    ),
                    "the STS benchmark has genre, file, year, number, score and two sentences a line, \
                     with tabs between them; a collection in BEIR's form is a folder",
                )
                .into()
            })
        })
        .collect();
    let pairs = pairs?;
    if pairs.len() < 2 {
        return Err(Failure::new(format!(
            "`{}` holds {} pairs of sentences, and two are the least to rank",
            path.display(),
            pairs.len()
        ))
        .into());
    }
    Ok(pairs)
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
        products.sum()
    };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        dot(a, b) / lengths
    } else {
        0.0
    }
}

/// Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of theirs.
fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let middle = (a.len() as f64 + 1.0) / 2.0;
    let sum = |a: &[f64], b: &[f64]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - middle) * (b - middle))
            .sum()
    };
    let spread = (sum(&a, &a) * sum(&b, &b)).sqrt();
    if spread > 0.0 {
        sum(&a, &b) / spread
    } else {
        0.0
    }
}

/// The rank of each value, from 1.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for same in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (same.len() as f64 + 1.0) / 2.0;
        for index in same {
            ranks[*index] = rank;
        }
        before += same.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_a_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
    }

    #[test]
    fn only_the_order_counts() {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(close(spearman(&[1.0, 2.0, 9.0], &[0.1, 0.2, 0.3]), 1.0));
        assert!(close(spearman(&[1.0, 2.0, 9.0], &[3.0, 2.0, 1.0]), -1.0));
        // 1 − 6 Σd² / (n (n² − 1)), for ranks 1 2 3 4 and 2 1 4 3.
        let found = spearman(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 4.0, 3.0]);
        assert!(close(found, 0.6), "{found}");
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
    }

    #[test]
    fn a_line_that_is_no_pair_is_named() {
        let path = Path::new("sts.tsv");
        let good = "a\tb\tc\t1\t2.5\tOne.\tTwo.\textra\n";
        assert_eq!(parse(&good.repeat(2), path).unwrap().len(), 2);
        let error = parse(&format!("{good}no table\n"), path).err().unwrap();
        assert!(error.to_string().contains("line 2 of `sts.tsv`"));
        assert!(parse(good, path).is_err());
    }
}
