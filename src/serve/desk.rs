//! Where questions wait, and the workers who answer them.
//!
//! A worker is a thread that computes alone: whatever runs on it, also what would share its work with other threads
//! elsewhere, stays on it. So there are as many workers as cores, nothing else that computes can keep them waiting, and a
//! question costs what it costs on one core.
//!
//! A worker takes as many of the waiting questions as are its share and embeds them together. It answers the first, and puts
//! the others back to the front of the queue, where whoever is free answers them one by one: some take a hundred times as long
//! as others. While nobody waits a question is embedded and answered by itself at once; the more wait, the more are
//! embedded together.
//!
//! There are two lanes. Questions of people are in the front one; texts that are only to be embedded, for other programs or
//! for the library itself, are in the back one, in small portions, and every so often a portion has its turn, however many
//! questions wait. What doesn't fit into a lane is refused at once, so that nobody waits for long.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rayon::ThreadPoolBuilder;
use tokio::sync::oneshot;
use topoi::library::Library;
use topoi_models::{Embeddings, EncodeError, Encoder, Role};

use super::metrics::Metrics;
use super::model::{Known, Until};
use super::shelf::{Seats, Shelf};
use super::{lock, wait_for};

/// How often a worker that has nothing to do looks whether a library has changed, so that it doesn't keep the old one.
const TICK: Duration = Duration::from_millis(200);

/// How long workers may take to finish when the desk is closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// After so many turns of the front lane, the back lane has one.
const FRONT_TURNS: u32 = 4;

/// How many portions may wait in the back lane for each question that may wait in the front one: a request to embed texts
/// is many portions.
const PORTIONS: usize = 16;

/// How much may wait, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How many questions may wait.
    pub(crate) queue: usize,
    /// How many texts are embedded together, at most.
    pub(crate) batch: usize,
    /// When an answer is too late.
    pub(crate) time: Duration,
}

/// Where something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Somebody sits in front of a screen.
    Front,
    /// It is only to be done soon.
    Back,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Too much waits already.
    Busy,
    /// It took too long.
    Late,
    /// The server is about to end.
    Closing,
    /// The work broke down.
    Broken,
}

/// What work is done with.
pub(crate) struct Seat<'a> {
    /// The library; none while there is none.
    pub(crate) library: Option<&'a Library>,
    /// The library's model, which knows the vectors of the texts that came with the work.
    pub(crate) encoder: &'a dyn Encoder,
    /// The texts that came with the work.
    pub(crate) texts: &'a Texts,
    /// How long it took to embed them, with others.
    pub(crate) embedding: Duration,
    /// Which state of the library this is, or an earlier one.
    pub(crate) generation: u64,
    /// When nobody waits for the answer any more.
    pub(crate) expires: Instant,
}

impl Seat<'_> {
    /// The vectors of the texts that came with the work.
    pub(crate) fn embed(&self) -> Result<Embeddings, EncodeError> {
        let texts: Vec<&str> = self.texts.texts.iter().map(String::as_str).collect();
        self.encoder
            .encode(&texts, self.texts.role, &mut |_| ControlFlow::Continue(()))
    }
}

/// Texts that are to be embedded before work begins.
pub(crate) struct Texts {
    pub(crate) role: Role,
    pub(crate) texts: Vec<String>,
}

impl Texts {
    pub(crate) fn none() -> Self {
        Self {
            role: Role::Query,
            texts: Vec::new(),
        }
    }
}

/// Something that waits to be done.
struct Task {
    lane: Lane,
    shelf: Arc<Shelf>,
    texts: Texts,
    vectors: Vectors,
    expires: Instant,
    work: Box<dyn Work>,
}

/// The vectors of a task's texts.
enum Vectors {
    /// They are to be computed.
    Wanted,
    /// They were computed, in so much time, with those of others.
    Known { values: Vec<f32>, time: Duration },
    /// There are no texts, or their vectors can't be computed: whoever does the work learns why.
    None,
}

