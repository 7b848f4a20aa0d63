//! The names in a byline, without what pages, feeds and exports write around them.

use super::fold::fold;
use super::people::{is_particle, is_role};

/// A line longer than this, in bytes, is left as it is: no byline, but perhaps the list of authors of a paper.
const LONGEST: usize = 500;

/// What stands before names, in lower case.
const OPENINGS: [&str; 17] = [
    "written by ",
    "posted by ",
    "words by ",
    "story by ",
    "text by ",
    "by: ",
    "by ",
    "author: ",
    "autor: ",
    "autora: ",
    "auteur: ",
    "автор: ",
    "von ",
    "par ",
    "por ",
    "door ",
    "di ",
];

/// Openings that can also be a person's first name or a part of a name: they are dropped before two more words.
const OPENINGS_LIKE_NAMES: [&str; 2] = ["von ", "di "];

/// Names of accounts and departments rather than of people, in lower case.
const GENERIC: [&str; 47] = [
    "admin",
    "administrator",
    "anonymous",
    "author",
    "author name",
    "by",
    "contributor",
    "contributors",
    "default",
    "desk",
    "editor",
    "editors",
    "editorial staff",
    "editorial team",
    "guest",
    "guest author",
    "guest contributor",
    "guest writer",
    "n/a",
    "news desk",
    "news editor",
    "news staff",
    "newsdesk",
    "newsroom",
    "no author",
    "none",
    "noreply",
    "null",
    "online desk",
    "our correspondent",
    "redacción",
    "redaktion",
    "redazione",
    "rédaction",
    "root",
    "site admin",
    "staff",
    "staff report",
    "staff reporter",
    "staff writer",
    "super user",
    "the editor",
    "unknown",
    "user",
    "web desk",
    "webmaster",
    "wordpress",
];

/// What joins two names, in lower case.
const JOINERS: [&str; 5] = ["and", "&", "und", "et", "with"];

/// Agencies and broadcasters, which stand behind names and keep their capitals.
const AGENCIES: [&str; 17] = [
    "AP",
    "AFP",
    "ANI",
    "BBC",
    "CNN",
    "NPR",
    "ABC",
    "CBS",
    "NBC",
    "DPA",
    "EFE",
    "PTI",
    "UPI",
    "Reuters",
    "REUTERS",
    "Bloomberg",
    "Xinhua",
];

/// The names in a line that says who wrote an article; `None` where it names nobody.
///
/// Labels ("By"), roles, papers behind a name, addresses, handles and places go; names in capitals get small letters;
/// `Marsh, Ada; Holt, Ben` becomes `Ada Marsh, Ben Holt`. Several names stay one line, parted by commas and by the
/// word that joined them. Accounts that are nobody's name ("admin", "Staff Writer") are dropped, while a body that
/// signs as such ("The Editorial Board", "Reuters") is an author.
pub(super) fn names(line: &str) -> Option<String> {
    let line = fold(line);
    if line.len() > LONGEST {
        return Some(line);
    }
    let line = without_opening(&line);
    if let Some(name) = name_in_address(line) {
        return name;
    }
    let line = without_mail(line);
    // Behind a bar stands the site.
    let line = line
        .split(['|', '•', '·'])
        .map(str::trim)
        .find(|part| !part.is_empty())?;
    let mut names = String::new();
    for (joiner, name) in divided(line) {
        let is_first = names.is_empty();
        let Some(name) = person(&name, is_first) else {
            continue;
        };
        if !is_first {
            names.push_str(joiner);
        }
        names.push_str(&name);
    }
    (!names.is_empty()).then_some(names)
}

/// A line without the words that introduce a name.
fn without_opening(line: &str) -> &str {
    let mut line = line.trim();
    // "Story by" may follow "By", but not without end.
    for _ in 0..2 {
        let Some(rest) = OPENINGS.iter().find_map(|opening| {
            let head = line.get(..opening.len())?;
            let rest = line.get(opening.len()..)?.trim_start();
            let named = rest
                .split(' ')
                .take_while(|word| word.starts_with(char::is_uppercase))
                .count();
            let fits = match OPENINGS_LIKE_NAMES.contains(opening) {
                true => named >= 2,
                false => !rest.is_empty(),
            };
            (fits && head.to_lowercase() == *opening).then_some(rest)
        }) else {
            break;
        };
        line = rest;
    }
    line
}

