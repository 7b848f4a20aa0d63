//! What stands below an article: who its author is, and the beginnings of other articles.
//!
//! Neither can be told from its words alone: "Ada Marsh is a professor of law" may open an argument. Its place
//! tells: behind a biographical line comes nothing of the article any more, and nobody introduces in the last
//! lines a person of whom the article has spoken all along.

use super::people::{Named, is_role, leading_name, mentions};
use super::sentences::{ends_as_sentence, sentences};
use crate::article::{Kind, Paragraph};

/// Biographical lines are looked for in this many paragraphs above the end of the article.
const DEEPEST: usize = 12;

/// Marks biographical lines and teasers at the end of an article; `author` is its author, where known.
pub(super) fn mark(paragraphs: &mut [Paragraph], author: Option<&str>) {
    let middle = paragraphs.len() / 2;
    let copyright = paragraphs
        .iter()
        .rposition(|paragraph| paragraph.kind == Kind::Copyright)
        .filter(|&at| at >= middle);
    let end = copyright.unwrap_or(paragraphs.len());
    let biographies = biographies(paragraphs, end, author);
    let anchor = biographies.first().copied().or(copyright);
    for at in biographies {
        if let Some(paragraph) = paragraphs.get_mut(at) {
            paragraph.kind = Kind::Biography;
        }
    }
    mark_teasers(paragraphs, anchor);
}

/// The biographical lines above `end`, in order: those below which nothing of the article stands.
fn biographies(paragraphs: &[Paragraph], end: usize, author: Option<&str>) -> Vec<usize> {
    let mut found = Vec::new();
    let mut pronouns = Vec::new();
    for at in (end.saturating_sub(DEEPEST).max(1)..end).rev() {
        let (above, from) = paragraphs.split_at(at);
        let Some(paragraph) = from.first() else { break };
        if paragraph.kind != Kind::Body {
            continue;
        }
        if is_biography(&paragraph.text, above, author) {
            found.append(&mut pronouns);
            found.push(at);
        } else if goes_on_about_author(&paragraph.text) {
            pronouns.push(at);
        } else if ends_as_sentence(&paragraph.text) {
            break;
        }
    }
    found.sort_unstable();
    found
}

/// Whether a paragraph says who the author is.
fn is_biography(text: &str, above: &[Paragraph], author: Option<&str>) -> bool {
    const OPENINGS: [&str; 12] = [
        "The writer is ",
        "The writers are ",
        "The author is ",
        "The authors are ",
        "The writer, ",
        "About the author",
        "About the Author",
        "ABOUT THE AUTHOR",
        "Translated by ",
        "Translated from ",
        "Translation by ",
        "Follow the author",
    ];
    if text.len() > 900 || sentences(text).nth(4).is_some() || reports_speech(text) {
        return false;
    }
    if OPENINGS.iter().any(|opening| text.starts_with(opening)) {
        return text.len() <= 500;
    }
    // Nobody begins the end of an article with its author's full name but whoever introduces the author.
    let introduces = |author: &str| {
        let rest = text.strip_prefix(author);
        rest.is_some_and(|rest| rest.starts_with([' ', ',']))
    };
    if author.is_some_and(introduces) {
        return true;
    }
    let Some(Named { surname, rest }) = leading_name(text) else {
        return false;
    };
    let known = match author {
        Some(author) => author.to_lowercase().contains(&surname.to_lowercase()),
        None => !above
            .iter()
            .any(|paragraph| paragraph.kind == Kind::Body && mentions(&paragraph.text, surname)),
    };
    known && describes_a_role(rest)
}

/// Whether what follows a name says what the person does for a living.
fn describes_a_role(rest: &str) -> bool {
    const VERBS: [&str; 12] = [
        "is", "was", "are", "were", "teaches", "writes", "directs", "leads", "works", "serves",
        "chairs", "holds",
    ];
    // What the person is stands in the first sentence.
    let rest = sentences(rest)
        .next()
        .and_then(|first| rest.get(..first.end))
        .unwrap_or(rest);
    let mut words = rest
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '’' | '\''))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase);
    if rest.starts_with(',') {
        // "Ada Marsh, a professor of law at Northmoor, is …": a role in apposition, then a verb; or no verb at all.
        let apposition: Vec<String> = words.take(40).collect();
        let verb = apposition
            .iter()
            .position(|word| VERBS.contains(&word.as_str()));
        let before_verb = apposition
            .get(..verb.unwrap_or(apposition.len()))
            .unwrap_or_default();
        let after_verb = apposition
            .get(verb.unwrap_or(apposition.len())..)
            .unwrap_or_default();
        let appositive = before_verb.iter().take(14).any(|word| is_role(word));
        return match verb {
            Some(_) => appositive && (rest.len() <= 400) && copula_is_present(after_verb),
            None => appositive && rest.len() <= 200,
        };
    }
    let verb = words.next();
    verb.is_some_and(|verb| VERBS.contains(&verb.as_str()))
        && words.take(14).any(|word| is_role(&word))
}

