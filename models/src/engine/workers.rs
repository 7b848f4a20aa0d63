//! Which core computes which batch: each core takes the next one and computes it alone.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Calls `compute` for each job on up to `threads` threads, and `receive` on the calling thread with what comes
/// out, in whatever order it does. `receive` may break off; jobs that have begun are then finished and dropped.
///
/// `compute` runs inside a rayon pool of one thread: the tensor library would otherwise split each of its small
/// steps among all cores, which costs more than it gains at the size of one batch, and gets in the way of the
/// other workers.
///
/// # Errors
///
/// When the operating system gives no more threads.
pub(crate) fn run<'j, J: Sync, R: Send>(
    jobs: &'j [J],
    threads: NonZeroUsize,
    compute: impl Fn(&'j J) -> R + Sync,
    mut receive: impl FnMut(R) -> ControlFlow<()>,
) -> Result<(), rayon::ThreadPoolBuildError> {
    let workers = threads.get().min(jobs.len());
    let pools = (0..workers)
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect::<Result<Vec<_>, _>>()?;
    if let ([pool], [job]) = (pools.as_slice(), jobs) {
        // A query: nothing to hand around.
        let _ = receive(pool.install(|| compute(job)));
        return Ok(());
    }
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for pool in &pools {
            let sender = sender.clone();
            let (next, stop, compute) = (&next, &stop, &compute);
            scope.spawn(move || {
                pool.install(|| {
                    while !stop.load(Ordering::Relaxed)
                        && let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed))
                        && sender.send(compute(job)).is_ok()
                    {}
                });
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
    Ok(())
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
                let outcome = run(
                    &jobs,
                    threads(count),
                    |job| job * 2,
                    |result| {
                        done.push(result);
                        ControlFlow::Continue(())
                    },
                );
                outcome.unwrap();
                done.sort_unstable();
                let expected: Vec<usize> = jobs.iter().map(|job| job * 2).collect();
                assert_eq!(done, expected);
            }
        }
    }

    #[test]
    fn breaking_off_stops_the_workers() {
        let jobs: Vec<usize> = (0..10_000).collect();
        let computed = AtomicUsize::new(0);
        let mut received = 0;
        run(
            &jobs,
            threads(2),
            |_| {
                computed.fetch_add(1, Ordering::Relaxed);
                thread::yield_now();
            },
            |()| {
                received += 1;
                ControlFlow::Break(())
            },
        )
        .unwrap();
        assert_eq!(received, 1);
        assert!(computed.load(Ordering::Relaxed) < jobs.len());
    }

    #[test]
    fn each_worker_has_a_pool_of_one_thread() {
        let jobs = [(), (), ()];
        run(
            &jobs,
            threads(2),
            |()| rayon::current_num_threads(),
            |pool| {
                assert_eq!(pool, 1);
                ControlFlow::Continue(())
            },
        )
        .unwrap();
    }
}
