//! A sample of a text's shingles, the same sample for the same shingles.

/// How many words a shingle has.
const WORDS: usize = 5;

/// One shingle in so many is kept.
const SAMPLED: u64 = 16;

/// The largest hash that is kept in any case.
const LARGEST: u64 = u64::MAX / SAMPLED;

/// And at least so many of them, the smallest ones, so that a letter of fifty words has a sketch too.
const FEWEST: usize = 8;

/// The shingles of a text whose hashes are small: sequences of five words, as they stand in it.
///
/// What two sketches share of their shingles is an unbiased estimate of what the texts share, for excerpts too
/// (Broder, *On the Resemblance and Containment of Documents*, 1997; taking a fraction of the hashes instead of a fixed
/// number is known as `FracMinHash`: Irber and others 2022). Capitals, signs and spaces don't count. The hash is the
/// same on every machine and in every version, since sketches are kept in libraries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sketch(Vec<u64>);

impl Sketch {
    /// The sketch of a text that is given in pieces; a shingle may lead over the end of one.
    pub fn of<'t>(pieces: impl IntoIterator<Item = &'t str>) -> Self {
        let mut sample = Sample::default();
        read(pieces, &mut |shingle| sample.keep(shingle));
        sample.into_sketch()
    }

    /// The hashes, in ascending order, none twice.
    #[must_use]
    pub fn hashes(&self) -> &[u64] {
        &self.0
    }

    /// Up to which hash it has all of the text's shingles. A short text's sketch reaches further than a long one's: what is beyond
    /// the reach of either says nothing on what the two share.
    pub(super) fn reach(&self) -> u64 {
        match self.0.last() {
            Some(last) if self.0.len() >= FEWEST => (*last).max(LARGEST),
            _ => u64::MAX,
        }
    }

    /// The sketch as bytes, eight little-endian ones a hash.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_le_bytes()).collect()
    }

    /// The sketch that [`Sketch::to_bytes`] wrote; of anything else some sketch.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (hashes, _) = bytes.as_chunks::<8>();
        Self::from_hashes(
            hashes
                .iter()
                .map(|hash| u64::from_le_bytes(*hash))
                .collect(),
        )
    }

    fn from_hashes(mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }
}

/// All shingles of a text that is given in pieces, in the order in which they stand in it.
pub(super) fn shingles<'t>(pieces: impl IntoIterator<Item = &'t str>) -> Vec<u64> {
    let mut all = Vec::new();
    read(pieces, &mut |shingle| all.push(shingle));
    all
}

/// Calls `take` with each shingle of a text. All words of one that has fewer than a shingle are one.
fn read<'t>(pieces: impl IntoIterator<Item = &'t str>, take: &mut impl FnMut(u64)) {
    let mut words = Words::default();
    for piece in pieces {
        words.read(piece, take);
    }
    if (1..WORDS).contains(&words.count) {
        take(words.shingle());
    }
}

/// Reads words.
#[derive(Default)]
struct Words {
    /// The hashes of the last ones, the oldest at `count % WORDS`.
    last: [u64; WORDS],
    count: usize,
}

impl Words {
    fn read(&mut self, text: &str, take: &mut impl FnMut(u64)) {
        let mut word = FNV_OFFSET;
        let mut letters = 0usize;
        for c in text.chars() {
            if !c.is_alphanumeric() {
                self.end(word, &mut letters, take);
                word = FNV_OFFSET;
                continue;
            }
            if c.is_ascii() {
                word = fnv(word, u32::from(c.to_ascii_lowercase()));
            } else {
                for lower in c.to_lowercase() {
                    word = fnv(word, u32::from(lower));
                }
            }
            letters += 1;
            // Scripts without spaces: each character is a word.
            if is_ideograph(c) {
                self.end(word, &mut letters, take);
                word = FNV_OFFSET;
            }
        }
        self.end(word, &mut letters, take);
    }

