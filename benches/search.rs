//! How fast a warm process answers questions over a large library: one by one on one thread, and many at once on all
//! cores, embedding included.
//!
//!     TOPOI_BENCH_LIBRARY=DIR cargo bench --bench search
//!
//! The library is any that `topoi index` has made with the default model. Questions are the first sentences of passages
//! of its own, shortened, so that each is about something in it and none is asked twice.

#![expect(clippy::print_stdout, reason = "what is printed is the result")]

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use topoi::article::PassageId;
use topoi::library::Library;
use topoi::search::{Feedback, Mode, Query, SearchOptions};
use topoi_benches::load;
use topoi_models::{Encoder, SentenceEncoder, Settings};

/// How many questions are asked one by one, and how many at once.
const ALONE: usize = 500;
const TOGETHER: usize = 4096;

/// How many words a question has at most.
const WORDS: usize = 8;

fn main() {
    let Some(root) = std::env::var_os("TOPOI_BENCH_LIBRARY").map(PathBuf::from) else {
        println!("skipped: TOPOI_BENCH_LIBRARY names no library");
        return;
    };
    let library = Library::open(&root).expect("the library");
    let passages = library
        .store()
        .counts()
        .expect("the library's counts")
        .passages;
    let questions = questions(&library, passages);
    println!("{passages} passages, {} questions", questions.len());
    let one = || {
        let library = Library::open(&root).expect("the library");
        let encoder = load(&Settings {
            threads: NonZeroUsize::new(1),
            ..Settings::default()
        });
        let encoder = encoder.expect("the default model");
        for mode in [Mode::Hybrid, Mode::Semantic, Mode::Lexical] {
            alone(&library, &encoder, &questions, mode);
        }
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a pool of one thread").install(one);
    let encoder = load(&Settings::default()).expect("the default model");
    for mode in [Mode::Hybrid, Mode::Semantic] {
        together(&library, &encoder, &questions, mode);
    }
}

/// The first words of passages from everywhere in the library.
fn questions(library: &Library, passages: u64) -> Vec<Query> {
    let step = passages / TOGETHER as u64 + 1;
    let text = |number: u64| {
        let passage = library.store().passage(PassageId(number)).ok()??;
        let words: Vec<&str> = passage.text.split_whitespace().take(WORDS).collect();
        (words.len() >= 3).then(|| Query::plain(&words.join(" ")))
    };
    (1..=passages)
        .step_by(usize::try_from(step).unwrap_or(1))
        .filter_map(text)
        .collect()
}

fn options(mode: Mode) -> SearchOptions {
    SearchOptions {
        mode,
        ..SearchOptions::default()
    }
}

fn alone(library: &Library, encoder: &SentenceEncoder, questions: &[Query], mode: Mode) {
    let mut times: Vec<[Duration; 2]> = questions
        .iter()
        .step_by(questions.len() / ALONE + 1)
        .map(|question| {
            let begin = Instant::now();
            let found = library.search(question, &Feedback::default(), encoder, &options(mode));
            let found = found.expect("an answer");
            [begin.elapsed(), found.embedding]
        })
        .collect();
    // The first questions bring the library into memory.
    times.drain(..times.len() / 10);
    let mut quantiles = |which: usize| {
        times.sort_unstable_by_key(|times| times[which]);
        let at = |share: usize| times[times.len() * share / 100][which].as_secs_f64() * 1e3;
        [at(50), at(99)]
    };
    let [embedding, _] = quantiles(1);
    let [half, most] = quantiles(0);
    println!(
        "{mode:?}, one thread: median {half:.2} ms, 99 % within {most:.2} ms (of it the embedding {embedding:.2} ms)"
    );
}

fn together(library: &Library, encoder: &dyn Encoder, questions: &[Query], mode: Mode) {
    let begin = Instant::now();
    let mut embedding = Duration::ZERO;
    for questions in questions.chunks(512) {
        let found = library.search_many(questions, &Feedback::default(), encoder, &options(mode));
        let found = found.expect("answers");
        embedding += found.iter().map(|found| found.embedding).sum::<Duration>();
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{mode:?}, all cores: {:.0} questions/s ({:.0} % of the time embedding)",
        questions.len() as f64 / seconds,
        100.0 * embedding.as_secs_f64() / seconds
    );
}
