//! Where in a source an editor finds a paragraph.

use super::format::Format;
use super::source::Source;
use crate::article::Span;

/// Where the lines of a source end, in the bytes that spans count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineEnds(Vec<usize>);

impl LineEnds {
    /// The line ends of a source that is read as `format`; `None` where its spans don't count its own bytes, or it is no text.
    #[must_use]
    pub fn of(source: &Source<'_>, format: Format) -> Option<Self> {
        if !format.has_lines() {
            return None;
        }
        let decoded = source.decoded().ok()?;
        let ends = decoded.text.match_indices('\n');
        Some(Self(
            ends.map(|(place, _)| place + decoded.offset).collect(),
        ))
    }

    /// The line, from 1, in which a span begins.
    #[must_use]
    pub fn line(&self, span: Span) -> usize {
        self.0.partition_point(|end| *end < span.start) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Hints;
    use super::*;

    #[test]
    fn lines_are_counted_in_the_bytes_of_the_source() {
        let hints = Hints::default();
        let source = Source::new(b"\xef\xbb\xbfOne.\nTwo.\n", &hints);
        let ends = LineEnds::of(&source, Format::PlainText).unwrap();
        assert_eq!(
            [3, 7, 8].map(|start| ends.line(Span::new(start, start + 1))),
            [1, 1, 2]
        );
        assert_eq!(LineEnds::of(&source, Format::Html), None);
    }
}