    fn end(&mut self, word: u64, letters: &mut usize, take: &mut impl FnMut(u64)) {
        if std::mem::take(letters) == 0 {
            return;
        }
        if let Some(place) = self.last.get_mut(self.count % WORDS) {
            *place = word;
        }
        self.count += 1;
        if self.count >= WORDS {
            take(self.shingle());
        }
    }

    /// The hash of the last words in their order.
    fn shingle(&self) -> u64 {
        let (after, before) = self.last.split_at(self.count % WORDS);
        let ordered = before.iter().chain(after);
        mixed(ordered.fold(0, |hash: u64, word| {
            hash.wrapping_mul(MULTIPLIER).wrapping_add(*word)
        }))
    }
}

/// Keeps what is to be kept of shingles.
#[derive(Default)]
struct Sample {
    small: Vec<u64>,
    /// The smallest ones of the others, at most some times as many as are needed.
    smallest: Vec<u64>,
}

impl Sample {
    fn keep(&mut self, shingle: u64) {
        if shingle <= LARGEST {
            self.small.push(shingle);
        } else if self.small.len() < FEWEST {
            self.smallest.push(shingle);
            if self.smallest.len() == 8 * FEWEST {
                self.trim();
            }
        }
    }

    fn trim(&mut self) {
        self.smallest.sort_unstable();
        self.smallest.dedup();
        self.smallest.truncate(FEWEST);
    }

    fn into_sketch(mut self) -> Sketch {
        let mut hashes = std::mem::take(&mut self.small);
        hashes.sort_unstable();
        hashes.dedup();
        if hashes.len() < FEWEST {
            self.trim();
            let missing = FEWEST - hashes.len();
            hashes.extend(self.smallest.iter().take(missing));
        }
        Sketch(hashes)
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number of a name.
pub(super) fn name(name: &str) -> u64 {
    name.chars()
        .fold(FNV_OFFSET, |hash, c| fnv(hash, u32::from(c)))
}

/// A step of FNV-1a over a character.
const fn fnv(hash: u64, c: u32) -> u64 {
    (hash ^ c as u64).wrapping_mul(FNV_PRIME)
}

/// All bits of a hash into each (the end of `SplitMix64`), so that small ones are a sample.
const fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Characters of Chinese and Japanese, and syllables of Thai and its neighbours, which stand without spaces.
const fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{e00}'..='\u{eff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(range: std::ops::Range<u32>) -> String {
        range.map(|n| format!("word{n} ")).collect()
    }

    #[test]
    fn the_sketch_of_a_text_is_the_same_everywhere() {
        let sketch = Sketch::of(["The harbour can wait, and so can the pier."]);
        assert_eq!(
            sketch,
            Sketch::of(["the harbour — can wait: “and", "so can the PIER!”"])
        );
        assert_eq!(sketch.hashes().len(), 5);
        // Kept in libraries: it must never change.
        assert_eq!(sketch.hashes().first(), Some(&4_136_695_175_526_310_666));
        assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), sketch);
    }

    #[test]
    fn one_shingle_in_sixteen_is_kept_and_eight_at_least() {
        let kept = Sketch::of([words(0..20_000).as_str()]).hashes().len();
        assert!((1_100..1_400).contains(&kept), "{kept}");
        assert_eq!(Sketch::of([words(0..30).as_str()]).hashes().len(), 8);
        assert_eq!(Sketch::of(["Two words"]).hashes().len(), 1);
        assert!(Sketch::of([" … "]).hashes().is_empty());
        assert_eq!(Sketch::of(["港は記念碑ではない"]).hashes().len(), 5);
    }

    #[test]
    fn what_sketches_share_is_what_texts_share() {
        let (one, other) = (words(0..10_000), words(2_500..12_500));
        let (one, other) = (Sketch::of([one.as_str()]), Sketch::of([other.as_str()]));
        let shared = one
            .hashes()
            .iter()
            .filter(|hash| other.hashes().contains(hash))
            .count();
        let share = shared as f64 / one.hashes().len() as f64;
        assert!((0.70..0.80).contains(&share), "{share}");
    }
}
