//! Pages of a list that stays as it is; `trail` is for answers.
//!
//! A cursor is where the next page begins, with a mark that only this question and this place have. So a cursor that was made
//! up, or that belongs to another question, is refused instead of leading anywhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::parameters::{Arguments, Parameter};
use crate::serve::failure::{Failure, Result};

/// How many bytes a place takes, and how many its mark.
const PLACE: usize = 4;
const MARK: usize = 8;

/// What may change from page to page.
const FREE: [&str; 2] = ["cursor", "limit"];

/// The pages of the answer to one question.
pub(super) struct Pages {
    question: Sha256,
    offset: usize,
}

impl Pages {
    /// The page that is asked for: the first, unless a cursor says which.
    pub(super) fn new(tool: &str, arguments: &Arguments) -> Result<Self> {
        let mut pages = Self {
            question: question(tool, arguments),
            offset: 0,
        };
        if let Some(cursor) = arguments.text("cursor") {
            pages.offset = pages.read(cursor).ok_or_else(strange)?;
        }
        Ok(pages)
    }

    /// How many come before this page.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The cursor for a page that begins at a place.
    pub(super) fn cursor(&self, offset: usize) -> Option<String> {
        let place = u32::try_from(offset).ok()?.to_be_bytes();
        let mut bytes = place.to_vec();
        bytes.extend_from_slice(&self.mark(place));
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn read(&self, cursor: &str) -> Option<usize> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor.trim()).ok()?;
        let (place, mark) = bytes.split_first_chunk::<PLACE>()?;
        if mark != self.mark(*place) {
            return None;
        }
        usize::try_from(u32::from_be_bytes(*place)).ok()
    }

    fn mark(&self, place: [u8; PLACE]) -> [u8; MARK] {
        let digest = self.question.clone().chain_update(place).finalize();
        let mut mark = [0; MARK];
        mark.copy_from_slice(&digest[..MARK]);
        mark
    }
}

/// What a page is of: all that was said but for which page, and how much of it.
pub(super) fn question(tool: &str, arguments: &Arguments) -> Sha256 {
    let mut question = Sha256::new();
    question.update(tool);
    question.update([0]);
    question.update(arguments.without(&FREE));
    question
}

/// What is said of a cursor that leads nowhere.
pub(super) fn strange() -> Failure {
    Failure::field(
        "cursor",
        "`cursor` doesn't belong to this call, or is from long ago: repeat the call that gave it with the same arguments \
         (only `limit` may change), or leave `cursor` out to begin with the first page",
    )
}

/// The parameter that all tools with pages have.
pub(super) fn parameter() -> Parameter {
    Parameter::text(
        "cursor",
        100,
        "The `cursor` of the result before, for the next page; all other arguments must be those of that call.",
    )
}

#[cfg(test)]
mod tests {
    use rmcp::model::JsonObject;
    use serde_json::json;

    use super::*;

    fn pages(tool: &str, query: &str, limit: u64, cursor: Option<&str>) -> Result<Pages> {
        let parameters = [
            Parameter::text("query", 100, ""),
            Parameter::number("limit", (1, 20), None, ""),
            parameter(),
        ];
        let given = json!({ "query": query, "limit": limit, "cursor": cursor });
        let given: Option<JsonObject> = given.as_object().cloned();
        Pages::new(tool, &Arguments::read(tool, &parameters, given)?)
    }

    #[test]
    fn a_cursor_leads_to_its_page_of_its_question() {
        let first = pages("search", "tariffs", 5, None).unwrap();
        assert_eq!(first.offset(), 0);
        let cursor = first.cursor(5).unwrap();
        let next = pages("search", "tariffs", 20, Some(&cursor)).unwrap();
        assert_eq!(next.offset(), 5);
    }

    #[test]
    fn any_other_cursor_is_refused() {
        let cursor = pages("search", "tariffs", 5, None)
            .unwrap()
            .cursor(5)
            .unwrap();
        assert!(pages("search", "wages", 5, Some(&cursor)).is_err());
        assert!(pages("related", "tariffs", 5, Some(&cursor)).is_err());
        let moved = format!("AAAAAQ{}", &cursor[6..]);
        for made_up in [
            "5",
            "AAAABQ",
            "%%%",
            "ÄÖ",
            &cursor[1..],
            &moved,
            &format!("{cursor}AAAA"),
        ] {
            assert!(
                pages("search", "tariffs", 5, Some(made_up)).is_err(),
                "{made_up}"
            );
        }
    }
}
