//! A small library that is served, over HTTP and to an agent, as `topoi serve` and `topoi mcp` do it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use topoi::Location;
use topoi::library::{Indexer, Silent, Windowing};
use topoi_models::{
    Embeddings, EncodeError, Encoder, Identity, Observer, Pooling, Precision, Role,
};

use crate::serve::{self, Model, Permissions, Served, Settings};

/// A model that counts letters: what is tried out here is the server, and a model costs more than all of it.
struct Letters(Identity);

impl Letters {
    fn new() -> Self {
        Self(Identity {
            name: "letters".into(),
            revision: None,
            weights_sha256: "0".repeat(64),
            tokenizer_sha256: "0".repeat(64),
            dense_sha256: None,
            pooling: Pooling::Mean,
            normalise: true,
            dim: 27,
            max_tokens: 200,
            precision: Precision::F32,
            query_prompt: String::new(),
            passage_prompt: String::new(),
        })
    }
}

impl Encoder for Letters {
    fn identity(&self) -> &Identity {
        &self.0
    }

    fn room(&self, _: Role) -> usize {
        self.0.max_tokens
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.chars().count()
    }

    fn token_spans(&self, text: &str) -> Vec<Range<usize>> {
        let letters = text.char_indices();
        letters
            .map(|(at, letter)| at..at + letter.len_utf8())
            .collect()
    }

    fn encode(
        &self,
        texts: &[&str],
        _: Role,
        observer: Observer<'_>,
    ) -> Result<Embeddings, EncodeError> {
        let mut embeddings = Embeddings::zeros(texts.len(), self.dim());
        for (row, text) in texts.iter().enumerate() {
            let Some(vector) = embeddings.row_mut(row) else {
                continue;
            };
            vector[26] = 0.1;
            for byte in text.bytes().filter(u8::is_ascii_alphabetic) {
                vector[usize::from(byte.to_ascii_lowercase() - b'a')] += 1.0;
            }
            let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
            vector.iter_mut().for_each(|value| *value /= length);
        }
        match observer(texts.len()) {
            ControlFlow::Continue(()) => Ok(embeddings),
            ControlFlow::Break(()) => Err(EncodeError::Cancelled { done: texts.len() }),
        }
    }
}

const SUBJECTS: [&str; 6] = [
    "tariffs",
    "concerts",
    "harbours",
    "elections",
    "rivers",
    "schools",
];

/// A library of some articles, in a folder that goes away when the system tidies up.
fn library() -> Served {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let encoder = Letters::new();
    let mut indexer = Indexer::open(&folder, "letters", &encoder, &Silent, Windowing::Windows)
        .expect("a library");
    for (number, subject) in SUBJECTS.iter().enumerate() {
        let other = SUBJECTS[(number + 1) % SUBJECTS.len()];
        let mut text = format!("---\ntitle: On {subject}\nauthor: Writer {}\n", number % 3);
        let _ = writeln!(
            text,
            "date: 202{number}-03-0{}\nsource: Paper {}\n---\n",
            number + 1,
            number % 2
        );
        for paragraph in 0..4 {
            let _ = writeln!(
                text,
                "Of {subject} much is said, and {paragraph} times more than of {other}. Who pays for {subject}?\n"
            );
        }
        indexer
            .add_text(&format!("{subject}.md"), text.as_bytes())
            .expect("a library")
            .expect("an article");
    }
    indexer.finish().expect("a library");
    Served {
        name: "sample".to_owned(),
        location: Location::Folder(folder),
        model: Arc::new(Model {
            encoder: Box::new(encoder),
            reference: "letters".to_owned(),
        }),
    }
}

/// Starts a server; it ends with the process.
pub fn http() -> SocketAddr {
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        token: None,
        names: Vec::new(),
        cors: Vec::new(),
        permissions: Permissions::default(),
        workers: NonZeroUsize::MIN,
        queue: 64,
        batch: 16,
        time: Duration::from_secs(30),
    };
    let (told, address) = mpsc::channel();
    thread::spawn(move || {
        serve::serve(vec![library()], settings, |address| {
            let _ = told.send(address);
            Ok(())
        })
    });
    address.recv().expect("a server")
}

/// Starts to answer an agent on standard input; what is answered comes line by line.
pub fn agent() -> mpsc::Receiver<Vec<u8>> {
    let (told, lines) = mpsc::channel();
    thread::spawn(move || {
        let answered = serve::serve_agent(library(), NonZeroUsize::MIN, |line| {
            let _ = told.send(line.to_vec());
            Ok(())
        });
        answered.expect("answers until standard input ends");
    });
    lines
}
