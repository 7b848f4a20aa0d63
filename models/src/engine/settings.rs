//! How a model is run: where, by which engine, in what kind of numbers.

use std::num::NonZeroUsize;

use crate::device::Device;
use crate::identity::Precision;
use crate::instructions::Instructions;

/// Which of the engines computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Engine {
    /// For a static model the only engine that there is for one, on a processor. For a transformer the packed engine on
    /// a processor, where it knows the model's layers; else candle.
    #[default]
    Auto,
    /// The packed engine, on a processor.
    Packed,
    /// candle, on any device.
    Candle,
}

/// How a model is run.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where it is computed.
    pub device: Device,
    /// On how many cores, where the processor computes; all of them where `None`. Never changes a vector or a score.
    pub threads: Option<NonZeroUsize>,
    /// In what kind of numbers; where `None`, in the kind that is best where it is computed.
    pub precision: Option<Precision>,
    /// Which engine computes. Changes a vector or a score by no more than rounding.
    pub engine: Engine,
    /// With which instructions the packed engine computes; the fastest that there are where `None`. Changes a
    /// vector or a score by no more than rounding.
    pub instructions: Option<Instructions>,
}
