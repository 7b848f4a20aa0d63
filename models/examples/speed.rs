//! How quickly a model loads and encodes: `cargo run --release -p topoi-models --example speed -- FOLDER TEXTS
//! [THREADS]`, where `TEXTS` has a text a line.
//!
//! The best of three runs is printed: the others were disturbed by something.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::env;
use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use topoi_models::{Encoder, Locator, ModelRef, Role, SentenceEncoder, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(model), Some(texts)) = (arguments.next(), arguments.next()) else {
        return Err("usage: speed FOLDER TEXTS [THREADS]".into());
    };
    let threads = arguments
        .next()
        .map(|threads| threads.parse())
        .transpose()?;
    let cache = env::temp_dir().join("topoi-speed");
    let folder = Locator::new(cache).locate(&ModelRef::Folder(model.into()))?;
    let settings = Settings {
        threads,
        ..Settings::default()
    };
    let (load, encoder) = best(|| SentenceEncoder::load(&folder, &settings))?;
    let query = "Export controls have not stopped cheaper models from catching up.";
    let (first, _) = best(|| encoder.encode_one(query, Role::Query))?;
    let texts = fs::read_to_string(texts)?;
    let texts: Vec<&str> = texts.lines().filter(|line| !line.is_empty()).collect();
    let tokens: usize = texts.iter().map(|text| encoder.tokens(text)).sum();
    let (all, _) =
        best(|| encoder.encode(&texts, Role::Passage, &mut |_| ControlFlow::Continue(())))?;
    println!("{}", encoder.identity());
    println!("load       {:8.1} ms", load.as_secs_f64() * 1e3);
    println!("one query  {:8.1} ms", first.as_secs_f64() * 1e3);
    println!(
        "{} texts of {:.0} tokens: {:.1} texts a second",
        texts.len(),
        tokens as f64 / texts.len().max(1) as f64,
        texts.len() as f64 / all.as_secs_f64(),
    );
    Ok(())
}

/// The shortest of three runs, and what it gave.
fn best<T, E>(mut run: impl FnMut() -> Result<T, E>) -> Result<(Duration, T), E> {
    let mut timed = || {
        let begun = Instant::now();
        run().map(|value| (begun.elapsed(), value))
    };
    let mut best = timed()?;
    for _ in 0..2 {
        let again = timed()?;
        if again.0 < best.0 {
            best = again;
        }
    }
    Ok(best)
}
