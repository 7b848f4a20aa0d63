//! From the text of a record to its values, as long as these fit into memory.

use serde_json::Value;

/// How many values a record may have. An object of a single field takes some 600 bytes of memory for 8 of its text, so
/// that these are 300 MB at worst; a list of as many paragraphs would be a hundred times `War and Peace`.
const VALUES: usize = 500_000;

/// Parses a record.
///
/// # Errors
///
/// What is wrong with it, in words that go on from its name or place.
pub(in super::super) fn parse(text: &str) -> Result<Value, String> {
    if values(text) > VALUES {
        return Err(format!("holds more than {VALUES} values"));
    }
    serde_json::from_str(text).map_err(|error| {
        // Its line is always 1.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        format!("not JSON ({message} at column {})", error.column())
    })
}

/// How many values a JSON text has, at most: one more than it has signs outside of strings that open or part values.
fn values(text: &str) -> usize {
    let (mut count, mut is_quoted, mut is_escaped) = (1, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            b'{' | b'[' | b',' if !is_quoted => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_in_strings_are_no_values() {
        assert_eq!(values(r#""a, [b] {c} \" d, e""#), 1);
        assert_eq!(values(r#"{"a\\": [1, 2], "b": 3}"#), 5);
    }

    #[test]
    fn what_does_not_fit_into_memory_is_not_parsed() {
        let list = format!("[{}0]", "0,".repeat(VALUES));
        assert_eq!(parse(&list).unwrap_err(), "holds more than 500000 values");
        assert!(parse("[1").unwrap_err().starts_with("not JSON (EOF while"));
    }
}
