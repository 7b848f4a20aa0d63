//! Why a source can't be read, and what was odd about one that could.

/// Why a source gives no article.
///
/// The text of each says what is wrong and, where something can be done, what; it fits behind the name of the
/// source: `` `notes.txt`: holds no text ``.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There are no bytes, only white space, or only marks that stand for no text.
    #[error("holds no text")]
    Empty,
    /// The bytes are no text in any encoding.
    #[error(
        "holds bytes that no text has (the first at offset {offset}): if it is a document, save it as text, a web page \
         or a PDF"
    )]
    Binary {
        /// Where the first such character stands, in bytes of the decoded text.
        offset: usize,
    },
    /// The content is of a kind that has no reader.
    #[error("is {what}, which topoi does not read: save it as text or Markdown")]
    OtherFormat {
        /// What it is, with its article: "an HTML page".
        what: &'static str,
    },
    /// The content begins as its format does, and is broken further on.
    #[error("is {what} that can't be read: {reason}")]
    Damaged {
        /// What it is, with its article: "a PDF".
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The content can't be read without a password.
    #[error("is {what} that is encrypted: save it again without a password")]
    Encrypted {
        /// What it is, with its article: "a PDF".
        what: &'static str,
    },
    /// Pages that are pictures.
    #[error(
        "is {what} whose pages are pictures without text: have the text recognised (OCR) first"
    )]
    OnlyPictures {
        /// What it is, with its article: "a PDF".
        what: &'static str,
    },
    /// What is packed in it is more than topoi unpacks.
    #[error("unpacks to more than {} MiB: unpack it, and index what is wanted of it", limit >> 20)]
    UnpacksTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Archives in archives.
    #[error("is packed in more than {limit} archives, one in another: unpack it first")]
    TooDeep {
        /// How many are unpacked.
        limit: u8,
    },
    /// JSON, but not one object a line.
    #[error(
        "is JSON but not JSON Lines: write one object a line, for example with `jq -c '.[]'` \
         (first trouble: {reason} in line {line})"
    )]
    NotJsonLines {
        /// The first line that is no object, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Records of which none holds a text.
    #[error(
        "no record has a text: looked for `text`, `body`, `content`, `description` or another name for it and found only {}; say \
         which it is with `--map text=NAME`",
        names(fields)
    )]
    NoTextField {
        /// The fields that the records have, in alphabetic order, at most 12 of them.
        fields: Vec<String>,
    },
}

fn names(fields: &[String]) -> String {
    if fields.is_empty() {
        return "empty records".to_owned();
    }
    let quoted: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    quoted.join(", ")
}

/// Something odd in a source that was read all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// An entry was left out.
    #[error("line {line} was left out: {reason}")]
    LeftOut {
        /// The line, counted from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// A field of an entry was not understood, and the entry goes without it.
    #[error("line {line}: {reason}")]
    Field {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with the field.
        reason: String,
    },
    /// Some bytes stand for no character.
    #[error("{count} places are no {encoding} and were replaced by \u{fffd}")]
    Unmapped {
        /// How many places.
        count: usize,
        /// The encoding that the text was read in.
        encoding: &'static str,
    },
    /// The lines between `---` at the top are no front matter, and were read as text.
    #[error(
        "the front matter is not `key: value` lines (line {line}: {reason}), so it was read as text"
    )]
    FrontMatter {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Something that is packed in the source was left out.
    #[error("`{name}` was left out: it {reason}")]
    Member {
        /// Its name in the source.
        name: String,
        /// Why, in words that go on from its name: "holds no text".
        reason: String,
    },
    /// Something odd in what is packed in the source.
    #[error("in `{name}`: {warning}")]
    Inside {
        /// Its name in the source.
        name: String,
        /// What is odd.
        warning: Box<Warning>,
    },
    /// What holds no article by its kind, such as the pictures in a web archive, was passed over.
    #[error("{count} {what} were passed over")]
    Passed {
        /// How many.
        count: usize,
        /// What they are.
        what: &'static str,
    },
    /// The source is broken at some place; what precedes was read.
    #[error("it can't be read to its end: {reason}")]
    Damaged {
        /// What is wrong, and where.
        reason: String,
    },
    /// The source ends before it should; what precedes was read.
    #[error("it ends in the middle of {what}; what precedes was read")]
    CutOff {
        /// Where it ends, with its article: "a record".
        what: &'static str,
    },
    /// The source holds more articles than are read from one.
    #[error("it holds more than {limit} articles; the rest was not read: split it")]
    TooMany {
        /// How many are read.
        limit: usize,
    },
    /// There were more of these than are worth listing.
    #[error("{count} more like these")]
    More {
        /// How many are not listed.
        count: usize,
    },
}

impl Warning {
    /// This warning as one of something that is packed in the source under a name.
    pub(crate) fn of(self, name: &str) -> Self {
        Self::Inside {
            name: name.to_owned(),
            warning: Box::new(self),
        }
    }
}

/// How many warnings of one source are kept word for word; the rest is counted.
const LISTED: usize = 10;

/// Collects warnings, and only counts them once there are many, so that a hopeless file of a million lines
/// does not fill the memory with complaints.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    listed: Vec<Warning>,
    unlisted: usize,
}

impl Warnings {
    /// Adds one. It is only built when it will be kept.
    pub(crate) fn add(&mut self, warning: impl FnOnce() -> Warning) {
        if self.listed.len() < LISTED {
            self.listed.push(warning());
        } else {
            self.unlisted += 1;
        }
    }

    /// Why a source of which nothing was read can't be: the first that was odd, or [`ReadError::Empty`].
    pub(crate) fn into_error(self, what: &'static str) -> ReadError {
        match self.listed.first() {
            Some(first) => ReadError::Damaged {
                what,
                reason: first.to_string(),
            },
            None => ReadError::Empty,
        }
    }

    /// All of them, the last one being the count of those not listed.
    pub(crate) fn into_vec(mut self) -> Vec<Warning> {
        if self.unlisted > 0 {
            self.listed.push(Warning::More {
                count: self.unlisted,
            });
        }
        self.listed
    }
}
