//! `topoi eval-themes`: how well the themes that are found in documents agree with the labels that people gave them,
//! and how firm they are.

mod documents;
mod field;
mod vectors;

use std::io;

use serde::Serialize;
use serde_json::Value;
use topoi::rng::SplitMix64;
use topoi::themes::measures::Agreement;
use topoi::themes::partition::Partition;
use topoi::themes::{Count, Member, Options, Themes};
use topoi_models::Embeddings;

use self::documents::{Collection, Document};
use self::field::{Chosen, Field};
use super::cli::EvalThemes;
use super::context::Context;
use super::failure::Failure;
use super::lines::{self, LinesFile};
use super::output::{FAINT, Output, STRONG};
use super::{Outcome, interrupt, npy};

/// What decides the order of the documents, and which nine tenths of them come first.
const SEED: u64 = 42;

#[derive(Serialize)]
struct EvalThemesJson {
    schema: &'static str,
    collection: String,
    /// The model, or the file, that the vectors are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vectors: Option<String>,
    documents: usize,
    labels: usize,
    themes: usize,
    /// The share of the documents that have a theme.
    coverage: f64,
    #[serde(flatten)]
    agreement: Agreement,
    /// The V-measure of the four fifths of the documents that belong most firmly to their themes.
    v_measure_strongest_80: f64,
    #[serde(flatten)]
    stability: Option<Stability>,
}

/// How far themes stay as they are when what shouldn't matter changes: adjusted Rand indices.
#[derive(Serialize)]
struct Stability {
    /// Between themes found with two seeds. Nothing in finding themes is left to chance but for the order in which the documents
    /// come, so that is what a seed decides.
    #[serde(rename = "stability_seeds")]
    seeds: f64,
    /// Between the themes of nine tenths of the documents and those that they have when the others have come, as a library
    /// finds them anew: with the themes that it has.
    #[serde(rename = "stability_grown")]
    grown: f64,
    /// The same where all are found without knowing of earlier ones.
    #[serde(rename = "stability_anew")]
    anew: f64,
}

/// A document's line in the file of `--assignments`.
#[derive(Serialize)]
struct AssignmentLine<'a> {
    id: &'a Value,
    label: &'a str,
    theme: usize,
    strength: f64,
}

pub(crate) fn run(context: &mut Context, arguments: &EvalThemes) -> anyhow::Result<Outcome> {
    let collection = Collection::read(&arguments.file)?;
    let documents = &collection.documents;
    let assignments = arguments.assignments.as_deref();
    let assignments = assignments.map(LinesFile::open).transpose()?;
    interrupt::listen();
    let (model, vectors) = vectors_of(context, arguments, documents)?;
    let field = Field::new(documents, &vectors)?;
    drop(vectors);
    if let Some(path) = &arguments.keep_vectors {
        vectors::write(path, &field)?;
    }
    let options = Options {
        count: arguments.count.map_or(Count::Natural(0), Count::Exactly),
        ..Options::default()
    };
    let numbers: Vec<usize> = (0..documents.len()).collect();
    let all = field.choose(&numbers);
    let themes = all.themes(&options)?;
    let found = partition(&themes);
    let members = by_strength(&themes);
    if let Some(file) = assignments {
        file.write(assigned(&collection, &themes, &members))?;
    }
    let stability = if arguments.no_stability {
        None
    } else {
        Some(stability(&field, &all, &found, &options)?)
    };
    let report = EvalThemesJson {
        schema: "topoi.eval.themes.v1",
        collection: lines::name(&arguments.file),
        model,
        vectors: arguments
            .vectors
            .as_ref()
            .map(|path| path.display().to_string()),
        documents: documents.len(),
        labels: collection.labels.count(),
        themes: themes.themes.len(),
        coverage: members.len() as f64 / documents.len() as f64,
        agreement: Agreement::between(&found, &collection.labels),
        v_measure_strongest_80: strongest(&found, &collection.labels, &members),
        stability,
    };
    if arguments.json {
        context.output.json(&report)?;
    } else {
        report.show(&mut context.output)?;
    }
    Ok(Outcome::Found)
}

/// The documents' vectors, from a file or else from a model, which is named.
fn vectors_of(
    context: &Context,
    arguments: &EvalThemes,
    documents: &[Document],
) -> anyhow::Result<(Option<String>, Embeddings)> {
    let Some(path) = &arguments.vectors else {
        let encoder = context.model(&(&arguments.model).into())?.encoder;
        let vectors = vectors::embed(context, encoder.as_ref(), documents)?;
        return Ok((Some(encoder.identity().to_string()), vectors));
    };
    let vectors = npy::read(path)?;
    if vectors.len() != documents.len() {
        return Err(Failure::new(format!(
            "`{}` holds {} vectors, but {} holds {} documents",
            path.display(),
            vectors.len(),
            lines::name(&arguments.file),
            documents.len()
        ))
        .into());
    }
    Ok((None, vectors))
}

