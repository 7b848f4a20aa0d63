//! Which core computes which batch: each core takes the next one and computes it alone.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Calls `compute` for each job on up to `threads` threads, and `receive` on the calling thread with what comes
/// out, in whatever order it does. `receive` may break off; jobs that have begun are then finished and dropped.
///
/// Each thread makes one worker, which it keeps from job to job. A single job is computed on the calling thread.
pub(crate) fn run<'j, J: Sync, W, R: Send>(
    jobs: &'j [J],
    threads: NonZeroUsize,
    worker: impl Fn() -> W + Sync,
    compute: impl Fn(&mut W, &'j J) -> R + Sync,
    mut receive: impl FnMut(R) -> ControlFlow<()>,
) {
    let threads = threads.get().min(jobs.len());
    if threads <= 1 {
        let mut worker = worker();
        for job in jobs {
            if receive(compute(&mut worker, job)).is_break() {
                break;
            }
        }
        return;
    }
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, stop, worker, compute) = (&next, &stop, &worker, &compute);
            scope.spawn(move || {
                let mut worker = worker();
                while !stop.load(Ordering::Relaxed)
                    && let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed))
                    && sender.send(compute(&mut worker, job)).is_ok()
                {}
            });
        }
        drop(sender);
        for result in &receiver {
            if receive(result).is_break() {
                stop.store(true, Ordering::Relaxed);
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn every_job_is_done_once_on_any_number_of_threads() {
        for count in [1, 2, 3, 8] {
            for jobs in [0, 1, 2, 50] {
                let jobs: Vec<usize> = (0..jobs).collect();
                let mut done = Vec::new();
                run(
                    &jobs,
                    threads(count),
                    || 2,
                    |worker, job| job * *worker,
                    |result| {
                        done.push(result);
                        ControlFlow::Continue(())
                    },
                );
                done.sort_unstable();
                let expected: Vec<usize> = jobs.iter().map(|job| job * 2).collect();
                assert_eq!(done, expected);
            }
        }
    }

    #[test]
    fn breaking_off_stops_the_workers() {
        for count in [1, 2] {
            let jobs: Vec<usize> = (0..10_000).collect();
            let computed = AtomicUsize::new(0);
            let mut received = 0;
            run(
                &jobs,
                threads(count),
                || (),
                |(), _| {
                    computed.fetch_add(1, Ordering::Relaxed);
                    thread::yield_now();
                },
                |()| {
                    received += 1;
                    ControlFlow::Break(())
                },
            );
            assert_eq!(received, 1);
            assert!(computed.load(Ordering::Relaxed) < jobs.len());
        }
    }

    #[test]
    fn a_thread_keeps_its_worker() {
        let made = AtomicUsize::new(0);
        run(
            &[(); 100],
            threads(3),
            || made.fetch_add(1, Ordering::Relaxed),
            |_, ()| (),
            |()| ControlFlow::Continue(()),
        );
        assert!(made.load(Ordering::Relaxed) <= 3);
    }
}
