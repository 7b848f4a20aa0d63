//! What every command needs: where the library, the models and the output are.

use std::cell::RefCell;
use std::env;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::ProgressBar;
use topoi::Location;
use topoi::library::Library;
use topoi::store::ModelRow;
use topoi_models::{
    Device, Encoder, Identity, Locator, ModelFolder, ModelRef, Precision, SentenceEncoder, Settings,
};
use tracing_subscriber::filter::LevelFilter;

use super::cli::{Global, ModelArgs};
use super::failure::Failure;
use super::output::{Output, Unit};
use super::passwords::location;

/// The model of a new library.
const DEFAULT_MODEL: &str = "all-MiniLM-L6-v2";

/// The folder of a library that nobody has named.
const LIBRARY: &str = ".topoi";

/// A model that is ready to be used.
pub(crate) struct Loaded {
    pub(crate) encoder: Box<dyn Encoder>,
    /// How the library is to name the model, so that it is found again from any folder.
    pub(crate) reference: String,
    /// How long it took to find and load it; a fetch is not counted.
    pub(crate) load: Duration,
}

/// A model to be loaded.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// How the user, or the library, names it.
    pub(crate) reference: String,
    /// What kind of numbers to compute in, where that isn't left to topoi.
    pub(crate) precision: Option<Precision>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            reference: DEFAULT_MODEL.to_owned(),
            precision: None,
        }
    }
}

impl From<ModelRow> for Wanted {
    /// A library's model, in the precision of the library's vectors.
    fn from(row: ModelRow) -> Self {
        let identity: Result<Identity, _> = serde_json::from_str(&row.identity);
        Self {
            reference: row.reference,
            precision: identity.ok().map(|identity| identity.precision),
        }
    }
}

impl From<&ModelArgs> for Wanted {
    /// What the user asks for, or the default model.
    fn from(arguments: &ModelArgs) -> Self {
        let Self { reference, .. } = Self::default();
        Self {
            reference: arguments.model.clone().unwrap_or(reference),
            precision: arguments.precision.0,
        }
    }
}

/// The settings of this run.
pub(crate) struct Context {
    pub(crate) output: Output,
    global: Global,
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        let output = Output::new(global.color, global.quiet, global.verbose);
        Self { output, global }
    }

    /// Where the library is: where it is said to be, else in the nearest `.topoi` upwards, else in `./.topoi`.
    pub(crate) fn library(&self) -> Location {
        if let Some(named) = &self.global.library {
            return existing(location(named));
        }
        let here = env::current_dir().unwrap_or_default();
        let nearest = here
            .ancestors()
            .map(|folder| folder.join(LIBRARY))
            .find(|folder| matches!(Library::exists(folder), Ok(true)));
        nearest.unwrap_or_else(|| PathBuf::from(LIBRARY)).into()
    }

    /// The same for a command that makes a library where there is none: in just the folder that is named.
    pub(crate) fn library_to_make(&self) -> Location {
        let Some(named) = &self.global.library else {
            return self.library();
        };
        let named = location(named);
        let inner = existing(named.clone());
        if inner != named {
            self.output.warn(format_args!(
                "`{named}` becomes a library of its own: the one at `{inner}` is left as it is"
            ));
            self.output
                .hint(format_args!("`--library {inner}` names that one"));
        }
        named
    }

    /// Whether a library was named among the arguments, and not in the environment.
    pub(crate) fn is_library_given(&self) -> bool {
        let named = self.global.library.as_deref().map(Path::as_os_str);
        named.is_some() && named != env::var_os("TOPOI_LIBRARY").as_deref()
    }

    /// How many threads to compute on, where that was said.
    pub(crate) fn threads(&self) -> Option<NonZeroUsize> {
        self.global.threads
    }

    /// How much a log is to say.
    pub(crate) fn log_level(&self) -> LevelFilter {
        match (self.global.quiet, self.global.verbose) {
            (true, _) => LevelFilter::WARN,
            (false, false) => LevelFilter::INFO,
            (false, true) => LevelFilter::DEBUG,
        }
    }

    /// Whether the network is not to be reached out to.
    pub(crate) fn is_offline(&self) -> bool {
        self.global.offline
    }

    /// Opens the library for reading.
    pub(crate) fn open(&self) -> anyhow::Result<Library> {
        Ok(Library::open(self.library())?)
    }

    /// Opens the library for reading, and loads its model.
    pub(crate) fn open_with_model(&self) -> anyhow::Result<(Library, Loaded)> {
        let library = self.open()?;
        let model = self.model_of(&library)?;
        Ok((library, model))
    }

    /// Loads a library's model.
    pub(crate) fn model_of(&self, library: &Library) -> anyhow::Result<Loaded> {
        let row = library.store().model()?;
        let row = row.ok_or_else(|| topoi::Error::Empty(library.location().clone()))?;
        self.model(&row.into())
    }

    /// Finds a model, fetching it where it must be, and loads it.
    pub(crate) fn model(&self, wanted: &Wanted) -> anyhow::Result<Loaded> {
        self.model_on(wanted, self.global.threads)
    }

    /// [`model`](Self::model), to compute on so many threads.
    pub(crate) fn model_on(
        &self,
        wanted: &Wanted,
        threads: Option<NonZeroUsize>,
    ) -> anyhow::Result<Loaded> {
        let model: ModelRef = wanted.reference.parse()?;
        let folder = self.locate(&model)?;
        let begin = Instant::now();
        let encoder = SentenceEncoder::load(
            &folder,
            &Settings {
                threads,
                ..self.settings(wanted.precision)
            },
        )?;
        if let Some(what) = encoder.fallback() {
            self.output.note(format_args!(
                "{model} has {what}, which the fast engine doesn't know: the slower one computes it"
            ));
        }
        let reference = match model {
            ModelRef::Folder(path) => path
                .canonicalize()
                .unwrap_or(path)
                .to_string_lossy()
                .into_owned(),
            model => model.to_string(),
        };
        Ok(Loaded {
            encoder: Box::new(encoder),
            reference,
            load: begin.elapsed(),
        })
    }

    /// How to run a model, in a precision.
    pub(crate) fn settings(&self, precision: Option<Precision>) -> Settings {
        Settings {
            threads: self.global.threads,
            precision,
            device: self.device(precision),
            ..Settings::default()
        }
    }

    /// Where to compute in a precision.
    fn device(&self, precision: Option<Precision>) -> Device {
        match (self.global.device.0, precision) {
            (Some(device), _) => device,
            (None, Some(Precision::Int8)) => Device::Cpu,
            (None, _) => Device::best(),
        }
    }

    /// Finds a model's folder, fetching it where it must be.
    pub(crate) fn locate(&self, model: &ModelRef) -> anyhow::Result<ModelFolder> {
        let fetching = Fetching {
            output: &self.output,
            bar: RefCell::new(None),
        };
        let locator = Locator {
            progress: &fetching,
            ..self.locator()
        };
        Ok(locator.locate(model)?)
    }

    /// Where models are looked for.
    pub(crate) fn locator(&self) -> Locator<'static> {
        let endpoint = env::var("HF_ENDPOINT").ok();
        Locator {
            hf_cache: hugging_face_cache(),
            offline: self.global.offline,
            endpoint: endpoint.filter(|endpoint| !endpoint.is_empty()),
            ..Locator::new(cache_dir())
        }
    }

    /// All of standard input, up to a limit.
    pub(crate) fn read_stdin(&self, max_bytes: u64) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(max_bytes + 1)
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
        if bytes.len() as u64 > max_bytes {
            return Err(Failure::new(format!(
                "standard input holds more than {} MiB",
                max_bytes >> 20
            ))
            .into());
        }
        Ok(bytes)
    }
}

