//! Messages as they come in: bytes that are to be JSON, in the form of JSON-RPC, and not too many of them.

use rmcp::ErrorData;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcError, RequestId};
use serde_json::Value;

/// How many bytes a message may have. A text that something is to be found beside is in it, perhaps in six bytes a letter.
pub(crate) const MOST_BYTES: usize = 4 << 20;

/// How much of a member of a message that is too long is looked at: its number is no longer.
const MOST_MEMBER: usize = 200;

/// The message that some bytes are; none if there is nothing in them.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<ClientJsonRpcMessage>, Box<JsonRpcError>> {
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(bytes)
        .map(Some)
        .map_err(|error| refusal(bytes, &error))
}

/// What is said of bytes that are no message.
fn refusal(bytes: &[u8], error: &serde_json::Error) -> Box<JsonRpcError> {
    let (id, error) = match serde_json::from_slice::<Value>(bytes) {
        Err(_) => (
            None,
            ErrorData::parse_error(format!("this is no JSON: {error}"), None),
        ),
        Ok(Value::Array(_)) => (
            None,
            ErrorData::invalid_request("send messages one by one, not as a list", None),
        ),
        Ok(value) => (
            value.get("id").and_then(number),
            ErrorData::invalid_request(
                "this is no message of JSON-RPC 2.0, or its method doesn't take such `params`",
                None,
            ),
        ),
    };
    Box::new(JsonRpcError::new(id, error))
}

/// What is said of a message that is too long.
pub(super) fn too_long(id: Option<RequestId>) -> JsonRpcError {
    let message = format!(
        "the message has more than {} MiB: send less at once",
        MOST_BYTES >> 20
    );
    JsonRpcError::new(id, ErrorData::invalid_request(message, None))
}

fn number(value: &Value) -> Option<RequestId> {
    serde_json::from_value(value.clone()).ok()
}

/// Finds the number of a message that is too long to be kept, so that whoever waits for the answer learns why there is none.
#[derive(Debug, Default)]
pub(super) struct NumberFinder {
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
    /// The member of the message itself that is being read, without what is nested in it.
    member: Vec<u8>,
    found: Option<RequestId>,
}

impl NumberFinder {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.take(byte);
        }
    }

    pub(super) fn found(self) -> Option<RequestId> {
        self.found
    }

    fn take(&mut self, byte: u8) {
        if self.is_in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_in_string = false,
                _ => {}
            }
            self.keep(byte);
            return;
        }
        match byte {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.end_member();
                self.depth = self.depth.saturating_sub(1);
            }
            b',' => self.end_member(),
            byte => {
                self.is_in_string = byte == b'"';
                self.keep(byte);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.member.len() < MOST_MEMBER {
            self.member.push(byte);
        }
    }

    fn end_member(&mut self) {
        if self.depth != 1 {
            return;
        }
        let member = std::mem::take(&mut self.member);
        let object = [b"{", &*member, b"}"].concat();
        let value: Result<Value, _> = serde_json::from_slice(&object);
        let id = value.ok().and_then(|value| number(value.get("id")?));
        self.found = id.or(self.found.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Option<RequestId>, i32) {
        let refusal = parse(text.as_bytes()).unwrap_err();
        (refusal.id, refusal.error.code.0)
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_number_if_it_has_one() {
        assert!(parse(b" \r").unwrap().is_none());
        assert!(parse(br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).is_ok());
        assert_eq!(refused("{\"jsonrpc\""), (None, -32700));
        assert_eq!(refused("\u{0}"), (None, -32700));
        assert_eq!(refused("[]"), (None, -32600));
        assert_eq!(refused("7"), (None, -32600));
        assert_eq!(refused(r#"{"id":3}"#), (Some(RequestId::Number(3)), -32600));
        assert_eq!(refused(&"[".repeat(100_000)), (None, -32700));
    }

    #[test]
    fn the_number_of_a_long_message_is_found_wherever_it_stands() {
        let find = |text: &str| {
            let mut finder = NumberFinder::default();
            for part in text.as_bytes().chunks(7) {
                finder.read(part);
            }
            finder.found()
        };
        let three = Some(RequestId::Number(3));
        assert_eq!(find(r#"{"id":3,"params":{"text":"aaaaaaaaa"#), three);
        assert_eq!(
            find(r#"{"params":{"id":4,"q":"\"}],"},"x":[1,{"id":5}], "id" : 3 }"#),
            three
        );
        let text = find(r#"{"method":"a","id":"one"}"#);
        assert_eq!(text, Some(RequestId::String("one".into())));
        assert_eq!(find(r#"{"params":{"id":4},"id":{"id":5}}"#), None);
        assert_eq!(find("}}}]],,{{{"), None);
    }
}
