//! Tests of reading as a whole: every format through [`read_source`], damaged input, and real files.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::*;
use crate::article::{Article, Kind};

/// The folder of test data, or `None` (with a word on it) where it is absent.
fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TOPOI_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = root.join(path);
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

fn named(name: &str) -> Hints {
    Hints {
        path: Some(name.into()),
        ..Hints::default()
    }
}

fn one(name: &str, content: &str) -> Article {
    read_source(content.as_bytes(), &named(name))
        .unwrap()
        .articles
        .remove(0)
}

fn kinds(article: &Article) -> Vec<Kind> {
    article
        .paragraphs
        .iter()
        .map(|paragraph| paragraph.kind)
        .collect()
}

const BODY: &str = "A port is not a monument, and a city that treats it as one will soon have neither ships nor \
                    visitors, but only a wall with a view of the mud.";

#[test]
fn the_lines_above_a_plain_text_become_metadata() {
    let content = format!(
        "The Harbour Can Wait\nBy Ada Marsh and Ben Holt\nPublished: May 14, 2020\n\n{BODY}\n\n{BODY}\n"
    );
    let article = one("x.txt", &content);
    assert_eq!(
        article.metadata.title.as_deref(),
        Some("The Harbour Can Wait")
    );
    assert_eq!(
        article.metadata.author.as_deref(),
        Some("Ada Marsh and Ben Holt")
    );
    assert_eq!(article.metadata.date.unwrap().to_string(), "2020-05-14");
    assert_eq!(article.metadata.language.as_deref(), Some("en"));
    assert_eq!(
        kinds(&article),
        [
            Kind::Heading,
            Kind::Byline,
            Kind::Byline,
            Kind::Body,
            Kind::Body
        ]
    );
}

#[test]
fn a_first_line_that_is_no_title_stays_body() {
    for first in [
        BODY,
        "It silted up.",
        "- an item",
        "Copyright: Example",
        "1,000,000",
    ] {
        let article = one("x.txt", &format!("{first}\n\n{BODY}\n"));
        assert_eq!(article.metadata.title, None, "{first}");
    }
    assert_eq!(one("x.txt", "Only a line").metadata.title, None);
}

#[test]
fn what_the_source_says_of_itself_goes_before_what_its_text_says() {
    let content = format!(
        "---\nauthor: Li Wei\ndate: 2019\nlang: cy\n---\n# Ports\n\nBy Ada Marsh\n\nMay 14, 2020\n\n{BODY}"
    );
    let metadata = one("x.md", &content).metadata;
    assert_eq!(metadata.author.as_deref(), Some("Li Wei"));
    assert_eq!(metadata.date.unwrap().to_string(), "2019");
    assert_eq!(metadata.language.as_deref(), Some("cy"));
}

#[test]
fn spans_of_text_point_into_the_source_behind_a_byte_order_mark() {
    let content = format!("\u{feff}Größe\r\n\r\n  {BODY}\r\n");
    let article = one("x.txt", &content);
    let found: Vec<&str> = article
        .paragraphs
        .iter()
        .map(|p| &content[p.span.start..p.span.end])
        .collect();
    assert_eq!(found, ["Größe", BODY]);
}

#[test]
fn utf_16_gives_the_same_article_with_spans_into_the_decoded_text() {
    let content = format!("Größe\n\n{BODY}\n");
    let mut bytes = b"\xff\xfe".to_vec();
    bytes.extend(content.encode_utf16().flat_map(u16::to_le_bytes));
    let reading = read_source(&bytes, &Hints::default()).unwrap();
    assert_eq!(reading.encoding, Encoding::for_label("utf-16le"));
    assert_eq!(reading.articles[0], one("x.txt", &content));
}

#[test]
fn a_source_without_text_is_an_error_in_every_format() {
    for (name, content) in [
        ("x.txt", " \n"),
        ("x.md", "---\n\n***\n"),
        ("x.txt", "\u{ad}"),
        ("x.md", "![](x.png)"),
    ] {
        assert_eq!(
            read_source(content.as_bytes(), &named(name)).unwrap_err(),
            ReadError::Empty,
            "{content:?}"
        );
    }
}

/// The generator xorshift64*, so that the inputs are the same on every machine.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let product = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        usize::try_from(product >> 33).unwrap() % limit
    }
}

