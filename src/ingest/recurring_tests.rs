use super::*;
use crate::article::{Paragraph, Span};

fn article(texts: &[&str]) -> Article {
    let paragraph =
        |text: &&str| Paragraph::new(Kind::Body, (*text).to_owned(), Span::new(0, text.len()));
    Article {
        paragraphs: texts.iter().map(paragraph).collect(),
        ..Article::default()
    }
}

/// The texts that are marked in articles of these texts.
fn marked<'a>(articles: &[&[&'a str]]) -> Vec<Vec<&'a str>> {
    let mut read: Vec<Article> = articles.iter().map(|texts| article(texts)).collect();
    mark(&mut read);
    let marks = |(article, texts): (&Article, &&[&'a str])| {
        let kinds = article.paragraphs.iter().map(|paragraph| paragraph.kind);
        let marked = kinds
            .zip(texts.iter())
            .filter(|(kind, _)| *kind == Kind::Recurring);
        marked.map(|(_, text)| *text).collect()
    };
    read.iter().zip(articles).map(marks).collect()
}

const BIO: &str = "Ada Marsh keeps the tide tables of Northmoor.";

#[test]
fn a_line_in_three_articles_recurs_whatever_its_capitals_numbers_and_spaces() {
    let found = marked(&[
        &["Ports silt up.", BIO, "12 readers liked this article"],
        &["Ships have grown.", BIO, "7 readers  liked this article"],
        &[
            "Towns are shrinking.",
            "ADA MARSH keeps the tide tables of Northmoor.",
            "1,000 readers liked this article",
        ],
        &["Ports silt up, he said."],
    ]);
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 0]);
    assert_eq!(found[0][0], BIO);
}

#[test]
fn copies_count_once() {
    let long = "When the last dredger left the harbour, the town held a feast that went on for three days. ".repeat(5);
    let texts = [
        long.as_str(),
        "It was the last of the old feasts.",
        "Nobody remembers who had paid for it.",
    ];
    assert!(
        marked(&[&texts, &texts, &texts[..2], &texts])
            .iter()
            .all(Vec::is_empty)
    );
    let short = &texts[1..];
    assert!(marked(&[short, short, short]).iter().all(Vec::is_empty));
}

#[test]
fn a_refrain_is_the_articles_own() {
    let refrain = "The harbour can wait, and the sea can not";
    assert!(
        marked(&[&[refrain, refrain, refrain], &["One."], &["Two."]])
            .iter()
            .all(Vec::is_empty)
    );
}

#[test]
fn long_passages_headings_figures_and_short_sentences_stay() {
    let long = "A quotation that everybody uses. ".repeat(20);
    let mut articles: Vec<Article> = (0..90)
        .map(|number| {
            let own = format!("{} is what this one says alone.", "x".repeat(number + 1));
            let mut read = article(&[&own, "Introduction to it"]);
            read.paragraphs[1].kind = Kind::Heading;
            if number < 4 {
                read.paragraphs
                    .extend(article(&["Why?", "78,000", "* * *", &long]).paragraphs);
            }
            read
        })
        .collect();
    mark(&mut articles);
    assert!(
        articles
            .iter()
            .flat_map(|article| &article.paragraphs)
            .all(|paragraph| paragraph.kind != Kind::Recurring)
    );
}

#[test]
fn sources_are_compared_with_themselves() {
    let mut articles: Vec<Article> = ["One ship.", "Two ships more.", "Three more ships."]
        .iter()
        .map(|text| article(&[text, BIO]))
        .collect();
    articles[1].metadata.address = Some("https://www.example.org/two".to_owned());
    mark(&mut articles);
    assert!(
        articles
            .iter()
            .all(|article| article.paragraphs[1].kind == Kind::Body)
    );
    for article in &mut articles {
        article.metadata.address = Some("https://example.org/x".to_owned());
    }
    mark(&mut articles);
    assert!(
        articles
            .iter()
            .all(|article| article.paragraphs[1].kind == Kind::Recurring)
    );
}

#[test]
fn digests_never_change() {
    assert_eq!(Line::of("").digest, 0xcbf2_9ce4_8422_2325);
    assert_eq!(
        Line::of(" Read  12 more ").digest,
        Line::of("read 7 MORE").digest
    );
    assert_eq!(Line::of("a").digest, 0xaf63_dc4c_8601_ec8c);
}

#[test]
fn many_articles_take_linear_time() {
    let mut source = Recurrence::default();
    for number in 0..50_000_u64 {
        let own = Line {
            digest: number,
            bytes: 80,
            shape: Shape::Line,
        };
        source.add([own, Line::of(BIO)]);
    }
    assert_eq!(source.articles(), 50_000);
    assert!(source.is_recurring(Line::of(BIO)));
}
