//! `topoi themes`: what the library is about.

mod files;
mod mend;
mod one;
mod table;

use std::num::NonZeroU64;

use topoi::article::ThemeId;
use topoi::library::{self, Commentary, Current, Library, ThemesWanted, Topic};
use topoi::search::Origin;
use topoi::store::Filter;
use topoi::themes::Count;
use topoi::themes::ledger::{Change, ChangeKind};
use topoi_models::Role;

use super::Outcome;
use super::cli::{Themes, TitleArgs};
use super::context::Context;
use super::failure::Failure;
use super::nothing;
use super::output::{Output, STRONG};
use super::titles::{Brief, Endpoint};
use crate::answers::{Subject, clean, themes};

pub(crate) use table::{Shown, show};

/// How many passages of each theme are shown, and how many of a single one.
const PASSAGES: [usize; 2] = [1, 10];

/// How many passages of an exemplar's text an endpoint gets to see.
const EXEMPLARS: usize = 3;

pub(crate) fn run(context: &mut Context, arguments: &Themes) -> anyhow::Result<Outcome> {
    if let Some(mend) = &arguments.mend {
        return mend::run(context, mend);
    }
    let library = context.open()?;
    if arguments.diff {
        return diff(context, &library, arguments);
    }
    let endpoint = endpoint(context, &arguments.titles)?;
    let mut commentary = commentary(context, &library, arguments)?;
    entitle(
        context,
        &library,
        arguments,
        endpoint.as_ref(),
        &mut commentary,
    )?;
    let subject = Subject::new(&library, commentary)?;
    files::write(context, &library, &subject, arguments)?;
    let [of_each, of_one] = PASSAGES;
    if let Some(of) = &arguments.of {
        let limit = arguments.passages.unwrap_or(of_one);
        return match Origin::parse(of) {
            Some(Origin::Passage(id)) => one::theme(context, &subject, ThemeId(id.0), limit, arguments.json),
            Some(Origin::Article(id)) => one::article(context, &subject, id, arguments.json),
            None => Err(Failure::with_hint(
                format!("`{of}` is neither a theme nor an article"),
                "write 12 for a theme, a7 for an article, as `topoi themes` and `topoi list` show them",
            )
            .into()),
        };
    }
    if arguments.json {
        context
            .output
            .json(&themes::themes(&subject, arguments.rising))?;
    } else if let Some(by) = arguments.by {
        table::by(&mut context.output, &subject, by)?;
    } else {
        let shown = Shown {
            passages: arguments.passages.unwrap_or(of_each),
            rising_first: arguments.rising,
        };
        show(&mut context.output, &subject, shown)?;
    }
    if !subject.commentary.themes.is_empty() {
        return Ok(Outcome::Found);
    }
    let otherwise = "there is no passage to find themes in";
    nothing::tell(
        &context.output,
        &library,
        &arguments.filter.filter(),
        otherwise,
    )?;
    Ok(Outcome::NothingFound)
}

/// The themes that are asked for: those of the ledger, or some that are found for this once.
fn commentary(
    context: &Context,
    library: &Library,
    arguments: &Themes,
) -> anyhow::Result<Commentary> {
    let wanted = wanted(context, library, arguments)?;
    let is_plain = wanted == ThemesWanted::default();
    if arguments.update && wanted.filter != ThemesWanted::default().filter {
        return Err(Failure::with_hint(
            "the library's themes are about all of it, so `--update` takes no filter",
            "leave `--update` out to see the themes of some of its passages",
        )
        .into());
    }
    if arguments.update {
        return Ok(renewed(context, library, &wanted)?.0);
    }
    if !is_plain {
        return Ok(library.themes(&wanted)?);
    }
    Ok(current(context, library)?.0)
}

fn wanted(
    context: &Context,
    library: &Library,
    arguments: &Themes,
) -> anyhow::Result<ThemesWanted> {
    let steps = i8::try_from(arguments.finer).unwrap_or(i8::MAX)
        - i8::try_from(arguments.coarser).unwrap_or(i8::MAX);
    let one_in = match arguments.sample {
        Some(size) => one_in(library.store().counts()?.body, size),
        None => None,
    };
    Ok(ThemesWanted {
        filter: Filter {
            one_in,
            ..arguments.filter.filter()
        },
        count: arguments
            .count
            .map_or(Count::Natural(steps), Count::Exactly),
        topics: topics(context, library, &arguments.seed)?,
    })
}

/// Of how many articles one is taken for about so many passages of all; `None` where all are.
fn one_in(passages: u64, size: NonZeroU64) -> Option<NonZeroU64> {
    NonZeroU64::new(passages.div_ceil(size.get())).filter(|one_in| one_in.get() > 1)
}

/// Topics with their vectors.
fn topics(context: &Context, library: &Library, names: &[String]) -> anyhow::Result<Vec<Topic>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(blank) = names.iter().find(|name| name.trim().is_empty()) {
        return Err(Failure::with_hint(
            format!("`{blank}` is no topic"),
            "name it in a few words: `--seed \"export controls\"`",
        )
        .into());
    }
    let model = context.model_of(library)?;
    let texts: Vec<&str> = names.iter().map(String::as_str).collect();
    let vectors = super::interrupt::encode(model.encoder.as_ref(), &texts, Role::Query)?;
    let topics = names
        .iter()
        .zip(vectors.rows())
        .map(|(name, vector)| Topic {
            name: name.trim().to_owned(),
            vector: vector.to_vec(),
        });
    Ok(topics.collect())
}

