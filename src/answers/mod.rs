//! What answers look like, to programs and to people: the same from the command line, over HTTP and to an agent.

mod json;
mod map;
mod subject;
mod text;
pub(crate) mod themes;

pub(crate) use json::{
    AroundJson, ArticleJson, ContextJson, PassageJson, ResultJson, SearchJson, TimingsJson, WhyJson,
};
pub(crate) use map::map_of;
pub(crate) use subject::Subject;
pub(crate) use text::{by_line, clean, count, one_line, short_path};
