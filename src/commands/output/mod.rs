//! Everything that a person or a program sees: data on standard output, all else on standard error.
//!
//! This is the only place that writes to either.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::ops::Range;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::cli::Color;
use crate::answers::clean;

/// How wide text is set where there is no terminal to ask.
const WIDTH: usize = 100;

pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const ACCENT: Style = AnsiColor::Cyan.on_default();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Green.on_default().bold();

/// Where output goes, and how.
pub(crate) struct Output {
    data: BufWriter<AutoStream<StdoutLock<'static>>>,
    width: usize,
    /// Whether styles reach whoever reads.
    styled: bool,
    quiet: bool,
    verbose: bool,
}

impl Output {
    pub(crate) fn new(color: Color, quiet: bool, verbose: bool) -> Self {
        match color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0));
        let data = AutoStream::auto(io::stdout().lock());
        Self {
            styled: data.current_choice() != anstream::ColorChoice::Never,
            data: BufWriter::new(data),
            width: width.clamp(40, 120),
            quiet,
            verbose,
        }
    }

    /// How many columns text may take.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// A line of data.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.data, "{text}")
    }

    /// Text wrapped to the width, each line behind `indent` spaces.
    pub(crate) fn wrapped(&mut self, text: &str, indent: usize) -> io::Result<()> {
        self.wrapped_in(Style::new(), text, indent)
    }

    /// The same, faint.
    pub(crate) fn faint(&mut self, text: &str, indent: usize) -> io::Result<()> {
        self.wrapped_in(FAINT, text, indent)
    }

    fn wrapped_in(&mut self, style: Style, text: &str, indent: usize) -> io::Result<()> {
        let margin = " ".repeat(indent);
        for line in textwrap::wrap(&clean(text), self.columns(indent)) {
            writeln!(self.data, "{margin}{style}{line}{style:#}")?;
        }
        Ok(())
    }

    /// How many columns are left behind `indent` spaces.
    fn columns(&self, indent: usize) -> usize {
        self.width.saturating_sub(indent).max(20)
    }

    /// The same with a part of the text, in bytes, set off from the rest: in bold, or between asterisks where there are
    /// no styles.
    pub(crate) fn highlighted(
        &mut self,
        text: &str,
        part: Option<Range<usize>>,
        indent: usize,
    ) -> io::Result<()> {
        let Some((before, part, after)) = part.and_then(|part| split(text, part)) else {
            return self.wrapped(text, indent);
        };
        let (open, close) = if self.styled {
            (
                STRONG.render().to_string(),
                STRONG.render_reset().to_string(),
            )
        } else {
            ("**".to_owned(), "**".to_owned())
        };
        let marked = format!(
            "{}{open}{}{close}{}",
            clean(before),
            clean(part),
            clean(after)
        );
        let margin = " ".repeat(indent);
        let mut within = false;
        for line in textwrap::wrap(&marked, self.columns(indent)) {
            // Styles end with each line, since pagers take them so.
            let begin = if within && self.styled { &*open } else { "" };
            let last = line.rfind(&*open).max(line.rfind(&*close));
            if self.styled {
                within = last.map_or(within, |last| line[last..].starts_with(&*open));
            }
            let end = if within { &*close } else { "" };
            writeln!(self.data, "{margin}{begin}{line}{end}")?;
        }
        Ok(())
    }

    /// One JSON document, indented.
    pub(crate) fn json(&mut self, document: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_string_pretty(document)?;
        self.line(without_controls(&json))
    }

    /// One JSON object in a line.
    pub(crate) fn json_line(&mut self, object: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_string(object)?;
        self.line(without_controls(&json))
    }

    /// Bytes of data as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.data.write_all(bytes)
    }

    /// Standard output itself, for data of which each byte counts: what is written otherwise loses what a terminal would
    /// act on.
    pub(crate) fn exact(&mut self) -> io::Result<impl Write + use<>> {
        self.data.flush()?;
        Ok(BufWriter::new(io::stdout().lock()))
    }

    /// Sends out what is held back. To be called last: it is here that a closed pipe shows.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.data.flush()
    }

    /// Something worth knowing beside the data.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            complain(clean(&text.to_string()));
        }
    }

    /// Something worth knowing for whoever wants to know more.
    pub(crate) fn detail(&self, text: impl Display) {
        if self.verbose {
            let text = clean(&text.to_string());
            complain(format_args!("{FAINT}{text}{FAINT:#}"));
        }
    }

    /// Something that is not as it should be, though the command goes on.
    pub(crate) fn warn(&self, text: impl Display) {
        if !self.quiet {
            let text = clean(&text.to_string());
            complain(format_args!("{WARNING}warning:{WARNING:#} {text}"));
        }
    }

    /// What the user can do.
    pub(crate) fn hint(&self, text: impl Display) {
        if !self.quiet {
            advise(&text.to_string());
        }
    }

    /// A bar that shows how far something is; nothing where standard error is no terminal.
    pub(crate) fn progress(&self, length: u64, what: &'static str, unit: Unit) -> ProgressBar {
        let visible = !self.quiet && io::stderr().is_terminal();
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let template = match unit {
            Unit::Count => "{msg} [{bar:30}] {human_pos}/{human_len} {eta}",
            Unit::Bytes => "{msg} [{bar:30}] {bytes}/{total_bytes} {eta}",
        };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(Some(length), target)
            .with_style(style.progress_chars("━╸ "))
            .with_message(what)
    }
}

/// What stands before a part of a text, the part, and what stands behind it.
fn split(text: &str, part: Range<usize>) -> Option<(&str, &str, &str)> {
    Some((
        text.get(..part.start)?,
        text.get(part.clone())?,
        text.get(part.end..)?,
    ))
}

/// JSON with the control characters escaped that it may hold as they are: DEL would be lost on the way to a pipe, and the others
/// steer a terminal.
fn without_controls(json: &str) -> Cow<'_, str> {
    let steers = |c: char| matches!(c, '\u{7f}'..='\u{9f}');
    if !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if steers(c) {
            // They stand in strings only.
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// What a progress bar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Bytes,
}

/// An error with its causes, and what the user can do about it.
pub(crate) fn report(error: &anyhow::Error, hint: Option<String>) {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // A transparent error repeats its cause.
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    complain(format_args!("{ERROR}error:{ERROR:#} {}", clean(&text)));
    if let Some(hint) = hint {
        advise(&hint);
    }
}

/// What the user can do, after an error.
pub(crate) fn advise(hint: &str) {
    complain(format_args!("{HINT}hint:{HINT:#} {}", clean(hint)));
}

/// Writes a line to standard error. Where that is closed, there is nobody left to tell.
fn complain(text: impl Display) {
    let _ = writeln!(AutoStream::auto(io::stderr().lock()), "{text}");
}
