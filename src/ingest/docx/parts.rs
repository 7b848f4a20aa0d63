//! What the parts of a package say of each other, and what a document says of itself.

use super::super::error::ReadError;
use super::super::fold::fold;
use super::super::language::language_code;
use super::super::package::{Package, resolve};
use super::super::xml::{Node, Xml, decode_xml};
use super::damaged;
use crate::article::{Date, Metadata};

/// Where a part names what belongs to it.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// The last word of each relation's type, which is all that transitional and strict types share, and the name of
    /// the part that it leads to.
    targets: Vec<(String, String)>,
}

impl Relations {
    /// The relations of a part; those of the package itself where its name is empty.
    pub(super) fn of(package: &mut Package<'_>, part: &str) -> Result<Self, ReadError> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let path = match folder {
            "" => format!("_rels/{name}.rels"),
            _ => format!("{folder}/_rels/{name}.rels"),
        };
        match package.part(&path)? {
            Some(bytes) => Self::read(&decode_xml(&bytes), folder).map_err(damaged),
            None => Ok(Self::default()),
        }
    }

    fn read(text: &str, folder: &str) -> Result<Self, String> {
        let mut xml = Xml::new(text, |_| ());
        let mut targets = Vec::new();
        while let Some(node) = xml.next()? {
            let Node::Start(element) = node else { continue };
            if element.name() != "Relationship"
                || element.attribute("TargetMode").as_deref() == Some("External")
            {
                continue;
            }
            if let (Some(kind), Some(target)) =
                (element.attribute("Type"), element.attribute("Target"))
            {
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                targets.push((kind, resolve(folder, &target)));
            }
        }
        Ok(Self { targets })
    }

    /// The name of the first part of a kind.
    pub(super) fn target(&self, kind: &str) -> Option<&str> {
        let found = self.targets.iter().find(|(of, _)| of == kind)?;
        Some(&found.1)
    }
}

/// Authors that are programs, or what programs write where nobody told them a name.
const NOBODY: [&str; 9] = [
    "python-docx",
    "un-named",
    "unknown",
    "user",
    "admin",
    "administrator",
    "microsoft office user",
    "author",
    "docx4j",
];

/// What the core properties of a document say of it.
///
/// The date is the day on which it was created. A document that a program made from a template bears the template's,
/// which is worth nothing, and so does one whose creation is said to come after its last change.
pub(super) fn metadata(text: &str) -> Metadata {
    let mut xml = Xml::new(text, |_| ());
    let mut field = String::new();
    let mut metadata = Metadata::default();
    let (mut created, mut modified) = (None::<Date>, None::<Date>);
    let mut made_by_program = false;
    while let Ok(Some(node)) = xml.next() {
        match node {
            Node::Start(element) => element.name().clone_into(&mut field),
            Node::End => field.clear(),
            Node::Text(text) => {
                let text = fold(&text);
                if text.is_empty() {
                    continue;
                }
                match field.as_str() {
                    "title" => metadata.title = Some(text),
                    "creator" => {
                        let name = text.to_lowercase();
                        made_by_program = name == "python-docx";
                        metadata.author = Some(text).filter(|_| !NOBODY.contains(&name.as_str()));
                    }
                    "language" => metadata.language = language_code(&text),
                    "created" => created = text.parse().ok(),
                    "modified" => modified = text.parse().ok(),
                    _ => {}
                }
            }
        }
    }
    metadata.date = created.filter(|created| {
        !made_by_program && modified.is_none_or(|modified| *created <= modified)
    });
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_templates_date_and_a_programs_name_say_nothing() {
        let of = |creator: &str, created: &str| {
            metadata(&format!(
                "<p xmlns:dc='d'><dc:title> The  Pier </dc:title><dc:creator>{creator}</dc:creator>\
                 <created>{created}T10:00:00Z</created><modified>2020-05-14T10:00:00Z</modified></p>"
            ))
        };
        let written = of("Ada Marsh", "2020-05-13");
        assert_eq!(written.title.as_deref(), Some("The Pier"));
        assert_eq!(written.author.as_deref(), Some("Ada Marsh"));
        assert_eq!(written.date.map(|date| date.to_string()).as_deref(), Some("2020-05-13"));
        let made = of("python-docx", "2013-12-23");
        assert_eq!((made.author, made.date), (None, None));
        assert_eq!(of("Ada Marsh", "2021-01-01").date, None);
    }
}
