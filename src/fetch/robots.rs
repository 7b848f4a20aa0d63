//! `robots.txt`: what a site asks programs to leave alone (RFC 9309).

use std::time::Duration;

/// How much of a `robots.txt` is read, as the RFC asks for at least.
pub(super) const READ: u64 = 500 << 10;

/// What the file calls us.
const NAME: &str = "topoi";

/// The longest pause that is kept because a file asks for it.
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// What a site asks of this program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Robots {
    rules: Vec<Rule>,
    delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allows: bool,
    /// A path as it is compared, with `*` for any run of characters and `$` for the end.
    pattern: String,
}

/// Whom the rules at hand are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Us,
    Everyone,
    Others,
}

impl Robots {
    /// Reads a file: the groups for this program, or, where there are none, those for everyone.
    pub(super) fn parse(file: &[u8]) -> Self {
        let text = String::from_utf8_lossy(file);
        let text = text.trim_start_matches('\u{feff}');
        let mut ours: Option<Self> = None;
        let mut everyones = Self::default();
        let mut group = Group::Others;
        let mut in_names = false;
        for line in text.split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if key == "user-agent" {
                let named = addressed(value);
                // Names that follow one another open one group; the nearest of them to us counts.
                group = match (in_names, group, named) {
                    (true, Group::Us, _) | (_, _, Group::Us) => Group::Us,
                    (true, Group::Everyone, _) | (_, _, Group::Everyone) => Group::Everyone,
                    _ => Group::Others,
                };
                in_names = true;
                if group == Group::Us {
                    ours.get_or_insert_default();
                }
                continue;
            }
            let robots = match group {
                Group::Us => ours.get_or_insert_default(),
                Group::Everyone => &mut everyones,
                Group::Others if matches!(&*key, "allow" | "disallow" | "crawl-delay") => {
                    in_names = false;
                    continue;
                }
                Group::Others => continue,
            };
            match &*key {
                "allow" | "disallow" => {
                    in_names = false;
                    // Without a path it speaks of nothing.
                    if !value.is_empty() {
                        robots.rules.push(Rule {
                            allows: key == "allow",
                            pattern: normal(value),
                        });
                    }
                }
                "crawl-delay" => {
                    in_names = false;
                    let seconds = value.parse().ok().filter(|seconds: &f64| *seconds >= 0.0);
                    let longest = LONGEST_DELAY.as_secs_f64();
                    robots.delay = seconds
                        .map(|seconds| Duration::from_secs_f64(seconds.min(longest)))
                        .or(robots.delay);
                }
                _ => {}
            }
        }
        ours.unwrap_or(everyones)
    }

    /// Whether a path with its query may be fetched: the longest rule that matches says so, and of two as long the one
    /// that allows.
    pub(super) fn allows(&self, path: &str) -> bool {
        let path = normal(path);
        let matching = self.rules.iter().filter(|rule| rule.matches(&path));
        matching
            .max_by_key(|rule| (rule.pattern.len(), rule.allows))
            .is_none_or(|rule| rule.allows)
    }

    /// How long to wait between two requests, where the file says it.
    pub(super) const fn delay(&self) -> Option<Duration> {
        self.delay
    }
}

/// Whom a line `User-agent:` speaks to. What follows the name of a program, such as its version, is not part of it.
fn addressed(value: &str) -> Group {
    if value.starts_with('*') {
        return Group::Everyone;
    }
    let end = value.find(|c: char| !c.is_ascii_alphabetic() && c != '-' && c != '_');
    let name = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
    if name.eq_ignore_ascii_case(NAME) {
        Group::Us
    } else {
        Group::Others
    }
}

/// A path in the form in which paths are compared: characters that needn't be escaped are not, and all others are, in
/// capital digits.
fn normal(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut normal = String::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let escaped = (byte == b'%')
            .then(|| bytes.get(at..at + 2))
            .flatten()
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match escaped {
            Some(byte) => {
                at += 2;
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    normal.push(char::from(byte));
                } else {
                    normal.push_str(&format!("%{byte:02X}"));
                }
            }
            None if byte.is_ascii_graphic() => normal.push(char::from(byte)),
            None => normal.push_str(&format!("%{byte:02X}")),
        }
    }
    normal
}

