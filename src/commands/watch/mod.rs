//! `topoi watch`: keeps a library up to date with folders, pages and feeds.

mod changes;
mod pending;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use topoi::Location;
use topoi::fetch::Address;
use topoi::library::Refusal;

use super::cli::Watch;
use super::context::Context;
use super::index::{
    Given, IndexJson, Taken, Taking, Web, find, hints, nothing_to_read, tell_all, wanted,
};
use super::target::stored_path;
use super::{Outcome, interrupt};
use changes::{Changes, Settled};

/// How long to wait where nothing but a change of a file is waited for: it is looked at again after that.
const LONG: Duration = Duration::from_hours(1);

pub(crate) fn run(context: &mut Context, arguments: &Watch) -> anyhow::Result<Outcome> {
    let hints = hints(&arguments.read)?;
    let max_bytes = arguments.read.max_bytes();
    let Given { paths, addresses } = Given::sort(&arguments.paths)?;
    let mut web = Web::new(context, &arguments.read, &arguments.web, &addresses)?;
    // Whoever watches what isn't there has written it wrongly.
    let (files, refused) = find(&paths, false, max_bytes)?;
    let library = context.library_to_make();
    let model = context.model(&wanted(context, &library, &arguments.model)?)?;
    interrupt::listen();
    let roots: Vec<PathBuf> = paths.iter().map(|path| stored_path(path)).collect();
    // Before anything is read, so that no change is missed.
    let mut changes = match arguments.once {
        true => None,
        false => Some(Changes::watch(
            &roots,
            library.folder().map(stored_path),
            arguments.poll(),
        )?),
    };
    let taken = {
        let taking = Taking {
            output: &context.output,
            library: &library,
            model: &model,
            hints: &hints,
            max_bytes,
            patient: true,
        };
        let mut taken = Taken {
            refused,
            ..Taken::default()
        };
        if !paths.is_empty() {
            taken.merge(taking.files(&files, None, &roots)?);
        }
        taken.merge(taking.addresses(&mut web, &addresses)?);
        taken
    };
    let mut schedule = Schedule::new(addresses, arguments.every());
    schedule.asked(&taken);
    if arguments.once && taken.is_nothing() {
        return Err(nothing_to_read(&arguments.paths, &taken.refused));
    }
    report(context, arguments, taken, &library)?;
    let Some(changes) = &mut changes else {
        return Ok(Outcome::Found);
    };
    context.output.note("watching; Ctrl-C ends it");
    loop {
        let round = (|| -> anyhow::Result<Taken> {
            let settled = changes.wait(schedule.next(), &context.output)?;
            let taking = Taking {
                output: &context.output,
                library: &library,
                model: &model,
                hints: &hints,
                max_bytes,
                patient: true,
            };
            let mut taken = Taken::default();
            if !settled.is_empty() {
                taken.merge(settle(&taking, &roots, &settled)?);
            }
            let due = schedule.take_due();
            taken.merge(taking.addresses(&mut web, &due)?);
            schedule.asked(&taken);
            Ok(taken)
        })();
        match round {
            Ok(taken) if taken.report.has_changed_something() || !taken.refused.is_empty() => {
                report(context, arguments, taken, &library)?;
            }
            Ok(_) => {}
            Err(error) if is_interruption(&error) => {
                context
                    .output
                    .note("no longer watching; what was committed is kept");
                return Ok(Outcome::Found);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Takes in what has changed of files, and what is gone of them out of the library.
fn settle(taking: &Taking<'_>, roots: &[PathBuf], settled: &Settled) -> anyhow::Result<Taken> {
    let (mut files, mut refused) = find(roots, true, taking.max_bytes)?;
    files.retain(|file| settled.holds(&file.path));
    refused.retain(|(path, _)| settled.holds(path));
    let removable = settled.removable();
    let mut taken = Taken {
        refused,
        ..Taken::default()
    };
    if !files.is_empty() || !removable.is_empty() {
        taken.merge(taking.files(&files, None, &removable)?);
    }
    Ok(taken)
}

fn report(
    context: &mut Context,
    arguments: &Watch,
    taken: Taken,
    library: &Location,
) -> anyhow::Result<()> {
    tell_all(&context.output, &taken, library);
    if arguments.json {
        context
            .output
            .json_line(&IndexJson::new(Some(library), taken.report, &taken.refused))?;
        context.output.flush()?;
    }
    Ok(())
}

fn is_interruption(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(topoi::Error::Interrupted))
}

/// When addresses are asked again.
struct Schedule {
    every: Duration,
    due: Vec<(Instant, Address)>,
    asked: Vec<Address>,
}

impl Schedule {
    /// All of them are being asked.
    fn new(addresses: Vec<Address>, every: Duration) -> Self {
        Self {
            every,
            due: Vec::new(),
            asked: addresses,
        }
    }

    /// When the next address is due.
    fn next(&self) -> Instant {
        let next = self.due.iter().map(|(due, _)| *due).min();
        next.unwrap_or_else(|| Instant::now() + LONG)
    }

    /// The addresses that are due, which are then being asked.
    fn take_due(&mut self) -> Vec<Address> {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.due)
            .into_iter()
            .partition(|(due, _)| *due <= now);
        self.due = later;
        self.asked = due.into_iter().map(|(_, address)| address).collect();
        self.asked.clone()
    }

    /// What was asked is asked again in a while: a longer one where a server says so.
    fn asked(&mut self, taken: &Taken) {
        for address in std::mem::take(&mut self.asked) {
            let refusal = taken
                .refused
                .iter()
                .find(|(path, _)| path.as_os_str() == address.as_str());
            let wait = match refusal {
                Some((_, Refusal::NotFetched(error))) => error.retry_after(),
                _ => None,
            };
            let wait = wait.unwrap_or_default().max(self.every);
            self.due.push((Instant::now() + wait, address));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_due_after_a_while_and_later_where_its_server_says_so() {
        let addresses =
            ["https://a.example/", "https://b.example/"].map(|text| text.parse().unwrap());
        let mut schedule = Schedule::new(addresses.to_vec(), Duration::ZERO);
        let busy = topoi::fetch::FetchError::LeftAlone(Duration::from_secs(600));
        let taken = Taken {
            refused: vec![("https://b.example/".into(), busy.into())],
            ..Taken::default()
        };
        schedule.asked(&taken);
        assert_eq!(schedule.take_due(), addresses[..1]);
        schedule.asked(&Taken::default());
        assert!(schedule.next() <= Instant::now());
        assert_eq!(schedule.due.len(), 2);
    }
}
