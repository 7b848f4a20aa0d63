//! What a monitoring system asks for, in the form of Prometheus.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Up to how many seconds an answer took.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// How many texts were embedded together.
const TEXTS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram>,
    waiting: Family<LaneLabel, Gauge>,
    together: Histogram,
    /// Answers that were known from before, and those that were not.
    known: Family<Known, Counter>,
    passages: Family<LibraryLabel, Gauge>,
    generation: Family<LibraryLabel, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneLabel {
    lane: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Known {
    known: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LibraryLabel {
    library: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("topoi"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            waiting: Family::default(),
            together: Histogram::new(TEXTS),
            known: Family::default(),
            passages: Family::default(),
            generation: Family::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "http_requests",
            "Requests answered",
            metrics.requests.clone(),
        );
        registry.register(
            "http_request_seconds",
            "How long answers took",
            metrics.seconds.clone(),
        );
        registry.register(
            "waiting",
            "What waits for a worker",
            metrics.waiting.clone(),
        );
        registry.register(
            "embedded_together",
            "Texts embedded at a time",
            metrics.together.clone(),
        );
        registry.register(
            "answers",
            "Answers, by whether they were known from before",
            metrics.known.clone(),
        );
        registry.register(
            "passages",
            "Passages of a library",
            metrics.passages.clone(),
        );
        registry.register(
            "generation",
            "How often a library was opened anew",
            metrics.generation.clone(),
        );
        metrics
    }

    /// A request was answered.
    pub(crate) fn answered(&self, route: &str, status: u16, time: Duration) {
        let route = route.to_owned();
        self.seconds
            .get_or_create(&Route {
                route: route.clone(),
            })
            .observe(time.as_secs_f64());
        self.requests
            .get_or_create(&Request { route, status })
            .inc();
    }

    /// So much waits in the lanes.
    pub(crate) fn waiting(&self, front: usize, back: usize) {
        for (lane, waiting) in [("front", front), ("back", back)] {
            let gauge = self.waiting.get_or_create(&LaneLabel { lane });
            gauge.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        }
    }

    /// So many texts were embedded together.
    pub(crate) fn embedded(&self, texts: usize) {
        self.together.observe(texts as f64);
    }

    /// An answer was known from before, or was not.
    pub(crate) fn looked_up(&self, is_known: bool) {
        let known = if is_known { "yes" } else { "no" };
        self.known.get_or_create(&Known { known }).inc();
    }

    /// What a library holds.
    pub(crate) fn library(&self, name: &str, passages: u64, generation: u64) {
        let label = LibraryLabel {
            library: name.to_owned(),
        };
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.passages.get_or_create(&label).set(number(passages));
        self.generation
            .get_or_create(&label)
            .set(number(generation));
    }

    /// All of it, as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string doesn't fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}
