//! Which full stops belong to a shortened word: the abbreviations of English prose.

use super::sentences::{is_dash, is_opener};

/// Whether the full stop after `before` belongs to a shortened word rather than to the sentence.
pub(super) fn belongs_to_abbreviation(before: &str, first: char, next: &str) -> bool {
    let trimmed = before.trim_end();
    let mut reached_start = true;
    let word_start = trimmed
        .char_indices()
        .rev()
        .enumerate()
        .find(|&(count, (_, c))| {
            reached_start = count <= LONGEST_ABBREVIATION;
            !reached_start || c.is_whitespace() || is_opener(c) || is_dash(c) || c == '/'
        })
        .map_or(0, |(_, (at, c))| at + c.len_utf8());
    let word = match trimmed.get(word_start..) {
        Some(word) if reached_start => word,
        _ => return false,
    };
    // The number of an item ("3. Build ships") stands alone at the beginning of its sentence.
    if word_start == 0
        && word.len() <= 3
        && word.chars().all(|c| c.is_ascii_digit())
        && trimmed.len() == before.len()
    {
        return true;
    }
    let mut lower = word.to_lowercase();
    let listed = |list: &[&str]| list.contains(&lower.as_str());
    if listed(&TITLES) {
        return first.is_alphabetic();
    }
    if listed(&NEVER_LAST) {
        return true;
    }
    if listed(&BEFORE_NUMBERS) {
        return first.is_ascii_digit() || is_roman_numeral(next);
    }
    if listed(&MONTHS) {
        return first.is_ascii_digit();
    }
    // From here on the next word decides: "the U.S. Senate" goes on, "in the U.S. The" does not.
    let initial =
        word.chars().count() == 1 && first.is_alphabetic() && is_initial(trimmed, word_start, word);
    lower.retain(|c| c != '.');
    let dotted =
        word.contains('.') && lower.chars().all(char::is_alphabetic) && lower.chars().count() <= 5;
    if initial || dotted || SHORTENED.contains(&lower.as_str()) {
        return !begins_sentence(next);
    }
    false
}

/// Whether a single letter before a full stop is the initial of a name: a capital, and not the "I" that a
/// sentence may end with after a word in lower case.
fn is_initial(trimmed: &str, word_start: usize, word: &str) -> bool {
    if !word.chars().all(char::is_uppercase) {
        return false;
    }
    let previous = trimmed.get(..word_start).unwrap_or("").trim_end();
    let previous_word = previous.rsplit(char::is_whitespace).next().unwrap_or("");
    let after_name = previous_word.is_empty() || previous_word.starts_with(char::is_uppercase);
    after_name || word != "I"
}

/// Whether `next` begins with a word that English sentences begin with and names do not.
fn begins_sentence(next: &str) -> bool {
    let word: String = next
        .chars()
        .take_while(|c| c.is_alphabetic())
        .take(LONGEST_ABBREVIATION)
        .collect();
    STARTERS.contains(&word.as_str())
}

fn is_roman_numeral(next: &str) -> bool {
    let word = next
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or("");
    !word.is_empty() && word.len() <= 6 && word.bytes().all(|b| b"IVXLC".contains(&b))
}

/// No abbreviation below is longer, in characters; the search for the word before a stop ends there, so that
/// a text without white space costs no more than any other.
const LONGEST_ABBREVIATION: usize = 12;

/// Always before a name.
const TITLES: [&str; 30] = [
    "mr", "mrs", "ms", "mx", "dr", "prof", "sen", "rep", "gov", "gen", "col", "lt", "sgt", "cpl",
    "capt", "cmdr", "maj", "adm", "rev", "hon", "msgr", "fr", "mme", "mlle", "messrs", "pres",
    "supt", "amb", "st", "mt",
];

/// A sentence does not end with these.
const NEVER_LAST: [&str; 11] = [
    "e.g", "i.e", "cf", "viz", "vs", "v", "approx", "ca", "esp", "incl", "resp",
];

/// Abbreviations only before a number: "no. 5", but "He said no. Then he left."
const BEFORE_NUMBERS: [&str; 16] = [
    "no", "nos", "nr", "vol", "vols", "p", "pp", "fig", "figs", "eq", "sec", "ch", "art", "op",
    "para", "pt",
];

/// Abbreviations only before a day: "Jan. 20", but "They met in Jan. Nobody came."
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
];

/// Inside a sentence or at its end; the next word decides.
const SHORTENED: [&str; 26] = [
    "inc", "ltd", "corp", "co", "bros", "plc", "jr", "sr", "phd", "esq", "est", "dept", "univ",
    "assn", "natl", "intl", "ave", "blvd", "rd", "ed", "eds", "trans", "ph", "hq", "gov't",
    "int'l",
];

/// Words in capitals that begin sentences and no names.
const STARTERS: [&str; 80] = [
    "A",
    "After",
    "All",
    "Although",
    "Among",
    "An",
    "And",
    "Another",
    "Any",
    "As",
    "At",
    "Because",
    "Before",
    "Both",
    "But",
    "By",
    "Can",
    "Consider",
    "Did",
    "Do",
    "Does",
    "During",
    "Each",
    "Even",
    "Every",
    "Few",
    "For",
    "From",
    "Given",
    "Had",
    "Has",
    "He",
    "Her",
    "Here",
    "His",
    "How",
    "However",
    "I",
    "If",
    "In",
    "Indeed",
    "Instead",
    "Is",
    "It",
    "Its",
    "Like",
    "Many",
    "Meanwhile",
    "More",
    "Moreover",
    "Most",
    "My",
    "No",
    "Nor",
    "Not",
    "Nothing",
    "Now",
    "On",
    "One",
    "Only",
    "Or",
    "Our",
    "Perhaps",
    "She",
    "Since",
    "So",
    "Some",
    "Such",
    "That",
    "The",
    "Their",
    "Then",
    "There",
    "These",
    "They",
    "This",
    "Those",
    "To",
    "Today",
    "We",
];
