//! What on the command line can't be understood, and what may have been meant by it.

use std::env;
use std::process::ExitCode;

use clap::error::ErrorKind;

use super::failure::Failure;
use super::output;

/// Shows what is wrong with the arguments, or the help or the version that they ask for.
pub(super) fn tell(error: &clap::Error) -> ExitCode {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let word = word_left_out(&arguments);
    let hint = word.map(|word| {
        format!("put a query with signs between quotes: `topoi search 'tariffs {word}'`")
    });
    match (word, error.kind()) {
        // The `h` of `-housing` asks for help.
        (Some(word), ErrorKind::DisplayHelp) if !asks_for_help(&arguments) => {
            let failure = Failure::new(format!("`{word}` begins as options do"));
            output::report(&failure.into(), hint);
            ExitCode::from(2)
        }
        _ => {
            // Where standard error is closed, there is nobody left to tell.
            let _ = error.print();
            if let Some(hint) = hint.filter(|_| error.use_stderr()) {
                output::advise(&hint);
            }
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

fn asks_for_help(arguments: &[String]) -> bool {
    arguments
        .iter()
        .any(|argument| argument == "-h" || argument == "--help")
}

/// The first word of a search that was to be left out, by the look of it, though the shell's quotes are missing: `-steel`.
fn word_left_out(arguments: &[String]) -> Option<&str> {
    // A command may be written as far as it is unlike the others.
    let is_search = |argument: &&String| argument.len() > 2 && "search".starts_with(&***argument);
    let options = arguments.iter().take_while(|argument| *argument != "--");
    options
        .skip_while(|argument| !is_search(argument))
        .map(String::as_str)
        .find(|argument| {
            let mut letters = argument.strip_prefix('-').unwrap_or_default().chars();
            let first_two = [letters.next(), letters.next()];
            first_two.iter().all(|c| c.is_some_and(char::is_alphabetic))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_a_minus_are_told_from_options() {
        let found = |line: &str| {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            word_left_out(&arguments).map(str::to_owned)
        };
        assert_eq!(found("search tariffs -steel"), Some("-steel".to_owned()));
        assert_eq!(
            found("--offline sea oil -norway -n 5"),
            Some("-norway".to_owned())
        );
        for none in [
            "search tariffs -n5 -C 2 -q --json",
            "search -- tariffs -steel",
            "index -steel",
            "search tariffs -",
        ] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}