/// The library in `.topoi` of a folder that is no library itself, where there is one; else what was named.
pub(crate) fn existing(named: Location) -> Location {
    let is_library = |folder: &Path| matches!(Library::exists(folder), Ok(true));
    let other = named.folder().filter(|folder| !is_library(folder));
    let inner = other.map(|folder| folder.join(LIBRARY));
    match inner.filter(|inner| is_library(inner)) {
        Some(inner) => inner.into(),
        None => named,
    }
}

/// topoi's own cache: `$XDG_CACHE_HOME/topoi`, else `~/.cache/topoi`.
pub(crate) fn cache_dir() -> PathBuf {
    from_environment("XDG_CACHE_HOME")
        .unwrap_or_else(|| home().join(".cache"))
        .join("topoi")
}

/// Where topoi remembers what was done: `$XDG_STATE_HOME/topoi`, else `~/.local/state/topoi`.
pub(crate) fn state_dir() -> PathBuf {
    from_environment("XDG_STATE_HOME")
        .unwrap_or_else(|| home().join(".local").join("state"))
        .join("topoi")
}

/// Where other programs keep what they fetched from the Hugging Face hub.
fn hugging_face_cache() -> Option<PathBuf> {
    from_environment("HF_HUB_CACHE")
        .or_else(|| from_environment("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| Some(home().join(".cache").join("huggingface").join("hub")))
        .filter(|folder| folder.is_dir())
}

fn from_environment(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn home() -> PathBuf {
    env::home_dir().unwrap_or_else(|| Path::new(".").to_owned())
}

/// Shows how far fetching is.
struct Fetching<'a> {
    output: &'a Output,
    bar: RefCell<Option<ProgressBar>>,
}

impl topoi_models::Progress for Fetching<'_> {
    fn start(&self, label: &str, total: Option<u64>) {
        self.output.note(format_args!("model: {label}"));
        self.bar.replace(Some(self.output.progress(
            total.unwrap_or(0),
            "fetching",
            Unit::Bytes,
        )));
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = self.bar.borrow().as_ref() {
            bar.inc(bytes);
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
