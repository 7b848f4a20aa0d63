//! Equations on one line: `x^2`, `a_0`, `(a+b)/2`, `√x`.

/// What an open element of an equation is.
#[derive(Debug)]
pub(super) enum Math {
    /// One that adds nothing to its content.
    Plain,
    /// The whole equation.
    Equation,
    /// A root, a function, an array: its parts are told apart.
    Parts(&'static str),
    /// A part that is shown with a mark before it, and in parentheses where it is more than one character: the places
    /// of the mark and of the content.
    Group { mark: usize, content: usize },
    /// Parentheses of some kind, and how many parts have begun in them.
    Delimited {
        begin: String,
        end: String,
        separator: String,
        parts: usize,
    },
    /// An operator over a range, before its sign has been said.
    Operator(String),
}

/// The longest group that gets parentheses, in bytes. They are inserted, which must not be done again and again in a
/// long text.
const GROUP: usize = 1000;

impl Math {
    /// Begins an element; `parent` is the one around it, and what is to be seen goes to `text`.
    pub(super) fn begin(name: &str, parent: Option<&mut Self>, text: &mut String) -> Self {
        let mark = text.len();
        let group = |sign: &str, text: &mut String| {
            text.push_str(sign);
            Self::Group {
                mark,
                content: text.len(),
            }
        };
        match (name, parent) {
            ("sup", _) => group("^", text),
            ("sub", _) => group("_", text),
            ("num", _) => group("", text),
            ("den", _) => group("/", text),
            ("e", Some(Self::Parts("rad"))) => group("√", text),
            (
                "e",
                Some(Self::Delimited {
                    begin,
                    separator,
                    parts,
                    ..
                }),
            ) => {
                text.push_str(if *parts == 0 { begin } else { separator });
                *parts += 1;
                Self::Plain
            }
            ("e", Some(Self::Parts(_))) => {
                if text.ends_with(char::is_alphanumeric) {
                    text.push(' ');
                }
                Self::Plain
            }
            ("oMath", _) => Self::Equation,
            ("rad", _) => Self::Parts("rad"),
            ("func" | "mr" | "eqArr", _) => Self::Parts("row"),
            ("d", _) => Self::Delimited {
                begin: "(".to_owned(),
                end: ")".to_owned(),
                separator: "|".to_owned(),
                parts: 0,
            },
            ("naryPr", _) => Self::Operator("∫".to_owned()),
            _ => Self::Plain,
        }
    }

    /// A property of the element that encloses it: which sign an operator has, which brackets stand around it.
    pub(super) fn set(&mut self, name: &str, value: String) {
        match (name, self) {
            ("chr", Self::Operator(sign)) => *sign = value,
            ("begChr", Self::Delimited { begin, .. }) => *begin = value,
            ("endChr", Self::Delimited { end, .. }) => *end = value,
            ("sepChr", Self::Delimited { separator, .. }) => *separator = value,
            _ => {}
        }
    }

    /// Whether it is a whole equation.
    pub(super) const fn is_equation(&self) -> bool {
        matches!(self, Self::Equation)
    }

    /// Ends an element.
    pub(super) fn end(self, text: &mut String) {
        match self {
            Self::Plain | Self::Equation | Self::Parts(_) => {}
            Self::Operator(sign) => text.push_str(&sign),
            Self::Delimited { end, .. } => text.push_str(&end),
            Self::Group { mark, content } => {
                let Some(inside) = text.get(content..) else {
                    return;
                };
                if inside.is_empty() {
                    text.truncate(mark);
                } else if inside.len() <= GROUP
                    && !inside.chars().all(char::is_alphanumeric)
                    && !(inside.starts_with('(') && inside.ends_with(')'))
                    && inside.chars().nth(1).is_some()
                {
                    text.insert(content, '(');
                    text.push(')');
                }
            }
        }
    }
}
