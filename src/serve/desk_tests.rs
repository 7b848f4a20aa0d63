use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use topoi::Location;
use topoi_models::{Identity, Observer, Pooling, Precision};

use super::*;
use crate::serve::model::Model;

/// A text's vector is its length.
struct Lengths(Identity);

impl Encoder for Lengths {
    fn identity(&self) -> &Identity {
        &self.0
    }

    fn room(&self, _: Role) -> usize {
        self.0.max_tokens
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.len()
    }

    fn token_spans(&self, text: &str) -> Vec<Range<usize>> {
        (0..text.len()).map(|at| at..at + 1).collect()
    }

    fn encode(&self, texts: &[&str], _: Role, _: Observer<'_>) -> Result<Embeddings, EncodeError> {
        let mut embeddings = Embeddings::zeros(texts.len(), 1);
        for (row, text) in texts.iter().enumerate() {
            assert_ne!(*text, "!", "this text breaks the model down");
            embeddings.row_mut(row).unwrap()[0] = text.len() as f32;
        }
        Ok(embeddings)
    }
}

fn shelf() -> Arc<Shelf> {
    let model = Model {
        encoder: Box::new(Lengths(Identity {
            name: "lengths".into(),
            revision: None,
            weights_sha256: String::new(),
            tokenizer_sha256: String::new(),
            dense_sha256: None,
            pooling: Pooling::Mean,
            normalise: false,
            dim: 1,
            max_tokens: 100,
            precision: Precision::F32,
            query_prompt: String::new(),
            passage_prompt: String::new(),
        })),
        reference: "lengths".to_owned(),
    };
    let nowhere = Location::Folder(PathBuf::from("nowhere"));
    Arc::new(Shelf::new(0, "empty".into(), nowhere, Arc::new(model)))
}

fn desk(shelf: &Arc<Shelf>, workers: usize, queue: usize) -> Desk {
    let limits = Limits {
        queue,
        batch: 4,
        time: Duration::from_secs(3600),
    };
    let shelves = vec![Arc::clone(shelf)];
    Desk::open(shelves, workers, limits, Arc::new(Metrics::new())).unwrap()
}

fn texts(text: String) -> Texts {
    Texts {
        role: Role::Query,
        texts: vec![text],
    }
}

/// Waits for an answer on this thread.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().build().unwrap().block_on(answer)
}

#[test]
fn everybody_gets_the_answer_to_the_own_question_whoever_works() {
    for workers in [1, 3] {
        let shelf = shelf();
        let desk = desk(&shelf, workers, 100);
        let worked = Arc::new(AtomicUsize::new(0));
        thread::scope(|threads| {
            for asker in 1..=4 {
                let (desk, shelf, worked) = (&desk, &shelf, &worked);
                threads.spawn(move || {
                    for question in 0..5 {
                        let length = asker * 10 + question;
                        let worked = Arc::clone(worked);
                        let work = move |seat: Seat<'_>| {
                            worked.fetch_add(1, Ordering::Relaxed);
                            seat.embed().unwrap().into_values()
                        };
                        let texts = texts("a".repeat(length));
                        let answer = if asker % 2 == 0 {
                            wait(desk.ask(shelf, texts, work)).unwrap()
                        } else {
                            desk.order(shelf, texts, work)
                                .unwrap()
                                .blocking_recv()
                                .unwrap()
                        };
                        assert_eq!(answer, [length as f32]);
                    }
                });
            }
        });
        desk.close();
        assert_eq!(worked.load(Ordering::Relaxed), 20);
    }
}

#[test]
fn what_was_let_in_before_the_end_is_answered_and_nothing_is_let_in_after_it() {
    let shelf = shelf();
    let desk = desk(&shelf, 2, 100);
    let ask = |length| desk.order(&shelf, texts("a".repeat(length)), |seat| seat.embed());
    let waiting: Vec<_> = (1..=6).map(|length| ask(length).unwrap()).collect();
    thread::scope(|threads| {
        threads.spawn(|| desk.close());
        for (answer, length) in waiting.into_iter().zip(1..) {
            let vector = answer.blocking_recv().unwrap().unwrap();
            assert_eq!(vector.values(), [length as f32]);
        }
    });
    assert_eq!(ask(1).err(), Some(Refusal::Closing));
}

#[test]
fn a_text_that_breaks_the_model_down_is_nobody_elses_loss() {
    let shelf = shelf();
    let desk = desk(&shelf, 1, 100);
    thread::scope(|threads| {
        for text in ["aa", "!", "aaa"] {
            let (desk, shelf) = (&desk, &shelf);
            threads.spawn(move || {
                let answer = wait(desk.ask(shelf, texts(text.to_owned()), |seat| {
                    seat.embed().unwrap().into_values()
                }));
                let expected = match text {
                    "!" => Err(Refusal::Broken),
                    text => Ok(vec![text.len() as f32]),
                };
                assert_eq!(answer, expected);
            });
        }
    });
    desk.close();
}

#[test]
fn what_does_not_fit_is_refused_as_a_whole() {
    let shelf = shelf();
    let desk = desk(&shelf, 1, 0);
    let portions = || (0..PORTIONS).map(|_| texts("a".to_owned())).collect();
    let work = |seat: Seat<'_>| seat.embed().unwrap().into_values();
    let answer = wait(desk.ask(&shelf, texts("a".to_owned()), work));
    assert_eq!(answer, Err(Refusal::Busy));
    let answer = wait(desk.ask_for_all(&shelf, portions(), work));
    assert_eq!(answer, Err(Refusal::Busy));
    desk.close();
}
