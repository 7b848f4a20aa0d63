//! Cutting a text that is longer than a model reads into windows, at sentence ends where it can be done.
//!
//! A window that is much shorter than its neighbours is a poor passage: it says little, and what it says
//! stands without its context. So the cuts are chosen together: as few windows as possible, and among those
//! ways the one whose windows are most alike in size.

use unicode_segmentation::UnicodeSegmentation;

use super::sentences::sentences;
use crate::article::Span;

/// Cuts a text into windows that each measure at most `limit`, as spans of its bytes.
///
/// `measure` says how much a text weighs, usually in tokens, with whatever a model adds to each text counted
/// in. The windows stand in order, do not overlap and hold everything in the text but white space between
/// them. They end at sentence ends; a sentence over the limit is cut at the ends of clauses, else between
/// words, else between graphemes. A single character that measures more than the limit is a window all the
/// same: there is nothing to cut.
///
/// `measure` is called once on the whole text and, only if that measures too much, about once a sentence and
/// once a window, on about three times the text's bytes in all.
///
/// ```
/// use topoi::ingest::windows;
///
/// let text = "One two three. Four five. Six seven. Eight nine ten.";
/// let mut words = |text: &str| text.split_whitespace().count();
/// let cut: Vec<&str> = windows(text, 6, &mut words).into_iter().map(|span| &text[span.start..span.end]).collect();
/// assert_eq!(cut, ["One two three. Four five.", "Six seven. Eight nine ten."]);
/// ```
pub fn windows(text: &str, limit: usize, measure: &mut dyn FnMut(&str) -> usize) -> Vec<Span> {
    let bare = text.trim();
    if bare.is_empty() {
        return Vec::new();
    }
    let start = text.len() - text.trim_start().len();
    let whole = Span::new(start, start + bare.len());
    let mut cutter = Cutter {
        text,
        limit,
        measure,
    };
    if cutter.weigh(whole) <= limit {
        return vec![whole];
    }
    cutter.cut()
}

/// A span that fits into one window, with what it measures beyond what every text measures.
#[derive(Clone, Copy)]
struct Piece {
    span: Span,
    weight: usize,
}

struct Cutter<'a> {
    text: &'a str,
    limit: usize,
    measure: &'a mut dyn FnMut(&str) -> usize,
}

impl Cutter<'_> {
    fn weigh(&mut self, span: Span) -> usize {
        (self.measure)(self.text.get(span.start..span.end).unwrap_or(""))
    }

    fn cut(&mut self) -> Vec<Span> {
        // What a model adds to every text is counted once a window, not once a sentence.
        let overhead = (self.measure)("");
        let mut pieces = Vec::new();
        for sentence in sentences(self.text) {
            let weight = self.weigh(sentence);
            self.add_pieces(sentence, weight, overhead, &mut pieces);
        }
        let mut found = Vec::new();
        for group in balanced_groups(&pieces, self.limit.saturating_sub(overhead).max(1)) {
            self.add_windows(pieces.get(group).unwrap_or_default(), &mut found);
        }
        found
    }

    /// Adds a span as one piece if it fits, else as several that do.
    fn add_pieces(&mut self, span: Span, weight: usize, overhead: usize, pieces: &mut Vec<Piece>) {
        if weight <= self.limit {
            pieces.push(Piece {
                span,
                weight: weight.saturating_sub(overhead),
            });
            return;
        }
        let room = self.limit.saturating_sub(overhead).max(1);
        let parts = weight.saturating_sub(overhead).div_ceil(room).max(2);
        let parts = divide(self.text, span, parts);
        if parts.len() < 2 {
            pieces.push(Piece { span, weight: room });
            return;
        }
        for part in parts {
            let weight = self.weigh(part);
            self.add_pieces(part, weight, overhead, pieces);
        }
    }

    /// Adds the window over some pieces; if together they measure more than their sum said, two of half the
    /// size.
    fn add_windows(&mut self, pieces: &[Piece], found: &mut Vec<Span>) {
        let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
            return;
        };
        let span = Span::new(first.span.start, last.span.end);
        if pieces.len() == 1 || self.weigh(span) <= self.limit {
            found.push(span);
            return;
        }
        let half: usize = pieces.iter().map(|piece| piece.weight).sum::<usize>() / 2;
        let mut sum = 0;
        let within = pieces.iter().take_while(|piece| {
            sum += piece.weight;
            sum <= half
        });
        let middle = within.count().clamp(1, pieces.len() - 1);
        let (left, right) = pieces.split_at(middle);
        self.add_windows(left, found);
        self.add_windows(right, found);
    }
}

/// The cheapest way to go through the pieces up to some place: how many windows, the sum of their squared
/// weights, and where the last one begins.
#[derive(Clone, Copy)]
struct Way {
    windows: usize,
    squares: f64,
    begins: usize,
}