/// What must hold of any reading: spans in order, inside the source and on characters; folded texts.
fn check(bytes: &[u8], hints: &Hints) {
    let Ok(reading) = read_source(bytes, hints) else {
        return;
    };
    assert_eq!(read_source(bytes, hints).unwrap(), reading);
    assert!(!reading.articles.is_empty());
    for article in &reading.articles {
        assert!(!article.paragraphs.is_empty());
        let mut at = 0;
        for paragraph in &article.paragraphs {
            let span = paragraph.span;
            assert!(
                at <= span.start && span.start < span.end,
                "{span:?} after {at}"
            );
            at = span.end;
            assert!(!paragraph.text.is_empty());
            assert_eq!(fold(&paragraph.text), paragraph.text);
            if reading.format.has_lines()
                && reading.encoding == Some(Encoding::UTF_8)
                && std::str::from_utf8(bytes).is_ok()
            {
                let source = std::str::from_utf8(bytes).unwrap();
                let inside = &source[span.start..span.end];
                assert_eq!(inside.trim(), inside);
                if reading.format == Format::PlainText {
                    assert_eq!(fold(inside), paragraph.text);
                }
            }
            let mut measure = |text: &str| text.len().div_ceil(3) + 2;
            for window in windows(&paragraph.text, 16, &mut measure) {
                let window = &paragraph.text[window.start..window.end];
                assert!(measure(window) <= 16 || window.chars().count() == 1);
            }
        }
    }
}

#[test]
fn no_bytes_make_reading_panic() {
    const UNITS: [&str; 50] = [
        "---\n",
        "title: \"x\"\n",
        "author: [a, 'b'\n",
        "# ",
        "===\n",
        "> ",
        "- ",
        "1. ",
        "```\n",
        "<!--",
        "-->",
        "[a](b)",
        "[^1]:",
        "*",
        "_",
        "`",
        "{\"text\": \"",
        "\"}\n",
        "{\"paragraphs\": [\"a\", \"b\"]}\n",
        "\\u00e9",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "\x0c",
        "\u{a0}",
        "\u{feff}",
        "\u{ad}",
        "\u{2029}",
        "\u{3000}",
        "By Ada Marsh",
        "May 14, 2020",
        "Copyright: X",
        "Photo by Y",
        "Ada Marsh is a professor",
        ". ",
        "U.S. ",
        "“Why?” ",
        "港は深い。",
        "e\u{301}\u{301}",
        "👩‍👩‍👧",
        " ",
        "word ",
        "(see",
        "<p>",
        "<table><tr><td",
        "</div>",
        "<h1>",
        "&#x27",
        "<script type=application/ld+json>{",
    ];
    let names = ["", "x.txt", "x.md", "x.jsonl", "x.html"];
    let mut random = Random(0x746f_706f_6921);
    for round in 0..6_000 {
        let mut bytes: Vec<u8> = match round % 3 {
            0 => (0..random.below(200))
                .map(|_| u8::try_from(random.below(256)).unwrap())
                .collect(),
            _ => (0..random.below(60))
                .flat_map(|_| UNITS[random.below(UNITS.len())].bytes())
                .collect(),
        };
        if round % 3 == 2 && !bytes.is_empty() {
            for _ in 0..random.below(4) {
                let at = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = u8::try_from(random.below(128)).unwrap(),
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, b"\xff\xfe\n*\"{"[random.below(6)]),
                }
            }
        }
        let name = names[random.below(names.len())];
        let hints = if name.is_empty() {
            Hints::default()
        } else {
            named(name)
        };
        check(&bytes, &hints);
        if round % 5 == 0 {
            let mut wide = b"\xfe\xff".to_vec();
            wide.extend(
                String::from_utf8_lossy(&bytes)
                    .encode_utf16()
                    .flat_map(u16::to_be_bytes),
            );
            check(&wide, &hints);
        }
    }
}

