//! topoi's side of the comparison with other encoders: one model, loaded once, that is asked through a pipe.
//!
//! `compare.py` beside this file starts it and the others alike. A request is a line of JSON on standard input, the
//! answer a line of JSON on standard output:
//!
//! ```text
//! {"do":"load","texts":[…]}             {"tokens":34810}             how many tokens of the texts are read
//! {"do":"run"}                          {"seconds":6.91}             all texts encoded once
//! {"do":"query","text":"…","times":20}  {"seconds":[0.0071,…]}       one text encoded, again and again
//! {"do":"vectors","file":"…"}           {"rows":400,"dim":384}       the vectors written as little-endian f32
//! ```
//!
//! Instead of the first answer there may be `{"unavailable":"why"}`, instead of any `{"error":"why"}`, and then the
//! worker ends. It also ends with its input.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};
use topoi_benches::locator;
use topoi_models::{
    Embeddings, EncodeError, Encoder, Engine, ModelRef, Role, SentenceEncoder, Settings,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What the driver asks for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Request {
    Load { texts: Vec<String> },
    Run,
    Query { text: String, times: usize },
    Vectors { file: PathBuf },
}

fn main() -> io::Result<()> {
    if let Err(error) = serve() {
        answer(&json!({ "error": error.to_string() }))?;
    }
    Ok(())
}

/// Answers requests until there are no more.
fn serve() -> Outcome<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    let mut lines = io::stdin().lock().lines();
    let Some(first) = lines.next() else {
        return Ok(());
    };
    let Request::Load { texts } = serde_json::from_str(&first?)? else {
        return Err("the first request has to be `load`".into());
    };
    let folder = locator().locate(&ModelRef::Folder(options.model))?;
    let encoder = SentenceEncoder::load(&folder, &options.settings)?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let tokens: usize = texts.iter().map(|text| encoder.tokens(text)).sum();
    answer(&json!({ "tokens": tokens }))?;
    for line in lines {
        answer(&respond(&encoder, &texts, serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

/// What `request` is answered, once the model is loaded.
fn respond(encoder: &SentenceEncoder, texts: &[&str], request: Request) -> Outcome<Value> {
    Ok(match request {
        Request::Load { .. } => return Err("the texts are loaded already".into()),
        Request::Run => json!({ "seconds": seconds(encoder, texts, Role::Passage)? }),
        Request::Query { text, times } => {
            let seconds = (0..times)
                .map(|_| seconds(encoder, &[text.as_str()], Role::Query))
                .collect::<Result<Vec<f64>, _>>()?;
            json!({ "seconds": seconds })
        }
        Request::Vectors { file } => {
            let vectors = encode(encoder, texts, Role::Passage)?;
            write_vectors(&file, &vectors)
                .map_err(|error| format!("can't write `{}`: {error}", file.display()))?;
            json!({ "rows": vectors.len(), "dim": vectors.dim() })
        }
    })
}

/// How long the vectors of `texts` take, tokenising included.
fn seconds(encoder: &SentenceEncoder, texts: &[&str], role: Role) -> Result<f64, EncodeError> {
    let begin = Instant::now();
    encode(encoder, texts, role)?;
    Ok(begin.elapsed().as_secs_f64())
}

fn encode(
    encoder: &SentenceEncoder,
    texts: &[&str],
    role: Role,
) -> Result<Embeddings, EncodeError> {
    encoder.encode(texts, role, &mut |_| ControlFlow::Continue(()))
}

/// Writes `n × dim` numbers, row-major, little-endian f32.
fn write_vectors(path: &Path, vectors: &Embeddings) -> io::Result<()> {
    let bytes: Vec<u8> = vectors
        .values()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    std::fs::write(path, bytes)
}

fn answer(value: &Value) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{value}")?;
    output.flush()
}

/// What the driver says on the command line.
struct Options {
    model: PathBuf,
    settings: Settings,
}

impl Options {
    /// Takes `--name value` pairs; `--model` has to be there.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut model = None;
        let mut settings = Settings::default();
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| format!("`{name}` needs a value"))?;
            match name.as_str() {
                "--model" => model = Some(PathBuf::from(value)),
                "--threads" => {
                    let count = value.parse();
                    settings.threads =
                        Some(count.map_err(|_| format!("`{value}` isn't a number of threads"))?);
                }
                "--precision" => settings.precision = Some(value.parse()?),
                "--instructions" => settings.instructions = Some(value.parse()?),
                "--engine" => {
                    settings.engine = match value.as_str() {
                        "packed" => Engine::Packed,
                        "candle" => Engine::Candle,
                        _ => return Err(format!("`{value}` is neither packed nor candle")),
                    };
                }
                _ => return Err(format!("there is no option `{name}`")),
            }
        }
        Ok(Self {
            model: model.ok_or("`--model FOLDER` is missing")?,
            settings,
        })
    }
}
