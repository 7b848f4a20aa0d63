//! The beginning of a passage, as long as there is room for.

use unicode_segmentation::UnicodeSegmentation;

/// How many characters of a passage are shown at most: what a person reads at a glance.
const LONGEST: usize = 240;

/// How many bytes the texts of all passages may take together. With it a map of 100,000 passages has some 20 MB.
const ALL: usize = 16_000_000;

/// How many bytes of a passage are shown at least, however many passages there are.
const SHORTEST: usize = 60;

/// The beginning of `text`, cut at the end of a word, where there are so many `passages`.
pub(super) fn snippet(text: &str, passages: usize) -> String {
    let bytes = (ALL / passages.max(1)).max(SHORTEST);
    let text = text.trim();
    let whole = |end: usize, count: usize| end <= bytes && count <= LONGEST;
    let mut end = 0;
    let mut word_end = 0;
    for (count, (start, piece)) in text.grapheme_indices(true).enumerate() {
        if !whole(start + piece.len(), count + 1) {
            break;
        }
        if piece.chars().all(char::is_whitespace) {
            word_end = start;
        }
        end = start + piece.len();
    }
    if end == text.len() {
        return text.to_owned();
    }
    // Scripts that don't divide words, and words without end, are cut where the room ends.
    let cut = if word_end * 2 > end { word_end } else { end };
    let kept = text[..cut].trim_end_matches(|c: char| c.is_whitespace() || ".,;:".contains(c));
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_the_end_of_a_word() {
        let text = "word ".repeat(100);
        let cut = snippet(&text, 1);
        assert!(cut.ends_with("word…") && cut.chars().count() <= LONGEST + 1);
        assert!(snippet(&text, 1_000_000).len() < cut.len());
        assert_eq!(snippet(" short \n", 1), "short");
        assert_eq!(snippet("", 1), "");
    }

    #[test]
    fn a_text_without_spaces_is_cut_between_characters() {
        let text = "言".repeat(500);
        assert_eq!(snippet(&text, 1).chars().count(), LONGEST + 1);
        let accents = "e\u{301}".repeat(500);
        assert!(snippet(&accents, 1).ends_with("\u{301}…"));
    }
}