/// Whether the verb of an apposition is one that biographies use.
fn copula_is_present(from_verb: &[String]) -> bool {
    from_verb.first().is_some_and(|verb| {
        matches!(
            verb.as_str(),
            "is" | "are" | "was" | "teaches" | "writes" | "directs"
        )
    })
}

/// Whether a paragraph goes on about the author of whom the one above it told: "She is the author of …".
fn goes_on_about_author(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or("");
    matches!(word, "He" | "She" | "They" | "His" | "Her" | "Their")
        && text.len() <= 300
        && [
            "author of ",
            "book is ",
            "books include ",
            "co-author of ",
            "editor of ",
            "tweets ",
            "Twitter",
            "latest book",
            "most recent book",
        ]
        .iter()
        .any(|phrase| text.contains(phrase))
}

/// Whether somebody says something in a paragraph; biographical lines only state.
fn reports_speech(text: &str) -> bool {
    [
        " said", " says", " told ", " added:", " argues ", " argued ",
    ]
    .iter()
    .any(|verb| text.contains(verb))
}

/// A cut paragraph is long, in bytes: the preview of another article, not a line whose stop is missing.
const CUT_LENGTH: usize = 200;

/// Marks the cut-off beginnings of other articles at the end; `anchor` is the first biographical or copyright
/// line there.
fn mark_teasers(paragraphs: &mut [Paragraph], anchor: Option<usize>) {
    let cut_off =
        |paragraph: &Paragraph| paragraph.kind == Kind::Body && !ends_as_sentence(&paragraph.text);
    let (above, below) =
        paragraphs.split_at_mut(anchor.unwrap_or(paragraphs.len()).min(paragraphs.len()));
    // Where the article's own paragraphs go without a stop, a missing stop says nothing.
    let body = above
        .iter()
        .filter(|paragraph| paragraph.kind == Kind::Body);
    let (count, cut) = body.fold((0, 0), |(count, cut), paragraph| {
        (count + 1, cut + usize::from(cut_off(paragraph)))
    });
    if anchor.is_some() {
        if 4 * cut <= count {
            below
                .iter_mut()
                .filter(|paragraph| cut_off(paragraph))
                .for_each(|paragraph| paragraph.kind = Kind::Teaser);
        }
        return;
    }
    let run = above
        .iter()
        .rev()
        .take_while(|paragraph| cut_off(paragraph) && is_preview(&paragraph.text))
        .count();
    let hangs = above
        .last()
        .is_some_and(|paragraph| run == 1 && ends_hanging(&paragraph.text));
    let own = count - run;
    if (run >= 2 || hangs) && own >= 3 && 10 * (cut - run) <= own {
        above
            .iter_mut()
            .rev()
            .take(run)
            .for_each(|paragraph| paragraph.kind = Kind::Teaser);
    }
}

/// Whether a cut-off text looks like the beginning of an article: long, and either cut where no sentence ends,
/// or with a whole sentence in it and cut at a word. Lists of names and of references are long and without a
/// stop, too, but are neither.
fn is_preview(text: &str) -> bool {
    let at_word = || {
        text.ends_with(char::is_alphabetic)
            && !text.starts_with('[')
            && text
                .rsplit(' ')
                .next()
                .is_some_and(|word| !word.contains('/'))
    };
    text.len() > CUT_LENGTH
        && (ends_hanging(text) || (sentences(text).nth(1).is_some() && at_word()))
}