impl Task {
    fn is_to_be_embedded(&self) -> bool {
        matches!(self.vectors, Vectors::Wanted)
    }

    /// Whether its texts can be embedded together with those of another.
    fn goes_with(&self, other: &Self) -> bool {
        other.is_to_be_embedded()
            && Arc::ptr_eq(&self.shelf.model, &other.shelf.model)
            && self.texts.role == other.texts.role
    }
}

trait Work: Send {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool;
    fn run(self: Box<Self>, seat: Seat<'_>);
}

/// Work, and who waits for its result.
struct Awaited<T, F> {
    work: F,
    answer: oneshot::Sender<T>,
}

impl<T: Send, F: FnOnce(Seat<'_>) -> T + Send> Work for Awaited<T, F> {
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn run(self: Box<Self>, seat: Seat<'_>) {
        // Whoever asked may have gone away meanwhile.
        let _ = self.answer.send((self.work)(seat));
    }
}

/// The queue and its workers.
pub(crate) struct Desk {
    queue: Arc<Queue>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

struct Queue {
    lanes: Mutex<Lanes>,
    ready: Condvar,
    shelves: Vec<Arc<Shelf>>,
    limits: Limits,
    workers: usize,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Lanes {
    front: VecDeque<Task>,
    back: VecDeque<Task>,
    /// How often in a row the front lane had its turn while something waited in the back one.
    front_turns: u32,
    is_closed: bool,
}

impl Desk {
    /// Begins to work.
    pub(crate) fn open(
        shelves: Vec<Arc<Shelf>>,
        workers: usize,
        limits: Limits,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue {
            lanes: Mutex::default(),
            ready: Condvar::new(),
            shelves,
            limits,
            workers,
            metrics,
        });
        let threads = (0..workers)
            .map(|number| {
                let queue = Arc::clone(&queue);
                thread::Builder::new()
                    .name(format!("worker {number}"))
                    .spawn(move || queue.work(number))
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self {
            queue,
            workers: Mutex::new(threads),
        })
    }

    pub(crate) fn limits(&self) -> Limits {
        self.queue.limits
    }

    /// What `work` makes of the library, once the texts have been embedded.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        shelf: &Arc<Shelf>,
        texts: Texts,
        work: impl FnOnce(Seat<'_>) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (task, answer) = self.task(Lane::Front, shelf, texts, work);
        let expires = task.expires;
        self.queue.put(Lane::Front, vec![task])?;
        self.answer(answer, expires).await
    }

    /// [`ask`](Self::ask) for many portions of texts in the back lane: all of them, or none if there is no room for all.
    pub(crate) async fn ask_for_all<T: Send + 'static>(
        &self,
        shelf: &Arc<Shelf>,
        portions: Vec<Texts>,
        work: impl Fn(Seat<'_>) -> T + Clone + Send + 'static,
    ) -> Result<Vec<T>, Refusal> {
        let portions = portions.into_iter();
        let (tasks, answers): (Vec<_>, Vec<_>) = portions
            .map(|texts| self.task(Lane::Back, shelf, texts, work.clone()))
            .unzip();
        let expires = Instant::now() + self.queue.limits.time;
        self.queue.put(Lane::Back, tasks)?;
        let mut all = Vec::with_capacity(answers.len());
        for answer in answers {
            all.push(self.answer(answer, expires).await?);
        }
        Ok(all)
    }

    /// The result of work in the back lane, for a thread that can wait: without a limit in time, and whether there is room or
    /// not. Who calls this doesn't call it again before it has the result of some portions before.
    pub(crate) fn order<T: Send + 'static>(
        &self,
        shelf: &Arc<Shelf>,
        texts: Texts,
        work: impl FnOnce(Seat<'_>) -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, Refusal> {
        let (mut task, answer) = self.task(Lane::Back, shelf, texts, work);
        // Nobody waits that long.
        task.expires += Duration::from_secs(24 * 3600);
        self.queue.put_anyway(task)?;
        Ok(answer)
    }

