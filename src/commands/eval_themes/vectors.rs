//! The vectors of documents: one for each, however long it is.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use topoi::library::parts;
use topoi_models::{Embeddings, Encoder, Role};

use super::documents::Document;
use super::field::Field;
use crate::commands::context::Context;
use crate::commands::interrupt;
use crate::commands::npy::NpyWriter;
use crate::commands::output::Unit;

/// How many texts are embedded together: enough for full batches, little to wait for when the user asks to stop.
const CHUNK: usize = 1024;

/// The sum of each document's parts, of any length: a document that the model reads whole is one part, a longer one its
/// title and its paragraphs, which are cut into windows where they are too long themselves.
///
/// Parts that say the same are embedded once.
pub(super) fn embed(
    context: &Context,
    encoder: &dyn Encoder,
    documents: &[Document],
) -> anyhow::Result<Embeddings> {
    let parts = distinct_parts(encoder, documents);
    let bar = context
        .output
        .progress(parts.len() as u64, "embedding", Unit::Count);
    let mut sums = Embeddings::zeros(documents.len(), encoder.dim());
    for parts in parts.chunks(CHUNK) {
        let texts: Vec<&str> = parts.iter().map(|part| part.text).collect();
        let embeddings = interrupt::encode(encoder, &texts, Role::Passage)?;
        for (part, embedding) in parts.iter().zip(embeddings.rows()) {
            for &document in &part.documents {
                let sum = sums.row_mut(document).unwrap_or_default();
                sum.iter_mut().zip(embedding).for_each(|(sum, x)| *sum += x);
            }
        }
        bar.inc(parts.len() as u64);
    }
    bar.finish_and_clear();
    Ok(sums)
}

/// A text, and the documents that it is a part of.
struct Part<'d> {
    text: &'d str,
    documents: Vec<usize>,
}

fn distinct_parts<'d>(encoder: &dyn Encoder, documents: &'d [Document]) -> Vec<Part<'d>> {
    let mut places = HashMap::new();
    let mut found: Vec<Part<'d>> = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        let mut texts = parts(&document.text, encoder);
        if texts.len() > 1 {
            let paragraphs = document.paragraphs();
            texts = paragraphs.flat_map(|text| parts(text, encoder)).collect();
        }
        for text in texts {
            let place = *places.entry(text).or_insert(found.len());
            match found.get_mut(place) {
                Some(part) => part.documents.push(number),
                None => found.push(Part {
                    text,
                    documents: vec![number],
                }),
            }
        }
    }
    found
}

/// Writes the vectors as a NumPy array.
pub(super) fn write(path: &Path, field: &Field<'_>) -> anyhow::Result<()> {
    let write = || {
        let mut array = NpyWriter::create(path, field.dim())?;
        for vector in field.vectors() {
            array.row(&vector)?;
        }
        array.finish(path)
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}
