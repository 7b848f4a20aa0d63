//! What the fuzz targets share. The readers are taken in as source: the whole of topoi, with its models, takes many times as
//! long to build, and its counters slow down each execution. The server belongs to the program, which nobody can depend on.

#[path = "../../src/article.rs"]
pub mod article;
#[path = "../../src/ingest/mod.rs"]
pub mod ingest;
#[allow(dead_code, reason = "what ranks uses more of it")]
#[path = "../../src/lexical/query.rs"]
pub mod query;

#[cfg(feature = "server")]
#[allow(dead_code, unused_imports, reason = "the command line uses more of it")]
#[path = "../../src/answers/mod.rs"]
mod answers;
#[cfg(feature = "server")]
#[path = "../../src/serve/mod.rs"]
mod serve;
#[cfg(feature = "server")]
pub mod served;

use std::io::{Cursor, Write};

use ingest::{Format, Hints, read_source};

/// Reads bytes and checks what must hold of whatever is read.
pub fn read(bytes: &[u8], format: Option<Format>) {
    let hints = Hints {
        format,
        ..Hints::default()
    };
    let Ok(reading) = read_source(bytes, &hints) else {
        return;
    };
    assert!(!reading.articles.is_empty());
    for article in &reading.articles {
        assert!(!article.paragraphs.is_empty());
        let mut end = 0;
        for paragraph in &article.paragraphs {
            assert!(!paragraph.text.is_empty());
            assert!(end <= paragraph.span.start && paragraph.span.start < paragraph.span.end);
            end = paragraph.span.end;
        }
    }
}

/// A ZIP archive of members that are stored as they are.
pub fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        archive
            .start_file(*name, options)
            .expect("written to memory");
        archive.write_all(bytes).expect("written to memory");
    }
    archive.finish().expect("written to memory").into_inner()
}
