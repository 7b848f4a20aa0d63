//! topoi's side of the comparison with other vector indexes, and that of stock `hnsw_rs`: one index, asked through a pipe.
//!
//! `compare.py` beside this file starts it and the others alike; `peers.py` has the requests. Its only argument is `topoi` or
//! `hnsw_rs`.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use hnsw_rs::anndists::dist::distances::DistDot;
use hnsw_rs::hnsw::Hnsw;
use hnsw_rs::hnswio::HnswIo;
use serde::Deserialize;
use serde_json::{Value, json};
use topoi_benches::read_npy;
use topoi_index::{
    BuildOptions, PointId, SearchParams, Searcher, Segment, Selection, Space, UnitVector,
    write_segment,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const WANTED: usize = 10;

/// What the driver asks for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Request {
    Build {
        vectors: PathBuf,
        threads: usize,
        index: PathBuf,
    },
    Open {
        index: PathBuf,
        question: PathBuf,
    },
    Search {
        questions: PathBuf,
        width: usize,
        found: PathBuf,
    },
}

fn main() -> io::Result<()> {
    let served = match std::env::args().nth(1).as_deref() {
        Some("topoi") => serve(&mut Ours::default()),
        Some("hnsw_rs") => serve(&mut Stock::default()),
        _ => Err("the argument is `topoi` or `hnsw_rs`".into()),
    };
    if let Err(error) = served {
        answer(&json!({ "error": error.to_string() }))?;
    }
    Ok(())
}

/// An index that is measured.
trait Contender {
    /// Builds it on so many threads and writes it; how many seconds building took, and the length on disk.
    fn build(&mut self, vectors: &[Vec<f32>], threads: usize, index: &Path) -> Outcome<(f64, u64)>;

    fn open(&mut self, index: &Path, dim: usize) -> Outcome<()>;

    /// The numbers of the ten nearest.
    fn search(&self, question: &[f32], width: usize) -> Outcome<Vec<i64>>;
}

fn serve(contender: &mut dyn Contender) -> Outcome<()> {
    for line in io::stdin().lock().lines() {
        answer(&respond(contender, serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

fn respond(contender: &mut dyn Contender, request: Request) -> Outcome<Value> {
    Ok(match request {
        Request::Build {
            vectors,
            threads,
            index,
        } => {
            let (seconds, bytes) = contender.build(&read_npy(&vectors)?, threads, &index)?;
            json!({ "seconds": seconds, "bytes": bytes })
        }
        Request::Open { index, question } => {
            let questions = read_npy(&question)?;
            let before = resident()?;
            let begin = Instant::now();
            contender.open(&index, questions.first().map_or(0, Vec::len))?;
            let seconds = begin.elapsed().as_secs_f64();
            if let Some(question) = questions.first() {
                contender.search(question, WANTED)?;
            }
            json!({ "seconds": seconds, "resident": resident()?.saturating_sub(before) })
        }
        Request::Search {
            questions,
            width,
            found,
        } => {
            let questions = read_npy(&questions)?;
            let begin = Instant::now();
            let mut numbers = Vec::with_capacity(questions.len() * WANTED);
            for question in &questions {
                numbers.extend(contender.search(question, width)?);
            }
            let seconds = begin.elapsed().as_secs_f64();
            let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            std::fs::write(found, bytes)?;
            json!({ "seconds": seconds })
        }
    })
}

fn answer(value: &Value) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{value}")?;
    output.flush()
}

/// topoi's own.
#[derive(Default)]
struct Ours {
    searcher: Searcher,
}

impl Contender for Ours {
    fn build(&mut self, vectors: &[Vec<f32>], threads: usize, index: &Path) -> Outcome<(f64, u64)> {
        let points = (0..).map(PointId).zip(vectors);
        let options = BuildOptions {
            graph_from: 0,
            ..BuildOptions::default()
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let begin = Instant::now();
        let info = pool.install(|| {
            write_segment(
                index,
                &space(vectors.first().map_or(0, Vec::len)),
                points,
                &options,
            )
        })?;
        Ok((begin.elapsed().as_secs_f64(), info.bytes))
    }

    fn open(&mut self, index: &Path, dim: usize) -> Outcome<()> {
        let segment = Segment::open(index, &space(dim))?;
        self.searcher = Searcher::new(vec![Arc::new(segment)])?;
        Ok(())
    }

    fn search(&self, question: &[f32], width: usize) -> Outcome<Vec<i64>> {
        let question = UnitVector::new(question.to_vec())?;
        let params = SearchParams {
            ef_search: width,
            exact: false,
        };
        let found = self
            .searcher
            .search(&question, WANTED, &Selection::all(), &params)?;
        Ok(found.iter().map(|near| near.id.0 as i64).collect())
    }
}

fn space(dim: usize) -> Space {
    Space {
        dim,
        digest: [1; 32],
    }
}

/// `hnsw_rs` as it comes.
#[derive(Default)]
struct Stock {
    hnsw: Option<Hnsw<'static, f32, DistDot>>,
}

impl Contender for Stock {
    fn build(&mut self, vectors: &[Vec<f32>], threads: usize, index: &Path) -> Outcome<(f64, u64)> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let begin = Instant::now();
        let hnsw = Hnsw::new(16, vectors.len(), 16, 200, DistDot);
        let numbered: Vec<(&Vec<f32>, usize)> = vectors.iter().zip(0..).collect();
        pool.install(|| hnsw.parallel_insert(&numbered));
        let seconds = begin.elapsed().as_secs_f64();
        use hnsw_rs::api::AnnT;
        let folder = index.parent().ok_or("the index has no folder")?;
        let name = index.file_name().and_then(|name| name.to_str());
        let name = name.ok_or("the index has no name")?;
        hnsw.file_dump(folder, name)?;
        let parts = ["hnsw.graph", "hnsw.data"];
        let lengths = parts.map(|part| std::fs::metadata(folder.join(format!("{name}.{part}"))));
        let mut bytes = 0;
        for length in lengths {
            bytes += length?.len();
        }
        Ok((seconds, bytes))
    }

    fn open(&mut self, index: &Path, _: usize) -> Outcome<()> {
        let folder = index.parent().ok_or("the index has no folder")?;
        let name = index.file_name().and_then(|name| name.to_str());
        // The graph borrows from its loader, and both are needed to the end.
        let loader = Box::leak(Box::new(HnswIo::new(folder, name.unwrap_or_default())));
        let mut hnsw = loader.load_hnsw_with_dist(DistDot)?;
        hnsw.set_searching_mode(true);
        self.hnsw = Some(hnsw);
        Ok(())
    }

    fn search(&self, question: &[f32], width: usize) -> Outcome<Vec<i64>> {
        let hnsw = self.hnsw.as_ref().ok_or("nothing is open")?;
        let found = hnsw.search(question, WANTED, width);
        let mut found: Vec<i64> = found.iter().map(|near| near.d_id as i64).collect();
        found.resize(WANTED, -1);
        Ok(found)
    }
}

/// Bytes of this process that are in memory.
fn resident() -> Outcome<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm
        .split_whitespace()
        .nth(1)
        .ok_or("no second number in /proc/self/statm")?
        .parse()?;
    // SAFETY: asks for a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Ok(pages * u64::try_from(page)?)
}
