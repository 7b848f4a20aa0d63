//! `topoi eval`: how well passages are found, on a test collection in BEIR's form, and how well the likeness of
//! sentences is told, on a table of pairs.

mod collection;
mod measures;
mod sts;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};
use topoi::article::{Article, Kind, Metadata, Paragraph, Span};
use topoi::ingest::{fold, split_paragraphs};
use topoi::library::{Indexer, Library, Windowing};
use topoi::search::{Query, Ranking, SearchOptions};
use topoi::store::NewFile;
use topoi_index::UnitVector;
use topoi_models::{Encoder, Role};

use self::collection::{Collection, Document};
use self::measures::{Measures, measure};
use super::cli::{Eval, ModeArg, RankingArg};
use super::context::Context;
use super::index::Progress;
use super::output::STRONG;
use super::{Outcome, interrupt};

/// How many documents each query ranks: the depth that BEIR uses for mean average precision.
const DEPTH: usize = 1000;

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
    measures: Measures,
}

pub(crate) fn run(context: &mut Context, arguments: &Eval) -> anyhow::Result<Outcome> {
    if arguments.collection.is_file() {
        return sts::run(context, arguments);
    }
    let collection = Collection::read(&arguments.collection)?;
    let model = context.model(&(&arguments.model).into())?;
    let encoder = model.encoder.as_ref();
    interrupt::listen();
    let temporary = tempfile::tempdir()?;
    let root = arguments.keep.as_deref().unwrap_or(temporary.path());
    index(
        context,
        root,
        &model.reference,
        encoder,
        &collection.documents,
        arguments.whole,
    )?;
    let library = Library::open(root)?;
    let rankings = rank(&library, encoder, &collection, arguments)?;
    let measures = measure(&collection, &rankings);
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
        queries: collection.judged().count(),
        measures,
    };
    if arguments.json {
        context.output.json(&report)?;
        return Ok(Outcome::Found);
    }
    let Measures {
        ndcg_at_10,
        recall_at_10,
        recall_at_100,
        mrr_at_10,
        map,
    } = report.measures;
    for (name, value) in [
        ("nDCG@10", ndcg_at_10),
        ("recall@10", recall_at_10),
        ("recall@100", recall_at_100),
        ("MRR@10", mrr_at_10),
        ("MAP", map),
    ] {
        context
            .output
            .line(format_args!("{STRONG}{name:<12}{STRONG:#}{value:.4}"))?;
    }
    context.output.note(format_args!(
        "{} queries, {} documents, {}",
        report.queries,
        collection.documents.len(),
        report.model
    ));
    Ok(Outcome::Found)
}

fn index(
    context: &Context,
    root: &Path,
    reference: &str,
    encoder: &dyn Encoder,
    documents: &[Document],
    whole: bool,
) -> anyhow::Result<()> {
    let progress = Progress::new(
        &context.output,
        documents.len() as u64,
        "indexing the collection",
    );
    let windowing = if whole {
        Windowing::Whole
    } else {
        Windowing::Windows
    };
    let mut indexer = Indexer::open(root, reference, encoder, &progress, windowing)?;
    let articles: Vec<Article> = documents
        .iter()
        .map(|document| article(document, whole))
        .collect();
    let file = NewFile {
        path: "corpus.jsonl".into(),
        size: 0,
        modified_ns: 0,
        digest: Sha256::digest(b"corpus").into(),
    };
    indexer.add_articles(file, articles)?;
    indexer.finish()?;
    progress.finish();
    Ok(())
}

fn article(document: &Document, whole: bool) -> Article {
    let text = if whole {
        format!("{} {}", document.title, document.text)
    } else {
        document.text.clone()
    };
    let paragraphs = if whole {
        vec![Paragraph {
            text: fold(&text),
            span: Span::new(0, text.len()),
            kind: Kind::Body,
        }]
    } else {
        let paragraph = |span: Span| Paragraph {
            text: fold(&text[span.start..span.end]),
            span,
            kind: Kind::Body,
        };
        split_paragraphs(&text).map(paragraph).collect()
    };
    let title = Some(document.title.clone()).filter(|title| !title.is_empty());
    Article {
        entry: Some(document.id.clone()),
        metadata: Metadata {
            title,
            ..Metadata::default()
        },
        paragraphs,
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

/// For each judged query, the documents that were found, best first.
fn rank<'a>(
    library: &Library,
    encoder: &dyn Encoder,
    collection: &'a Collection,
    arguments: &Eval,
) -> anyhow::Result<HashMap<&'a str, Vec<String>>> {
    let entries: HashMap<_, String> = library
        .store()
        .articles(&topoi::store::Filter::default())?
        .into_iter()
        .filter_map(|article| Some((article.id, article.entry?)))
        .collect();
    let articles = library.store().articles_of_passages()?;
    let queries: Vec<&collection::Query> = collection.judged().collect();
    let texts: Vec<&str> = queries.iter().map(|query| query.text.as_str()).collect();
    let embeddings = interrupt::encode(encoder, &texts, Role::Query)?;
    // A document counts by its best passage, so several passages of one document take several places.
    let limit = if arguments.whole {
        DEPTH + 1
    } else {
        DEPTH * 4
    };
    let options = SearchOptions {
        limit,
        exact: true,
        mode: mode(arguments).into(),
        ranking: ranking(arguments),
        ..SearchOptions::default()
    };
    let mut rankings = HashMap::new();
    for (query, embedding) in queries.iter().zip(embeddings.rows()) {
        let vector = UnitVector::new(embedding.to_vec())?;
        let mut seen = HashSet::new();
        let ranking: Vec<String> = library
            .ranking(&Query::plain(&query.text), &vector, &options)?
            .into_iter()
            .filter_map(|passage| entries.get(articles.get(&passage)?))
            .filter(|entry| **entry != query.id && seen.insert(entry.as_str()))
            .take(DEPTH)
            .cloned()
            .collect();
        rankings.insert(query.id.as_str(), ranking);
    }
    Ok(rankings)
}
