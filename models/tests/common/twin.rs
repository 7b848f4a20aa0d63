//! BERT once more, written out number by number in f64 from the papers: slow, and with nothing in common with
//! the engine that it checks.

use std::collections::HashMap;

use super::cross::TinyCross;
use super::{HEADS, HIDDEN, LAYERS, Tiny};

type Matrix = Vec<Vec<f64>>;

/// The vector that `model` must give to the tokens `ids`.
pub(crate) fn vector(model: &Tiny, ids: &[u32]) -> Vec<f64> {
    let tokens = token_vectors(model, ids, ids.len());
    let column = |place: usize| tokens.iter().map(move |row| row[place]);
    let count = tokens.len() as f64;
    let mut pooled: Vec<f64> = (0..HIDDEN)
        .map(|place| match model.pooling {
            "cls" => tokens[0][place],
            "mean" => column(place).sum::<f64>() / count,
            "max" => column(place).fold(f64::MIN, f64::max),
            "mean_sqrt_len" => column(place).sum::<f64>() / count.sqrt(),
            other => panic!("no pooling {other}"),
        })
        .collect();
    if let (Some((outputs, activation)), Some((weight, bias))) =
        (model.dense, model.dense_tensors())
    {
        pooled = (0..outputs)
            .map(|output| {
                let row = &weight[output * HIDDEN..][..HIDDEN];
                let sum: f64 = row
                    .iter()
                    .zip(&pooled)
                    .map(|(w, x)| f64::from(*w) * x)
                    .sum();
                activate(activation, sum + f64::from(bias[output]))
            })
            .collect();
    }
    if model.normalise {
        let length = pooled.iter().map(|x| x * x).sum::<f64>().sqrt();
        pooled.iter_mut().for_each(|x| *x /= length);
    }
    pooled
}

/// The score that `model` must give to the pair of tokens `ids`, of which the first `of_type_0` have type 0.
pub(crate) fn score(model: &TinyCross, (ids, of_type_0): &(Vec<u32>, usize)) -> f64 {
    let first = &token_vectors(&model.body, ids, *of_type_0)[0];
    let [
        (_, _, dense),
        (_, _, dense_bias),
        (_, _, out),
        (_, _, out_bias),
    ] = model.head();
    let pooled = dense.chunks(HIDDEN).zip(&dense_bias).map(|(row, bias)| {
        let sum: f64 = row.iter().zip(first).map(|(w, x)| f64::from(*w) * x).sum();
        (sum + f64::from(*bias)).tanh()
    });
    let sum: f64 = out.iter().zip(pooled).map(|(w, x)| f64::from(*w) * x).sum();
    sum + f64::from(out_bias[0])
}

fn token_vectors(model: &Tiny, ids: &[u32], of_type_0: usize) -> Matrix {
    let tensors = model.tensors();
    let weights = Weights(&tensors);
    // RoBERTa: positions begin after the padding token's number, and a padding token has that number itself.
    let mut seen = 0;
    let mut x: Matrix = ids
        .iter()
        .enumerate()
        .map(|(index, id)| {
            let position = if !model.is_roberta() {
                seen += 1;
                seen - 1
            } else if *id == model.padding() {
                model.padding() as usize
            } else {
                seen += 1;
                model.padding() as usize + seen
            };
            let word = weights.row("embeddings.word_embeddings.weight", *id as usize);
            let place = weights.row("embeddings.position_embeddings.weight", position);
            let kind = weights.row(
                "embeddings.token_type_embeddings.weight",
                usize::from(index >= of_type_0),
            );
            (0..HIDDEN).map(|i| word[i] + place[i] + kind[i]).collect()
        })
        .collect();
    x = weights.norm("embeddings.LayerNorm", &x);
    for layer in 0..LAYERS {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let query = weights.linear(&name("attention.self.query"), &x);
        let key = weights.linear(&name("attention.self.key"), &x);
        let value = weights.linear(&name("attention.self.value"), &x);
        let attended = attend(&query, &key, &value);
        let attended = weights.linear(&name("attention.output.dense"), &attended);
        x = weights.norm(&name("attention.output.LayerNorm"), &add(&x, &attended));
        let mut wide = weights.linear(&name("intermediate.dense"), &x);
        wide.iter_mut()
            .flatten()
            .for_each(|x| *x = activate(model.activation, *x));
        let narrow = weights.linear(&name("output.dense"), &wide);
        x = weights.norm(&name("output.LayerNorm"), &add(&x, &narrow));
    }
    x
}

