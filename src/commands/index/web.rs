//! Fetching what is to be indexed: pages and feeds, and the pages that a feed only advertises.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;

use topoi::fetch::{Address, Answer, FetchError, Fetched, Fetcher, Options};
use topoi::ingest::{self, Format, Hints, Source};
use topoi::library::Refusal;
use topoi::store::{Records, Validators};

use super::super::cli::{ReadArgs, WebArgs};
use super::super::context::Context;
use super::super::failure::Failure;
use super::super::interrupt;
use super::super::output::{Output, Unit};
use super::Refused;

/// How many pages of feeds' entries are fetched in one run: at a second each, a minute or two.
const MOST_FOLLOWED: usize = 100;

/// How many answers are held until they are taken in: what an interruption can cost.
const HELD: usize = 32;

/// How many bytes of answers are held until they are taken in.
const HELD_BYTES: usize = 32 << 20;

/// Fetches pages and feeds.
pub(crate) struct Web {
    fetcher: Fetcher,
    follow: bool,
    /// Pages of feeds' entries that needn't be asked for again.
    settled: HashSet<Address>,
    /// Feeds whose pages are all settled, so that they are worth a look only when they have changed.
    followed: HashSet<Address>,
}

/// What is known already.
pub(crate) struct Known<'a> {
    pub(crate) library: Option<&'a dyn Records>,
    /// Whether everything is to be read anew, though it is as it was.
    pub(crate) is_read_anew: bool,
}

/// Something that was fetched.
pub(crate) struct Page {
    /// The address by which it was asked for, which is its path in the library.
    pub(crate) path: Address,
    pub(crate) fetched: Fetched,
    /// Whether it is a feed whose entries' pages were fetched: then it needn't hold any text.
    pub(crate) is_followed: bool,
}

/// What came of asking, beside what was fetched.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) unchanged: u64,
    pub(crate) refused: Refused,
}

/// What is to be done next.
enum Step {
    /// Ask for what a person gives.
    Ask(Address),
    /// Ask for the page of a feed's entry.
    Follow(Address),
    /// Take in a feed, after its pages.
    Feed {
        page: Box<Page>,
        links: Vec<Address>,
        is_whole: bool,
    },
}

impl Web {
    /// Refuses addresses where the network is not to be reached out to.
    pub(crate) fn new(
        context: &Context,
        read: &ReadArgs,
        web: &WebArgs,
        addresses: &[Address],
    ) -> anyhow::Result<Self> {
        if let Some(address) = addresses.first().filter(|_| context.is_offline()) {
            return Err(Failure::with_hint(
                format!("`{address}` can't be fetched offline"),
                "leave out `--offline` and the variable TOPOI_OFFLINE, or save the page and index the file",
            )
            .into());
        }
        let fetcher = Fetcher::new(Options {
            allow_private: web.allow_private,
            max_bytes: read.max_bytes(),
            timeout: web.timeout(),
            proxy: ureq::Proxy::try_from_env(),
            interrupted: interrupt::requested,
        });
        Ok(Self {
            fetcher,
            follow: web.follow,
            settled: HashSet::new(),
            followed: HashSet::new(),
        })
    }

    /// Fetches one address.
    pub(crate) fn fetch(&mut self, address: &Address) -> Result<Fetched, FetchError> {
        match self.fetcher.fetch(address, &Validators::default())? {
            Answer::Fetched(fetched) => Ok(*fetched),
            Answer::Unchanged => Err(FetchError::Connection(
                "it answers that nothing has changed".into(),
            )),
        }
    }

