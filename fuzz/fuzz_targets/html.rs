#![no_main]

use topoi_fuzz::{ingest::Format, read};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read(bytes, Some(Format::Html)));
