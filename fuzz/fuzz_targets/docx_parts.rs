#![no_main]

use topoi_fuzz::{ingest::Format, packed, read};

// The document itself, in a sound archive: bytes at random seldom have the right checksums.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let types: &[u8] =
        br#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    read(
        &packed(&[("[Content_Types].xml", types), ("word/document.xml", bytes)]),
        Some(Format::Docx),
    );
});
