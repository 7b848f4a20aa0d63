//! `topoi model`: which models there are, where they are, fetching them and making static ones of them.

use std::ops::ControlFlow;

use serde::Serialize;
use topoi_models::{ModelRef, distil, manifests};

use super::cli::{Distil, Model};
use super::context::{Context, Wanted};
use super::output::{FAINT, STRONG, Unit};
use super::{Outcome, interrupt};

#[derive(Serialize)]
struct ListedJson {
    name: &'static str,
    aliases: &'static [String],
    dimension: usize,
    max_tokens: usize,
    licence: &'static str,
    description: &'static str,
    cached: Option<String>,
}

#[derive(Serialize)]
struct ModelJson {
    schema: &'static str,
    identity: topoi_models::Identity,
    folder: String,
}

pub(crate) fn run(context: &mut Context, arguments: &Model) -> anyhow::Result<Outcome> {
    match arguments {
        Model::List { json } => list(context, *json),
        Model::Pull { model } => {
            let model: ModelRef = model.parse()?;
            let folder = context.locate(&model)?;
            context.output.note(format_args!(
                "{model} is verified and lies in `{}`",
                folder.path().display()
            ));
            Ok(Outcome::Found)
        }
        Model::Show { model, json } => show(context, model, *json),
        Model::Distil(arguments) => distil_to(context, arguments),
    }
}

fn list(context: &mut Context, json: bool) -> anyhow::Result<Outcome> {
    let locator = context.locator();
    let models: Vec<ListedJson> = manifests()
        .iter()
        .map(|manifest| ListedJson {
            name: &manifest.name,
            aliases: &manifest.aliases,
            dimension: manifest.dim,
            max_tokens: manifest.max_tokens,
            licence: &manifest.licence,
            description: &manifest.description,
            cached: locator
                .cached(manifest)
                .map(|cached| cached.path.display().to_string()),
        })
        .collect();
    if json {
        context.output.json(&models)?;
        return Ok(Outcome::Found);
    }
    for model in models {
        let cached = if model.cached.is_some() {
            "fetched"
        } else {
            "not fetched yet"
        };
        context.output.line(format_args!(
            "{STRONG}{}{STRONG:#}  {FAINT}{cached}{FAINT:#}",
            model.name
        ))?;
        let facts = format!(
            "{} dimensions, {} tokens, {}",
            model.dimension, model.max_tokens, model.licence
        );
        context.output.line(format_args!("    {facts}"))?;
        context.output.wrapped(model.description, 4)?;
    }
    Ok(Outcome::Found)
}

fn show(context: &mut Context, model: &str, json: bool) -> anyhow::Result<Outcome> {
    let loaded = context.model(&Wanted {
        reference: model.to_owned(),
        ..Wanted::default()
    })?;
    let folder = context
        .locate(&model.parse::<ModelRef>()?)?
        .path()
        .display()
        .to_string();
    let identity = loaded.encoder.identity().clone();
    if json {
        context.output.json(&ModelJson {
            schema: "topoi.model.v1",
            identity,
            folder,
        })?;
        return Ok(Outcome::Found);
    }
    let prompt = |prompt: &str| {
        if prompt.is_empty() {
            "none".to_owned()
        } else {
            format!("`{prompt}`")
        }
    };
    let rows = [
        ("name", identity.name.clone()),
        (
            "revision",
            identity
                .revision
                .clone()
                .unwrap_or_else(|| "unknown".into()),
        ),
        ("weights", identity.weights_sha256.clone()),
        ("dimension", identity.dim.to_string()),
        ("tokens", identity.max_tokens.to_string()),
        (
            "pooling",
            format!(
                "{}{}",
                identity.pooling,
                if identity.normalise {
                    ", normalised"
                } else {
                    ""
                }
            ),
        ),
        ("precision", identity.precision.to_string()),
        ("query prompt", prompt(&identity.query_prompt)),
        ("passage prompt", prompt(&identity.passage_prompt)),
        ("folder", folder),
    ];
    for (name, value) in rows {
        context
            .output
            .line(format_args!("{STRONG}{name:<16}{STRONG:#}{value}"))?;
    }
    Ok(Outcome::Found)
}

fn distil_to(context: &mut Context, arguments: &Distil) -> anyhow::Result<Outcome> {
    let Distil {
        model,
        to,
        dimensions,
    } = arguments;
    let model: ModelRef = model.parse()?;
    let folder = context.locate(&model)?;
    interrupt::listen();
    let bar = context.output.progress(0, "distilling", Unit::Count);
    let settings = context.settings(None);
    let distilled = distil(&folder, to, *dimensions, &settings, &mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        if interrupt::requested() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    bar.finish_and_clear();
    let distilled = match distilled {
        Err(_) if interrupt::requested() => {
            return Err(topoi::Error::Interrupted.into());
        }
        distilled => distilled?,
    };
    context.output.note(format_args!(
        "`{}` holds a static model of {model}: {} tokens, {} dimensions with {:.0} % of the variance",
        to.display(),
        distilled.tokens,
        distilled.dimensions,
        100.0 * distilled.variance
    ));
    Ok(Outcome::Found)
}
