//! Pages as a whole, and pages that nobody means well with.

use std::time::{Duration, Instant};

use super::super::source::{Hints, Reader, Source};
use super::{Html, fragment};
use crate::article::{Article, Kind};

const BODY: &str = "A port is not a monument, and a city that treats it as one will soon have neither ships nor visitors.";

fn read(html: &str) -> Article {
    let hints = Hints {
        address: Some("https://example.org/opinion/pier?from=feed".to_owned()),
        ..Hints::default()
    };
    let source = Source::new(html.as_bytes(), &hints);
    Html.read(&source).unwrap().articles.remove(0)
}

fn texts(article: &Article, kind: Kind) -> Vec<&str> {
    let of_kind = article.paragraphs.iter().filter(|p| p.kind == kind);
    of_kind.map(|p| p.text.as_str()).collect()
}

fn page(head: &str, article: &str, below: &str) -> String {
    format!(
        "<!doctype html><html lang=en-GB><head><title>The Pier | The Example</title>{head}</head><body>\
         <nav><ul><li><a href=/>Home</a><li><a href=/sport>Sport</a></ul></nav>\
         <div class=cookie-banner><p>{BODY} We use cookies, and you may say no to them in your settings.</p></div>\
         <main><h1>The Pier</h1><div class='article-body'>{article}</div></main>{below}\
         <footer><p>All the small print of the paper stands here, and nobody has ever read it.</p></footer></body></html>"
    )
}

#[test]
fn the_article_is_found_and_what_is_around_it_left_out() {
    let html = page(
        "",
        &format!(
            "<p>{BODY}</p><div class=share-bar>Share</div><h2>What it costs</h2><p>{BODY} <a href=x>Again</a>.</p>\
             <figure><img src=x><figcaption>Ships at the pier</figcaption></figure>\
             <div class=related><h3>Read also</h3><ul><li><a href=y>Another thing</a></ul></div><p>It ends.</p>"
        ),
        "<section class=more><article><h3><a href=z>Another article</a></h3><p>Its beginning is long enough to be taken \
         for text, but it stands below a heading that is a link.</p></article></section>",
    );
    let article = read(&html);
    assert_eq!(
        texts(&article, Kind::Body),
        [BODY, &format!("{BODY} Again."), "It ends."]
    );
    assert_eq!(texts(&article, Kind::Heading), ["What it costs"]);
    assert_eq!(article.paragraphs.len(), 4);
}

#[test]
fn what_readers_wrote_follows_as_comments() {
    let html = page(
        "",
        &format!("<p>{BODY}</p><p>{BODY}</p>"),
        "<ol class='comment-list'><li><p>I was there, and it was not at all like that, believe me or not.</p>\
         <li><p>Nor was I.</p></ol>",
    );
    let article = read(&html);
    assert_eq!(texts(&article, Kind::Body), [BODY, BODY]);
    assert_eq!(texts(&article, Kind::Comment).len(), 2);
    assert_eq!(article.paragraphs.last().unwrap().kind, Kind::Comment);
}

#[test]
fn metadata_is_read_where_pages_put_it() {
    let head = "<link rel=canonical href=/opinion/pier><meta property=og:site_name content='The Example'>\
                <script type=application/ld+json>{\"@graph\": [{\"@type\": \"WebSite\"}, {\"@type\": \"NewsArticle\",\
                \"headline\": \"The Pier\", \"author\": [{\"name\": \"Ada Marsh\"}, {\"name\": \"Ben Holt\"}],\
                \"datePublished\": \"2020-05-14T10:00:00Z\"}]}</script>";
    let metadata = read(&page(head, &format!("<p>{BODY}</p>"), "")).metadata;
    assert_eq!(metadata.title.as_deref(), Some("The Pier"));
    assert_eq!(metadata.author.as_deref(), Some("Ada Marsh, Ben Holt"));
    assert_eq!(metadata.date.unwrap().to_string(), "2020-05-14");
    assert_eq!(metadata.source.as_deref(), Some("The Example"));
    assert_eq!(metadata.language.as_deref(), Some("en"));
    assert_eq!(
        metadata.address.as_deref(),
        Some("https://example.org/opinion/pier")
    );

    let head = "<meta name=citation_author content='Marsh, Ada'><meta name=citation_author content='Holt, Ben'>\
                <meta name=citation_publication_date content='2020/05/14'>\
                <meta name=citation_journal_title content='Ports'><link rel=canonical href='https://example.org/'>";
    let metadata = read(&page(head, &format!("<p>{BODY}</p>"), "")).metadata;
    assert_eq!(metadata.author.as_deref(), Some("Marsh, Ada, Holt, Ben"));
    assert_eq!(metadata.date.unwrap().to_string(), "2020-05-14");
    assert_eq!(metadata.source.as_deref(), Some("Ports"));
    let fetched = "https://example.org/opinion/pier?from=feed";
    assert_eq!(metadata.address.as_deref(), Some(fetched));

    let below = "<p>By <a rel=author href=/ada>Ada Marsh</a>, <time datetime=2020-05-14>Thursday</time></p>";
    let metadata = read(&page("", &format!("{below}<p>{BODY}</p>"), "")).metadata;
    assert_eq!(metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(metadata.date.unwrap().to_string(), "2020-05-14");
}

#[test]
fn a_page_of_a_few_words_is_read_whole() {
    assert_eq!(texts(&read("<p>One.<p>Two"), Kind::Body), ["One.", "Two"]);
    let words = read("<title>Pier</title><body>Only words");
    assert_eq!(texts(&words, Kind::Body), ["Only words"]);
    assert_eq!(words.metadata.title.as_deref(), Some("Pier"));
    assert!(read("<p></p>").paragraphs.is_empty());
    assert!(read("<script>1</script>").paragraphs.is_empty());
}

#[test]
fn hostile_pages_take_bounded_time() {
    let long = |unit: &str, bytes: usize| unit.repeat(bytes / unit.len());
    let size = 1_000_000;
    let attributes: String = (0..size / 12).map(|n| format!(" a{n}=\"x\"")).collect();
    let script = format!(
        "<script type=application/ld+json>{}</script><p>x",
        long("[", 900_000)
    );
    let pages = [
        long("<div>", 5_000_000),
        long("<", size),
        long("<p", size),
        long("<p>x", size),
        long("<b><p>x", size),
        long("<a href=x>y", size),
        long("<table><tr><td>", size),
        long("<table><tr>", size),
        long("<td>", size),
        long("<li class='share comments'>x", size),
        long("<h1><div>x", size),
        long("<h2><a>x</a>", size),
        long("<article><h1>x", size),
        long("<article class=article-body>x.", size),
        long("</p>", size),
        long("<b><table><td></b>", size),
        long("<i>x</b>", size),
        long("&amp;", size),
        long("&#x10ffff;&notit", size),
        long("<!--", size),
        long("<svg><title>", size),
        long("<textarea>", size),
        long("<br>", size),
        long("<pre>x\n\n", size),
        long("<time datetime=x>", size),
        long("<meta name=author content=x>", size),
        format!("<p{attributes}>x"),
        format!("<p class=\"{}\">x", long("share-a ", size)),
        script,
    ];
    for page in pages {
        let start = Instant::now();
        read(&page);
        fragment(&page);
        let limit = Duration::from_secs(if cfg!(debug_assertions) { 40 } else { 10 });
        let took = start.elapsed();
        let head: String = page.chars().take(30).collect();
        assert!(took < limit, "{head}: {took:?}");
    }
}
