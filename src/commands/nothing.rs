//! Why nothing was found: what a filter names that the library doesn't have.

use topoi::library::Library;
use topoi::store::Filter;

use super::output::Output;

/// Says that nothing was found, and why: what the filter names that nothing has, or else what is given.
pub(crate) fn tell(
    output: &Output,
    library: &Library,
    filter: &Filter,
    otherwise: &str,
) -> anyhow::Result<()> {
    match unknown(library, filter)? {
        Some((what, hint)) => {
            output.note(format_args!("nothing found: {what}"));
            output.hint(hint);
        }
        None => output.note(format_args!("nothing found: {otherwise}")),
    }
    Ok(())
}

/// The first name in a filter that no article has, and what to do about it.
fn unknown(library: &Library, filter: &Filter) -> anyhow::Result<Option<(String, String)>> {
    let named = [("author", &filter.author), ("source", &filter.source)];
    for (what, name) in named {
        let Some(name) = name else {
            continue;
        };
        let alone = match what {
            "author" => Filter {
                author: Some(name.clone()),
                ..Filter::default()
            },
            _ => Filter {
                source: Some(name.clone()),
                ..Filter::default()
            },
        };
        if library.store().articles(&alone)?.is_empty() {
            return Ok(Some((
                format!("no article has {what} `{name}`"),
                format!("`topoi themes --by {what}` shows who there is"),
            )));
        }
    }
    match &filter.language {
        Some(language) if !has_language(library, language)? => {
            let codes = library.store().languages()?;
            let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
            let hint = match codes.as_slice() {
                [] => "languages are told by codes such as `en`".to_owned(),
                codes => format!("the library's articles are in {}", codes.join(", ")),
            };
            Ok(Some((
                format!("no article has language `{language}`"),
                hint,
            )))
        }
        _ => Ok(None),
    }
}

/// Whether an article, or a passage of one in another language, is in a language.
fn has_language(library: &Library, language: &str) -> anyhow::Result<bool> {
    let alone = Filter {
        language: Some(language.to_owned()),
        all_kinds: true,
        ..Filter::default()
    };
    if !library.store().articles(&alone)?.is_empty() {
        return Ok(true);
    }
    let mut any = false;
    library.store().each_passage(&alone, &mut |_| any = true)?;
    Ok(any)
}
