//! What a run of a program takes, on systems that say so.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

/// What one run of a program took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From its start to its end.
    pub time: Duration,
    /// The most resident memory, in KiB.
    pub memory: i64,
}

/// Runs a program to its end.
///
/// # Errors
///
/// Where it can't be run, or doesn't succeed.
pub fn cost(command: &mut Command) -> io::Result<Cost> {
    let begin = Instant::now();
    // It is waited for with `wait4`, which also says what it took.
    let child = command.spawn()?;
    let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: the structure is plain numbers, for which zeros are valid; the process is our own child, which nobody
    // else waits for, and both places that the call writes to are ours.
    let (ended, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let ended = libc::wait4(pid, &mut status, 0, &mut usage);
        (ended, usage)
    };
    if ended != pid {
        return Err(io::Error::last_os_error());
    }
    if status != 0 {
        return Err(io::Error::other(format!("it ends with status {status}")));
    }
    Ok(Cost {
        time: begin.elapsed(),
        memory: usage.ru_maxrss,
    })
}
