#![no_main]

use topoi_fuzz::{ingest::Format, packed, read};

// Half of the bytes are the package document, the others a chapter, in a sound archive.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let container: &[u8] =
        br#"<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>"#;
    let (package, chapter) = bytes.split_at(bytes.len() / 2);
    let members = [
        ("META-INF/container.xml", container),
        ("a.opf", package),
        ("a.xhtml", chapter),
    ];
    read(&packed(&members), Some(Format::Epub));
});
