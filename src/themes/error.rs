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
    /// The resolution is not a positive finite number.
    #[error(
        "the resolution {resolution} is not a positive number: 1 is usual, more gives smaller themes"
    )]
    Resolution {
        /// The resolution that was asked for.
        resolution: f64,
    },
    /// No themes, or more themes than there are passages, were asked for.
    #[error(
        "{count} themes were asked for in {passages} passages: ask for at least 1 and at most {passages}"
    )]
    Count {
        /// How many themes were asked for.
        count: usize,
        /// How many passages there are.
        passages: usize,
    },
    /// Both a number of themes and a resolution were asked for.
    #[error(
        "a number of themes ({count}) and a resolution ({resolution}) were both asked for: give one of them"
    )]
    CountAndResolution {
        /// The number of themes that was asked for.
        count: usize,
        /// The resolution that was asked for.
        resolution: f64,
    },
}
