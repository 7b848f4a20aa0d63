//! `/v1/embeddings` and `/v1/models`, as OpenAI has them, so that existing clients work unchanged.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use topoi_models::Role;

use super::input::Input;
use super::library::json;
use super::{App, body};
use crate::serve::bulk::portions;
use crate::serve::desk::{Seat, Texts};
use crate::serve::failure::{Failure, Result};
use crate::serve::packed::Packable;
use crate::serve::shelf::Shelf;

/// How large a request may be: 2,048 texts, each as long as a model reads.
const MAX_BYTES: usize = 8 << 20;

#[derive(Deserialize)]
struct Asked {
    input: Input,
    model: String,
    dimensions: Option<usize>,
    #[serde(default)]
    encoding_format: Form,
    /// Whether the texts are questions, for models that tell them apart; OpenAI has no such field.
    #[serde(default)]
    input_type: Kind,
    /// Whether what is too long for the model is cut off; else it is refused. OpenAI has no such field.
    #[serde(default)]
    truncate: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    #[default]
    Float,
    Base64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    #[serde(alias = "document", alias = "search_document")]
    Passage,
    #[serde(alias = "search_query")]
    Query,
}

#[derive(Serialize)]
struct EmbeddingsJson {
    object: &'static str,
    data: Vec<EmbeddingJson>,
    model: String,
    usage: UsageJson,
}

#[derive(Serialize)]
struct EmbeddingJson {
    object: &'static str,
    index: usize,
    embedding: Numbers,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Numbers {
    Float(Vec<f32>),
    /// Their bytes, the lowest first.
    Base64(String),
}

#[derive(Serialize)]
struct UsageJson {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// The vectors of some texts, and how many tokens each has.
struct Embedded {
    vectors: Vec<Vec<f32>>,
    tokens: Vec<usize>,
}

pub(super) async fn embeddings(
    _: body::NoQuery,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    sent: body::Sent,
) -> Result<Packable> {
    let asked = body::json(&headers, sent, MAX_BYTES).await;
    let asked: Asked = asked.map_err(|failure| Failure {
        param: failure.message.contains("`input`").then_some("input"),
        ..failure
    })?;
    let shelf = shelf_of(&app, &asked.model)?;
    let dim = shelf.model.encoder.dim();
    let dimensions = asked.dimensions.unwrap_or(dim);
    if !(1..=dim).contains(&dimensions) {
        let message = format!("`dimensions` is {dimensions}: this model has 1 to {dim}");
        return Err(Failure::field("dimensions", message));
    }
    let role = match asked.input_type {
        Kind::Passage => Role::Passage,
        Kind::Query => Role::Query,
    };
    let all = match asked.input {
        Input::Texts(texts) => of_texts(&app, shelf, role, texts).await?,
        Input::Tokens(tokens) => of_tokens(&app, shelf, role, tokens).await?,
    };
    let most = shelf.model.encoder.max_tokens();
    let mut data = Vec::new();
    let mut read = 0;
    for (index, (vector, tokens)) in all
        .into_iter()
        .flat_map(|portion| portion.vectors.into_iter().zip(portion.tokens))
        .enumerate()
    {
        if tokens > most && !asked.truncate {
            return Err(Failure {
                code: Some("context_length_exceeded"),
                ..Failure::field(
                    "input",
                    format!(
                        "text {index} has {tokens} tokens, and the model reads {most}: \
                         split it, or send `\"truncate\": true` to have the rest ignored"
                    ),
                )
            });
        }
        read += tokens.min(most);
        data.push(EmbeddingJson {
            object: "embedding",
            index,
            embedding: numbers(shortened(vector, dimensions), asked.encoding_format),
        });
    }
    Ok(json(&EmbeddingsJson {
        object: "list",
        data,
        model: shelf.model.name().to_owned(),
        usage: UsageJson {
            prompt_tokens: read,
            total_tokens: read,
        },
    }))
}

/// A library that has the model of this name.
fn shelf_of<'a>(app: &'a App, name: &str) -> Result<&'a Arc<Shelf>> {
    let mut shelves = app.room.shelves.iter();
    shelves
        .find(|shelf| shelf.model.is_called(name))
        .ok_or_else(|| {
            let known: Vec<&str> = app
                .room
                .shelves
                .iter()
                .map(|shelf| shelf.model.name())
                .collect();
            Failure {
                code: Some("model_not_found"),
                param: Some("model"),
                ..Failure::not_found(format!(
                    "there is no model “{name}” here, but: {}",
                    known.join(", ")
                ))
            }
        })
}

fn check(count: usize, has_empty: bool) -> Result<()> {
    if count == 0 {
        return Err(Failure::field("input", "`input` has no texts: 1 to 2048"));
    }
    if has_empty {
        return Err(Failure::field("input", "`input` has an empty text"));
    }
    Ok(())
}