/// Groups pieces into the fewest windows of at most `room`, and among those ways into the one with the least
/// sum of squares, which is the most even one.
///
/// Dynamic programming over the ends of windows. Light pieces are first put together, so that a window has at
/// most 128 of them and the time is linear in the pieces.
fn balanced_groups(pieces: &[Piece], room: usize) -> Vec<std::ops::Range<usize>> {
    let units = units(pieces, room);
    let mut ways = vec![Way {
        windows: 0,
        squares: 0.0,
        begins: 0,
    }];
    for end in 1..=units.len() {
        let mut best: Option<Way> = None;
        let mut weight = 0usize;
        for begin in (0..end).rev() {
            weight = weight.saturating_add(units.get(begin).map_or(0, |unit| unit.weight));
            if weight > room && begin + 1 < end {
                break;
            }
            let Some(before) = ways.get(begin) else { break };
            #[expect(
                clippy::cast_precision_loss,
                reason = "weights are counts of tokens, far below 2^53"
            )]
            let squares = before.squares + (weight as f64) * (weight as f64);
            let way = Way {
                windows: before.windows + 1,
                squares,
                begins: begin,
            };
            if best.is_none_or(|best| (way.windows, way.squares) < (best.windows, best.squares)) {
                best = Some(way);
            }
        }
        ways.extend(best);
    }
    let mut groups = Vec::new();
    let mut end = units.len();
    while end > 0 {
        let Some(way) = ways.get(end) else { break };
        if let (Some(first), Some(last)) = (units.get(way.begins), units.get(end - 1)) {
            groups.push(first.pieces.start..last.pieces.end);
        }
        end = way.begins;
    }
    groups.reverse();
    groups
}

/// Pieces that are not parted, because each is far smaller than a window.
struct Unit {
    pieces: std::ops::Range<usize>,
    weight: usize,
}

fn units(pieces: &[Piece], room: usize) -> Vec<Unit> {
    let light = room / 64;
    let mut units: Vec<Unit> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match units.last_mut() {
            Some(unit) if unit.weight + piece.weight <= light => {
                unit.weight += piece.weight;
                unit.pieces.end = at + 1;
            }
            _ => units.push(Unit {
                pieces: at..at + 1,
                weight: piece.weight,
            }),
        }
    }
    units
}

/// How good a place is to cut at; a better one may lie further from the middle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Grapheme,
    Word,
    Clause,
}

/// Divides a span into about `parts` parts of even length, each cut at the best place near where it is due:
/// the end of a clause, else between words, else between graphemes. Fewer than two parts come back only for
/// what can't be cut.
fn divide(text: &str, span: Span, parts: usize) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = span.start;
    for left in (2..=parts).rev() {
        let due = start + (span.end - start) / left;
        let Some((end, next)) = cut_near(text, Span::new(start, span.end), due) else {
            break;
        };
        spans.push(Span::new(start, end));
        start = next;
    }
    if start < span.end {
        spans.push(Span::new(start, span.end));
    }
    spans
}

