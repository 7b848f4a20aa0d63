//! What the benchmarks share: the default model, and texts to embed.

use std::path::PathBuf;

use topoi_models::{Locator, ModelRef, SentenceEncoder, Settings};

/// The default model, run as `settings` say, fetched where it is not in the cache yet.
///
/// # Errors
///
/// Where it can't be had or loaded.
pub fn load(settings: &Settings) -> Result<SentenceEncoder, Box<dyn std::error::Error>> {
    let folder = locator().locate(&ModelRef::default())?;
    Ok(SentenceEncoder::load(&folder, settings)?)
}

/// Finds models where the program `topoi` keeps them.
pub fn locator() -> Locator<'static> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    Locator::new(cache.unwrap_or_default().join("topoi"))
}

/// The paragraphs of the sample articles that are longer than a line.
///
/// # Errors
///
/// Where the articles can't be read.
pub fn paragraphs() -> std::io::Result<Vec<String>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/commentary");
    let mut paths = Vec::new();
    for folder in std::fs::read_dir(root)? {
        for file in std::fs::read_dir(folder?.path())? {
            paths.push(file?.path());
        }
    }
    paths.sort();
    let mut paragraphs = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path)?;
        paragraphs.extend(
            text.split("\n\n")
                .filter(|part| part.len() > 200)
                .map(str::to_owned),
        );
    }
    Ok(paragraphs)
}
