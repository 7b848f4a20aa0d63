//! One theme with its passages, or one article with its themes.

use topoi::article::{ArticleId, ThemeId};
use topoi::themes::trends::NameCount;

use super::table::{bar, heading, show_passage};
use crate::answers::{Subject, by_line, clean, count, one_line, themes};
use crate::commands::Outcome;
use crate::commands::context::Context;
use crate::commands::output::{FAINT, STRONG};

/// How many authors and sources of a theme are named.
const NAMED: usize = 5;

/// How wide the names of themes are beside an article's shares.
const NAME: usize = 40;

/// Shows one theme: who wrote about it, when, and its passages, those that belong most firmly first.
pub(super) fn theme(
    context: &mut Context,
    subject: &Subject,
    id: ThemeId,
    limit: usize,
    in_json: bool,
) -> anyhow::Result<Outcome> {
    let place = subject
        .commentary
        .themes
        .iter()
        .position(|theme| theme.kept.id == id);
    let place = place.ok_or(topoi::Error::NoTheme(id))?;
    let theme = &subject.commentary.themes[place];
    let output = &mut context.output;
    if in_json {
        output.json(&themes::theme(subject, place))?;
        return Ok(Outcome::Found);
    }
    heading(output, theme)?;
    let size = format!(
        "{} in {}",
        count(theme.members.len(), "passage"),
        count(theme.articles, "article")
    );
    output.line(format_args!("     {FAINT}{size}{FAINT:#}"))?;
    let trends = &subject.trends.themes[place];
    for (what, names) in [("by", &trends.authors), ("in", &trends.sources)] {
        let named: Vec<String> = names.iter().take(NAMED).map(named).collect();
        if !named.is_empty() {
            let more = if names.len() > NAMED { " …" } else { "" };
            output.faint(&format!("{what} {}{more}", named.join(", ")), 5)?;
        }
    }
    output.line("")?;
    let most = trends
        .periods
        .iter()
        .map(|period| period.passages)
        .max()
        .unwrap_or(1);
    for period in &trends.periods {
        let bar = bar(period.passages, most);
        output.line(format_args!(
            "     {:<8} {:>5}  {FAINT}{bar}{FAINT:#}",
            period.period, period.passages
        ))?;
    }
    if !trends.periods.is_empty() {
        output.line("")?;
    }
    for member in theme.members.iter().take(limit) {
        if let Some((passage, article)) = subject.passage(member.node) {
            show_passage(output, passage, article)?;
        }
    }
    let more = theme.members.len().saturating_sub(limit);
    if more > 0 {
        output.note(format_args!(
            "{} more: `-n` shows them",
            count(more, "passage")
        ));
    }
    Ok(Outcome::Found)
}

fn named(name: &NameCount) -> String {
    format!("{} ({})", clean(&name.name), name.passages)
}

/// Shows what an article is about.
pub(super) fn article(
    context: &mut Context,
    subject: &Subject,
    id: ArticleId,
    in_json: bool,
) -> anyhow::Result<Outcome> {
    let article = subject.article(id).ok_or(topoi::Error::NoArticle(id))?;
    let mixture = subject
        .commentary
        .mixtures()
        .remove(&id)
        .unwrap_or_default();
    let output = &mut context.output;
    if in_json {
        output.json(&themes::article(id, &mixture))?;
    } else {
        let title = article.metadata.title.as_deref().unwrap_or(&article.path);
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}  {FAINT}{}{FAINT:#}",
            clean(title),
            by_line(article)
        ))?;
        for (theme, share) in &mixture {
            let name = subject
                .commentary
                .theme(*theme)
                .map_or("", |theme| theme.name());
            let name = one_line(name, NAME);
            let gap = " ".repeat(NAME.saturating_sub(textwrap::core::display_width(&name)));
            let bar = bar((share * 1000.0) as usize, 1000);
            output.line(format_args!(
                "{theme:>3}  {name}{gap} {:>3.0} %  {FAINT}{bar}{FAINT:#}",
                share * 100.0
            ))?;
        }
    }
    Ok(if mixture.is_empty() {
        Outcome::NothingFound
    } else {
        Outcome::Found
    })
}