#[test]
fn time_grows_with_the_size_and_no_faster() {
    let units = [
        "word ",
        "A sentence. ",
        "x",
        ". ",
        "\"",
        "(",
        "a\n",
        "\n",
        "a b\n\n",
        "- a\n",
        "> ",
        "U.S. ",
        "港。",
        "{\"text\":\"a\"}\n",
        "*a_ ",
    ];
    let begun = Instant::now();
    for unit in units {
        for name in ["x.txt", "x.md"] {
            let content = unit.repeat(300_000 / unit.len());
            let _ = read_source(content.as_bytes(), &named(name));
        }
    }
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn the_seed_page_is_read_line_by_line_with_its_boilerplate_marked() {
    let Some(path) = data("seed/article.txt") else {
        return;
    };
    let bytes = fs::read(&path).unwrap();
    let reading = read_source(
        &bytes,
        &Hints {
            path: Some(path),
            ..Hints::default()
        },
    )
    .unwrap();
    let article = &reading.articles[0];
    assert_eq!(article.paragraphs.len(), 29);
    assert_eq!(article.metadata.title, None);
    let not_body: Vec<(usize, Kind)> = kinds(article)
        .into_iter()
        .enumerate()
        .filter(|(_, kind)| *kind != Kind::Body)
        .collect();
    let expected = [
        (3, Kind::Credit),
        (23, Kind::Biography),
        (24, Kind::Copyright),
        (25, Kind::Teaser),
        (26, Kind::Teaser),
        (27, Kind::Teaser),
        (28, Kind::Teaser),
    ];
    assert_eq!(not_body, expected);
}

#[test]
fn texts_in_every_encoding_are_read_or_refused_with_a_reason() {
    let Some(root) = data("formats/encodings") else {
        return;
    };
    let (mut read_as_text, mut refused) = (0, 0);
    for folder in fs::read_dir(root)
        .unwrap()
        .map(|folder| folder.unwrap().path())
        .filter(|path| path.is_dir())
    {
        for file in fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().path())
        {
            let bytes = fs::read(&file).unwrap();
            check(
                &bytes,
                &Hints {
                    path: Some(file.clone()),
                    ..Hints::default()
                },
            );
            let plain = Hints {
                format: Some(Format::PlainText),
                ..Hints::default()
            };
            check(&bytes, &plain);
            match read_source(&bytes, &plain) {
                Ok(_) => read_as_text += 1,
                Err(ReadError::Binary { .. }) => refused += 1,
                Err(error) => panic!("{}: {error}", file.display()),
            }
        }
    }
    // One of the files is nothing but zeros.
    assert!(
        read_as_text > 400 && refused <= 1,
        "{read_as_text}, {refused}"
    );
}

#[test]
fn documents_books_and_feeds_are_read_or_refused_with_a_reason() {
    for (folder, at_least) in [
        ("formats/documents/docx/sources", 33),
        ("formats/documents/epub/sources", 1),
        ("formats/feeds/atom", 17),
        ("formats/feeds/rss0", 5),
        ("formats/feeds/rss1", 7),
        ("formats/feeds/rss2", 31),
        ("formats/feeds/jsonfeed", 3),
    ] {
        let Some(folder) = data(folder) else {
            return;
        };
        let mut read = 0;
        for file in fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().path())
        {
            let bytes = fs::read(&file).unwrap();
            let hints = Hints {
                path: Some(file.clone()),
                ..Hints::default()
            };
            if file.to_string_lossy().ends_with(".serde.json") {
                continue;
            }
            check(&bytes, &hints);
            match read_source(&bytes, &hints) {
                Ok(_) => read += 1,
                // Feeds whose entries have no text, and one that was cut off.
                Err(ReadError::Damaged { reason, .. }) => {
                    read += usize::from(reason.contains("has no text"));
                }
                Err(ReadError::Empty) => {}
                Err(error) => panic!("{}: {error}", file.display()),
            }
        }
        assert!(read >= at_least, "{}: {read}", folder.display());
    }
}

#[test]
fn nothing_recurs_because_an_article_was_copied() {
    let Some(path) = data("themes/bbc.jsonl") else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let reading = read_source(&bytes, &named("bbc.jsonl")).unwrap();
    let paragraphs = reading
        .articles
        .iter()
        .flat_map(|article| &article.paragraphs);
    let recurring: Vec<&str> = paragraphs
        .filter(|paragraph| paragraph.kind == Kind::Recurring)
        .map(|paragraph| paragraph.text.as_str())
        .collect();
    assert!(!recurring.is_empty());
    assert!(
        recurring
            .iter()
            .all(|text| text.contains("is a regular commentator")),
        "{recurring:?}"
    );
}
