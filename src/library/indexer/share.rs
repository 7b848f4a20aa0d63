//! A share of many files, for those who divide them without asking one another.

use std::num::NonZeroU64;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// One of several shares of all files, by the hash of their paths: `2/5` is the second of five.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which, from 0 on.
    pub(crate) number: u64,
    /// How many there are.
    pub(crate) of: NonZeroU64,
}

/// A text that names no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a share is written `I/N`, as `1/4` for the first of four")]
pub struct ShareError;

impl Share {
    /// All files.
    pub const ALL: Self = Self {
        number: 0,
        of: NonZeroU64::MIN,
    };

    /// Whether a file with this path belongs to it.
    ///
    /// ```
    /// use topoi::library::Share;
    ///
    /// let shares: Vec<Share> = ["1/3", "2/3", "3/3"].iter().map(|share| share.parse().unwrap()).collect();
    /// let owners = shares.iter().filter(|share| share.has("/articles/bread.md"));
    /// assert_eq!(owners.count(), 1);
    /// ```
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        Self::hash(path) % self.of == self.number
    }

    /// What decides to which share a file belongs, below 2⁶³.
    pub(crate) fn hash(path: &str) -> u64 {
        let digest: [u8; 32] = Sha256::digest(path).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let (number, of) = text.split_once('/').ok_or(ShareError)?;
        let number: NonZeroU64 = number.parse().map_err(|_| ShareError)?;
        let of: NonZeroU64 = of.parse().map_err(|_| ShareError)?;
        if number > of || i64::try_from(of.get()).is_err() {
            return Err(ShareError);
        }
        Ok(Self {
            number: number.get() - 1,
            of,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_belongs_to_one_share() {
        let shares: Vec<Share> = (1..=4)
            .map(|number| format!("{number}/4").parse().unwrap())
            .collect();
        let mut sizes = [0; 4];
        for number in 0..1000 {
            let path = format!("/articles/{number}.md");
            let owners: Vec<usize> = (0..4).filter(|&place| shares[place].has(&path)).collect();
            let [owner] = owners[..] else {
                panic!("{path} belongs to {owners:?}")
            };
            sizes[owner] += 1;
            assert!(Share::ALL.has(&path));
        }
        assert!(sizes.iter().all(|&size| size > 200), "{sizes:?}");
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in [
            "",
            "1",
            "0/3",
            "4/3",
            "1/0",
            "-1/3",
            "a/b",
            "1/3/5",
            "1/9223372036854775808",
        ] {
            assert_eq!(text.parse::<Share>(), Err(ShareError), "{text}");
        }
    }
}
