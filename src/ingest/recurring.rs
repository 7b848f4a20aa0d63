//! Lines that stand in many articles of one source: who its authors are, what its editors disclaim, calls to read
//! and to share. Nothing in such a line says that it carries no argument; that it recurs does.
//!
//! Measured by reading every line that is marked, 407 of them. In 89 raw pages of a syndicate 14 lines of the site, all of
//! them right. In 73,627 paragraphs of student and local newspapers (nine sources, 175 to 807 articles each that are no
//! copies) 390 lines, 8,669 marks: all are biographical lines, notices, sign-offs and other articles' beginnings, but the
//! latter are marked in their own articles, too, where these are there (three that were found), and two lines introduce a
//! yearly series. In 10,547 paragraphs of news, of which 98 articles are copies, one line about a columnist, 7 marks; in
//! 42,539 paragraphs of debate, many of them copied under several themes, only "[3] ibid", 66 marks; in 4,355 of
//! editorials none. A columnist's note that stands in fewer than one in 500 articles is missed.

use std::collections::HashMap;

use rayon::prelude::*;

use super::sentences::ends_as_sentence;
use crate::article::{Article, Kind, Metadata};

/// Paragraphs longer than this, in bytes, never recur: a long one that stands in several articles is a passage that
/// was copied.
const LONGEST: u32 = 400;

/// A line recurs if it stands in so many articles of its source that are no copies of each other, …
const FEWEST: u32 = 3;

/// … and in one of so many of them.
const ONE_IN: u32 = 500;

/// A line of [`SENTENCE`] bytes in so many articles recurs, however many there are.
const ENOUGH: u32 = 20;

/// From this length on, in bytes, nobody writes the same line by chance.
const SENTENCE: u32 = 60;

/// A whole sentence shorter than this, in bytes ("Why?", "The answer is no."), is written again and again: it recurs
/// only in one of [`REMARK_ONE_IN`] articles.
const REMARK: u32 = 30;

/// How many articles there are for each that a short sentence stands in.
const REMARK_ONE_IN: u32 = 20;

/// A paragraph, as it is compared with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Line {
    /// The digest of its letters: 64-bit FNV-1a of the text in small letters with every number as `0` and no white
    /// space around or doubled; of a text too long for a line, of its first 400 bytes and its length. It is the same in
    /// every version, so that it can be stored.
    pub digest: u64,
    /// The length of its text in bytes.
    pub bytes: u32,
    /// What it needs to recur.
    pub shape: Shape,
}

/// What kind of line a text is, which decides how often it has to stand to recur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Too long for a line, or mostly figures and signs, as scores and tables are: it never recurs.
    Passage,
    /// A short whole sentence.
    Remark,
    /// Any other.
    Line,
}

impl Line {
    /// The line that a text is.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut digest = Fnv::new();
        let head = text.get(..text.floor_char_boundary(LONGEST as usize));
        let mut chars = head.unwrap_or(text).trim().chars().peekable();
        let (mut in_number, mut space) = (false, false);
        let (mut letters, mut others) = (0_usize, 0_usize);
        while let Some(c) = chars.next() {
            if c.is_whitespace() {
                space = true;
                in_number = false;
                continue;
            }
            let is_digit = c.is_numeric();
            if c.is_alphabetic() {
                letters += 1;
            } else {
                others += 1;
            }
            // 1,000 is one number.
            let mut parts_digits =
                || matches!(c, ',' | '.') && chars.peek().is_some_and(|next| next.is_numeric());
            if in_number && (is_digit || parts_digits()) {
                continue;
            }
            in_number = is_digit;
            if std::mem::take(&mut space) {
                digest.add(b' ');
            }
            if is_digit {
                digest.add(b'0');
            } else if c.is_ascii() {
                c.to_ascii_lowercase()
                    .encode_utf8(&mut [0; 4])
                    .bytes()
                    .for_each(|byte| digest.add(byte));
            } else {
                for c in c.to_lowercase() {
                    c.encode_utf8(&mut [0; 4])
                        .bytes()
                        .for_each(|byte| digest.add(byte));
                }
            }
        }
        if text.len() > LONGEST as usize {
            (text.len() as u64)
                .to_le_bytes()
                .into_iter()
                .for_each(|byte| digest.add(byte));
        }
        Self {
            digest: digest.0,
            bytes: u32::try_from(text.len()).unwrap_or(u32::MAX),
            shape: Shape::of(text, letters, others),
        }
    }
}

impl Shape {
    fn of(text: &str, letters: usize, others: usize) -> Self {
        if text.len() > LONGEST as usize || letters <= others {
            Self::Passage
        } else if text.len() < REMARK as usize && ends_as_sentence(text) {
            Self::Remark
        } else {
            Self::Line
        }
    }
}

/// FNV-1a (Fowler, Noll and Vo), 64 bits wide.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    const fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u64).wrapping_mul(0x0100_0000_01b3);
    }
}

