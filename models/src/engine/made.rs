//! Which engine computes a model, and the engine made ready.

use std::path::Path;
use std::sync::Mutex;

use super::backend::{Averaged, Backend, Candle, Packed};
use super::candle::CandleBert;
use super::config::TransformerConfig;
use super::embeddings::WORDS;
use super::head::Head;
use super::layout::{Body, Layout, TableLayout};
use super::packed::simd::Isa;
use super::packed::{self, PackedBert, Quality, Target};
use super::runner::Runner;
use super::settings::{Engine, Settings};
use super::table::Table;
use super::weights::Weights;
use crate::device::Device;
use crate::error::LoadError;
use crate::identity::Precision;
use crate::instructions::Instructions;

/// The precision of vectors that nobody has asked for in another: int8 loses less than a tenth of a point of
/// quality, and takes a third of the time (`docs/ENCODER.md` has the figures).
const ON_A_PROCESSOR: Precision = Precision::Int8;

/// What became of a model's weights.
pub(crate) struct Made {
    pub(crate) runner: Runner,
    pub(crate) precision: Precision,
    /// Why it isn't the packed engine, though that was wanted.
    pub(crate) fallback: Option<String>,
    /// Whether the engine is told of unknown tokens.
    pub(crate) reads_unknown: bool,
}

impl Made {
    /// Chooses the engine for a sentence model and reads the weights.
    pub(crate) fn of_sentences(layout: &Layout, settings: &Settings) -> Result<Self, LoadError> {
        match &layout.body {
            Body::Transformer(transformer) => {
                let config = &transformer.config;
                let head = Head::load(transformer.pooling, &layout.steps, config.hidden)?;
                Self::transformer(&layout.folder, config, head, ON_A_PROCESSOR, settings)
            }
            Body::Table(table) => Self::table(layout, table, settings),
        }
    }

    fn table(layout: &Layout, table: &TableLayout, settings: &Settings) -> Result<Self, LoadError> {
        // Nothing is computed there, but whoever names a card that isn't there is to hear of that.
        settings.device.open()?;
        let precision = settings.precision.unwrap_or(Precision::F32);
        let refused = match settings.engine {
            Engine::Packed => Some("the packed engine".to_owned()),
            Engine::Candle => Some("the candle engine".to_owned()),
            Engine::Auto if precision != Precision::F32 => Some(precision.to_string()),
            Engine::Auto => None,
        };
        if let Some(what) = refused {
            return Err(LoadError::Settings {
                reason: format!(
                    "`{}` holds a static model, which isn't computed with {what}",
                    layout.folder.display()
                ),
            });
        }
        let table = Table::load(&layout.folder, table)?;
        let head = Head::load(layout.body.pooling(), &layout.steps, table.width())?;
        let (dim, reads_unknown) = (head.dim(), table.reads_unknown());
        Ok(Self {
            runner: Runner::new(Box::new(Averaged { table, head }), dim, settings.threads),
            precision,
            fallback: None,
            reads_unknown,
        })
    }

    /// Chooses the engine for the transformer in `folder` with `head` behind it, and reads the weights. Where nobody
    /// asks for a precision, a processor computes in the one called `on_a_processor`.
    pub(crate) fn transformer(
        folder: &Path,
        config: &TransformerConfig,
        head: Head,
        on_a_processor: Precision,
        settings: &Settings,
    ) -> Result<Self, LoadError> {
        let unknown = packed::unknown(config);
        let on_cpu = settings.device.is_cpu();
        let fallback = match (settings.engine, unknown) {
            (Engine::Auto, Some(what)) if on_cpu => Some(what),
            (Engine::Packed, Some(what)) => return Err(impossible(&what, "packed engine")),
            _ => None,
        };
        let packed = match settings.engine {
            Engine::Auto => on_cpu && fallback.is_none(),
            Engine::Packed if !on_cpu => {
                return Err(impossible("a graphics card", "packed engine"));
            }
            Engine::Packed => true,
            Engine::Candle => false,
        };
        let dim = head.dim();
        let (backend, precision) = if packed {
            let precision = settings.precision.unwrap_or(on_a_processor);
            let backend = packed_backend(folder, config, head, precision, settings.instructions)?;
            (backend, precision)
        } else {
            let precision = settings.precision.unwrap_or(Precision::F32);
            let backend = candle_backend(folder, config, head, precision, settings.device)?;
            (backend, precision)
        };
        Ok(Self {
            runner: Runner::new(backend, dim, settings.threads),
            precision,
            fallback,
            reads_unknown: true,
        })
    }
}

fn packed_backend(
    folder: &Path,
    config: &TransformerConfig,
    head: Head,
    precision: Precision,
    instructions: Option<Instructions>,
) -> Result<Box<dyn Backend>, LoadError> {
    let quality = match precision {
        Precision::F32 => Quality::F32,
        Precision::Int8 => Quality::Int8,
        Precision::F16 | Precision::Bf16 => {
            return Err(impossible(&precision.to_string(), "processor"));
        }
    };
    let isa = match instructions {
        None => Isa::best(),
        Some(set) => Isa::new(set).ok_or_else(|| impossible(&format!("`{set}`"), "processor"))?,
    };
    let weights = Weights::open(folder)?.with_prefix_of(WORDS)?;
    let target = Target { quality, isa };
    let bert = PackedBert::load(weights, config.clone(), target)?;
    Ok(Box::new(Packed { bert, head }))
}

fn candle_backend(
    folder: &Path,
    config: &TransformerConfig,
    head: Head,
    precision: Precision,
    device: Device,
) -> Result<Box<dyn Backend>, LoadError> {
    // First, since whoever names a card that isn't there is to hear of that.
    let opened = device.open()?;
    let dtype = Candle::dtype(precision)
        .filter(|_| precision == Precision::F32 || !device.is_cpu())
        .ok_or_else(|| impossible(&precision.to_string(), "candle engine on this device"))?;
    let weights = Weights::open(folder)?.with_prefix_of(WORDS)?;
    let bert = CandleBert::load(weights, config.clone(), opened, dtype)?;
    Ok(Box::new(Candle {
        bert,
        head,
        hidden: config.hidden,
        card: (!device.is_cpu()).then(Mutex::default),
    }))
}

fn impossible(what: &str, whom: &str) -> LoadError {
    LoadError::Settings {
        reason: format!("the {whom} doesn't compute with {what}"),
    }
}
