//! `topoi library init`: makes an empty library, on servers laid out in one way or another.

use std::path::Path;

use topoi::library::Library;
use topoi::store::ModelRow;
use topoi::{Layout, Location, init_on_servers};

use super::Outcome;
use super::cli::{Init, LayoutArg};
use super::context::{Context, Wanted};
use super::failure::Failure;
use super::passwords::location;

pub(crate) fn init(context: &mut Context, arguments: &Init) -> anyhow::Result<Outcome> {
    let library = context.library_to_make();
    let url = match &library {
        Location::Folder(_) if arguments.layout == LayoutArg::Single => {
            Library::create(&library)?;
            context
                .output
                .note(format_args!("the library is `{library}`"));
            return Ok(Outcome::Found);
        }
        Location::Folder(_) => {
            return Err(Failure::with_hint(
                "a library in a folder is on this machine only",
                "name a database with `--library postgres://USER@HOST/DATABASE`",
            )
            .into());
        }
        Location::Server(url) => url,
    };
    let layout = layout(arguments)?;
    let wanted = Wanted::from(&arguments.model);
    let model = context.model(&wanted)?;
    let identity = model.encoder.identity();
    let row = ModelRow {
        reference: model.reference.clone(),
        identity: serde_json::to_string(identity)?,
    };
    init_on_servers(url, &layout, &row, identity).map_err(topoi::Error::from)?;
    context
        .output
        .note(format_args!("the library is `{library}`, for {identity}"));
    Ok(Outcome::Found)
}

fn layout(arguments: &Init) -> anyhow::Result<Layout> {
    let partitions = |least: usize| {
        let least = u32::try_from(least).unwrap_or(u32::MAX);
        arguments
            .partitions
            .map_or(least, |partitions| partitions.get().max(least))
    };
    if arguments.layout != LayoutArg::Fdw && !arguments.shard.is_empty() {
        return Err(Failure::new("only the layout `fdw` has shards").into());
    }
    Ok(match arguments.layout {
        LayoutArg::Single => Layout::Single {
            partitions: partitions(1),
        },
        LayoutArg::Citus => Layout::Citus,
        LayoutArg::Fdw => {
            let mut shards = Vec::new();
            for shard in &arguments.shard {
                match location(Path::new(shard)) {
                    Location::Server(url) => shards.push(url),
                    Location::Folder(folder) => {
                        return Err(Failure::with_hint(
                            format!("`{}` is no server", folder.display()),
                            "write `--shard postgres://USER@HOST/DATABASE`",
                        )
                        .into());
                    }
                }
            }
            if shards.is_empty() {
                return Err(Failure::with_hint(
                    "the layout `fdw` needs servers for the passages",
                    "name each with `--shard postgres://USER@HOST/DATABASE`",
                )
                .into());
            }
            Layout::Foreign {
                partitions: partitions(shards.len()),
                shards,
            }
        }
    })
}
