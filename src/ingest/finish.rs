//! What is done alike to every article, whatever its format: metadata from the text, boilerplate, language.

use rayon::prelude::*;

use super::boilerplate;
use super::language::{SAMPLE, detect_language, paragraph_language};
use super::matter;
use super::recurring;
use super::trailers;
use crate::article::{Article, Kind};

/// Finishes articles as their reader left them: each by itself, and then what only their comparison shows. The number
/// of threads changes nothing.
pub(super) fn finish(articles: &mut [Article]) {
    articles.par_iter_mut().for_each(|article| {
        matter::fill(article);
        boilerplate::mark(&mut article.paragraphs);
        trailers::mark(&mut article.paragraphs, article.metadata.author.as_deref());
        if article.metadata.language.is_none() {
            article.metadata.language = detect_language(&sample(article)).map(str::to_owned);
        }
        mark_foreign(article);
    });
    recurring::mark(articles);
}

/// Says of the paragraphs that are in another language than their article which one that is.
fn mark_foreign(article: &mut Article) {
    let Some(known) = &article.metadata.language else {
        return;
    };
    for paragraph in article
        .paragraphs
        .iter_mut()
        .filter(|paragraph| paragraph.kind == Kind::Body)
    {
        paragraph.language = paragraph_language(&paragraph.text, known);
    }
}

/// Enough of an article's own text to tell its language by.
fn sample(article: &Article) -> String {
    let mut sample = String::new();
    for paragraph in article
        .paragraphs
        .iter()
        .filter(|paragraph| paragraph.kind == Kind::Body)
    {
        if sample.len() >= SAMPLE {
            break;
        }
        sample.push_str(
            paragraph
                .text
                .get(..paragraph.text.floor_char_boundary(SAMPLE))
                .unwrap_or(""),
        );
        sample.push('\n');
    }
    sample
}