/// Which lines recur in one source.
///
/// ```
/// use topoi::ingest::{Line, Recurrence};
///
/// let mut source = Recurrence::default();
/// for body in ["Ports silt up.", "Ships grow.", "Towns shrink."] {
///     source.add([body, "Ada Marsh writes on ports."].map(Line::of));
/// }
/// assert!(source.is_recurring(Line::of("Ada Marsh writes on ports.")));
/// assert!(!source.is_recurring(Line::of("Ships grow.")));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Recurrence {
    articles: u32,
    lines: HashMap<u64, Occurrence>,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// Which of the articles that were counted had it first, from 0.
    pub first: u32,
    /// In how many of them it stands.
    pub articles: u32,
}

impl Recurrence {
    /// Takes an article of the source in: all its paragraphs, long ones too, since they tell whether it is a copy
    /// of one before it. A copy is not counted.
    pub fn add(&mut self, lines: impl IntoIterator<Item = Line>) {
        let mut lines: Vec<Line> = lines.into_iter().collect();
        lines.sort_unstable_by_key(|line| (line.digest, line.bytes));
        lines.dedup_by_key(|line| line.digest);
        if lines.is_empty() || self.is_copy(&lines) {
            return;
        }
        let first = self.articles;
        self.articles = self.articles.saturating_add(1);
        for line in lines {
            let occurrence = self
                .lines
                .entry(line.digest)
                .or_insert(Occurrence { first, articles: 0 });
            occurrence.articles = occurrence.articles.saturating_add(1);
        }
    }

    /// Whether a line recurs in what was taken in so far.
    #[must_use]
    pub fn is_recurring(&self, line: Line) -> bool {
        let one_in = |share| self.articles.div_ceil(share).max(FEWEST);
        let needed = match line.shape {
            Shape::Passage => return false,
            Shape::Remark => one_in(REMARK_ONE_IN),
            Shape::Line if line.bytes >= SENTENCE => one_in(ONE_IN).min(ENOUGH),
            Shape::Line => one_in(ONE_IN),
        };
        let occurrence = self.lines.get(&line.digest);
        occurrence.is_some_and(|occurrence| occurrence.articles >= needed)
    }

    /// How many articles were counted.
    #[must_use]
    pub const fn articles(&self) -> u32 {
        self.articles
    }

    /// Every line by its digest and where it stands, in no order.
    pub fn lines(&self) -> impl Iterator<Item = (u64, Occurrence)> + '_ {
        self.lines
            .iter()
            .map(|(digest, occurrence)| (*digest, *occurrence))
    }

    /// Whether one article that was counted has most of an article's text.
    ///
    /// Paragraphs too long to recur tell it alone, where there are any: half of their text. Where all are short, much of
    /// them may be what recurs, and nine tenths have to be the same.
    fn is_copy(&self, lines: &[Line]) -> bool {
        let is_short = |line: &&Line| line.bytes <= LONGEST;
        let has_long = !lines.iter().all(|line| is_short(&line));
        let (mut total, mut shared) = (0_u64, HashMap::<u32, u64>::new());
        for line in lines.iter().filter(|line| !(has_long && is_short(line))) {
            total += u64::from(line.bytes);
            if let Some(occurrence) = self.lines.get(&line.digest) {
                *shared.entry(occurrence.first).or_default() += u64::from(line.bytes);
            }
        }
        let most = shared.into_values().max().unwrap_or(0);
        if has_long {
            2 * most >= total
        } else {
            10 * most >= 9 * total
        }
    }
}

/// Marks the lines that recur among the articles of one file. Articles of one source are compared; the source is what
/// the article names as such, else the host of its address, else the file.
pub(super) fn mark(articles: &mut [Article]) {
    if articles.len() < FEWEST as usize {
        return;
    }
    let lines: Vec<Vec<Line>> = articles
        .par_iter()
        .map(|article| {
            let body = article
                .paragraphs
                .iter()
                .filter(|paragraph| paragraph.kind == Kind::Body);
            body.map(|paragraph| Line::of(&paragraph.text)).collect()
        })
        .collect();
    let mut sources: HashMap<&str, Recurrence> = HashMap::new();
    for (article, lines) in articles.iter().zip(&lines) {
        let source = sources.entry(source_of(&article.metadata)).or_default();
        source.add(lines.iter().copied());
    }
    let marks: Vec<Vec<bool>> = articles
        .iter()
        .zip(&lines)
        .map(|(article, lines)| {
            let source = sources.get(source_of(&article.metadata));
            let recurs = |line: &Line| source.is_some_and(|source| source.is_recurring(*line));
            lines.iter().map(recurs).collect()
        })
        .collect();
    for (article, marks) in articles.iter_mut().zip(marks) {
        let body = article
            .paragraphs
            .iter_mut()
            .filter(|paragraph| paragraph.kind == Kind::Body);
        for (paragraph, recurs) in body.zip(marks) {
            if recurs {
                paragraph.kind = Kind::Recurring;
            }
        }
    }
}

/// What an article's source is called: its name, or else the host of its address; empty where it has neither.
#[must_use]
pub fn source_of(metadata: &Metadata) -> &str {
    let host = || {
        let (_, rest) = metadata.address.as_deref()?.split_once("://")?;
        let host = rest.split(['/', ':', '?', '#']).next()?;
        Some(host.strip_prefix("www.").unwrap_or(host))
    };
    metadata.source.as_deref().or_else(host).unwrap_or("")
}

#[cfg(test)]
#[path = "recurring_tests.rs"]
mod tests;