async fn of_texts(
    app: &App,
    shelf: &Arc<Shelf>,
    role: Role,
    texts: Vec<String>,
) -> Result<Vec<Embedded>> {
    check(texts.len(), texts.iter().any(String::is_empty))?;
    let portions = portions(texts, app.room.desk.limits().batch);
    let portions = portions.into_iter().map(|texts| Texts { role, texts });
    let embed = |seat: Seat<'_>| {
        let vectors = seat.embed();
        let vectors = vectors.map_err(topoi::Error::from)?;
        let texts = seat.texts.texts.iter();
        let tokens = texts.map(|text| seat.encoder.count_tokens(text));
        Ok(Embedded {
            vectors: vectors.rows().map(<[f32]>::to_vec).collect(),
            tokens: tokens.collect(),
        })
    };
    let embedded = app.room.desk.ask_for_all(shelf, portions.collect(), embed);
    embedded.await?.into_iter().collect()
}

async fn of_tokens(
    app: &App,
    shelf: &Arc<Shelf>,
    role: Role,
    tokens: Vec<Vec<u32>>,
) -> Result<Vec<Embedded>> {
    check(tokens.len(), tokens.iter().any(Vec::is_empty))?;
    let encoder = shelf.model.encoder.as_ref();
    let room = encoder.room(role);
    let special = encoder.max_tokens() - room;
    let portions: Vec<Vec<Vec<u32>>> = tokens
        .chunks(app.room.desk.limits().batch.max(1))
        .map(<[Vec<u32>]>::to_vec)
        .collect();
    let mut all = Vec::with_capacity(portions.len());
    for portion in portions {
        let work = move |seat: Seat<'_>| {
            let lengths = portion.iter().map(|tokens| tokens.len() + special);
            let tokens = lengths.collect();
            let vectors = seat.encoder.encode_ids(&portion, role);
            let vectors = vectors.map_err(|error| match error {
                topoi_models::EncodeError::TokenOutsideVocabulary { .. } => {
                    Failure::field("input", error.to_string())
                }
                error => topoi::Error::from(error).into(),
            })?;
            Result::Ok(Embedded {
                vectors: vectors.rows().map(<[f32]>::to_vec).collect(),
                tokens,
            })
        };
        let embedded = app.room.desk.ask_for_all(shelf, vec![Texts::none()], work);
        for portion in embedded.await? {
            all.push(portion?);
        }
    }
    Ok(all)
}

/// The first numbers of a vector, at length 1 again. What of its meaning is left depends on how the model was trained.
fn shortened(mut vector: Vec<f32>, dimensions: usize) -> Vec<f32> {
    if dimensions >= vector.len() {
        return vector;
    }
    vector.truncate(dimensions);
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

fn numbers(vector: Vec<f32>, form: Form) -> Numbers {
    match form {
        Form::Float => Numbers::Float(vector),
        Form::Base64 => {
            let bytes: Vec<u8> = vector
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            Numbers::Base64(STANDARD.encode(bytes))
        }
    }
}

#[derive(Serialize)]
struct ModelsJson {
    object: &'static str,
    data: Vec<ModelJson>,
}

#[derive(Serialize)]
struct ModelJson {
    id: String,
    object: &'static str,
    /// When it was made, which is not known.
    created: u64,
    owned_by: String,
}

pub(super) async fn models(_: body::NoQuery, State(app): State<Arc<App>>) -> Packable {
    let mut data: Vec<ModelJson> = Vec::new();
    for shelf in &app.room.shelves {
        let id = shelf.model.name();
        if data.iter().all(|known| known.id != id) {
            data.push(ModelJson {
                id: id.to_owned(),
                object: "model",
                created: 0,
                owned_by: id.split('/').next().unwrap_or_default().to_owned(),
            });
        }
    }
    json(&ModelsJson {
        object: "list",
        data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openai_takes_is_taken() {
        for (json, is_taken) in [
            (r#"{"input": "a", "model": "m"}"#, true),
            (r#"{"input": ["a", "b"], "model": "m", "user": "u"}"#, true),
            (
                r#"{"input": [1, 2], "model": "m", "encoding_format": "base64"}"#,
                true,
            ),
            (
                r#"{"input": [[1, 2], [3]], "model": "m", "dimensions": 8}"#,
                true,
            ),
            (r#"{"input": [1, "a"], "model": "m"}"#, false),
            (r#"{"input": [-1], "model": "m"}"#, false),
            (
                r#"{"input": "a", "model": "m", "encoding_format": "hex"}"#,
                false,
            ),
            (r#"{"input": "a"}"#, false),
        ] {
            assert_eq!(
                serde_json::from_str::<Asked>(json).is_ok(),
                is_taken,
                "{json}"
            );
        }
    }

    #[test]
    fn a_shortened_vector_has_length_one() {
        assert_eq!(shortened(vec![3.0, 4.0, 12.0], 2), [0.6, 0.8]);
        assert_eq!(shortened(vec![3.0, 4.0], 2), [3.0, 4.0]);
        assert_eq!(shortened(vec![0.0, 1.0], 1), [0.0]);
    }

    #[test]
    fn base64_has_the_lowest_byte_first() {
        let Numbers::Base64(text) = numbers(vec![1.0], Form::Base64) else {
            panic!("it is base64");
        };
        assert_eq!(text, "AACAPw==");
    }
}
