//! The library that is made of a collection, and what the collection's queries find in it.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use topoi::Location;
use topoi::article::{Article, Kind, Metadata, Paragraph, Span};
use topoi::ingest::{fold, split_paragraphs};
use topoi::library::{Indexer, Library, Windowing};
use topoi::search::{Query, SearchOptions};
use topoi::store::{NewFile, Validators};
use topoi_index::UnitVector;
use topoi_models::{Encoder, Role};

use super::collection::{self, Collection, Document};
use crate::commands::context::Context;
use crate::commands::index::Progress;
use crate::commands::interrupt;

/// How many documents each query ranks: the depth that BEIR uses for mean average precision.
const DEPTH: usize = 1000;

pub(super) fn index(
    context: &Context,
    root: &Location,
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
        validators: Validators::default(),
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
        let span = Span::new(0, text.len());
        vec![Paragraph::new(Kind::Body, fold(&text), span)]
    } else {
        let paragraph =
            |span: Span| Paragraph::new(Kind::Body, fold(&text[span.start..span.end]), span);
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

/// For each judged query, in their order, the documents that were found, best first.
pub(super) fn rank(
    library: &Library,
    encoder: &dyn Encoder,
    collection: &Collection,
    options: &SearchOptions,
    whole: bool,
) -> anyhow::Result<Vec<Vec<String>>> {
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
    let limit = if whole { DEPTH + 1 } else { DEPTH * 4 };
    let options = SearchOptions {
        limit,
        exact: true,
        ..options.clone()
    };
    let mut rankings = Vec::with_capacity(queries.len());
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
        rankings.push(ranking);
    }
    Ok(rankings)
}