    fn task<T: Send + 'static>(
        &self,
        lane: Lane,
        shelf: &Arc<Shelf>,
        texts: Texts,
        work: impl FnOnce(Seat<'_>) -> T + Send + 'static,
    ) -> (Task, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        let vectors = if texts.texts.is_empty() {
            Vectors::None
        } else {
            Vectors::Wanted
        };
        let task = Task {
            lane,
            shelf: Arc::clone(shelf),
            texts,
            vectors,
            expires: Instant::now() + self.queue.limits.time,
            work: Box::new(Awaited {
                work,
                answer: sender,
            }),
        };
        (task, receiver)
    }

    async fn answer<T>(
        &self,
        answer: oneshot::Receiver<T>,
        expires: Instant,
    ) -> Result<T, Refusal> {
        match tokio::time::timeout_at(expires.into(), answer).await {
            Ok(Ok(answer)) => Ok(answer),
            // The task was dropped: it was too late, the desk is closing, or it broke down.
            _ if expires <= Instant::now() => Err(Refusal::Late),
            _ if self.queue.lanes().is_closed => Err(Refusal::Closing),
            _ => Err(Refusal::Broken),
        }
    }

    /// Lets nothing more in, and waits for a while until what has been let in is done.
    pub(crate) fn close(&self) {
        self.queue.lanes().is_closed = true;
        self.queue.ready.notify_all();
        wait_for(std::mem::take(&mut *lock(&self.workers)), FAREWELL);
    }
}

impl Queue {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        lock(&self.lanes)
    }

    /// Lets tasks in: all of them or none.
    fn put(&self, lane: Lane, tasks: Vec<Task>) -> Result<(), Refusal> {
        let mut lanes = self.lanes();
        if lanes.is_closed {
            return Err(Refusal::Closing);
        }
        let (waiting, most) = match lane {
            Lane::Front => (&mut lanes.front, self.limits.queue),
            Lane::Back => (&mut lanes.back, self.limits.queue.saturating_mul(PORTIONS)),
        };
        if waiting.len() + tasks.len() > most {
            // Those who have gone away make room.
            waiting.retain(|task| task.work.is_wanted());
        }
        if waiting.len() + tasks.len() > most {
            return Err(Refusal::Busy);
        }
        waiting.extend(tasks);
        self.told(&lanes);
        Ok(())
    }

    fn put_anyway(&self, task: Task) -> Result<(), Refusal> {
        let mut lanes = self.lanes();
        if lanes.is_closed {
            return Err(Refusal::Closing);
        }
        lanes.back.push_back(task);
        self.told(&lanes);
        Ok(())
    }

    fn told(&self, lanes: &Lanes) {
        self.metrics.waiting(lanes.front.len(), lanes.back.len());
        self.ready.notify_all();
    }

