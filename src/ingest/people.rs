//! Names of people as they stand in bylines and biographical lines.

/// Small words inside a name.
const PARTICLES: [&str; 24] = [
    "de", "da", "do", "dos", "das", "di", "del", "della", "der", "den", "van", "von", "la", "le",
    "bin", "ibn", "al", "el", "ter", "ten", "zu", "du", "af", "y",
];

/// What joins one name to the next.
const JOINERS: [&str; 6] = ["and", "&", "und", "et", "with", "And"];

/// What people who write articles do for a living, in alphabetic order.
const ROLES: [&str; 75] = [
    "academic",
    "activist",
    "adviser",
    "advisor",
    "advocate",
    "ambassador",
    "analyst",
    "anthropologist",
    "associate",
    "attorney",
    "author",
    "authors",
    "biologist",
    "ceo",
    "chair",
    "chairman",
    "chairwoman",
    "chief",
    "co-author",
    "co-chair",
    "co-director",
    "co-editor",
    "co-founder",
    "columnist",
    "commentator",
    "commissioner",
    "consultant",
    "contributor",
    "correspondent",
    "critic",
    "dean",
    "director",
    "economist",
    "editor",
    "editors",
    "engineer",
    "essayist",
    "executive",
    "expert",
    "fellow",
    "fellows",
    "filmmaker",
    "founder",
    "founding",
    "freelance",
    "governor",
    "historian",
    "journalist",
    "laureate",
    "lawyer",
    "lecturer",
    "member",
    "minister",
    "novelist",
    "opinion",
    "philosopher",
    "physician",
    "playwright",
    "poet",
    "president",
    "producer",
    "professor",
    "professors",
    "reporter",
    "reporters",
    "research",
    "researcher",
    "scholar",
    "scientist",
    "secretary",
    "staff",
    "strategist",
    "teaches",
    "vice-president",
    "writer",
];

/// Words in capitals that begin sentences but no biographical line: "The United States Congress is …", and
/// the holders of offices, of whom articles speak.
const OPENERS: [&str; 26] = [
    "A",
    "An",
    "And",
    "As",
    "At",
    "But",
    "Chancellor",
    "For",
    "If",
    "In",
    "King",
    "Minister",
    "Mr",
    "Mr.",
    "Mrs",
    "Mrs.",
    "No",
    "Our",
    "Pope",
    "President",
    "Prime",
    "Queen",
    "Senator",
    "That",
    "The",
    "This",
];

/// Whether a word can be part of a name: a capital, then letters, with hyphens, apostrophes and the full stop
/// of an initial.
fn is_name_word(word: &str) -> bool {
    let bare = word.trim_matches(['"', '“', '”', '‘', '(', ')']);
    bare.chars().next().is_some_and(char::is_uppercase)
        && bare
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '.' | '\'' | '’' | '-' | '‐'))
}

pub(super) fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
        || word.starts_with("al-")
        || word.starts_with("el-")
        || word.starts_with("d’")
}

/// Whether a text is nothing but the names of one person or several, with at least two words of name.
pub(super) fn are_names(text: &str) -> bool {
    let mut names = 0;
    for word in text.split_whitespace() {
        let bare = word.trim_end_matches(',');
        if is_name_word(bare) {
            names += 1;
        } else if !is_particle(bare) && !JOINERS.contains(&bare) {
            return false;
        }
    }
    (2..=16).contains(&names)
}

/// A text that begins with the name of a person, cut behind that name.
pub(super) struct Named<'a> {
    /// The last word of the first name in the text: "Marsh" of "Ada Marsh and Ben Holt are …".
    pub(super) surname: &'a str,
    /// What follows the names, from a comma or a verb on.
    pub(super) rest: &'a str,
}

/// The name that a text begins with; `None` where it begins with anything else.
pub(super) fn leading_name(text: &str) -> Option<Named<'_>> {
    let mut words = 0;
    let mut at = 0;
    if text
        .split(' ')
        .next()
        .is_none_or(|word| OPENERS.contains(&word))
    {
        return None;
    }
    for word in text.split(' ').take(24) {
        let bare = word.trim_end_matches(',');
        let named = is_name_word(bare);
        let joins = words >= 2 && JOINERS.contains(&bare);
        if !(named || joins || is_particle(bare)) {
            break;
        }
        words += usize::from(named);
        at += word.len() + 1;
        if bare.len() < word.len() {
            // A comma ends the first name; whether another name or a role follows is not asked.
            at -= 2;
            break;
        }
    }
    if words < 2 {
        return None;
    }
    let surname = surname_of(text.get(..at.min(text.len()))?)?;
    Some(Named {
        surname,
        rest: text.get(at.min(text.len())..)?,
    })
}

/// The last word of the first person's name.
fn surname_of(names: &str) -> Option<&str> {
    let first = JOINERS.iter().fold(names, |first, joiner| {
        first
            .split_once(&format!(" {joiner} "))
            .map_or(first, |(person, _)| person)
    });
    first.split_whitespace().rev().find(|word| {
        let bare = word.trim_end_matches(['.', ',']);
        is_name_word(bare)
            && bare.chars().count() > 1
            && !matches!(bare, "Jr" | "Sr" | "II" | "III" | "IV")
    })
}

/// Whether a word, in lower case, says what somebody who writes does for a living.
pub(super) fn is_role(word: &str) -> bool {
    ROLES.binary_search(&word).is_ok()
}

/// Whether a word stands in a text by itself, not as a part of another.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text
            .get(at + found.len()..)
            .and_then(|tail| tail.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_other_words() {
        for names in [
            "Ada Marsh",
            "Ada J. Marsh and Ben van der Holt",
            "ADA MARSH & BEN HOLT",
            "Ana Ruiz, Li Wei, and Jo O’Neil",
        ] {
            assert!(are_names(names), "{names}");
        }
        for other in [
            "Ada",
            "the sea",
            "Ada Marsh wrote",
            "Chapter 1",
            "",
            "Ports, Ships and the Sea",
        ] {
            assert!(!are_names(other), "{other}");
        }
    }

    #[test]
    fn a_leading_name_ends_at_a_comma_or_a_verb() {
        let cut = |text| leading_name(text).map(|named| (named.surname, named.rest));
        assert_eq!(
            cut("Ada Marsh is a painter."),
            Some(("Marsh", "is a painter."))
        );
        assert_eq!(
            cut("Ada J. Marsh, a painter, is"),
            Some(("Marsh", ", a painter, is"))
        );
        assert_eq!(
            cut("Ada Marsh and Ben Holt are painters."),
            Some(("Marsh", "are painters."))
        );
        assert_eq!(
            cut("Ben Holt Jr. is a painter."),
            Some(("Holt", "is a painter."))
        );
        assert_eq!(cut("The sea is wide."), None);
        assert_eq!(cut("Ports are deep."), None);
        assert_eq!(cut("The Harbour Board is a body."), None);
    }

    #[test]
    fn every_listed_role_is_found() {
        assert!(ROLES.is_sorted());
        assert!(is_role("professor") && is_role("academic") && is_role("writer"));
        assert!(!is_role("fisherman"));
    }

    #[test]
    fn a_word_inside_another_is_no_mention() {
        assert!(mentions("as Marsh’s uncle said", "Marsh"));
        assert!(!mentions("the Marshes flooded", "Marsh"));
    }
}
