//! Themes for people: what each is called, how large it is, when it was written about, and what stands for it.

use std::io;

use topoi::article::{Passage, StoredArticle};
use topoi::library::LibraryTheme;
use topoi::themes::trends::{NameCount, ThemeTrends};

use crate::answers::{Subject, by_line, clean, count, one_line, short_path};
use crate::commands::cli::By;
use crate::commands::output::{FAINT, Output, STRONG};

/// How wide the bar of the largest theme is.
const BAR: usize = 20;

/// How many columns a table by month, author or source has at most: the latest, or the most frequent.
const COLUMNS: usize = 12;

/// How wide the names of themes are in such a table.
const NAME: usize = 34;

/// A theme rises or falls where chance would hardly make its share change so much, in standard errors.
const NOTABLE: f64 = 2.0;

/// What to show of themes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// How many passages of each.
    pub(crate) passages: usize,
    /// Whether those that are written about more of late come first.
    pub(crate) rising_first: bool,
}

/// Shows the themes, each with the passages that stand for it.
pub(crate) fn show(output: &mut Output, subject: &Subject, shown: Shown) -> io::Result<()> {
    let themes = &subject.commentary.themes;
    let largest = themes
        .iter()
        .map(|theme| theme.members.len())
        .max()
        .unwrap_or(1);
    for place in subject.order(shown.rising_first) {
        let theme = &themes[place];
        let trends = subject.trends.themes.get(place);
        heading(output, theme)?;
        let size = format!(
            "{} in {}",
            count(theme.members.len(), "passage"),
            count(theme.articles, "article")
        );
        let bar = bar(theme.members.len(), largest);
        let when = trends.map(when).unwrap_or_default();
        output.line(format_args!(
            "     {FAINT}{size:<32}{bar:<BAR$}{when}{FAINT:#}"
        ))?;
        for (passage, article) in subject.exemplars(theme).take(shown.passages) {
            show_passage(output, passage, article)?;
        }
        output.line("")?;
    }
    Ok(())
}

/// A theme's number and name, and the terms that the name doesn't have.
pub(super) fn heading(output: &mut Output, theme: &LibraryTheme) -> io::Result<()> {
    let id = theme.kept.id;
    let name = match clean(theme.name()) {
        name if name.is_empty() => "no words in common".to_owned(),
        name => name,
    };
    let pin = if theme.kept.pinned { " (pinned)" } else { "" };
    let terms: Vec<String> = theme.kept.terms.iter().map(|term| clean(term)).collect();
    let others: Vec<String> = terms
        .into_iter()
        .filter(|term| !name.contains(term))
        .collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!(" · {}", others.join(", "))
    };
    output.line(format_args!(
        "{id:>3}  {STRONG}{name}{STRONG:#}{FAINT}{pin}{others}{FAINT:#}"
    ))
}

/// A passage in two lines.
pub(super) fn show_passage(
    output: &mut Output,
    passage: &Passage,
    article: &StoredArticle,
) -> io::Result<()> {
    let title = article.metadata.title.clone().unwrap_or_default();
    let known: Vec<String> = [title, by_line(article)]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let about = if known.is_empty() {
        short_path(&article.path)
    } else {
        known.join(" · ")
    };
    let line = format!("passage {} · {about}", passage.id);
    let width = output.width() - 7;
    output.line(format_args!(
        "       {FAINT}{}{FAINT:#}",
        one_line(&line, width)
    ))?;
    output.line(format_args!("       {}", one_line(&passage.text, width)))
}

/// A bar as long as `size` is of `largest`, to an eighth of a column.
pub(super) fn bar(size: usize, largest: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (size * BAR * 8).div_ceil(largest.max(1));
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// When a theme was written about, as a row of small bars, and whether it rises.
fn when(trends: &ThemeTrends) -> String {
    let most = trends.series.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let rising = match trends.rising {
        Some(trend) if trend.z >= NOTABLE => "  rising",
        Some(trend) if trend.z <= -NOTABLE => "  falling",
        _ => "",
    };
    let bars: String = trends
        .series
        .iter()
        .map(|&size| small_bar(size, most))
        .collect();
    format!("  {bars}{rising}")
}

fn small_bar(size: usize, most: usize) -> char {
    const BARS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BARS[(size * 8).div_ceil(most.max(1)).min(8)]
}

/// How many passages of each theme there are by month, author or source.
pub(super) fn by(output: &mut Output, subject: &Subject, by: By) -> io::Result<()> {
    let trends = &subject.trends.themes;
    let names_of = |trends: &ThemeTrends| -> Vec<(String, usize)> {
        let named = |names: &[NameCount]| {
            names
                .iter()
                .map(|name| (clean(&name.name), name.passages))
                .collect()
        };
        match by {
            By::Month => trends
                .periods
                .iter()
                .map(|p| (p.period.to_string(), p.passages))
                .collect(),
            By::Author => named(&trends.authors),
            By::Source => named(&trends.sources),
        }
    };
    let mut totals: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for (name, passages) in trends.iter().flat_map(names_of) {
        *totals.entry(name).or_default() += passages;
    }
    let mut columns: Vec<(String, usize)> = totals.into_iter().collect();
    if by == By::Month {
        columns.drain(..columns.len().saturating_sub(COLUMNS));
    } else {
        columns.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        columns.truncate(COLUMNS);
    }
    if columns.is_empty() {
        let what = match by {
            By::Month => "date",
            By::Author => "author",
            By::Source => "source",
        };
        output.note(format_args!("no article has a known {what}"));
        return Ok(());
    }
    if by == By::Month {
        let heads: String = columns
            .iter()
            .map(|column| format!(" {:>7}", column.0))
            .collect();
        output.line(format_args!(
            "{:>3}  {:<NAME$}{FAINT}{heads}{FAINT:#}",
            "", ""
        ))?;
        for (theme, trends) in subject.commentary.themes.iter().zip(trends) {
            let known: std::collections::HashMap<String, usize> =
                names_of(trends).into_iter().collect();
            let cells: String = columns
                .iter()
                .map(|(name, _)| match known.get(name) {
                    Some(passages) => format!(" {passages:>7}"),
                    None => format!(" {:>7}", "·"),
                })
                .collect();
            let name = one_line(theme.name(), NAME);
            let gap = " ".repeat(NAME.saturating_sub(textwrap::core::display_width(&name)));
            output.line(format_args!(
                "{:>3}  {STRONG}{name}{STRONG:#}{gap}{cells}",
                theme.kept.id
            ))?;
        }
        return Ok(());
    }
    // Names are too long to stand side by side: each theme has a line a name.
    for (theme, trends) in subject.commentary.themes.iter().zip(trends) {
        heading(output, theme)?;
        let names = names_of(trends);
        let most = names.first().map_or(1, |name| name.1);
        for (name, passages) in names.iter().take(COLUMNS) {
            let name = one_line(name, NAME);
            let gap = " ".repeat(NAME.saturating_sub(textwrap::core::display_width(&name)));
            output.line(format_args!(
                "     {name}{gap} {passages:>6}  {FAINT}{}{FAINT:#}",
                bar(*passages, most)
            ))?;
        }
        output.line("")?;
    }
    Ok(())
}
