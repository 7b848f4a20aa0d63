//! The STS benchmark (Cer et al. 2017): pairs of sentences, and how alike people find them.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use topoi_models::{Encoder, Role};

use super::comparison::{Against, Difference, HINT, refused};
use super::report;
use super::spearman::{spearman, spearman_difference, spearman_interval};
use super::statistics::{Interval, ROUNDING};
use crate::commands::cli::Eval;
use crate::commands::context::Context;
use crate::commands::failure::Failure;
use crate::commands::lines::{LinesFile, read_lines};
use crate::commands::output::Output;
use crate::commands::{Outcome, interrupt};

#[derive(Serialize)]
struct StsJson {
    schema: &'static str,
    collection: String,
    model: String,
    pairs: usize,
    #[serde(flatten)]
    figures: Figures<f64>,
    /// Within which bounds each figure lies.
    intervals: Figures<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Against<Figures<Difference>>>,
}

/// Something for each figure that is measured on pairs, under the names that programs read.
#[derive(Serialize)]
struct Figures<T> {
    spearman: T,
}

/// Two sentences and how alike they are, from 0 to 5.
struct Pair {
    /// Where it stands in the table, from 1.
    line: usize,
    score: f64,
    sentences: [String; 2],
}

/// A pair's line in the file of `--per-query`.
#[derive(Serialize, Deserialize)]
struct PairLine {
    line: usize,
    score: f64,
    cosine: f64,
}

pub(super) fn run(context: &mut Context, arguments: &Eval) -> anyhow::Result<Outcome> {
    let path = &arguments.collection;
    let table = fs::read_to_string(path)
        .with_context(|| format!("cannot read the table `{}`", path.display()))?;
    let pairs = parse(&table, path)?;
    // It may be the file that is to be written, so it is read first.
    let against = arguments.against.as_deref();
    let earlier = against.map(|path| read_earlier(path, &pairs)).transpose()?;
    let per_query = arguments.per_query.as_deref();
    let per_query = per_query.map(LinesFile::open).transpose()?;
    let model = context.model(&(&arguments.model).into())?;
    interrupt::listen();
    let cosines = cosines(model.encoder.as_ref(), &pairs)?;
    if let Some(file) = per_query {
        file.write(pairs.iter().zip(&cosines).map(|(pair, cosine)| PairLine {
            line: pair.line,
            score: pair.score,
            cosine: *cosine,
        }))?;
    }
    let scores: Vec<f64> = pairs.iter().map(|pair| pair.score).collect();
    let against = against.zip(earlier).map(|(path, earlier)| Against {
        file: path.display().to_string(),
        figures: Figures {
            spearman: spearman_difference(&cosines, &earlier, &scores),
        },
    });
    let report = StsJson {
        schema: "topoi.eval.sts.v1",
        collection: path.display().to_string(),
        model: model.encoder.identity().to_string(),
        pairs: pairs.len(),
        figures: Figures {
            spearman: spearman(&cosines, &scores),
        },
        intervals: Figures {
            spearman: spearman_interval(&cosines, &scores),
        },
        against,
    };
    if arguments.json {
        context.output.json(&report)?;
    } else {
        report.show(&mut context.output)?;
    }
    Ok(Outcome::Found)
}

impl StsJson {
    fn show(&self, output: &mut Output) -> io::Result<()> {
        const NAME: &str = "Spearman";
        let value = self.figures.spearman;
        report::figures(output, [(NAME, (value, self.intervals.spearman))])?;
        if let Some(Against { file, figures }) = &self.against {
            report::one_difference(output, file, (NAME, value, &figures.spearman))?;
        }
        output.note(format_args!("{} pairs, {}", self.pairs, self.model));
        output.note(report::legend("pairs", self.against.is_some()));
        Ok(())
    }
}

/// The cosine of each pair.
fn cosines(encoder: &dyn Encoder, pairs: &[Pair]) -> anyhow::Result<Vec<f64>> {
    let texts: Vec<&str> = pairs
        .iter()
        .flat_map(|pair| pair.sentences.iter().map(String::as_str))
        .collect();
    let embeddings = interrupt::encode(encoder, &texts, Role::Passage)?;
    let both = embeddings.values().chunks_exact(2 * embeddings.dim());
    let cosines = both.map(|both| {
        let (a, b) = both.split_at(embeddings.dim());
        cosine(a, b)
    });
    Ok(cosines.collect())
}

/// The cosines that an earlier run gave the same pairs.
fn read_earlier(path: &Path, pairs: &[Pair]) -> anyhow::Result<Vec<f64>> {
    let earlier: Vec<PairLine> = read_lines(path, HINT)?;
    if earlier.len() != pairs.len() {
        return Err(refused(
            path,
            format_args!(
                "is of another table: it holds {} pairs instead of {}",
                earlier.len(),
                pairs.len()
            ),
        ));
    }
    let is_same = |(pair, earlier): (&Pair, &PairLine)| {
        pair.line == earlier.line && (pair.score - earlier.score).abs() <= ROUNDING
    };
    let mut both = pairs.iter().zip(&earlier);
    match both.find(|both| !is_same(*both)) {
        None => Ok(earlier.into_iter().map(|pair| pair.cosine).collect()),
        Some((pair, _)) => Err(refused(
            path,
            format_args!(
                "is of another table: it has another pair than that in line {}",
                pair.line
            ),
        )),
    }
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
                [_, _, _, _, score, first, second, ..] => {
                    let score = score.parse().ok().filter(|score: &f64| score.is_finite());
                    score.map(|score| Pair {
                        line: index + 1,
                        score,
                        sentences: [(*first).to_owned(), (*second).to_owned()],
                    })
                }
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

#[cfg(test)]
mod tests {
    use super::*;

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