fn attend(query: &Matrix, key: &Matrix, value: &Matrix) -> Matrix {
    let width = HIDDEN / HEADS;
    let mut attended = vec![vec![0.0; HIDDEN]; query.len()];
    for head in 0..HEADS {
        let part = head * width..(head + 1) * width;
        for (row, query) in query.iter().enumerate() {
            let scores: Vec<f64> = key
                .iter()
                .map(|key| {
                    let dot: f64 = part.clone().map(|i| query[i] * key[i]).sum();
                    (dot / (width as f64).sqrt()).exp()
                })
                .collect();
            let total: f64 = scores.iter().sum();
            for (score, value) in scores.iter().zip(value) {
                for i in part.clone() {
                    attended[row][i] += score / total * value[i];
                }
            }
        }
    }
    attended
}

fn add(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter()
        .zip(b)
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect())
        .collect()
}

fn activate(name: &str, x: f64) -> f64 {
    match name {
        "gelu" | "GELU" => x * normal(x),
        "gelu_new" | "gelu_pytorch_tanh" => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            0.5 * x * (1.0 + inner.tanh())
        }
        "relu" | "ReLU" => x.max(0.0),
        "silu" => x / (1.0 + (-x).exp()),
        "Tanh" => x.tanh(),
        "Identity" => x,
        "Sigmoid" => 1.0 / (1.0 + (-x).exp()),
        other => panic!("no activation {other}"),
    }
}

/// The normal distribution's Φ, as the integral of its density by Simpson's rule.
fn normal(x: f64) -> f64 {
    let steps = 2000;
    let width = x / f64::from(steps);
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let sum: f64 = (0..=steps)
        .map(|step| {
            let weight = match step {
                0 => 1.0,
                step if step == steps => 1.0,
                step if step % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * density(f64::from(step) * width)
        })
        .sum();
    0.5 + sum * width / 3.0
}

struct Weights<'a>(&'a HashMap<String, (Vec<usize>, Vec<f32>)>);

impl Weights<'_> {
    fn row(&self, name: &str, row: usize) -> Vec<f64> {
        let (shape, values) = &self.0[name];
        let width = shape.last().copied().unwrap();
        values[row * width..][..width]
            .iter()
            .map(|x| f64::from(*x))
            .collect()
    }

    /// `x Wᵀ + b`.
    fn linear(&self, name: &str, x: &Matrix) -> Matrix {
        let (shape, _) = &self.0[&format!("{name}.weight")];
        let bias = self.row(&format!("{name}.bias"), 0);
        let rows: Matrix = (0..shape[0])
            .map(|row| self.row(&format!("{name}.weight"), row))
            .collect();
        x.iter()
            .map(|x| {
                rows.iter()
                    .zip(&bias)
                    .map(|(row, bias)| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + bias)
                    .collect()
            })
            .collect()
    }

    fn norm(&self, name: &str, x: &Matrix) -> Matrix {
        let weight = self.row(&format!("{name}.weight"), 0);
        let bias = self.row(&format!("{name}.bias"), 0);
        x.iter()
            .map(|row| {
                let count = row.len() as f64;
                let mean = row.iter().sum::<f64>() / count;
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
                row.iter()
                    .enumerate()
                    .map(|(i, x)| (x - mean) / (variance + 1e-5).sqrt() * weight[i] + bias[i])
                    .collect()
            })
            .collect()
    }
}
