//! A small hub on this machine: answers as the real one does to the requests that `hf-hub` makes.

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
}

pub(crate) struct Hub {
    pub(crate) endpoint: String,
    requests: Arc<AtomicUsize>,
    ranges: Arc<Mutex<Vec<(String, u64)>>>,
}

impl Hub {
    /// Serves the files below `folder` as the repository `name`.
    pub(crate) fn serve(name: &str, folder: &Path, mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let mut files = HashMap::new();
        collect(folder, folder, &mut files);
        let requests = Arc::new(AtomicUsize::new(0));
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let hub = Self {
            endpoint,
            requests: requests.clone(),
            ranges: ranges.clone(),
        };
        let prefix = format!("/{name}/resolve/");
        let files = Arc::new(files);
        let cuts = Arc::new(AtomicUsize::new(match mood {
            Mood::Cuts(times) => times,
            _ => 0,
        }));
        thread::spawn(move || {
            let mut silenced = Vec::new();
            for stream in listener.incoming().flatten() {
                requests.fetch_add(1, Ordering::SeqCst);
                if mood == Mood::Silent {
                    silenced.push(stream);
                    continue;
                }
                let (files, prefix) = (files.clone(), prefix.clone());
                let (ranges, cuts) = (ranges.clone(), cuts.clone());
                thread::spawn(move || {
                    // A client that hangs up early is the client's business.
                    let _ = answer(stream, mood, &prefix, &files, &ranges, &cuts);
                });
            }
        });
        hub
    }

    /// How many connections there have been.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// From which byte on the contents of `file` were asked for, request by request.
    pub(crate) fn ranges_of(&self, file: &str) -> Vec<u64> {
        let ranges = self.ranges.lock().unwrap();
        ranges
            .iter()
            .filter(|(name, _)| name == file)
            .map(|(_, start)| *start)
            .collect()
    }
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

fn answer(
    mut stream: TcpStream,
    mood: Mood,
    prefix: &str,
    files: &HashMap<String, Vec<u8>>,
    ranges: &Mutex<Vec<(String, u64)>>,
    cuts: &AtomicUsize,
) -> std::io::Result<()> {
    let mut lines = BufReader::new((&mut stream).take(1 << 16)).lines();
    let request = lines.next().unwrap()?;
    let path = request.split(' ').nth(1).unwrap().to_owned();
    let mut range = None;
    for line in lines {
        let line = line?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(asked) = line.strip_prefix("range: bytes=") {
            let (start, end) = asked.split_once('-').unwrap();
            range = Some((start.parse::<usize>().unwrap(), end.parse::<usize>().ok()));
        }
    }
    let status = |stream: &mut TcpStream, status: &str| {
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    };
    if mood == Mood::Refuses {
        return status(&mut stream, "401 Unauthorized");
    }
    let file = path.strip_prefix(prefix).and_then(|rest| {
        let (revision, file) = rest.split_once('/')?;
        ["main", COMMIT].contains(&revision).then_some(file)
    });
    let Some((name, body)) = file.and_then(|name| Some((name, files.get(name)?))) else {
        return status(&mut stream, "404 Not Found");
    };
    let (start, end) = range.unwrap_or((0, None));
    if start >= body.len() {
        return status(&mut stream, "416 Range Not Satisfiable");
    }
    let end = end.map_or(body.len(), |end| (end + 1).min(body.len()));
    let is_content = range.is_none_or(|(_, end)| end.is_none());
    if is_content {
        ranges.lock().unwrap().push((name.to_owned(), start as u64));
    }
    let etag: String = Sha256::digest(body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{}/{}\r\n\
         ETag: \"{etag}\"\r\nX-Repo-Commit: {COMMIT}\r\nConnection: close\r\n\r\n",
        end - start,
        end - 1,
        if mood == Mood::Boasts {
            1 << 45
        } else {
            body.len()
        },
    )?;
    let cut = is_content
        && name.ends_with(".safetensors")
        && cuts
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok();
    let end = if cut { start + (end - start) / 2 } else { end };
    stream.write_all(&body[start..end])
}