/// The name that the address of an author's page holds, if the line is an address: `None` within where it holds none.
fn name_in_address(line: &str) -> Option<Option<String>> {
    const FOLDERS: [&str; 14] = [
        "author",
        "authors",
        "autor",
        "auteur",
        "by",
        "columnist",
        "contributor",
        "contributors",
        "people",
        "person",
        "profile",
        "profiles",
        "staff",
        "writers",
    ];
    let rest = line
        .strip_prefix("https://")
        .or_else(|| line.strip_prefix("http://"))
        .or_else(|| {
            let host = line.strip_prefix("www.")?;
            (!line.contains(' ')).then_some(host)
        })?;
    let rest = rest.split([' ', '?', '#']).next().unwrap_or("");
    let mut folders = rest.split('/').filter(|folder| !folder.is_empty());
    let named = folders
        .by_ref()
        .skip(1)
        .any(|folder| FOLDERS.contains(&folder.to_lowercase().as_str()));
    let slug = folders.next_back().filter(|_| named);
    Some(slug.and_then(|slug| {
        let words: Vec<&str> = slug
            .split(['-', '_', '.'])
            .filter(|word| !word.is_empty())
            .collect();
        let is_name = (2..=4).contains(&words.len())
            && words
                .iter()
                .all(|word| word.chars().all(char::is_alphabetic));
        is_name.then(|| titled(&words.join(" ").to_uppercase()))
    }))
}

/// A line without addresses, handles and brackets; of `a.b@example.org (Ada Marsh)` the brackets are what stays.
fn without_mail(line: &str) -> String {
    if let Some((before, inside)) = line.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        return match before.contains('@') || before.trim().is_empty() {
            true => inside.trim().to_owned(),
            false => without_mail_words(before),
        };
    }
    without_mail_words(line)
}

fn without_mail_words(line: &str) -> String {
    let words: Vec<&str> = line
        .split(' ')
        .filter(|word| !word.contains('@') && !word.contains("://") && !word.starts_with("www."))
        .collect();
    words
        .join(" ")
        .trim_end_matches([' ', ',', '-', '–', '—', ':'])
        .to_owned()
}

