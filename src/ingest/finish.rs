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

#[cfg(test)]
mod tests {
    use super::super::source::{Hints, read_source};
    use super::*;

    #[test]
    fn articles_of_one_file_are_compared_and_their_foreign_paragraphs_named() {
        let german = "Der Hafen wurde gegraben, als die Stadt noch glaubte, dass die Schiffe immer größer werden und dass \
                      die Flüsse den Schlamm nicht wieder bringen.";
        let article = |number: usize| {
            format!(
                "{{\"author\": \"BY ADA MARSH\", \"date\": \"14. Mai 2020\", \"lang\": \"en\", \"paragraphs\": [\"The {} pier was built in \
                 the years when the town believed that the ships would grow.\", \"{german} {}\", \"Support the \
                 Northmoor Post for the price of a coffee.\"]}}\n",
                "old ".repeat(number),
                "Niemand weiß, warum. ".repeat(number)
            )
        };
        let lines: String = (1..=3).map(article).collect();
        let reading = read_source(lines.as_bytes(), &Hints::default()).unwrap();
        for article in &reading.articles {
            let [own, foreign, recurring] = article.paragraphs.as_slice() else {
                panic!("there are three paragraphs")
            };
            assert_eq!(article.metadata.author.as_deref(), Some("Ada Marsh"));
            assert_eq!(article.metadata.date, "2020-05-14".parse().ok());
            assert_eq!((own.kind, own.language), (Kind::Body, None));
            assert_eq!(foreign.language, Some("de"));
            assert_eq!(recurring.kind, Kind::Recurring);
        }
    }
}
