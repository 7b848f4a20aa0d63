//! Tests of the reader as a whole, on PDFs that are written here.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::*;
use crate::ingest::source::Hints;

/// A PDF of numbered objects: a catalog, a tree of pages, and whatever is added.
struct Builder {
    objects: Vec<Vec<u8>>,
    pages: Vec<usize>,
    trailer: String,
}

/// The numbers of the objects that every file has.
const CATALOG: usize = 1;
const TREE: usize = 2;

impl Builder {
    fn new() -> Self {
        Self {
            objects: vec![Vec::new(), Vec::new()],
            pages: Vec::new(),
            trailer: String::new(),
        }
    }

    fn object(&mut self, content: impl Into<Vec<u8>>) -> usize {
        self.objects.push(content.into());
        self.objects.len()
    }

    fn stream(&mut self, dict: &str, data: &[u8]) -> usize {
        let mut object = format!("<<{dict} /Length {}>> stream\n", data.len()).into_bytes();
        object.extend_from_slice(data);
        object.extend_from_slice(b"\nendstream");
        self.object(object)
    }

    /// A page with content, in Helvetica as `/F` and in bold as `/B`.
    fn page(&mut self, content: &str) -> &mut Self {
        let content = self.stream("", content.as_bytes());
        self.page_of(content, "")
    }

    fn page_of(&mut self, content: usize, resources: &str) -> &mut Self {
        self.page_sized("600 800", content, resources)
    }

    fn page_sized(&mut self, size: &str, content: usize, resources: &str) -> &mut Self {
        let font = |name: &str| {
            format!("<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>")
        };
        let page = self.object(format!(
            "<</Type/Page/Parent {TREE} 0 R/MediaBox[0 0 {size}]/Contents {content} 0 R\
             /Resources<</Font<</F {} /B {}>>{resources}>>>>",
            font("Helvetica"),
            font("Helvetica-Bold")
        ));
        self.pages.push(page);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut kids = String::new();
        for page in &self.pages {
            write!(kids, "{page} 0 R ").unwrap();
        }
        let tree = format!("<</Type/Pages/Count {}/Kids[{kids}]>>", self.pages.len());
        let catalog = format!("<</Type/Catalog/Pages {TREE} 0 R>>");
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let mut offsets = Vec::new();
        for (at, object) in self.objects.iter().enumerate() {
            let content = match at + 1 {
                CATALOG => catalog.as_bytes(),
                TREE if object.is_empty() => tree.as_bytes(),
                _ => object,
            };
            offsets.push(bytes.len());
            writeln!(bytes, "{} 0 obj", at + 1).unwrap();
            bytes.extend_from_slice(content);
            bytes.extend_from_slice(b"\nendobj\n");
        }
        let start = bytes.len();
        let count = offsets.len() + 1;
        writeln!(bytes, "xref\n0 {count}\n0000000000 65535 f ").unwrap();
        for offset in offsets {
            writeln!(bytes, "{offset:010} 00000 n ").unwrap();
        }
        let trailer = &self.trailer;
        write!(
            bytes,
            "trailer\n<</Size {count}/Root {CATALOG} 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n"
        )
        .unwrap();
        bytes
    }
}

/// Content that shows lines, each with its place.
fn shown(font: &str, size: u32, lines: &[(&str, u32, u32)]) -> String {
    let mut content = String::new();
    for (text, x, y) in lines {
        writeln!(content, "BT /{font} {size} Tf {x} {y} Td ({text}) Tj ET").unwrap();
    }
    content
}

fn read_bytes(bytes: &[u8]) -> Result<Article, ReadError> {
    let hints = Hints::default();
    let started = Instant::now();
    let read = Pdf.read(&Source::new(bytes, &hints));
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "it took too long"
    );
    read.map(|extracted| extracted.articles.into_iter().next().unwrap())
}

