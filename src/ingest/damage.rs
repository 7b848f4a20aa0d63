//! Damage of every kind to what is packed: bytes changed, cut off and put in. Nothing may panic, and whatever is read
//! must hold together.

use super::package::tests::archive;
use super::tests::Random;
use super::*;

const WORDS: &str = "<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main' \
    xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'><w:body><w:p><w:pPr><w:outlineLvl w:val='0'/>\
    </w:pPr><w:r><w:t>Mud</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr></w:tbl>\
    <w:p><m:oMath><m:d><m:e><m:sSup><m:e><m:r><m:t>é</m:t></m:r></m:e><m:sup><m:r><m:t>n+1</m:t></m:r></m:sup></m:sSup>\
    </m:e></m:d></m:oMath><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:del/><w:r><w:t>b</w:t></w:r></w:p></w:body></w:document>";

const FEED: &str = "<?xml version='1.0'?><rss version='2.0'><channel><title>Review</title><item><title>Mud</title>\
    <pubDate>Thu, 14 May 2020 10:00:00 GMT</pubDate><description>It &lt;b&gt;silts&lt;/b&gt; &eacute;.</description></item>\
    <item><guid>é</guid><description><p>It <em>stinks</em>.</p></description></item></channel></rss>";

const JSON_FEED: &str = "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"é\", \"items\": [{\"id\": 1, \
    \"content_html\": \"<p>Mud.</p>\", \"date_published\": \"2020-05-14T10:00:00Z\"}]}";

const MAIL: &str = "Received: by x\nMessage-ID: <1@x>\nFrom: Ada =?utf-8?q?M=C3=A4rsh?= <a@x>\nTo: b@x\nSubject: Mud\n\
    Date: Thu, 14 May 2020 10:00:00 +0200\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\
    Content-Type: text/plain; format=flowed\n\nThe port \nsilts.\nOn Monday é wrote:\n> no\n-- \nAda\n--x\n\
    Content-Disposition: attachment; filename=a.md\nContent-Transfer-Encoding: base64\n\nIyBNdWQKClNpbHQu\n--x--\n";

const WARC: &str = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x/é\r\nContent-Type: application/http\r\n\
    Content-Length: 92\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nIt silts.\r\n0\r\n\r\n\
    \r\n\r\nWARC/1.0\r\nWARC-Type: resource\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nMud.\r\n\r\n";

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let mailbox = format!(
        "From a@x Thu May 14 10:00:00 2020\n{MAIL}\nFrom a@x Thu May 14 10:00:00 2020\n{MAIL}"
    );
    let page = "<html><body><h1 id='a'>Mud</h1><p>It silts.</p><h1><a id='b'/>Tide</h1><p>é</p></body></html>";
    let book = [
        ("META-INF/container.xml", &b"<container><rootfile full-path='b.opf'/></container>"[..]),
        (
            "b.opf",
            b"<package><metadata><title>B</title><date>2020</date></metadata><manifest><item id='a' href='a%20b.xhtml' \
              media-type='application/xhtml+xml'/><item id='n' href='n.ncx' media-type='application/x-dtbncx+xml'/></manifest>\
              <spine toc='n'><itemref idref='a'/></spine></package>",
        ),
        (
            "n.ncx",
            b"<ncx><navPoint><navLabel><text>Mud</text></navLabel><content src='a%20b.xhtml#a'/></navPoint>\
              <navPoint><navLabel><text>Tide</text></navLabel><content src='a%20b.xhtml#b'/></navPoint></ncx>",
        ),
        ("a b.xhtml", page.as_bytes()),
    ];
    vec![
        ("a.docx", WORDS.as_bytes().to_vec()),
        ("a.xml", FEED.as_bytes().to_vec()),
        ("a.json", JSON_FEED.as_bytes().to_vec()),
        ("a.eml", MAIL.as_bytes().to_vec()),
        ("a.mbox", mailbox.into_bytes()),
        ("a.warc", WARC.as_bytes().to_vec()),
        ("a.epub", archive(&book)),
        (
            "a.zip",
            archive(&[("a.xml", FEED.as_bytes()), ("b.eml", MAIL.as_bytes())]),
        ),
    ]
}

fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    const PIECES: [&[u8]; 9] = [
        b"<", b">", b"</", b"\n", b"\xff", b"\0", b"--x\n", b"&", b"\xc3",
    ];
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes.truncate(at.max(1)),
            2 => drop(bytes.drain(at..(at + random.below(40)).min(bytes.len()))),
            3 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
            _ => {
                let end = (at + random.below(60)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
        }
        if bytes.is_empty() {
            bytes.push(b' ');
        }
    }
    bytes
}

fn check(name: &str, bytes: &[u8]) {
    let hints = Hints {
        path: Some(name.into()),
        ..Hints::default()
    };
    let Ok(reading) = read_source(bytes, &hints) else {
        return;
    };
    assert_eq!(read_source(bytes, &hints).unwrap(), reading);
    let mut entries = std::collections::HashSet::new();
    for article in &reading.articles {
        assert!(entries.insert(article.entry.clone()), "{:?}", article.entry);
        let mut at = 0;
        for paragraph in &article.paragraphs {
            assert!(at <= paragraph.span.start && paragraph.span.start < paragraph.span.end);
            assert_eq!(fold(&paragraph.text), paragraph.text);
            at = paragraph.span.end;
        }
    }
}

#[test]
fn no_damage_makes_reading_panic() {
    let mut random = Random(0x746f_706f_6921);
    for (name, sample) in samples() {
        // A document is damaged before it is packed: a checksum would find what is damaged after.
        let packed = |part: &[u8]| match name {
            "a.docx" => archive(&[("[Content_Types].xml", b""), ("word/document.xml", part)]),
            _ => part.to_vec(),
        };
        let whole = Hints {
            path: Some(name.into()),
            ..Hints::default()
        };
        assert!(read_source(&packed(&sample), &whole).is_ok(), "{name}");
        for _ in 0..1_500 {
            check(name, &packed(&damaged(&sample, &mut random)));
        }
    }
}

#[test]
fn what_fuzzing_begins_with_can_be_read() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let formats = [
        ("csv", Format::Table),
        ("docx", Format::Docx),
        ("feed", Format::Feed),
        ("html", Format::Html),
        ("json", Format::Json),
        ("jsonl", Format::JsonLines),
        ("mail", Format::Mail),
        ("markdown", Format::Markdown),
        ("mbox", Format::Mailbox),
        ("pdf", Format::Pdf),
        ("warc", Format::Warc),
        ("zip", Format::Zip),
    ];
    for (target, format) in formats {
        for seed in std::fs::read_dir(seeds.join(target)).unwrap() {
            let hints = Hints {
                format: Some(format),
                ..Hints::default()
            };
            let seed = seed.unwrap().path();
            let bytes = std::fs::read(&seed).unwrap();
            assert!(read_source(&bytes, &hints).is_ok(), "{}", seed.display());
        }
    }
}
