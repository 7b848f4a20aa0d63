//! Texts in fifty encodings: whether each is read as what it is.
//!
//! A text is right if its letters and digits are those that its own encoding, which the name of its folder says, gives.
//! Otherwise it is at least declared as damaged (bytes that stand for nothing, counted), refused, or wrong in silence.
//! Spaces and signs are left out of the comparison, since windows-1252 and ISO 8859-1 differ in quotes alone.

use std::error::Error;
use std::fs;
use std::path::Path;

use topoi::ingest::{Encoding, decode};

use super::Row;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let (mut files, mut right, mut declared) = (0_u32, 0_u32, 0_u32);
    for folder in fs::read_dir(folder)? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        for file in fs::read_dir(&folder)? {
            let bytes = fs::read(file?.path())?;
            files += 1;
            match decode(&bytes, None) {
                Ok(decoded) => {
                    let truth =
                        encoding(&name, &bytes).map(|encoding| letters(&encoding.decode(&bytes).0));
                    if truth.is_some_and(|truth| truth == letters(&decoded.text)) {
                        right += 1;
                    } else if decoded.unmapped > 0 {
                        declared += 1;
                    }
                }
                Err(_) => declared += 1,
            }
        }
    }
    let share = |count: u32| {
        format!(
            "{:.1} %",
            100.0 * f64::from(count) / f64::from(files.max(1))
        )
    };
    let row = |measure: &str, count, goal: &str| {
        [
            "encodings",
            measure,
            &files.to_string(),
            &share(count),
            goal,
        ]
        .map(str::to_owned)
    };
    Ok(vec![
        row("right text", right, ""),
        row("right text, or loss declared", right + declared, ">= 97 %"),
    ])
}

/// The encoding that the name of a folder says (`iso-8859-2-czech`, `GB2312`, `utf-8-sig`), and the byte order mark where
/// that leaves it open.
fn encoding(folder: &str, bytes: &[u8]) -> Option<Encoding> {
    let name = folder.to_lowercase();
    let is_big_endian = bytes.starts_with(b"\xfe\xff") || bytes.starts_with(b"\0\0\xfe\xff");
    match name.as_str() {
        "utf-16" | "utf-32" if is_big_endian => Encoding::for_label(&format!("{name}be")),
        "utf-16" => Encoding::for_label("utf-16le"),
        _ => Encoding::for_label(&name)
            .or_else(|| Encoding::for_label(name.get(..name.rfind('-')?)?)),
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}
