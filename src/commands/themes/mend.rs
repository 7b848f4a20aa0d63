//! What a person makes of the themes: names, mergers, divisions and pins.

use topoi::article::ThemeId;
use topoi::library;

use crate::commands::Outcome;
use crate::commands::cli::Mend;
use crate::commands::context::Context;
use crate::commands::failure::Failure;

pub(super) fn run(context: &Context, mend: &Mend) -> anyhow::Result<Outcome> {
    let root = context.library();
    // Whoever mends the ledger of a library that isn't there wouldn't want to make one.
    context.open()?;
    let output = &context.output;
    match mend {
        Mend::Rename { theme, name } => {
            let name = name.as_deref().map(str::trim);
            if name == Some("") {
                return Err(Failure::with_hint(
                    "an empty name is no name",
                    "leave it out, and the theme is called after its terms again",
                )
                .into());
            }
            library::rename_theme(&root, *theme, name)?;
            match name {
                Some(name) => output.note(format_args!("theme {theme} is called `{name}`")),
                None => output.note(format_args!("theme {theme} is called after its terms")),
            }
        }
        Mend::Merge { into, others } => {
            if others.contains(into) {
                return Err(Failure::with_hint(
                    format!("theme {into} can't become part of itself"),
                    "name the theme that is left first, and then others: `topoi themes merge 1 2`",
                )
                .into());
            }
            library::merge_themes(&root, *into, others)?;
            output.note(format_args!(
                "{} part of theme {into}, which is pinned",
                are(others)
            ));
        }
        Mend::Split { theme, count } => {
            let parts = library::split_theme(&root, *theme, *count)?;
            let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            output.note(format_args!(
                "theme {theme} is divided into {}, which are pinned",
                parts.join(", ")
            ));
        }
        Mend::Pin { theme } => {
            library::pin_theme(&root, *theme, true)?;
            output.note(format_args!("theme {theme} keeps its passages"));
        }
        Mend::Unpin { theme } => {
            library::pin_theme(&root, *theme, false)?;
            output.note(format_args!("theme {theme} is free to change"));
        }
    }
    Ok(Outcome::Found)
}

fn are(themes: &[ThemeId]) -> String {
    match themes {
        [theme] => format!("theme {theme} is"),
        themes => {
            let themes: Vec<String> = themes.iter().map(ToString::to_string).collect();
            format!("themes {} are", themes.join(", "))
        }
    }
}
