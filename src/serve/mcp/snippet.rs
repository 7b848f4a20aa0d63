//! A part of a passage: the sentence that matters, and what stands around it, cut between words.

use std::ops::Range;

use topoi::article::Span;
use unicode_segmentation::UnicodeSegmentation;

use crate::answers::clean;

/// A part of a text, of at most so many characters and a little, around a span or from its beginning. Where something
/// was left out, an ellipsis stands.
pub(super) fn snippet(text: &str, around: Option<Span>, most: usize) -> String {
    let words: Vec<(usize, &str)> = text.split_word_bound_indices().collect();
    let lengths: Vec<usize> = words.iter().map(|(_, word)| word.chars().count()).collect();
    let around = around.unwrap_or(Span::new(0, 0));
    let chosen = choose(&lengths, places(&words, around), most);
    let byte = |place: usize| words.get(place).map_or(text.len(), |(start, _)| *start);
    let part = text.get(byte(chosen.start)..byte(chosen.end));
    let part = clean(part.unwrap_or_default());
    let before = if chosen.start > 0 { "…" } else { "" };
    let behind = if chosen.end < words.len() { "…" } else { "" };
    format!("{before}{}{behind}", part.trim())
}

/// Which words a span covers.
fn places(words: &[(usize, &str)], span: Span) -> Range<usize> {
    let start = words.partition_point(|(start, word)| start + word.len() <= span.start);
    let end = words.partition_point(|(start, _)| *start < span.end);
    start..end.max(start)
}

/// The words that are shown: those that must be as far as there is room, and then as many on both sides as there is room for.
fn choose(lengths: &[usize], core: Range<usize>, most: usize) -> Range<usize> {
    let Range { mut start, mut end } = core.start..core.start;
    let mut left = most;
    while end < core.end && lengths[end] <= left {
        left -= lengths[end];
        end += 1;
    }
    if end < core.end {
        return start..end;
    }
    let mut goes_on = true;
    while goes_on {
        goes_on = false;
        if end < lengths.len() && lengths[end] <= left {
            left -= lengths[end];
            end += 1;
            goes_on = true;
        }
        if start > 0 && lengths[start - 1] <= left {
            start -= 1;
            left -= lengths[start];
            goes_on = true;
        }
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "One two three. Four five six seven. Eight nine ten eleven twelve.";

    fn around(sentence: &str, most: usize) -> String {
        let start = TEXT.find(sentence).unwrap();
        snippet(TEXT, Some(Span::new(start, start + sentence.len())), most)
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(snippet(TEXT, None, 400), TEXT);
        assert_eq!(snippet("", None, 400), "");
        assert_eq!(snippet(" a\nb\u{202e} ", None, 400), "a b");
    }

    #[test]
    fn what_stands_around_the_sentence_is_cut_between_words() {
        let part = around("Four five six seven.", 40);
        assert_eq!(part, "…three. Four five six seven. Eight nine…");
        assert_eq!(around("One two three.", 20), "One two three. Four…");
        let end = around("Eight nine ten eleven twelve.", 40);
        assert_eq!(end, "…six seven. Eight nine ten eleven twelve.");
    }

    #[test]
    fn a_long_sentence_is_cut_at_its_end() {
        assert_eq!(around("Four five six seven.", 10), "…Four five…");
        assert_eq!(snippet(TEXT, None, 8), "One two…");
    }

    #[test]
    fn any_writing_and_any_span_can_be_cut() {
        let text = "关税最终由消费者承担。这是一个简单的事实。👩‍👩‍👧‍👦 ok";
        for most in 0..40 {
            for start in 0..text.len() {
                let part = snippet(text, Some(Span::new(start, start + 7)), most);
                assert!(part.chars().count() <= most + 2, "{part}");
            }
        }
        assert_eq!(
            snippet(text, Some(Span::new(1000, 2000)), 3).chars().last(),
            Some('k')
        );
    }
}