/// The library's themes as they are. With them what changed, if they were found now.
pub(crate) fn current(
    context: &Context,
    library: &Library,
) -> anyhow::Result<(Commentary, Option<Vec<Change>>)> {
    let current = library.current_themes()?;
    if current.joined > 0 {
        context.output.note(format_args!(
            "{} new passages have joined the themes; `topoi themes --update` finds themes anew",
            current.joined
        ));
    }
    Ok(told(context, current))
}

/// Finds the library's themes anew, and keeps them.
fn renewed(
    context: &Context,
    library: &Library,
    wanted: &ThemesWanted,
) -> anyhow::Result<(Commentary, Option<Vec<Change>>)> {
    Ok(told(context, library.renew_themes(wanted)?))
}

/// Says so where themes could not be kept.
fn told(context: &Context, current: Current) -> (Commentary, Option<Vec<Change>>) {
    if let Some(error) = current.not_kept {
        context
            .output
            .warn(format_args!("the themes are not kept: {error}"));
    }
    (current.commentary, current.changes)
}

/// Who is asked for titles, where the user names somebody.
fn endpoint(context: &Context, arguments: &TitleArgs) -> anyhow::Result<Option<Endpoint>> {
    let Some(url) = &arguments.titles_url else {
        return Ok(None);
    };
    if context.is_offline() {
        return Err(Failure::with_hint(
            "`--offline` and `--titles-url` contradict each other",
            "leave one of them out",
        )
        .into());
    }
    // On the command line everybody on this machine could see it.
    let key = std::env::var("TOPOI_TITLES_KEY").ok();
    Ok(Some(Endpoint::new(
        url,
        &arguments.titles_model,
        key.as_deref(),
    )?))
}

/// Asks for a title of each theme that has neither a title nor a name of its own, where the user names an endpoint.
fn entitle(
    context: &Context,
    library: &Library,
    arguments: &Themes,
    endpoint: Option<&Endpoint>,
    commentary: &mut Commentary,
) -> anyhow::Result<()> {
    let Some(endpoint) = endpoint else {
        return Ok(());
    };
    let mut titles = Vec::new();
    for theme in &mut commentary.themes {
        if theme.kept.given.is_some() || theme.kept.title.is_some() {
            continue;
        }
        let texts: Vec<&str> = theme
            .kept
            .exemplars
            .iter()
            .take(EXEMPLARS)
            .filter_map(|id| {
                commentary
                    .passages
                    .binary_search_by_key(id, |passage| passage.id)
                    .ok()
            })
            .map(|place| &*commentary.passages[place].text)
            .collect();
        let brief = Brief {
            terms: &theme.kept.terms,
            exemplars: &texts,
        };
        match endpoint.title(&brief) {
            Ok(title) => {
                titles.push((theme.kept.id, title.clone()));
                theme.kept.title = Some(title);
            }
            // The next one would fail too, and a theme has its terms in any case.
            Err(error) => {
                context.output.warn(format_args!("no titles: {error:#}"));
                break;
            }
        }
    }
    // Themes that were found for this once are not the library's.
    if !titles.is_empty()
        && library
            .store()
            .themes()?
            .iter()
            .any(|theme| titles.iter().any(|t| t.0 == theme.id))
    {
        let is_plain = wanted(context, library, arguments)? == ThemesWanted::default();
        if (is_plain || arguments.update)
            && let Err(error) = library::entitle_themes(library.location(), &titles)
        {
            context
                .output
                .warn(format_args!("the titles are not kept: {error}"));
        }
    }
    Ok(())
}

/// What has changed since themes were last found.
fn diff(context: &mut Context, library: &Library, arguments: &Themes) -> anyhow::Result<Outcome> {
    let ledger = library.ledger()?;
    let changes = match &ledger {
        None => {
            let (commentary, changes) = renewed(context, library, &ThemesWanted::default())?;
            context.output.note(format_args!(
                "themes were found for the first time: there are {}",
                commentary.themes.len()
            ));
            changes.unwrap_or_default()
        }
        Some(ledger) if ledger.joined > 0 => renewed(context, library, &ThemesWanted::default())?
            .1
            .unwrap_or_default(),
        Some(_) => library::last_changes(library.store())?.unwrap_or_default(),
    };
    let output = &mut context.output;
    if arguments.json {
        output.json(&themes::changes(&changes))?;
    } else {
        for change in &changes {
            tell(output, change)?;
        }
        if changes.is_empty() && ledger.is_some() {
            output.note("nothing has changed");
        }
    }
    Ok(if changes.is_empty() {
        Outcome::NothingFound
    } else {
        Outcome::Found
    })
}

/// A change in one line.
fn tell(output: &mut Output, change: &Change) -> std::io::Result<()> {
    let Change {
        kind,
        theme,
        name,
        others,
        before,
        after,
    } = change;
    let others: Vec<String> = others.iter().map(ToString::to_string).collect();
    let others = others.join(", ");
    let what = match kind {
        ChangeKind::Born => format!("is new: {after} passages"),
        ChangeKind::Split => format!("was part of {others}: {after} passages"),
        ChangeKind::Merged => format!("is part of {others} now: it had {before} passages"),
        ChangeKind::Ended => format!("has ended: it had {before} passages"),
        ChangeKind::Grew => format!("grew from {before} to {after} passages"),
        ChangeKind::Shrank => format!("shrank from {before} to {after} passages"),
    };
    output.line(format_args!(
        "{theme:>3}  {STRONG}{}{STRONG:#} {what}",
        clean(name)
    ))
}