fn texts(article: &Article) -> Vec<&str> {
    article
        .paragraphs
        .iter()
        .map(|paragraph| paragraph.text.as_str())
        .collect()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A page of two columns under a running head and over a number.
fn two_columns(number: usize, left: &[&str], right: &[&str]) -> String {
    let mut content = shown("F", 9, &[("The Example Review", 50, 770)]);
    content += &shown("F", 9, &[(&number.to_string(), 295, 30)]);
    for (column, x) in [(left, 50), (right, 310)] {
        for (at, line) in column.iter().enumerate() {
            content += &shown("F", 11, &[(line, x, 700 - 13 * at as u32)]);
        }
    }
    content
}

#[test]
fn two_columns_over_two_pages_are_one_text() {
    let mut builder = Builder::new();
    let mut first = shown("B", 20, &[("The Harbour Can Wait", 50, 735)]);
    first += &two_columns(
        1,
        &[
            "A port is not a monument, and a city",
            "that treats it as one will soon have",
            "neither ships nor visitors. The har-",
            "bour master says so, and he is a well-",
            "known man among those who go there.",
        ],
        &[
            "He has seen the water rise and fall in",
            "all the years since the war, and as he",
            "is well-known he is asked about all of",
            "it by those who come from the town in",
            "the summer to look at the ships and to",
        ],
    );
    builder.page(&first);
    builder.page(&two_columns(
        2,
        &[
            "count them, as if a harbour were made",
            "of ships alone. It is made of mud, too.",
            "Nobody counts the mud, but it is there",
            "before the ships and after they leave,",
            "and it is what the harbour rests upon.",
        ],
        &[
            "So much for the mud. What of the town",
            "that lives from it, or says that it is",
            "living from it? It could wait as well.",
            "There is time for all of this, and the",
            "harbour has more time than the others.",
        ],
    ));
    let article = read_bytes(&builder.bytes()).unwrap();
    assert_eq!(
        article.metadata.title.as_deref(),
        Some("The Harbour Can Wait")
    );
    assert_eq!(article.paragraphs[0].kind, Kind::Heading);
    let text = texts(&article).join("\n");
    assert!(
        text.contains("The harbour master says so, and he is a well-known man"),
        "{text}"
    );
    assert!(
        text.contains("to look at the ships and to count them, as if"),
        "{text}"
    );
    assert!(
        text.contains("rests upon.\nSo much") || text.contains("rests upon. So much"),
        "{text}"
    );
    assert!(
        !text.contains("Review") && !text.contains(" 1") && !text.contains(" 2"),
        "{text}"
    );
}

#[test]
fn text_that_is_not_seen_is_read() {
    let mut builder = Builder::new();
    builder.page("BT 3 Tr /F 12 Tf 50 700 Td (Recognised behind a picture) Tj ET");
    assert_eq!(
        texts(&read_bytes(&builder.bytes()).unwrap()),
        ["Recognised behind a picture"]
    );
}

#[test]
fn turned_pages_and_forms_are_read() {
    let mut builder = Builder::new();
    builder.page("BT /F 12 Tf 0 1 -1 0 300 100 Tm (This line runs upwards) Tj ET");
    let form = builder.stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 600 800]",
        b"BT /F 12 Tf 50 500 Td [(In a )-20(form)] TJ ET",
    );
    let content = builder.stream("", b"q 1 0 0 1 10 10 cm /X Do Q");
    builder.page_of(content, &format!("/XObject<</X {form} 0 R>>"));
    let article = read_bytes(&builder.bytes()).unwrap();
    assert_eq!(texts(&article), ["This line runs upwards", "In a form"]);
}