    /// Fetches addresses one after another, and hands on what has changed, some at a time.
    pub(crate) fn fetch_all(
        &mut self,
        output: &Output,
        addresses: &[Address],
        known: &Known<'_>,
        take: &mut dyn FnMut(Vec<Page>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Asked> {
        let bar = output.progress(addresses.len() as u64, "fetching", Unit::Count);
        let mut asked = Asked::default();
        let mut steps: VecDeque<Step> = addresses.iter().cloned().map(Step::Ask).collect();
        let mut held: Vec<Page> = Vec::new();
        let mut left = MOST_FOLLOWED;
        while let Some(step) = steps.pop_front() {
            let (address, is_given) = match step {
                Step::Ask(address) => (address, true),
                Step::Follow(address) => (address, false),
                Step::Feed {
                    page,
                    links,
                    is_whole,
                } => {
                    if is_whole && links.iter().all(|link| self.settled.contains(link)) {
                        self.followed.insert(page.path.clone());
                    }
                    held.push(*page);
                    hand_on(&mut held, steps.is_empty(), take)?;
                    continue;
                }
            };
            output.detail(format_args!("fetching `{address}`"));
            let validators = self.validators(&address, is_given, known)?;
            let answer = self.fetcher.fetch(&address, &validators);
            bar.inc(1);
            if !is_given && answer.as_ref().err().is_none_or(FetchError::is_lasting) {
                self.settled.insert(address.clone());
            }
            match answer {
                Err(FetchError::Interrupted) => return Err(topoi::Error::Interrupted.into()),
                Err(error) => asked
                    .refused
                    .push((PathBuf::from(address.as_str()), Refusal::from(error))),
                Ok(Answer::Unchanged) => asked.unchanged += 1,
                Ok(Answer::Fetched(fetched)) => {
                    let page = Page {
                        path: address,
                        fetched: *fetched,
                        is_followed: false,
                    };
                    if is_given && self.follow && is_feed(&page) {
                        let (links, is_whole) = self.links(&page, known, &mut left)?;
                        bar.inc_length(links.len() as u64);
                        if !is_whole {
                            output.note(format_args!(
                                "`{}` has more entries than are fetched in one run: the next one goes on",
                                page.path
                            ));
                        }
                        let page = Page {
                            is_followed: true,
                            ..page
                        };
                        let follow = links.iter().cloned().map(Step::Follow).collect::<Vec<_>>();
                        steps.push_front(Step::Feed {
                            page: Box::new(page),
                            links,
                            is_whole,
                        });
                        for step in follow.into_iter().rev() {
                            steps.push_front(step);
                        }
                        continue;
                    }
                    held.push(page);
                }
            }
            hand_on(&mut held, steps.is_empty(), take)?;
        }
        bar.finish_and_clear();
        Ok(asked)
    }

    /// By what to ask whether an address has changed.
    fn validators(
        &self,
        address: &Address,
        is_given: bool,
        known: &Known<'_>,
    ) -> anyhow::Result<Validators> {
        let must_have_links = is_given && self.follow && !self.followed.contains(address);
        match known.library {
            Some(library) if !known.is_read_anew && !must_have_links => {
                Ok(library.validators(address.as_str())?)
            }
            _ => Ok(Validators::default()),
        }
    }

    /// The pages that a feed only advertises and that the library doesn't have, as many as may still be fetched; and
    /// whether these are all.
    fn links(
        &self,
        feed: &Page,
        known: &Known<'_>,
        left: &mut usize,
    ) -> anyhow::Result<(Vec<Address>, bool)> {
        let mut links: Vec<Address> = Vec::new();
        for link in ingest::teasers(&feed.fetched.bytes) {
            let Ok(link) = feed.fetched.address.join(&link) else {
                continue;
            };
            let is_known = match known.library {
                Some(library) => library.file(link.as_str())?.is_some(),
                None => false,
            };
            if is_known || self.settled.contains(&link) || links.contains(&link) {
                continue;
            }
            if *left == 0 {
                return Ok((links, false));
            }
            *left -= 1;
            links.push(link);
        }
        Ok((links, true))
    }
}

/// Hands on what is held, where it is enough or the last.
fn hand_on(
    held: &mut Vec<Page>,
    is_last: bool,
    take: &mut dyn FnMut(Vec<Page>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let bytes: usize = held.iter().map(|page| page.fetched.bytes.len()).sum();
    if held.is_empty() || !(is_last || held.len() >= HELD || bytes >= HELD_BYTES) {
        return Ok(());
    }
    take(std::mem::take(held))
}

fn is_feed(page: &Page) -> bool {
    let hints = page.fetched.hints(&Hints::default());
    Format::detect(&Source::new(&page.fetched.bytes, &hints)) == Ok(Format::Feed)
}
