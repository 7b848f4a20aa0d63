//! What a tool can be told: as a schema for whoever calls it, and as a check of what was said.
//!
//! The schemas have no unions and no references, since some clients know neither. The check is a little more lenient than the
//! schema where what was meant is clear: what is `null` or empty was left out, and the number of a passage may be a number.

use std::collections::BTreeMap;

use rmcp::model::JsonObject;
use serde_json::{Value, json};
use topoi::article::Date;

use crate::serve::failure::{Failure, Result};

/// Something that a tool can be told.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    kind: Kind,
    is_required: bool,
    description: String,
}

/// What it can be.
enum Kind {
    /// A text of so many characters at most.
    Text(usize),
    /// The number of a passage, or of an article, with an `a` before it.
    Id,
    /// A day, a month or a year.
    Date,
    /// A whole number, and which it is where nothing is said.
    Number {
        least: u64,
        most: u64,
        usual: Option<u64>,
    },
    /// One of some words.
    Choice(Vec<String>),
}

impl Parameter {
    fn new(name: &'static str, kind: Kind, description: impl Into<String>) -> Self {
        Self {
            name,
            kind,
            is_required: false,
            description: description.into(),
        }
    }

    pub(super) fn text(name: &'static str, most: usize, description: &str) -> Self {
        Self::new(name, Kind::Text(most), description)
    }

    pub(super) fn id(name: &'static str, description: &str) -> Self {
        Self::new(name, Kind::Id, description)
    }

    pub(super) fn date(name: &'static str, description: &str) -> Self {
        Self::new(name, Kind::Date, description)
    }

    pub(super) fn number(
        name: &'static str,
        (least, most): (u64, u64),
        usual: Option<u64>,
        description: &str,
    ) -> Self {
        let kind = Kind::Number { least, most, usual };
        Self::new(name, kind, description)
    }

    pub(super) fn choice(
        name: &'static str,
        of: impl IntoIterator<Item = impl Into<String>>,
        description: &str,
    ) -> Self {
        let of = of.into_iter().map(Into::into).collect();
        Self::new(name, Kind::Choice(of), description)
    }

    /// One that can't be left out.
    pub(super) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    fn schema(&self) -> Value {
        let mut schema = match &self.kind {
            Kind::Text(most) => json!({ "type": "string", "maxLength": most }),
            Kind::Id => json!({ "type": "string", "pattern": "^a?[0-9]+$" }),
            Kind::Date => json!({ "type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}){0,2}$" }),
            Kind::Number { least, most, usual } => {
                let mut schema = json!({ "type": "integer", "minimum": least, "maximum": most });
                if let Some(usual) = usual {
                    schema["default"] = json!(usual);
                }
                schema
            }
            Kind::Choice(of) => json!({ "type": "string", "enum": of }),
        };
        schema["description"] = json!(self.description);
        schema
    }

    /// What was said, in the one form that it has from here on; none if it says nothing.
    fn read(&self, given: Value) -> Result<Option<Value>> {
        let name = self.name;
        if given.is_null() || given.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        let wrong = |wanted: String| {
            let given = shown(&given);
            Failure::field(name, format!("`{name}` is {given}, but is to be {wanted}"))
        };
        match &self.kind {
            Kind::Text(most) => {
                let text = given.as_str().ok_or_else(|| wrong("a text".into()))?;
                let length = text.chars().count();
                if length > *most {
                    let message = format!(
                        "`{name}` has {length} characters, and may have {most}: shorten it"
                    );
                    return Err(Failure::field(name, message));
                }
            }
            Kind::Id => {
                let known = given.is_string() || given.is_u64();
                if !known {
                    return Err(wrong(
                        "a number of a passage, like \"23\", or of an article, like \"a7\"".into(),
                    ));
                }
                if let Some(number) = given.as_u64() {
                    return Ok(Some(Value::String(number.to_string())));
                }
            }
            Kind::Date => {
                let text = match (given.as_str(), given.as_u64()) {
                    (Some(text), _) => text.to_owned(),
                    (None, Some(year)) => year.to_string(),
                    (None, None) => return Err(wrong("a date, like \"2024-05-14\"".into())),
                };
                let date: Date = text.parse().map_err(|error: topoi::article::DateError| {
                    Failure::field(name, format!("`{name}`: {error}"))
                })?;
                return Ok(Some(Value::String(date.to_string())));
            }
            Kind::Number { least, most, .. } => {
                let whole = given.as_u64().or_else(|| {
                    let number = given.as_f64().filter(|number| number.fract() == 0.0)?;
                    (0.0..=1e15).contains(&number).then_some(number as u64)
                });
                let whole = whole.filter(|whole| (least..=most).contains(&whole));
                let whole =
                    whole.ok_or_else(|| wrong(format!("a whole number from {least} to {most}")))?;
                return Ok(Some(Value::from(whole)));
            }
            Kind::Choice(of) => {
                let is_known = given
                    .as_str()
                    .is_some_and(|word| of.iter().any(|k| k == word));
                if !is_known {
                    return Err(wrong(format!("one of: {}", of.join(", "))));
                }
            }
        }
        Ok(Some(given))
    }
}

