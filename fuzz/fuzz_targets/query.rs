#![no_main]

//! What a person types. It is read or refused, and what is read says something.

use topoi_fuzz::query::Query;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(typed) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(query) = Query::parse(typed) else {
        return;
    };
    assert!(query.terms().iter().all(|term| term.weight.is_finite()));
    assert!(query.text().len() <= typed.len());
});