/// Whether a text ends with a comma or with a word that no English sentence ends with.
fn ends_hanging(text: &str) -> bool {
    const HANGING: [&str; 34] = [
        "a", "an", "the", "and", "or", "but", "of", "to", "in", "on", "at", "by", "for", "from",
        "with", "as", "than", "that", "which", "who", "whose", "is", "are", "was", "were", "has",
        "have", "had", "its", "their", "his", "our", "because", "into",
    ];
    let last = text.rsplit(' ').next().unwrap_or("");
    HANGING.contains(&last)
        || last
            .strip_suffix(',')
            .is_some_and(|word| word.chars().all(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Span;

    fn kinds(texts: &[&str], author: Option<&str>) -> Vec<Kind> {
        let mut paragraphs: Vec<Paragraph> = texts
            .iter()
            .map(|text| Paragraph::new(Kind::Body, (*text).to_owned(), Span::new(0, text.len())))
            .collect();
        super::super::boilerplate::mark(&mut paragraphs);
        mark(&mut paragraphs, author);
        paragraphs
            .into_iter()
            .map(|paragraph| paragraph.kind)
            .collect()
    }

    const BODY: &str =
        "A port is not a monument, and those who treat it as one lose the ships first.";
    const CUT: &str = "When the last dredger left the harbour, the town held a feast that went on for three days, and the \
                       mayor, who had never been on a ship in his life, gave a speech about the sea that those who heard it \
                       still repeat to their children when they want them to go to bed, as if the";

    #[test]
    fn biographical_lines_are_recognised_at_the_end() {
        for line in [
            "Ada Marsh is a professor of law at the University of Northmoor.",
            "Ada Marsh, a former harbour minister of Northmoor, is a fellow at the Institute for Dull Affairs.",
            "Ada Marsh, Professor of Law at Northmoor, is the author of The Long Pier (Example Press, 2020).",
            "Ada Marsh and Ben Holt are senior fellows and co-founder and director of the Pier Institute.",
            "The writer is a retired pilot.",
            "Translated by Ben Holt",
        ] {
            assert_eq!(
                kinds(&[BODY, BODY, line], None)[2],
                Kind::Biography,
                "{line}"
            );
            assert_eq!(
                kinds(&[BODY, BODY, line, "Copyright: Example"], None)[2],
                Kind::Biography,
                "{line}"
            );
        }
    }

    #[test]
    fn a_last_paragraph_that_begins_with_the_authors_full_name_introduces_the_author() {
        let body =
            "Der Hafen kann warten, denn er steht seit dreihundert Jahren dort, wo er steht.";
        for line in [
            "Ada Marsh berichtet für die Mittagspost über Häfen.",
            "Ada Marsh teaches public economics at the University of Port Ennis.",
        ] {
            assert_eq!(
                kinds(&[body, body, line], Some("Ada Marsh"))[2],
                Kind::Biography
            );
            assert_eq!(kinds(&[body, body, line], Some("Ben Holt"))[2], Kind::Body);
        }
    }

    #[test]
    fn a_person_of_whom_the_article_speaks_is_not_its_author() {
        let line = "Ada Marsh is a professor of law at the University of Northmoor.";
        let about =
            "Nobody has done more for the port than Ada Marsh, and nobody has been thanked less.";
        assert_eq!(kinds(&[about, BODY, line], None)[2], Kind::Body);
        assert_eq!(
            kinds(&[about, BODY, line], Some("Ada Marsh"))[2],
            Kind::Biography
        );
        assert_eq!(kinds(&[BODY, BODY, line], Some("Ben Holt"))[2], Kind::Body);
        assert_eq!(
            kinds(&[BODY, line, BODY], None)[1],
            Kind::Body,
            "the argument goes on behind it"
        );
        let quoted = "Ada Marsh is a director of the clinic. “Nobody came,” she said.";
        assert_eq!(kinds(&[BODY, BODY, quoted], None)[2], Kind::Body);
    }

    #[test]
    fn a_second_line_about_the_author_goes_with_the_first() {
        let lines = [
            BODY,
            BODY,
            "Ada Marsh is a professor of law.",
            "She is the author of The Long Pier.",
        ];
        assert_eq!(kinds(&lines, None)[2..], [Kind::Biography, Kind::Biography]);
        assert_eq!(
            kinds(&[BODY, BODY, "She is the author of The Long Pier."], None)[2],
            Kind::Body
        );
    }

    #[test]
    fn cut_off_paragraphs_below_the_article_are_teasers() {
        let lines = [
            BODY,
            BODY,
            BODY,
            "Copyright: Example",
            CUT,
            "Ships that never came",
        ];
        assert_eq!(kinds(&lines, None)[4..], [Kind::Teaser, Kind::Teaser]);
        assert_eq!(kinds(&[BODY, BODY, BODY, CUT], None)[3], Kind::Teaser);
        assert_eq!(
            kinds(&[BODY, BODY, BODY, CUT, CUT], None)[3..],
            [Kind::Teaser, Kind::Teaser]
        );
    }

    #[test]
    fn a_last_paragraph_that_merely_lacks_its_stop_is_the_articles_own() {
        let unstopped = BODY.repeat(4);
        let unstopped = unstopped.trim_end_matches('.');
        assert_eq!(kinds(&[BODY, BODY, BODY, unstopped], None)[3], Kind::Body);
        let bare: Vec<&str> = vec![unstopped; 5];
        assert!(
            kinds(&bare, None).iter().all(|kind| *kind == Kind::Body),
            "no paragraph has a stop"
        );
    }
}
