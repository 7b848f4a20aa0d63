//! A small hub on this machine, which answers as the real one does, or worse.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use sha2::{Digest, Sha256};

/// The commit that everything is of.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// How the hub behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should.
    Well,
    /// Sends half of what is asked of the weights and hangs up, so many times.
    Cuts(usize),
    /// Takes connections and never answers.
    Silent,
    /// Knows nobody.
    Refuses,
    /// Promises more than any disk holds.
    Boasts,
    /// Sends one byte more of the weights than it promises.
    Overflows,
    /// Says this tag and this commit of everything.
    Says(&'static str, &'static str),
    /// Has the weights in a store on another port, which does as [`Mood::Cuts`].
    Elsewhere(usize),
}

pub(crate) struct Hub {
    pub(crate) endpoint: String,
    requests: Arc<AtomicUsize>,
    seen: Seen,
}

/// What was asked for.
type Seen = Arc<Mutex<Vec<Request>>>;

struct Request {
    file: String,
    start: u64,
    token: Option<String>,
    of_the_store: bool,
    /// Whether it got the contents, and not where they are.
    sends: bool,
}

/// Who answers, and with what.
#[derive(Clone)]
struct Server {
    mood: Mood,
    /// What comes before the revision.
    prefix: String,
    files: Arc<HashMap<String, Vec<u8>>>,
    cuts: Arc<AtomicUsize>,
    seen: Seen,
    /// Where the store is; none where this is the store.
    store: Option<String>,
}

impl Hub {
    /// Serves the files below `folder` as the repository `name`.
    pub(crate) fn serve(name: &str, folder: &Path, mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let store = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = address(&listener);
        let mut files = HashMap::new();
        collect(folder, folder, &mut files);
        let cuts = match mood {
            Mood::Cuts(times) | Mood::Elsewhere(times) => times,
            _ => 0,
        };
        let server = Server {
            mood,
            prefix: format!("/{name}/resolve/"),
            files: Arc::new(files),
            cuts: Arc::new(AtomicUsize::new(cuts)),
            seen: Seen::default(),
            store: Some(address(&store)),
        };
        let requests = Arc::new(AtomicUsize::new(0));
        let hub = Self {
            endpoint,
            requests: requests.clone(),
            seen: server.seen.clone(),
        };
        let of_the_store = Server {
            store: None,
            ..server.clone()
        };
        thread::spawn(move || of_the_store.run(&store, &AtomicUsize::new(0)));
        thread::spawn(move || server.run(&listener, &requests));
        hub
    }

    /// How many connections there have been.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// From which byte on the contents of `file` were asked for, request by request.
    pub(crate) fn ranges_of(&self, file: &str) -> Vec<u64> {
        self.seen(
            |request| request.file == file && request.sends,
            |request| request.start,
        )
    }

    /// With which tokens the hub was asked, or the store.
    pub(crate) fn tokens(&self, of_the_store: bool) -> Vec<Option<String>> {
        self.seen(
            |request| request.of_the_store == of_the_store,
            |request| request.token.clone(),
        )
    }

    fn seen<T>(&self, wanted: impl Fn(&Request) -> bool, what: impl Fn(&Request) -> T) -> Vec<T> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|request| wanted(request))
            .map(what)
            .collect()
    }
}

fn address(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().unwrap())
}

fn collect(root: &Path, folder: &Path, files: &mut HashMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            files.insert(name.to_owned(), fs::read(&path).unwrap());
        }
    }
}

impl Server {
    fn run(self, listener: &TcpListener, requests: &AtomicUsize) {
        let mut silenced = Vec::new();
        for stream in listener.incoming().flatten() {
            requests.fetch_add(1, Ordering::SeqCst);
            if self.mood == Mood::Silent {
                silenced.push(stream);
                continue;
            }
            let server = self.clone();
            thread::spawn(move || {
                // A client that hangs up early is the client's business.
                let _ = server.answer(stream);
            });
        }
    }

    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new((&mut stream).take(1 << 16)).lines();
        let request = lines.next().unwrap()?;
        let path = request.split(' ').nth(1).unwrap().to_owned();
        let (mut range, mut token) = (None, None);
        for line in lines {
            let line = line?;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            match name.to_lowercase().as_str() {
                "range" => {
                    let start = value.strip_prefix("bytes=").unwrap();
                    range = Some(start.strip_suffix('-').unwrap().parse::<usize>().unwrap());
                }
                "authorization" => token = Some(value.to_owned()),
                _ => {}
            }
        }
        if self.mood == Mood::Refuses {
            return status(&mut stream, "401 Unauthorized", "");
        }
        let file = path.strip_prefix(&self.prefix).and_then(|rest| {
            let (revision, file) = rest.split_once('/')?;
            ["main", COMMIT].contains(&revision).then_some(file)
        });
        let Some((name, body)) = file.and_then(|name| Some((name, self.files.get(name)?))) else {
            return status(&mut stream, "404 Not Found", "");
        };
        let start = range.unwrap_or(0);
        if range.is_some() && start >= body.len() {
            return status(&mut stream, "416 Range Not Satisfiable", "");
        }
        let weights = name.ends_with(".safetensors");
        let redirected = weights && matches!(self.mood, Mood::Elsewhere(_));
        self.seen.lock().unwrap().push(Request {
            file: name.to_owned(),
            start: start as u64,
            token,
            of_the_store: self.store.is_none(),
            sends: !redirected || self.store.is_none(),
        });
        let digest: String = Sha256::digest(body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let (tag, commit) = match (self.mood, &self.store) {
            (Mood::Says(tag, commit), _) => (tag, commit),
            (_, Some(_)) => (digest.as_str(), COMMIT),
            // A store has tags of its own, and has never heard of commits.
            (_, None) => ("5d41402abc4b2a76b9719d911017c592-7", "none"),
        };
        if redirected && let Some(store) = &self.store {
            return status(
                &mut stream,
                "302 Found",
                &format!(
                    "Location: {store}{path}\r\nX-Linked-ETag: \"{digest}\"\r\n\
                     X-Linked-Size: {}\r\nX-Repo-Commit: {COMMIT}\r\n",
                    body.len()
                ),
            );
        }
        let overflows = weights && self.mood == Mood::Overflows;
        let length = match self.mood {
            Mood::Boasts => 1 << 45,
            _ => body.len() - start + usize::from(overflows),
        };
        let size = body.len();
        match range {
            None => write!(stream, "HTTP/1.1 200 OK\r\n")?,
            Some(start) => write!(
                stream,
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{size}\r\n",
                size - 1
            )?,
        }
        if overflows {
            write!(
                stream,
                "X-Linked-Size: {size}\r\nTransfer-Encoding: chunked\r\n"
            )?;
        } else {
            write!(stream, "Content-Length: {length}\r\n")?;
        }
        write!(
            stream,
            "ETag: \"{tag}\"\r\nX-Repo-Commit: {commit}\r\nConnection: close\r\n\r\n"
        )?;
        if overflows {
            write!(stream, "{length:x}\r\n")?;
            stream.write_all(body)?;
            return write!(stream, "!\r\n0\r\n\r\n");
        }
        let cut = weights
            && self
                .cuts
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                })
                .is_ok();
        let end = if cut {
            start + (body.len() - start) / 2
        } else {
            body.len()
        };
        stream.write_all(&body[start..end])
    }
}

fn status(stream: &mut TcpStream, status: &str, headers: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
}