impl Rule {
    /// Whether the pattern matches the beginning of a path, or all of it where it ends in `$`.
    ///
    /// Each part between two asterisks is looked for from left to right, which finds a match if there is one, in time
    /// linear in the path for each part.
    fn matches(&self, path: &str) -> bool {
        let (pattern, to_end) = match self.pattern.strip_suffix('$') {
            Some(pattern) => (pattern, true),
            None => (&*self.pattern, false),
        };
        let mut parts = pattern.split('*');
        let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else {
            return false;
        };
        let parts: Vec<&str> = parts.collect();
        let Some((last, inner)) = parts.split_last() else {
            return !to_end || rest.is_empty();
        };
        for part in inner {
            match rest.find(part) {
                Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        if to_end {
            rest.ends_with(last)
        } else {
            rest.contains(last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn robots(file: &str) -> Robots {
        Robots::parse(file.as_bytes())
    }

    #[test]
    fn the_longest_rule_counts_and_of_two_as_long_the_one_that_allows() {
        let robots = robots(
            "User-agent: *\nDisallow: /essays\nAllow: /essays/open\nDisallow: /page\nAllow: /page\nDisallow:\n",
        );
        for (path, allowed) in [
            ("/", true),
            ("/essays/closed", false),
            ("/essays/open/1", true),
            ("/page", true),
            ("/Essays", true),
        ] {
            assert_eq!(robots.allows(path), allowed, "{path}");
        }
    }

    #[test]
    fn asterisks_stand_for_anything_and_a_dollar_for_the_end() {
        let robots =
            robots("user-agent: *\ndisallow: /*.gif$\ndisallow: /a*b*c\ndisallow: /*?session=\n");
        for (path, allowed) in [
            ("/x/y.gif", false),
            ("/x/y.gif?z", true),
            ("/a-b-c-d", false),
            ("/acb", true),
            ("/page?session=1", false),
        ] {
            assert_eq!(robots.allows(path), allowed, "{path}");
        }
    }

    #[test]
    fn rules_for_us_take_the_place_of_those_for_everyone() {
        let file = "User-agent: *\nDisallow: /\nCrawl-delay: 3\n\nUser-agent: other\nUser-agent: Topoi/1.0\nDisallow: /a\n\n\
                    User-agent: TOPOI\nDisallow: /b # and no more\nUser-agent: topoist\nDisallow: /c\n";
        let robots = robots(file);
        assert!(!robots.allows("/a") && !robots.allows("/b"));
        assert!(robots.allows("/c") && robots.allows("/"));
        assert_eq!(robots.delay(), None);
        // An empty group for us allows everything.
        assert!(self::robots("User-agent: *\nDisallow: /\n\nUser-agent: topoi\n").allows("/"));
    }

    #[test]
    fn a_group_ends_where_the_next_begins() {
        let robots = robots(
            "User-agent: *\nSitemap: https://example.org/map.xml\nDisallow: /a\nUser-agent: other\nDisallow: /b\n",
        );
        assert!(!robots.allows("/a"));
        assert!(robots.allows("/b"));
    }

    #[test]
    fn escapes_are_compared_by_what_they_stand_for() {
        let robots =
            robots("User-agent: *\nDisallow: /%7Eada\nDisallow: /h\u{e4}fen\nDisallow: /a%2fb\n");
        assert!(!robots.allows("/~ada/"));
        assert!(!robots.allows("/h%C3%A4fen"));
        assert!(!robots.allows("/a%2Fb"));
        assert!(robots.allows("/a/b"));
    }

    #[test]
    fn a_delay_is_kept_up_to_a_limit() {
        let delay = |value: &str| robots(&format!("User-agent: *\nCrawl-delay: {value}\n")).delay();
        assert_eq!(delay("2.5"), Some(Duration::from_millis(2500)));
        assert_eq!(delay("86400"), Some(LONGEST_DELAY));
        for none in ["-1", "soon", "NaN", ""] {
            assert_eq!(delay(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_such_file_asks_for_nothing() {
        for file in ["", "\0\u{1}\u{2}", "<html>Not: found</html>", "Disallow: /"] {
            assert!(robots(file).allows("/"), "{file}");
        }
        assert!(!Robots::parse(b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /\r\n\xff").allows("/a"));
    }

    #[test]
    fn a_pattern_full_of_asterisks_takes_no_time() {
        let pattern = "*a".repeat(1000);
        let robots = robots(&format!("User-agent: *\nDisallow: /{pattern}b\n"));
        assert!(robots.allows(&format!("/{}", "a".repeat(5000))));
    }
}