#[test]
fn the_information_gives_title_author_and_date() {
    let mut builder = Builder::new();
    builder.page(&shown("F", 12, &[("A port is not a monument.", 50, 700)]));
    let info =
        builder.object("<</Title(The Harbour)/Author(Ada Marsh)/CreationDate(D:20200514100000Z)>>");
    builder.trailer = format!("/Info {info} 0 R");
    let metadata = read_bytes(&builder.bytes()).unwrap().metadata;
    assert_eq!(metadata.title.as_deref(), Some("The Harbour"));
    assert_eq!(metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(metadata.date.unwrap().to_string(), "2020-05-14");
}

#[test]
fn what_cannot_be_read_says_why() {
    let mut picture = Builder::new();
    let image = picture.stream("/Type/XObject/Subtype/Image/Width 1/Height 1", b"\0");
    let content = picture.stream("", b"600 0 0 800 0 0 cm /X Do");
    picture.page_of(content, &format!("/XObject<</X {image} 0 R>>"));
    let refused = read_bytes(&picture.bytes()).unwrap_err();
    assert_eq!(refused, ReadError::OnlyPictures { what: WHAT });

    let mut locked = Builder::new();
    locked.page(&shown("F", 12, &[("Secret", 50, 700)]));
    let (owner, user) = ("41".repeat(32), "42".repeat(32));
    locked.trailer = format!(
        "/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O<{owner}>/U<{user}>>>/ID[<00><00>]"
    );
    let refused = read_bytes(&locked.bytes()).unwrap_err();
    assert_eq!(refused, ReadError::Encrypted { what: WHAT });

    let mut empty = Builder::new();
    empty.page("q Q");
    assert_eq!(read_bytes(&empty.bytes()).unwrap_err(), ReadError::Empty);

    for broken in [
        "%PDF-1.7\n",
        "%PDF-1.4 1 0 obj <</Type/Catalog/Pages 1 0 R>>",
    ] {
        let refused = read_bytes(broken.as_bytes()).unwrap_err();
        assert!(matches!(refused, ReadError::Damaged { .. }), "{refused}");
    }
}

#[test]
fn a_file_without_its_list_of_objects_is_read() {
    let mut builder = Builder::new();
    builder.page(&shown("F", 12, &[("A port is not a monument.", 50, 700)]));
    let bytes = builder.bytes();
    let end = bytes
        .windows(4)
        .position(|window| window == b"xref")
        .unwrap();
    assert!(read_bytes(&bytes[..end]).is_ok());
}

#[test]
fn forms_and_pages_that_hold_themselves_end() {
    let mut builder = Builder::new();
    let form = builder.objects.len() + 1;
    // Each form shows the next one ten times, the last one the first.
    for at in 0..14 {
        let next = form + (at + 1) % 14;
        builder.stream(
            &format!("/Subtype/Form/Resources<</XObject<</X {next} 0 R>>>>"),
            "/X Do ".repeat(10).as_bytes(),
        );
    }
    let content = builder.stream("", b"BT /F 12 Tf 50 700 Td (Shown) Tj ET /X Do");
    builder.page_of(content, &format!("/XObject<</X {form} 0 R>>"));
    assert_eq!(texts(&read_bytes(&builder.bytes()).unwrap()), ["Shown"]);

    let mut builder = Builder::new();
    builder.objects[TREE - 1] =
        format!("<</Type/Pages/Count 9/Kids[{TREE} 0 R {TREE} 0 R]>>").into();
    assert!(read_bytes(&builder.bytes()).is_err());
}

#[test]
fn what_unpacks_to_too_much_is_not_unpacked() {
    let bomb = deflated(&deflated(&vec![b' '; 300 << 20]));
    let mut builder = Builder::new();
    let content = builder.stream("/Filter[/FlateDecode/FlateDecode]", &bomb);
    builder.page_of(content, "");
    assert!(read_bytes(&builder.bytes()).is_err());

    let mut builder = Builder::new();
    builder.stream(
        "/Type/ObjStm/N 1/First 4/Filter[/FlateDecode/FlateDecode]",
        &bomb,
    );
    builder.page(&shown("F", 12, &[("Shown all the same", 50, 700)]));
    let bytes = builder.bytes();
    let end = bytes
        .windows(4)
        .position(|window| window == b"xref")
        .unwrap();
    assert_eq!(
        texts(&read_bytes(&bytes[..end]).unwrap()),
        ["Shown all the same"]
    );
}

#[test]
fn deep_nesting_and_endless_content_end() {
    for filling in [
        "[",
        "<<",
        "(",
        "q ",
        "1 0 obj ",
        "<</A ",
        "BI ID EI ",
        "/X Do ",
        "endobj stream ",
    ] {
        let filling = filling.repeat((2 << 20) / filling.len());
        let mut builder = Builder::new();
        builder.page(&filling);
        assert!(read_bytes(&builder.bytes()).is_err());
        let mut bytes = b"%PDF-1.7\n".to_vec();
        bytes.extend_from_slice(filling.as_bytes());
        assert!(read_bytes(&bytes).is_err());
        let mut builder = Builder::new();
        builder.object(filling);
        builder.page(&shown("F", 12, &[("Shown", 50, 700)]));
        let bytes = builder.bytes();
        let end = bytes
            .windows(4)
            .position(|window| window == b"xref")
            .unwrap();
        drop(read_bytes(&bytes[..end]));
    }
    let mut builder = Builder::new();
    builder.page(&"BT /F 12 Tf 50 700 Td (aaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj ET ".repeat(40_000));
    assert!(read_bytes(&builder.bytes()).is_ok());
}

/// A page that shows `content` in a font of its own, `/T`, and in Helvetica.
fn in_font(builder: &mut Builder, font: &str, content: &str) {
    let content = builder.stream("/Filter/FlateDecode", &deflated(content.as_bytes()));
    builder.page_of(
        content,
        &format!("/Font<</T<</Type/Font{font}>>/F<</Type/Font{SIMPLE}>>>>"),
    );
}

fn to_unicode(letters: usize) -> String {
    format!("1 beginbfchar <41> <{}> endbfchar", "0061".repeat(letters))
}

const SIMPLE: &str = "/Subtype/Type1/BaseFont/Helvetica";

#[test]
fn one_code_that_stands_for_a_book_does_not_fill_the_memory() {
    let shown = format!(
        "BT /T 10 Tf 9 700 Td .001 Tz ({}) Tj ET",
        "A".repeat(60_000)
    );
    let read = |letters| {
        let mut builder = Builder::new();
        let cmap = builder.stream("", to_unicode(letters).as_bytes());
        let font = format!("{SIMPLE}/ToUnicode {cmap} 0 R");
        in_font(&mut builder, &font, &shown);
        read_bytes(&builder.bytes())
    };
    assert_eq!(read(20_000).unwrap_err(), ReadError::Empty);
    let letters = |article: Article| texts(&article).concat().len();
    assert!((1_000..5_000_000).contains(&letters(read(256).unwrap())));
    assert!(letters(read(2).unwrap()) >= 2);
    // The name of a glyph is as long as a file likes, too.
    let mut builder = Builder::new();
    let font = format!(
        "{SIMPLE}/Encoding<</Differences[65/{}f]>>",
        "f_".repeat(50_000)
    );
    in_font(&mut builder, &font, &shown);
    assert_eq!(read_bytes(&builder.bytes()).unwrap_err(), ReadError::Empty);
}

#[test]
fn a_font_that_is_set_a_million_times_is_looked_up_once() {
    let mut builder = Builder::new();
    let font = builder.object(format!("<</Type/Font{SIMPLE}>>"));
    let mut names = String::new();
    for name in 0..20_000 {
        write!(names, "/G{name} {font} 0 R").unwrap();
    }
    let content = "/G7 9 Tf ".repeat(1_000_000);
    let content = format!("BT 50 700 Td {content} (Shown) Tj ET");
    let content = builder.stream("/Filter/FlateDecode", &deflated(content.as_bytes()));
    builder.page_of(content, &format!("/Font<<{names}>>"));
    let started = Instant::now();
    assert_eq!(texts(&read_bytes(&builder.bytes()).unwrap()), ["Shown"]);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_form_with_a_long_dictionary_is_looked_up_once() {
    let mut builder = Builder::new();
    let mut keys = String::new();
    for key in 0..10_000 {
        write!(keys, "/K{key} 1").unwrap();
    }
    let form = builder.stream(&format!("/Subtype/Form{keys}"), b"q Q");
    let content = deflated("/X Do ".repeat(150_000).as_bytes());
    let content = builder.stream("/Filter/FlateDecode", &content);
    builder.page_of(content, &format!("/XObject<</X {form} 0 R>>"));
    let started = Instant::now();
    assert_eq!(read_bytes(&builder.bytes()).unwrap_err(), ReadError::Empty);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn numbers_that_stand_for_millions_of_widths_are_not_believed() {
    let composite = |widths: &str| {
        format!(
            "/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType2\
             /BaseFont/X{widths}>>]"
        )
    };
    for font in [
        format!("{SIMPLE}/FirstChar 4000000000/LastChar 4000000000/Widths[1]"),
        format!("{SIMPLE}/Encoding<</Differences[9223372036854775807/a/b]>>"),
        composite("/W[0 4000000000 500]"),
        composite(&format!("/W[{}]", "0 65535 500 ".repeat(10_000))),
        composite("/W2[0 4000000000 1 1 1]"),
    ] {
        let mut builder = Builder::new();
        in_font(
            &mut builder,
            &font,
            "BT /T 9 Tf 50 700 Td (A) Tj /F 9 Tf (Shown) Tj ET",
        );
        assert_eq!(texts(&read_bytes(&builder.bytes()).unwrap()), ["Shown"]);
    }
}

#[test]
fn a_page_without_end_is_read_as_one_of_paper() {
    let endless = "9".repeat(60);
    for size in [format!("{endless} 79266666666"), format!("600 {endless}")] {
        let mut builder = Builder::new();
        let content = builder.stream("", b"BT /F 12 Tf 50 700 Td (Shown) Tj ET");
        for _ in 0..3 {
            builder.page_sized(&size, content, "");
        }
        let article = read_bytes(&builder.bytes()).unwrap();
        assert_eq!(texts(&article), ["Shown", "Shown", "Shown"]);
    }
}

#[test]
fn endless_strings_and_arrays_of_text_end() {
    for shown in ["[0 0 0 0 0 0 0 0 ", "[()()()()()()()()", "(aaaaaaaaaaaaaaa"] {
        let mut builder = Builder::new();
        let content = format!("BT /F 9 Tf 9000 9000 Td {}", shown.repeat(1_000_000));
        let content = deflated(&content.into_bytes());
        let content = builder.stream("/Filter/FlateDecode", &content);
        for _ in 0..8 {
            builder.page_of(content, "");
        }
        drop(read_bytes(&builder.bytes()));
    }
}