/// A value in a message, which is not to be longer than a line.
fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The schema of everything that a tool can be told.
pub(super) fn schema(parameters: &[Parameter]) -> JsonObject {
    let properties: JsonObject = parameters
        .iter()
        .map(|parameter| (parameter.name.to_owned(), parameter.schema()))
        .collect();
    let required: Vec<&str> = parameters
        .iter()
        .filter(|parameter| parameter.is_required)
        .map(|parameter| parameter.name)
        .collect();
    let mut schema = JsonObject::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.insert("additionalProperties".into(), json!(false));
    schema
}

/// What a tool was told.
#[derive(Debug)]
pub(super) struct Arguments(BTreeMap<&'static str, Value>);

impl Arguments {
    /// Checks what was said to a tool.
    pub(super) fn read(
        tool: &str,
        parameters: &[Parameter],
        given: Option<JsonObject>,
    ) -> Result<Self> {
        let mut arguments = BTreeMap::new();
        for (name, value) in given.unwrap_or_default() {
            let Some(parameter) = parameters.iter().find(|known| known.name == name) else {
                let known: Vec<&str> = parameters.iter().map(|known| known.name).collect();
                let name = shown(&Value::String(name));
                return Err(Failure::bad(format!(
                    "`{tool}` has no argument {name}, but: {}",
                    known.join(", ")
                )));
            };
            if let Some(value) = parameter.read(value)? {
                arguments.insert(parameter.name, value);
            }
        }
        let missing = parameters
            .iter()
            .find(|parameter| parameter.is_required && !arguments.contains_key(parameter.name));
        match missing {
            Some(Parameter {
                name, description, ..
            }) => Err(Failure::field(
                name,
                format!("`{name}` is missing: {description}"),
            )),
            None => Ok(Self(arguments)),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    pub(super) fn date(&self, name: &str) -> Option<Date> {
        // It was checked when it was read.
        self.text(name)?.parse().ok()
    }

    /// All of them but some, as one text.
    pub(super) fn without(&self, names: &[&str]) -> String {
        let rest: BTreeMap<_, _> = self
            .0
            .iter()
            .filter(|(name, _)| !names.contains(name))
            .collect();
        // Texts and numbers can always be written.
        serde_json::to_string(&rest).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Vec<Parameter> {
        vec![
            Parameter::text("query", 10, "What to look for.").required(),
            Parameter::number("limit", (1, 20), Some(5), "How many."),
            Parameter::id("to", "What."),
            Parameter::date("after", "When."),
            Parameter::choice("mode", ["auto", "lexical"], "How."),
        ]
    }

    fn read(given: Value) -> std::result::Result<Arguments, String> {
        let given = given.as_object().cloned();
        Arguments::read("search", &parameters(), given).map_err(|failure| failure.message)
    }

    #[test]
    fn what_is_meant_is_understood() {
        let given = json!({
            "query": "tariffs", "limit": 3.0, "to": 23, "after": "2024-05", "mode": null,
        });
        let read = read(given).unwrap();
        assert_eq!(read.text("query"), Some("tariffs"));
        assert_eq!(read.number("limit"), Some(3));
        assert_eq!(read.text("to"), Some("23"));
        assert_eq!(read.date("after"), "2024-05".parse().ok());
        assert_eq!(read.text("mode"), None);
        assert_eq!(
            read.without(&["limit", "to", "after"]),
            r#"{"query":"tariffs"}"#
        );
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (given, said) in [
            (json!({}), "`query` is missing"),
            (json!({ "query": " " }), "`query` is missing"),
            (json!({ "query": 5 }), "`query` is 5, but is to be a text"),
            (json!({ "query": "far too long" }), "has 12 characters"),
            (json!({ "query": "a", "limit": 1_000_000 }), "from 1 to 20"),
            (json!({ "query": "a", "limit": 0 }), "from 1 to 20"),
            (json!({ "query": "a", "limit": -1 }), "from 1 to 20"),
            (json!({ "query": "a", "limit": 1.5 }), "from 1 to 20"),
            (json!({ "query": "a", "limit": "5" }), "from 1 to 20"),
            (json!({ "query": "a", "to": ["a7"] }), "of an article"),
            (json!({ "query": "a", "after": "soon" }), "is not a date"),
            (
                json!({ "query": "a", "mode": "best" }),
                "one of: auto, lexical",
            ),
            (
                json!({ "query": "a", "sort": "x" }),
                "no argument \"sort\", but: query, limit",
            ),
        ] {
            let error = read(given).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_message_is_no_longer_than_what_it_is_about() {
        let error = read(json!({ "query": vec![0; 10_000] })).unwrap_err();
        assert!(error.len() < 200, "{error}");
    }
}
