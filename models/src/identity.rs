//! Which model made a vector, and how: vectors of two identities are never compared.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How the vectors of a text's tokens become the vector of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The vector of the first token.
    Cls,
    /// The mean of all tokens' vectors.
    Mean,
    /// The largest value at each place.
    Max,
    /// The sum, divided by the square root of the number of tokens.
    MeanSqrtLen,
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cls => "cls",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::MeanSqrtLen => "mean_sqrt_len",
        })
    }
}

/// What kind of numbers the model's large products are computed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Precision {
    /// 32-bit floating point.
    F32,
    /// Whole numbers of eight bits, with a scale for each block of 64, on a processor.
    Int8,
    /// 16-bit floating point (IEEE 754 half precision), on a graphics card.
    F16,
    /// 16-bit floating point with the range of f32, on a graphics card.
    Bf16,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::F32, Self::Int8, Self::F16, Self::Bf16];
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Int8 => "int8",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|precision| precision.to_string() == name)
            .ok_or_else(|| format!("`{name}` is none of f32, int8, f16 and bf16"))
    }
}

/// Everything that decides which vector a text gets, and the model's name for people to read.
///
/// ```
/// # use topoi_models::{Identity, Pooling, Precision};
/// let identity = Identity {
///     name: "sentence-transformers/all-MiniLM-L6-v2".to_owned(),
///     revision: None,
///     weights_sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db".to_owned(),
///     tokenizer_sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037".to_owned(),
///     dense_sha256: None,
///     pooling: Pooling::Mean,
///     normalise: true,
///     dim: 384,
///     max_tokens: 256,
///     precision: Precision::F32,
///     query_prompt: String::new(),
///     passage_prompt: String::new(),
/// };
/// assert_eq!(
///     identity.to_string(),
///     "sentence-transformers/all-MiniLM-L6-v2 (53aa5117, mean, 256 tokens, f32)"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The model's name: that of its repository on the hub, or of its folder.
    pub name: String,
    /// The commit it was taken from, where that is known.
    pub revision: Option<String>,
    /// SHA-256 of the weights file, in hexadecimal; of the list of digests where there are several files.
    pub weights_sha256: String,
    /// SHA-256 of `tokenizer.json`, in hexadecimal.
    pub tokenizer_sha256: String,
    /// SHA-256 over the dense layers behind the pooling, in hexadecimal, where there are any.
    pub dense_sha256: Option<String>,
    /// How the tokens' vectors become one.
    pub pooling: Pooling,
    /// Whether vectors have unit length.
    pub normalise: bool,
    /// How many numbers a vector has.
    pub dim: usize,
    /// How many tokens of a text are read, special tokens included.
    pub max_tokens: usize,
    /// What kind of numbers the model is computed in.
    pub precision: Precision,
    /// What is put before a query.
    pub query_prompt: String,
    /// What is put before a passage.
    pub passage_prompt: String,
}

impl Identity {
    /// SHA-256 over everything that decides a vector.
    ///
    /// The name and the revision are left out: the same files used in the same way give the same vectors,
    /// whether they lie in a cache or in a folder somebody copied. The canonical form is one `key=value` line a
    /// field, in a fixed order, each value with its length in bytes before it, so that no value can pass itself
    /// off as the next line.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"topoi identity 1\n");
        let mut line = |key: &str, value: &str| {
            hasher.update(format!("{key}={}:{value}\n", value.len()).as_bytes());
        };
        line("weights_sha256", &self.weights_sha256);
        line("tokenizer_sha256", &self.tokenizer_sha256);
        line("dense_sha256", self.dense_sha256.as_deref().unwrap_or(""));
        line("pooling", &self.pooling.to_string());
        line("normalise", if self.normalise { "yes" } else { "no" });
        line("dim", &self.dim.to_string());
        line("max_tokens", &self.max_tokens.to_string());
        line("precision", &self.precision.to_string());
        line("query_prompt", &self.query_prompt);
        line("passage_prompt", &self.passage_prompt);
        hasher.finalize().into()
    }

    /// Whether vectors of the two may be compared.
    pub fn is_compatible_with(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = self.weights_sha256.get(..8).unwrap_or(&self.weights_sha256);
        write!(
            f,
            "{} ({digest}, {}, {} tokens, {})",
            self.name, self.pooling, self.max_tokens, self.precision
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minilm() -> Identity {
        Identity {
            name: "sentence-transformers/all-MiniLM-L6-v2".to_owned(),
            revision: Some("c9745ed1d9f207416be6d2e6f8de32d1f16199bf".to_owned()),
            weights_sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
                .to_owned(),
            tokenizer_sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
                .to_owned(),
            dense_sha256: None,
            pooling: Pooling::Mean,
            normalise: true,
            dim: 384,
            max_tokens: 256,
            precision: Precision::F32,
            query_prompt: String::new(),
            passage_prompt: String::new(),
        }
    }

    #[test]
    fn the_digest_is_the_same_from_version_to_version() {
        let hex: String = minilm()
            .digest()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "fd265be1fec7a1035559ef244f24cdb3049e0555c43766ebe04fdf8a18a0a91a"
        );
    }

    #[test]
    fn name_and_revision_do_not_decide_a_vector() {
        let renamed = Identity {
            name: "copy".to_owned(),
            revision: None,
            ..minilm()
        };
        assert!(minilm().is_compatible_with(&renamed));
        assert_ne!(minilm(), renamed);
    }

    #[test]
    fn whatever_changes_a_vector_changes_the_digest() {
        let changes: [fn(&mut Identity); 8] = [
            |i| i.weights_sha256 = "00".to_owned(),
            |i| i.tokenizer_sha256 = "00".to_owned(),
            |i| i.dense_sha256 = Some("00".to_owned()),
            |i| i.pooling = Pooling::Cls,
            |i| i.normalise = false,
            |i| i.max_tokens = 128,
            |i| i.query_prompt = "query: ".to_owned(),
            |i| i.passage_prompt = "query: ".to_owned(),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = minilm();
            change(&mut changed);
            assert!(!minilm().is_compatible_with(&changed), "change {index}");
        }
    }

    #[test]
    fn an_identity_survives_being_written_down() {
        let written = serde_json::to_string(&minilm()).unwrap();
        assert!(written.contains("\"precision\":\"f32\""), "{written}");
        assert_eq!(
            serde_json::from_str::<Identity>(&written).unwrap(),
            minilm()
        );
    }
}