/// Which documents are of the same theme.
fn partition(themes: &Themes) -> Partition {
    let assignment: Vec<u32> = themes.assignment.iter().map(|id| *id as u32).collect();
    Partition::from_labels(&assignment)
}

/// The same among some of the documents, in their order.
fn among(partition: &Partition, documents: &[usize]) -> Partition {
    let of = partition.communities();
    let chosen: Vec<u32> = documents.iter().map(|&document| of[document]).collect();
    Partition::from_labels(&chosen)
}

/// All documents that have a theme, those that belong most firmly first, of two alike the earlier one.
fn by_strength(themes: &Themes) -> Vec<Member> {
    let members = themes.themes.iter().flat_map(|theme| &theme.passages);
    let mut members: Vec<Member> = members.copied().collect();
    members.sort_unstable_by(|a, b| b.strength.total_cmp(&a.strength).then(a.node.cmp(&b.node)));
    members
}

/// The V-measure without the fifth of the members, which are in the order of their strength, that belongs least firmly.
fn strongest(found: &Partition, labels: &Partition, members: &[Member]) -> f64 {
    let members = members.iter().take(members.len() - members.len() / 5);
    let documents: Vec<usize> = members.map(|member| member.node).collect();
    Agreement::between(&among(found, &documents), &among(labels, &documents)).v_measure
}

/// The lines of `--assignments`, in the order of the documents.
fn assigned<'a>(
    collection: &'a Collection,
    themes: &'a Themes,
    members: &[Member],
) -> impl Iterator<Item = AssignmentLine<'a>> {
    let mut members = members.to_vec();
    members.sort_unstable_by_key(|member| member.node);
    members.into_iter().map(|Member { node, strength }| {
        let document = &collection.documents[node];
        AssignmentLine {
            id: &document.id,
            label: &document.label,
            theme: themes.assignment[node],
            strength,
        }
    })
}

fn stability(
    field: &Field<'_>,
    all: &Chosen<'_>,
    found: &Partition,
    options: &Options<'_>,
) -> anyhow::Result<Stability> {
    let documents = found.communities().len();
    let mut order: Vec<usize> = (0..documents).collect();
    SplitMix64::new(SEED).shuffle(&mut order);
    let reordered = partition(&all.reordered(&order).themes(options)?);
    let mut fewer = order.clone();
    fewer.truncate(documents - documents / 10);
    fewer.sort_unstable();
    let count = match options.count {
        Count::Exactly(count) => Count::Exactly(count.min(fewer.len())),
        natural => natural,
    };
    let before = partition(
        &field
            .choose(&fewer)
            .themes(&Options { count, ..*options })?,
    );
    let mut previous = vec![None; documents];
    for (&document, &theme) in fewer.iter().zip(before.communities()) {
        previous[document] = Some(theme);
    }
    let previous = &previous;
    let grown = partition(&all.themes(&Options {
        previous,
        ..*options
    })?);
    Ok(Stability {
        seeds: among(found, &order).adjusted_rand_index(&reordered),
        grown: among(&grown, &fewer).adjusted_rand_index(&before),
        anew: among(found, &fewer).adjusted_rand_index(&before),
    })
}

impl EvalThemesJson {
    fn show(&self, output: &mut Output) -> io::Result<()> {
        let Agreement {
            v_measure,
            homogeneity,
            completeness,
            nmi,
            ari,
        } = self.agreement;
        let mut figures = vec![
            ("V-measure", v_measure, "of themes with labels"),
            ("homogeneity", homogeneity, "how far a theme has one label"),
            (
                "completeness",
                completeness,
                "how far a label has one theme",
            ),
            ("NMI", nmi, "normalised mutual information"),
            ("ARI", ari, "adjusted Rand index"),
            (
                "strongest 80 %",
                self.v_measure_strongest_80,
                "V-measure without the weakest fifth",
            ),
            (
                "coverage",
                self.coverage,
                "share of the documents that have a theme",
            ),
        ];
        if let Some(Stability { seeds, grown, anew }) = self.stability {
            figures.extend([
                (
                    "stable, seeds",
                    seeds,
                    "ARI with the themes of the documents in another order",
                ),
                (
                    "stable, grown",
                    grown,
                    "ARI of the themes of nine tenths with those that they have when the rest has come",
                ),
                (
                    "stable, anew",
                    anew,
                    "the same without knowing of the earlier themes",
                ),
            ]);
        }
        for (name, value, meaning) in figures {
            output.line(format_args!(
                "{STRONG}{name:<16}{STRONG:#}{value:.4}  {FAINT}{meaning}{FAINT:#}"
            ))?;
        }
        output.line(format_args!(
            "{} themes in {} documents with {} labels",
            self.themes, self.documents, self.labels
        ))?;
        let source = self.model.as_ref().or(self.vectors.as_ref());
        output.note(format_args!(
            "vectors: {}",
            source.map_or("", String::as_str)
        ));
        Ok(())
    }
}
