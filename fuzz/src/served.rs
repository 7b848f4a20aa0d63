//! A small library that is served, over HTTP and to an agent, as `topoi serve` and `topoi mcp` do it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use topoi::Location;
use topoi::library::{Indexer, Silent, Windowing};

use crate::serve::{self, Model, Permissions, Served, Settings};

// What is tried out here is the server, and a real model costs more than all of it.
#[path = "../../tests/it/reliability/letters.rs"]
mod letters;

use letters::Letters;

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
