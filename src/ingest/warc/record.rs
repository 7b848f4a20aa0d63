//! The records of a web archive: a version, a header, and a block of as many bytes as the header says.

/// The fields of a header, of a record or of HTTP.
#[derive(Debug, Default)]
pub(super) struct Header<'a> {
    fields: Vec<(&'a [u8], &'a [u8])>,
}

/// Headers are not longer, in bytes; a cookie is at most 4 KiB, and there are some dozens of fields.
const HEADER: usize = 64 << 10;

impl<'a> Header<'a> {
    /// Splits what begins with a header into its first line, its fields and what follows it. `None` where it has no
    /// end.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(&'a [u8], Self, &'a [u8])> {
        let mut rest = bytes;
        let mut first = None;
        let mut fields = Vec::new();
        loop {
            let within = rest.get(..HEADER.min(rest.len()))?;
            let end = within.iter().position(|&byte| byte == b'\n')?;
            let line = rest.get(..end)?.trim_ascii_end();
            rest = rest.get(end + 1..)?;
            if bytes.len() - rest.len() > HEADER {
                return None;
            }
            match first {
                None => first = Some(line),
                Some(first) if line.is_empty() => return Some((first, Self { fields }, rest)),
                // Where a record begins there is no header any more; every byte is looked at once.
                Some(_) if line.starts_with(VERSION) => return None,
                // A value that goes on in the next line is one that nothing here looks at.
                Some(_) => {
                    if let Some(colon) = line.iter().position(|&byte| byte == b':')
                        && !line.starts_with(b" ")
                        && !line.starts_with(b"\t")
                    {
                        let (name, value) = line.split_at(colon);
                        let value = value.get(1..).unwrap_or_default();
                        fields.push((name.trim_ascii(), value.trim_ascii()));
                    }
                }
            }
        }
    }

    /// The value of a field, as text.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self
            .fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// A record.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) header: Header<'a>,
    pub(super) block: &'a [u8],
}

/// What stands next in an archive.
#[derive(Debug)]
pub(super) enum Next<'a> {
    Record(Record<'a>),
    /// Something that is no record, up to the next that is one.
    Damaged,
    /// A record that is longer than what is left of the archive.
    CutOff,
    End,
}

const VERSION: &[u8] = b"WARC/";

/// Takes the records from an archive, one after another.
#[derive(Debug)]
pub(super) struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next record. What is damaged is passed over to where a record begins again.
    pub(super) fn next(&mut self) -> Next<'a> {
        // Two line ends follow each record; some programs write more, or fewer.
        self.rest = self.rest.trim_ascii_start();
        if self.rest.is_empty() {
            return Next::End;
        }
        let split = match self.rest.starts_with(VERSION) {
            true => Header::split(self.rest),
            false => None,
        };
        let record = split.and_then(|(_, header, rest)| {
            let length: usize = header.get("Content-Length")?.parse().ok()?;
            Some((header, rest, length))
        });
        let Some((header, rest, length)) = record else {
            let inside = self.rest.get(1..).unwrap_or_default();
            let next = inside
                .windows(VERSION.len() + 1)
                .position(|window| window.starts_with(b"\n") && window.ends_with(VERSION));
            return match next.and_then(|at| inside.get(at..)) {
                Some(rest) => {
                    self.rest = rest;
                    Next::Damaged
                }
                None => {
                    let began = self.rest.starts_with(VERSION);
                    self.rest = &[];
                    if began { Next::CutOff } else { Next::Damaged }
                }
            };
        };
        match rest.split_at_checked(length) {
            Some((block, rest)) => {
                self.rest = rest;
                Next::Record(Record { header, block })
            }
            None => {
                self.rest = &[];
                Next::CutOff
            }
        }
    }
}
