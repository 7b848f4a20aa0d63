//! What a look for damage finds.

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The file that it is about.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
    /// The segment to make again from the text, by its number, where that mends it.
    #[serde(skip)]
    pub(crate) segment: Option<u64>,
    /// Whether it is the index of words that is to be made again.
    #[serde(skip)]
    pub(crate) words: bool,
}

/// What a check has looked at and found.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Findings {
    /// Segments that were read in full.
    pub segments: usize,
    /// Vectors in them.
    pub vectors: u64,
    /// Passages in the database.
    pub passages: u64,
    /// Length of the segments on disk.
    pub bytes: u64,
    /// Graph nodes that an audit could not reach when a segment was built, and that were linked again.
    pub relinked: u64,
    /// Graph nodes that even then were not reached by their own vector.
    pub unreached: u64,
    /// Of the ten passages that are nearest to a passage, the share that a search finds, over a sample of passages; none where
    /// every search is exact, since no segment is large enough for a graph.
    pub recall_at_10: Option<f64>,
    /// Whether a run was cut off before it was worked out which articles are copies; only told where nothing is wrong. It is no
    /// damage: the next command that changes the library makes up for it.
    pub copies_owed: bool,
    /// What is wrong; nothing in a sound library.
    pub findings: Vec<Finding>,
}

impl Findings {
    /// The segments that are to be made again.
    pub(crate) fn segments_to_drop(&self) -> impl Iterator<Item = u64> {
        self.findings.iter().filter_map(|finding| finding.segment)
    }

    /// How many segments, and whether the words, are to be made again.
    #[must_use]
    pub fn to_make_again(&self) -> (usize, bool) {
        let words = self.findings.iter().any(|finding| finding.words);
        (self.segments_to_drop().count(), words)
    }
}

/// An error with its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
