//! `topoi eval`: how well passages are found, on a test collection in BEIR's form, and how well the likeness of
//! sentences is told, on a table of pairs; and how that differs from an earlier run.

mod collection;
mod comparison;
mod measures;
mod rankings;
mod report;
mod spearman;
mod statistics;
mod sts;

use std::io;

use serde::Serialize;
use topoi::library::Library;
use topoi::search::{Ranking, SearchOptions};

use self::collection::Collection;
use self::comparison::{Against, Earlier, MeanDifference};
use self::measures::{ByMeasure, Measures, columns, measure};
use self::statistics::{Interval, mean, mean_interval};
use super::cli::{Eval, ModeArg, RankingArg};
use super::context::Context;
use super::lines::LinesFile;
use super::output::Output;
use super::passwords::location;
use super::{Outcome, interrupt};

/// How many documents of each ranking are written.
const WRITTEN: usize = 10;

#[derive(Serialize)]
struct EvalJson {
    schema: &'static str,
    collection: String,
    mode: ModeArg,
    documents: &'static str,
    ranking: &'static str,
    model: String,
    queries: usize,
    #[serde(flatten)]
    means: Measures,
    /// Within which bounds each mean lies.
    intervals: ByMeasure<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Against<ByMeasure<MeanDifference>>>,
}

/// A judged query's line in the file of `--per-query`.
#[derive(Serialize)]
struct QueryLine<'a> {
    id: &'a str,
    #[serde(flatten)]
    measures: Measures,
    /// The first documents that were found.
    ranking: &'a [String],
}

pub(crate) fn run(context: &mut Context, arguments: &Eval) -> anyhow::Result<Outcome> {
    if arguments.collection.is_file() {
        return sts::run(context, arguments);
    }
    let collection = Collection::read(&arguments.collection)?;
    // It may be the file that is to be written, so it is read first.
    let earlier = arguments
        .against
        .as_deref()
        .map(|path| Earlier::read(path, &collection))
        .transpose()?;
    let per_query = arguments
        .per_query
        .as_deref()
        .map(LinesFile::open)
        .transpose()?;
    let model = context.model(&(&arguments.model).into())?;
    let encoder = model.encoder.as_ref();
    interrupt::listen();
    let temporary = tempfile::tempdir()?;
    let root = match &arguments.keep {
        Some(kept) => location(kept),
        None => temporary.path().into(),
    };
    rankings::index(
        context,
        &root,
        &model.reference,
        encoder,
        &collection.documents,
        arguments.whole,
    )?;
    let library = Library::open(&root)?;
    let options = SearchOptions {
        mode: mode(arguments).into(),
        ranking: ranking(arguments),
        ..SearchOptions::default()
    };
    let rankings = rankings::rank(&library, encoder, &collection, &options, arguments.whole)?;
    let queries: Vec<QueryLine<'_>> = collection
        .judged()
        .zip(&rankings)
        .map(|(query, ranking)| QueryLine {
            id: &query.id,
            measures: measure(ranking, &collection.relevant(&query.id)),
            ranking: &ranking[..ranking.len().min(WRITTEN)],
        })
        .collect();
    if let Some(file) = per_query {
        file.write(&queries)?;
    }
    let values = columns(queries.iter().map(|query| query.measures));
    let report = EvalJson {
        schema: "topoi.eval.v1",
        collection: arguments.collection.display().to_string(),
        mode: mode(arguments),
        documents: if arguments.whole {
            "whole"
        } else {
            "best passage"
        },
        ranking: match ranking(arguments) {
            Ranking::Cosine => "cosine",
            Ranking::Distinctive => "distinctive",
        },
        model: encoder.identity().to_string(),
        queries: queries.len(),
        means: values.as_ref().each(|values| mean(values)),
        intervals: values.as_ref().each(|values| mean_interval(values)),
        against: earlier.map(|earlier| earlier.compare(&values)),
    };
    if arguments.json {
        context.output.json(&report)?;
    } else {
        report.show(&mut context.output, collection.documents.len())?;
    }
    Ok(Outcome::Found)
}

impl EvalJson {
    fn show(self, output: &mut Output, documents: usize) -> io::Result<()> {
        report::figures(output, self.means.zip(self.intervals).named())?;
        let is_compared = self.against.is_some();
        if let Some(Against { file, figures }) = self.against {
            report::mean_differences(output, &file, self.means.zip(figures).named())?;
        }
        output.note(format_args!(
            "{} queries, {documents} documents, {}",
            self.queries, self.model
        ));
        output.note(report::legend("queries", is_compared));
        Ok(())
    }
}

/// Published figures are by the cosine; otherwise what is measured is what `search` does.
fn ranking(arguments: &Eval) -> Ranking {
    match arguments.ranking {
        Some(RankingArg::Cosine) => Ranking::Cosine,
        Some(RankingArg::Distinctive) => Ranking::Distinctive,
        None if arguments.whole => Ranking::Cosine,
        None => Ranking::Distinctive,
    }
}

/// Published figures are by vectors alone; otherwise what is measured is what `search` does.
fn mode(arguments: &Eval) -> ModeArg {
    arguments.mode.unwrap_or(if arguments.whole {
        ModeArg::Semantic
    } else {
        ModeArg::Auto
    })
}
