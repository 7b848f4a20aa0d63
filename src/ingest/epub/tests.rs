//! Tests of reading books, small ones written for the purpose.

use super::super::format::Format;
use super::super::package::tests::archive;
use super::super::source::{Hints, Reading, read_source};
use super::*;

const CONTAINER: &str =
    "<container><rootfiles><rootfile full-path='OPS/book.opf'/></rootfiles></container>";

fn page(body: &str) -> String {
    format!("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml' xmlns:epub='e'><head><title/></head>{body}</html>")
}

/// A book of these pages, with a table of contents of these lines, and other files.
fn book(pages: &[(&str, &str)], lines: &[(&str, &str)], others: &[(&str, &str)]) -> Vec<u8> {
    let items: String = pages
        .iter()
        .enumerate()
        .map(|(at, (name, _))| format!("<item id='i{at}' href='{name}' media-type='application/xhtml+xml'/>"))
        .collect();
    let references: String = (0..pages.len())
        .map(|at| format!("<itemref idref='i{at}'/>"))
        .collect();
    let opf = format!(
        "<package xmlns:dc='d'><metadata><dc:title>Harbours</dc:title><dc:creator>Ada Marsh</dc:creator>\
         <dc:date>2019-02</dc:date><dc:language>en-GB</dc:language></metadata>\
         <manifest>{items}<item id='ncx' href='toc.ncx' media-type='application/x-dtbncx+xml'/></manifest>\
         <spine toc='ncx'>{references}</spine></package>"
    );
    let points: String = lines
        .iter()
        .map(|(src, title)| {
            format!("<navPoint><navLabel><text>{title}</text></navLabel><content src='{src}'/></navPoint>")
        })
        .collect();
    let ncx = format!("<ncx><navMap>{points}</navMap></ncx>");
    let pages: Vec<(String, String)> = pages
        .iter()
        .map(|(name, body)| (format!("OPS/{}", name.replace("%20", " ")), page(body)))
        .collect();
    let mut files = vec![
        ("mimetype", "application/epub+zip".as_bytes()),
        ("META-INF/container.xml", CONTAINER.as_bytes()),
        ("OPS/book.opf", opf.as_bytes()),
        ("OPS/toc.ncx", ncx.as_bytes()),
    ];
    files.extend(pages.iter().map(|(name, content)| (name.as_str(), content.as_bytes())));
    files.extend(others.iter().map(|(name, content)| (*name, content.as_bytes())));
    archive(&files)
}

fn read(bytes: &[u8]) -> Result<Reading, ReadError> {
    read_source(bytes, &Hints::default())
}

/// The title and the texts of each article.
fn chapters(bytes: &[u8]) -> Vec<(String, Vec<String>)> {
    let reading = read(bytes).unwrap();
    reading
        .articles
        .into_iter()
        .map(|article| {
            let texts = article.paragraphs.into_iter().map(|p| p.text).collect();
            (article.metadata.title.unwrap_or_default(), texts)
        })
        .collect()
}

#[test]
fn a_chapter_is_what_the_contents_say() {
    let bytes = book(
        &[
            ("cover.xhtml", "<body epub:type='cover'><p>Harbours</p></body>"),
            ("a%20b.xhtml", "<body><h1>Mud</h1><p>It silts.</p></body>"),
            ("split.xhtml", "<body><p>It stinks.</p></body>"),
            ("c.xhtml", "<body><h2>Poems</h2><section id='one'><h3>One</h3><p>Tide in.</p></section><section id='two'><p>Tide out.</p></section></body>"),
            ("copyright.xhtml", "<body><section epub:type='copyright-page'><p>All rights.</p></section></body>"),
        ],
        &[("a%20b.xhtml", "Of Mud"), ("c.xhtml#one", "One"), ("c.xhtml#two", "Two"), ("copyright.xhtml", "Rights")],
        &[],
    );
    let reading = read(&bytes).unwrap();
    assert_eq!(reading.format, Format::Epub);
    let metadata = &reading.articles[0].metadata;
    assert_eq!(metadata.source.as_deref(), Some("Harbours"));
    assert_eq!(metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(metadata.language.as_deref(), Some("en"));
    assert_eq!(metadata.date.unwrap().to_string(), "2019-02");
    assert_eq!(reading.articles[1].entry.as_deref(), Some("OPS/c.xhtml#one"));
    let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        chapters(&bytes),
        [
            ("Of Mud".to_owned(), own(&["Mud", "It silts.", "It stinks."])),
            ("One".to_owned(), own(&["Poems", "One", "Tide in."])),
            ("Two".to_owned(), own(&["Tide out."])),
            ("Rights".to_owned(), own(&["All rights."])),
        ]
    );
    assert_eq!(reading.articles[3].paragraphs[0].kind, Kind::Copyright);
}

#[test]
fn without_contents_each_file_is_a_chapter_with_its_own_heading() {
    let bytes = book(
        &[
            ("a.xhtml", "<body><h1>Mud</h1><p>It silts.</p></body>"),
            ("b.xhtml", "<body><p>It stinks.</p></body>"),
        ],
        &[("a.xhtml", "Start")],
        &[],
    );
    let titles: Vec<String> = chapters(&bytes).into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles, ["Mud", ""]);
    let only = book(&[("a.xhtml", "<body><p>It silts.</p></body>")], &[], &[]);
    let metadata = &read(&only).unwrap().articles[0].metadata;
    assert_eq!((metadata.title.as_deref(), metadata.source.as_deref()), (Some("Harbours"), None));
}

#[test]
fn encrypted_text_is_named_and_obfuscated_fonts_are_not() {
    let encryption = |algorithm: &str, uri: &str| {
        format!(
            "<encryption><EncryptedData><EncryptionMethod Algorithm='{algorithm}'/><CipherData>\
             <CipherReference URI='{uri}'/></CipherData></EncryptedData></encryption>"
        )
    };
    let pages = [("a.xhtml", "<body><p>It silts.</p></body>")];
    let with = |text: &str| book(&pages, &[], &[("META-INF/encryption.xml", text)]);
    let locked = with(&encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OPS/a.xhtml"));
    assert_eq!(read(&locked).unwrap_err(), ReadError::Encrypted { what: WHAT });
    let font = with(&encryption("http://www.idpf.org/2008/embedding", "OPS/a.xhtml"));
    assert!(read(&font).is_ok());
}

#[test]
fn a_damaged_book_is_read_as_far_as_it_is_there() {
    let container = ("META-INF/container.xml", CONTAINER.as_bytes());
    let error = read(&archive(&[container])).unwrap_err().to_string();
    assert!(error.contains("no `OPS/book.opf`"), "{error}");
    let opf = "<package><manifest><item id='a' href='a.xhtml' media-type='application/xhtml+xml'/>\
               <item id='b' href='b.xhtml' media-type='application/xhtml+xml'/></manifest>\
               <spine><itemref idref='a'/><itemref idref='b'/><itemref idref='b'/></spine></package>";
    let page = page("<body><p>It silts.</p></body>");
    let reading = read(&archive(&[container, ("OPS/book.opf", opf.as_bytes()), ("OPS/b.xhtml", page.as_bytes())])).unwrap();
    assert_eq!((reading.articles.len(), reading.left_out), (1, 1));
    assert_eq!(reading.warnings[0].to_string(), "`OPS/a.xhtml` was left out: it is not in the book");
}
