//! How much text is read in a second on one core: JSON lines of many articles, and the same articles as plain texts.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use topoi::article::Article;
use topoi::ingest::{Hints, read_source};

use super::Row;

pub(super) fn measure(path: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let bytes = fs::read(path)?;
    let hints = Hints {
        path: Some(path.to_owned()),
        ..Hints::default()
    };
    let text = |article: &Article| {
        let paragraphs = article
            .paragraphs
            .iter()
            .map(|paragraph| paragraph.text.as_str());
        paragraphs.collect::<Vec<_>>().join("\n")
    };
    let start = Instant::now();
    let articles = one_core.install(|| read_source(&bytes, &hints))?.articles;
    let packed = start.elapsed();
    let texts: Vec<String> = articles.iter().map(text).collect();
    let plain = Hints {
        path: Some("article.txt".into()),
        ..Hints::default()
    };
    let start = Instant::now();
    for text in &texts {
        one_core.install(|| read_source(text.as_bytes(), &plain))?;
    }
    let single = start.elapsed();
    let size: usize = texts.iter().map(String::len).sum();
    let row = |measure: &str, seconds: f64| {
        let speed = format!("{:.0} MB/s", size as f64 / 1e6 / seconds);
        [
            "speed",
            measure,
            &texts.len().to_string(),
            &speed,
            ">= 20 MB/s",
        ]
        .map(str::to_owned)
    };
    Ok(vec![
        row(
            "text a second, JSON lines, compressed",
            packed.as_secs_f64(),
        ),
        row("text a second, plain texts", single.as_secs_f64()),
    ])
}