/// The best place to cut a span near `due`: where the part before it ends, and where the next begins.
fn cut_near(text: &str, span: Span, due: usize) -> Option<(usize, usize)> {
    let slack = (due - span.start) / 4;
    let rest = text.get(span.start..span.end)?;
    let mut best: Option<(Place, usize, usize, usize)> = None;
    let mut graphemes = rest
        .grapheme_indices(true)
        .map(|(at, grapheme)| (span.start + at, grapheme))
        .peekable();
    let mut before = ' ';
    while let Some((at, grapheme)) = graphemes.next() {
        let Some(&(end, _)) = graphemes.peek() else {
            break;
        };
        if best.is_some() && end > due.saturating_add(slack) {
            break;
        }
        let first = grapheme.chars().next().unwrap_or(' ');
        // A cut in white space leaves the white space out; otherwise it falls behind this grapheme.
        let (place, part_end, next) = if first.is_whitespace() {
            let clause = matches!(before, ',' | ';' | ':' | '–' | '—' | ')' | '،' | '؛');
            (if clause { Place::Clause } else { Place::Word }, at, end)
        } else if matches!(first, '，' | '、' | '；' | '：' | '。' | '！' | '？') {
            (Place::Clause, end, end)
        } else {
            (Place::Grapheme, end, end)
        };
        before = grapheme.chars().next_back().unwrap_or(' ');
        if part_end <= span.start {
            continue;
        }
        let distance = part_end.abs_diff(due);
        // Beyond the slack a word's end is still better than the middle of a word, and a clause is no better.
        let place = if distance > slack {
            place.min(Place::Word)
        } else {
            place
        };
        let better = best.is_none_or(|(known, off, ..)| match place.cmp(&known) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => distance < off,
            std::cmp::Ordering::Less => false,
        });
        if better {
            best = Some((place, distance, part_end, next));
        }
    }
    let (_, _, end, next) = best.or_else(|| {
        // One grapheme of several characters, as a pile of accents is: cut between the characters.
        let (at, _) = rest
            .char_indices()
            .find(|&(at, _)| at > 0 && span.start + at >= due)?;
        Some((Place::Grapheme, 0, span.start + at, span.start + at))
    })?;
    Some((end, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> usize {
        text.split_whitespace().count()
    }

    fn cut<'a>(
        text: &'a str,
        limit: usize,
        measure: &mut dyn FnMut(&str) -> usize,
    ) -> Vec<&'a str> {
        windows(text, limit, measure)
            .into_iter()
            .map(|span| &text[span.start..span.end])
            .collect()
    }

    fn dense(text: &str) -> String {
        text.split_whitespace().collect()
    }

    #[test]
    fn a_text_within_the_limit_is_one_window_and_measured_once() {
        let mut calls = 0;
        let found = windows(" One. Two. ", 10, &mut |text| {
            calls += 1;
            words(text)
        });
        assert_eq!((found, calls), (vec![Span::new(1, 10)], 1));
        assert!(windows(" \n", 10, &mut words).is_empty());
    }

    #[test]
    fn windows_are_even_rather_than_full() {
        let text = "One two three four. ".repeat(7);
        let found: Vec<usize> = cut(&text, 12, &mut words)
            .iter()
            .map(|window| words(window))
            .collect();
        assert_eq!(found.iter().sum::<usize>(), 28);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|&size| size >= 8), "{found:?}");
    }

    #[test]
    fn a_long_sentence_is_cut_at_a_clause_end_then_between_words() {
        let text = "When the dredgers came no more, the town held a feast, and then it slept";
        assert_eq!(
            cut(text, 10, &mut words),
            [
                "When the dredgers came no more,",
                "the town held a feast, and then it slept"
            ]
        );
        assert_eq!(
            cut("a b c d e f g h", 4, &mut words),
            ["a b c d", "e f g h"]
        );
    }

    #[test]
    fn a_long_word_is_cut_between_graphemes() {
        let text = "e\u{301}".repeat(50);
        let found = cut(&text, 20, &mut |text| text.chars().count());
        assert!(
            found
                .iter()
                .all(|window| window.starts_with('e') && window.chars().count() <= 20),
            "{found:?}"
        );
        assert_eq!(found.concat(), text);
        let accents = format!("e{}", "\u{301}".repeat(50));
        let found = cut(&accents, 20, &mut |text| text.chars().count());
        assert!(found.iter().all(|window| window.chars().count() <= 20));
        assert_eq!(found.concat(), accents);
    }

    #[test]
    fn nothing_is_lost_and_no_window_is_over_the_limit() {
        let text = "Ports, rivers; ships: all of them (said Dr. Holt) silt up. 港は深い。船は来ない、もう来ない。 \
                    Averyveryverylongwordwithoutanyspaceatallgoesonandonandon “Why?” Nobody — nobody! — knows…  ";
        for limit in 1..60 {
            // Bytes rounded up to fours, and two for every text: neither additive nor smooth, as tokens are.
            let mut measure = |text: &str| text.len().div_ceil(4) + 2;
            let found = windows(text, limit, &mut measure);
            let pieces: Vec<&str> = found
                .iter()
                .map(|span| &text[span.start..span.end])
                .collect();
            assert_eq!(dense(&pieces.concat()), dense(text), "limit {limit}");
            for piece in pieces {
                assert!(
                    measure(piece) <= limit || piece.chars().count() == 1,
                    "limit {limit}: {piece}"
                );
            }
        }
    }

    #[test]
    fn a_measure_that_is_more_than_the_sum_of_its_parts_is_still_kept_to() {
        let text = "One two. Three four. Five six. Seven eight. Nine ten.";
        let mut measure = |text: &str| words(text) * words(text) / 2;
        let found = cut(text, 10, &mut measure);
        assert!(
            found.iter().all(|window| measure(window) <= 10),
            "{found:?}"
        );
        assert_eq!(dense(&found.concat()), dense(text));
    }

    #[test]
    fn measuring_is_linear_in_the_text() {
        for text in [
            "One two three four five six. ".repeat(5_000),
            "a, b ".repeat(50_000),
            "x".repeat(200_000),
        ] {
            let (mut calls, mut bytes) = (0, 0);
            let found = windows(&text, 64, &mut |text| {
                calls += 1;
                bytes += text.len();
                text.len().div_ceil(4) + 2
            });
            let sentences = sentences(&text).count();
            assert!(
                calls <= sentences + 4 * found.len() + 2,
                "{calls} calls for {sentences} sentences, {} windows",
                found.len()
            );
            assert!(
                bytes <= 5 * text.len(),
                "{bytes} bytes measured of {}",
                text.len()
            );
        }
    }
}
