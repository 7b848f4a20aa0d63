#![no_main]

use topoi_fuzz::read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read(bytes, None));
