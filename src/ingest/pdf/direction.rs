//! Lines of scripts that run to the left, put into the order in which they are read.

/// What a piece of a line does to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Letters that run to the right.
    Right,
    /// Letters that run to the left.
    Left,
    /// Digits, which run to the right in any script.
    Digit,
    /// White space and marks that follow what is around them.
    Neutral,
}

/// The text of a line whose pieces are given as they stand from left to right.
///
/// Undoes what a page shows: in a line that mostly runs to the left the order is turned round, save for the words
/// and numbers in it that run to the right; in a line that runs to the right only the words that run to the left
/// are turned round. (The reverse of the rules L2 of the Unicode bidirectional algorithm, for one level.)
pub(super) fn logical_order(tokens: &[String]) -> String {
    let classes: Vec<Class> = tokens.iter().map(|token| class(token)).collect();
    let count = |class: Class| classes.iter().filter(|other| **other == class).count();
    let left = count(Class::Left);
    if left == 0 {
        return tokens.concat();
    }
    let runs_left = left >= count(Class::Right);
    let (main, other) = match runs_left {
        true => (Class::Left, Class::Right),
        false => (Class::Right, Class::Left),
    };
    let mut runs = runs(&classes, main, other);
    if runs_left {
        runs.reverse();
    }
    let mut text = String::new();
    for (from, to, turned) in runs {
        let run = tokens.get(from..to).unwrap_or_default();
        if turned == runs_left {
            text.extend(run.iter().map(String::as_str));
        } else {
            text.extend(run.iter().rev().map(String::as_str));
        }
    }
    text
}

/// The runs of a line: where each begins and ends, and whether it runs against the line.
///
/// Neutrals belong to a run that goes against the line only where they stand inside of it.
fn runs(classes: &[Class], main: Class, other: Class) -> Vec<(usize, usize, bool)> {
    let against = |class: Class| class == other || (main == Class::Left && class == Class::Digit);
    let mut runs = Vec::new();
    let mut at = 0;
    while at < classes.len() {
        let start = at;
        if classes.get(at).copied().is_some_and(against) {
            // As far as the last one before something of the line's own.
            let mut end = at;
            while let Some(class) = classes.get(at).copied().filter(|class| *class != main) {
                at += 1;
                if against(class) {
                    end = at;
                }
            }
            at = end;
            runs.push((start, at, true));
        } else {
            while classes
                .get(at)
                .copied()
                .is_some_and(|class| !against(class))
            {
                at += 1;
            }
            runs.push((start, at, false));
        }
    }
    runs
}

fn class(token: &str) -> Class {
    match token.chars().find(|c| !c.is_whitespace()) {
        Some(c) if is_leftward(c) => Class::Left,
        Some(c) if c.is_numeric() => Class::Digit,
        Some(c) if c.is_alphabetic() => Class::Right,
        _ => Class::Neutral,
    }
}

/// Whether a character is of a script that runs to the left, and no digit of one.
pub(super) const fn is_leftward(c: char) -> bool {
    let digit = matches!(c, '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}');
    !digit
        && matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(shown: &str) -> String {
        let tokens: Vec<String> = shown.chars().map(String::from).collect();
        logical_order(&tokens)
    }

    #[test]
    fn lines_that_run_to_the_left_are_turned_round() {
        assert_eq!(read("םולש"), "שלום");
        assert_eq!(read("2024 רבמצד 31 םויב"), "ביום 31 דצמבר 2024");
        assert_eq!(read(".דומע PDF file ארק"), "קרא PDF file עמוד.");
    }

    #[test]
    fn words_that_run_to_the_left_are_turned_round_in_other_lines() {
        assert_eq!(
            read("The word םולש means peace"),
            "The word שלום means peace"
        );
        assert_eq!(read("No such letters (12)."), "No such letters (12).");
    }
}