/// The names of a line, each with what stands between it and the one before.
fn divided(line: &str) -> Vec<(&'static str, String)> {
    // Between semicolons stand names with the surname first.
    if line.contains(';') {
        return line
            .split(';')
            .map(|name| (", ", uninverted(name.trim())))
            .collect();
    }
    let pieces: Vec<&str> = line.split(',').map(str::trim).collect();
    if let [surname, given] = pieces.as_slice() {
        let is_inverted = !surname.contains(' ')
            && ![surname, given].iter().any(|name| AGENCIES.contains(name))
            && given
                .split(' ')
                .skip(1)
                .all(|word| word.ends_with('.') && word.chars().count() <= 2)
            && !is_suffix(given)
            && !is_role(&given.to_lowercase());
        if is_inverted && !given.is_empty() {
            return vec![("", uninverted(line))];
        }
    }
    let mut divided: Vec<(&'static str, String)> = Vec::new();
    for piece in pieces {
        if let Some((_, last)) = divided.last_mut().filter(|_| is_suffix(piece)) {
            *last = format!("{last} {piece}");
            continue;
        }
        let words: Vec<&str> = piece.split([' ']).collect();
        let mut joiner = ", ";
        for name in words.split_inclusive(|word| joined(word).is_some()) {
            let (name, next) = match name.split_last() {
                Some((last, name)) if joined(last).is_some() => (name, joined(last)),
                _ => (name, None),
            };
            let name = name.join(" ");
            if !name.is_empty() {
                divided.extend(
                    name.split('/')
                        .zip(std::iter::once(joiner).chain(std::iter::repeat(", ")))
                        .map(|(name, joiner)| (joiner, name.trim().to_owned())),
                );
            }
            joiner = next.unwrap_or(", ");
        }
    }
    divided
}

/// The word that joins two names, with a space on both sides.
fn joined(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    match JOINERS.iter().position(|joiner| *joiner == lower)? {
        1 => Some(" & "),
        2 => Some(" und "),
        3 => Some(" et "),
        4 => Some(" with "),
        _ => Some(" and "),
    }
}

fn is_suffix(piece: &str) -> bool {
    matches!(
        piece.to_lowercase().replace('.', "").as_str(),
        "jr" | "sr" | "ii" | "iii" | "iv" | "phd" | "md"
    )
}

/// `Marsh, Ada` as `Ada Marsh`.
fn uninverted(name: &str) -> String {
    match name.split_once(", ") {
        Some((surname, given)) if !given.contains(',') => {
            format!("{} {}", given.trim(), surname.trim())
        }
        _ => name.to_owned(),
    }
}

/// One name as it should stand; `None` for what is no name, which behind a name (`is_first` is false) is also the
/// person's role or paper, a place or a date.
fn person(piece: &str, is_first: bool) -> Option<String> {
    // "Ada Marsh - The Example"
    let piece = [" - ", " – ", " — "].iter().fold(piece, |piece, dash| {
        piece.split(dash).next().unwrap_or(piece)
    });
    let words: Vec<&str> = piece.split(' ').filter(|word| !word.is_empty()).collect();
    let cut = words
        .iter()
        .enumerate()
        .position(|(at, word)| at >= 2 && ends_name(word, words.get(at + 1).copied()));
    let words = words.get(..cut.unwrap_or(words.len())).unwrap_or_default();
    let name = words.join(" ");
    let lower = name.to_lowercase();
    if !name.chars().any(char::is_alphabetic) || GENERIC.contains(&lower.as_str()) {
        return None;
    }
    if !is_first && is_affiliation(&name, words) {
        return None;
    }
    let shouted = words.len() >= 2
        && !name.chars().any(char::is_lowercase)
        && name.chars().any(char::is_uppercase);
    Some(if shouted { titled(&name) } else { name })
}

/// Whether a word behind a name begins something else: "in Northmoor", "for The Example", "is a professor".
fn ends_name(word: &str, next: Option<&str>) -> bool {
    match word {
        "in" | "is" | "was" | "are" | "reports" | "reporting" | "writes" | "special" | "via" => {
            true
        }
        "for" | "of" | "at" | "from" => next.is_some_and(|next| next.eq_ignore_ascii_case("the")),
        _ => false,
    }
}

/// Whether a piece behind a name is a role, a paper or a date.
fn is_affiliation(name: &str, words: &[&str]) -> bool {
    const OUTLETS: [&str; 14] = [
        "news",
        "times",
        "magazine",
        "tribune",
        "herald",
        "gazette",
        "media",
        "agency",
        "university",
        "institute",
        "college",
        "tv",
        "radio",
        "network",
    ];
    // Surnames, too: two words that end in one are a name.
    const SURNAMES: [&str; 6] = ["dean", "fellow", "poet", "chief", "minister", "chair"];
    let role = |word: &&str| {
        let lower = word.to_lowercase();
        is_role(&lower) && !(words.len() == 2 && SURNAMES.contains(&lower.as_str()))
    };
    let first = words.first().copied().unwrap_or("");
    name.contains(|c: char| c.is_ascii_digit())
        || (first.starts_with(char::is_lowercase) && !is_particle(first))
        || matches!(first, "The" | "Special" | "Associated")
        || AGENCIES.contains(&name)
        || words.iter().any(role)
        || words
            .last()
            .is_some_and(|last| OUTLETS.contains(&last.to_lowercase().as_str()))
}

/// A name in capitals with small letters behind the first of each word: `BEN VAN DER MCHOLT-O’NEIL` gives
/// `Ben van der McHolt-O’Neil`. Initials, numerals and agencies keep their capitals.
fn titled(name: &str) -> String {
    let words = name.split(' ').enumerate().map(|(at, word)| {
        let lower = word.to_lowercase();
        if AGENCIES.contains(&word) || matches!(word, "II" | "III" | "IV") {
            word.to_owned()
        } else if at > 0 && is_particle(&lower) {
            lower
        } else {
            let parts: Vec<String> = word.split('-').map(titled_part).collect();
            parts.join("-")
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn titled_part(word: &str) -> String {
    let mut titled = String::with_capacity(word.len());
    let letters = word.chars().count();
    let mut is_capital = true;
    for (at, c) in word.chars().enumerate() {
        if is_capital || !c.is_uppercase() {
            titled.push(c);
        } else {
            titled.extend(c.to_lowercase());
        }
        // A capital follows the stop of an initial, the apostrophe of O’Neil and D’Arcy, and Mc.
        is_capital = c == '.'
            || (at == 1 && matches!(c, '\'' | '’'))
            || (at == 1 && letters > 3 && titled == "Mc")
            || (at == 0 && !c.is_alphabetic());
    }
    titled
}

#[cfg(test)]
#[path = "byline_tests.rs"]
mod tests;
