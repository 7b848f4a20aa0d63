//! What can be wrong with what the themes are asked to be found in.

/// Why themes could not be found. Every case is a mistake of the calling program or of an option, none of the text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ThemesError {
    /// The lists of neighbours and the passages differ in number.
    #[error("{passages} passages came with {lists} lists of neighbours: each passage needs one")]
    NeighbourCount {
        /// How many passages there are.
        passages: usize,
        /// How many lists there are.
        lists: usize,
    },
    /// There are more passages than can be numbered.
    #[error("{passages} passages are more than the 4,294,967,295 that themes can be found in")]
    TooManyPassages {
        /// How many passages there are.
        passages: usize,
    },
    /// A list names a passage that is not there.
    #[error(
        "passage {passage} names passage {neighbour} as a neighbour, but there are only {passages}"
    )]
    UnknownNeighbour {
        /// Whose list it is.
        passage: usize,
        /// The passage that it names.
        neighbour: u32,
        /// How many passages there are.
        passages: usize,
    },
    /// A cosine is infinite or not a number.
    #[error(
        "the cosine of passages {passage} and {neighbour} is not a finite number: the vector of one is damaged"
    )]
    CosineNotFinite {
        /// Whose list it is.
        passage: usize,
        /// The passage that it names.
        neighbour: u32,
    },
    /// The vectors differ in length.
    #[error(
        "the vector of passage {passage} has {found} numbers and the first one {expected}: they are of two models"
    )]
    Dimension {
        /// Whose vector it is.
        passage: usize,
        /// How many numbers the vector of passage 0 has.
        expected: usize,
        /// How many this one has.
        found: usize,
    },
    /// A vector holds a number that is infinite or not a number.
    #[error(
        "the vector of passage {passage} holds a value that is not a finite number: it is damaged"
    )]
    VectorNotFinite {
        /// Whose vector it is.
        passage: usize,
    },
    /// Earlier themes or what is held, and the passages, differ in number.
    #[error(
        "{passages} passages came with {entries} entries of what is known of them: each passage needs one"
    )]
    EntryCount {
        /// How many passages there are.
        passages: usize,
        /// How many entries there are.
        entries: usize,
    },
    /// A number of themes was asked for that can't be had.
    #[error(
        "{count} themes were asked for in {passages} passages: ask for at least {fewest} and at most {passages}"
    )]
    Count {
        /// How many themes were asked for.
        count: usize,
        /// How many there must be: as many as are held apart, and at least one.
        fewest: usize,
        /// How many passages there are.
        passages: usize,
    },
}