    /// What a worker does next: a task, or several whose texts are embedded together. Nothing if nothing came for a while; none
    /// at the end.
    fn take(&self) -> Option<Vec<Task>> {
        let mut lanes = self.lanes();
        if lanes.front.is_empty() && lanes.back.is_empty() {
            if lanes.is_closed {
                return None;
            }
            lanes = self
                .ready
                .wait_timeout(lanes, TICK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let is_back =
            !lanes.back.is_empty() && (lanes.front.is_empty() || lanes.front_turns >= FRONT_TURNS);
        lanes.front_turns = match (is_back, lanes.back.is_empty()) {
            (true, _) | (false, true) => 0,
            (false, false) => lanes.front_turns + 1,
        };
        let lane = if is_back {
            &mut lanes.back
        } else {
            &mut lanes.front
        };
        // The others get as much, so that none sits idle while one has all.
        let share = lane.len().div_ceil(self.workers);
        let mut tasks: Vec<Task> = Vec::from_iter(lane.pop_front());
        let mut texts = tasks.first().map_or(0, |task| task.texts.texts.len());
        while tasks.len() < share
            && let Some((first, next)) = tasks.first().zip(lane.front())
            && first.is_to_be_embedded()
            && first.goes_with(next)
            && texts + next.texts.texts.len() <= self.limits.batch
        {
            texts += next.texts.texts.len();
            tasks.extend(lane.pop_front());
        }
        self.metrics.waiting(lanes.front.len(), lanes.back.len());
        Some(tasks)
    }

    fn work(&self, number: usize) {
        // Whatever would spread over the cores runs on this thread alone.
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread()
            .build();
        if let Err(error) = &pool {
            tracing::warn!(%error, "a worker shares the threads of others");
        }
        let mut seats = Seats::new(number);
        while let Some(tasks) = self.take() {
            if tasks.is_empty() {
                for shelf in &self.shelves {
                    seats.library(shelf);
                }
                continue;
            }
            self.serve(tasks, &mut seats);
        }
    }

    /// Does what was taken, without what nobody waits for any more.
    fn serve(&self, mut tasks: Vec<Task>, seats: &mut Seats) {
        let now = Instant::now();
        tasks.retain(|task| task.work.is_wanted() && task.expires > now);
        if tasks.first().is_some_and(Task::is_to_be_embedded) {
            self.embed(&mut tasks);
        }
        let own = match tasks.first() {
            Some(first) if first.lane == Lane::Front => 1,
            // What is left of these is next to nothing.
            _ => tasks.len(),
        };
        let others = tasks.split_off(own.min(tasks.len()));
        if !others.is_empty() {
            let mut lanes = self.lanes();
            for task in others.into_iter().rev() {
                lanes.front.push_front(task);
            }
            self.told(&lanes);
        }
        for task in tasks {
            answer(task, seats);
        }
    }

    /// Embeds the texts of tasks that go together.
    fn embed(&self, tasks: &mut [Task]) {
        let Some(first) = tasks.first() else {
            return;
        };
        let (model, role) = (Arc::clone(&first.shelf.model), first.texts.role);
        let encoder = model.encoder.as_ref();
        let all: Vec<&str> = tasks
            .iter()
            .flat_map(|task| task.texts.texts.iter().map(String::as_str))
            .collect();
        self.metrics.embedded(all.len());
        let begin = Instant::now();
        let mut go_on = |_| ControlFlow::Continue(());
        let embed = AssertUnwindSafe(|| encoder.encode(&all, role, &mut go_on));
        // Where that fails, each task tries for itself, and those at fault learn of it.
        let embedded = catch_unwind(embed).ok().and_then(Result::ok);
        let time = begin.elapsed();
        let mut values = embedded.map(Embeddings::into_values);
        for task in tasks.iter_mut().rev() {
            let own = task.texts.texts.len() * encoder.dim();
            task.vectors = match &mut values {
                Some(values) => Vectors::Known {
                    values: values.split_off(values.len().saturating_sub(own)),
                    time,
                },
                None => Vectors::None,
            };
        }
    }
}

/// Does the work of a task.
fn answer(task: Task, seats: &mut Seats) {
    let Task {
        shelf,
        texts,
        vectors,
        work,
        expires,
        lane: _,
    } = task;
    let encoder = shelf.model.encoder.as_ref();
    let (known, embedding) = match &vectors {
        Vectors::Known { values, time } => (Some(&**values), *time),
        Vectors::Wanted | Vectors::None => (None, Duration::ZERO),
    };
    let encoder = Until {
        encoder,
        known: known.map(|vectors| Known {
            role: texts.role,
            texts: &texts.texts,
            vectors,
        }),
        expires,
    };
    // Before the library is taken, so that it is at least of this generation.
    let generation = shelf.generation();
    let seat = Seat {
        library: seats.library(&shelf),
        encoder: &encoder,
        texts: &texts,
        embedding,
        generation,
        expires,
    };
    if catch_unwind(AssertUnwindSafe(|| work.run(seat))).is_err() {
        tracing::error!(library = shelf.name, "an answer broke down");
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
