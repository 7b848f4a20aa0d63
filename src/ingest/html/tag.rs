//! The names of elements and of attributes that matter.

/// Makes an enumeration of names with the look-up of one.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $other:ident: $($variant:ident = $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) enum $name {
            $(#[doc = $text] $variant,)+
            /// Any other name, by its hash.
            $other(u32),
        }

        impl $name {
            /// The name, which has to be in lower case.
            pub(super) fn of(name: &str) -> Self {
                match name {
                    $($text => Self::$variant,)+
                    _ => Self::$other(hash(name)),
                }
            }
        }
    };
}

/// FNV-1a: names that are not known have only to be told from one another.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

names! {
    /// The name of an element.
    Tag, Other:
    A = "a", Abbr = "abbr", Address = "address", Annotation = "annotation", Area = "area", Article = "article", Aside = "aside", Audio = "audio",
    B = "b", Base = "base", Big = "big", Blockquote = "blockquote", Body = "body", Br = "br", Button = "button",
    Canvas = "canvas", Caption = "caption", Center = "center", Cite = "cite", Code = "code", Col = "col",
    Datalist = "datalist", Dd = "dd", Details = "details", Dialog = "dialog", Dir = "dir", Div = "div", Dl = "dl",
    Dt = "dt", Em = "em", Embed = "embed", Fieldset = "fieldset", Figcaption = "figcaption", Figure = "figure",
    Font = "font", Footer = "footer", Form = "form", H1 = "h1", H2 = "h2", H3 = "h3", H4 = "h4", H5 = "h5", H6 = "h6",
    Head = "head", Header = "header", Hgroup = "hgroup", Hr = "hr", Html = "html", I = "i", Iframe = "iframe",
    Img = "img", Input = "input", Label = "label", Legend = "legend", Li = "li", Link = "link", Listing = "listing",
    Main = "main", Map = "map", Mark = "mark", Math = "math", Menu = "menu", Meta = "meta", Nav = "nav", Noembed = "noembed",
    Nobr = "nobr", Noframes = "noframes", Noscript = "noscript", Object = "object", Ol = "ol", Optgroup = "optgroup", Option = "option", P = "p",
    Param = "param", Picture = "picture", Plaintext = "plaintext", Pre = "pre", Progress = "progress", Q = "q", Rp = "rp", Rt = "rt",
    Ruby = "ruby", S = "s", Script = "script", Section = "section", Select = "select", Small = "small", Source = "source",
    Span = "span", Strike = "strike", Strong = "strong", Style = "style", Sub = "sub", Summary = "summary", Sup = "sup",
    Svg = "svg", Table = "table", Tbody = "tbody", Td = "td", Template = "template", Textarea = "textarea",
    Tfoot = "tfoot", Th = "th", Thead = "thead", Time = "time", Title = "title", Tr = "tr", Track = "track", Tt = "tt", U = "u",
    Ul = "ul", Video = "video", Wbr = "wbr", Xmp = "xmp",
}

names! {
    /// The name of an attribute.
    Attribute, Unknown:
    AriaHidden = "aria-hidden", Class = "class", Content = "content", DataComponent = "data-component", DataTestid = "data-testid",
    Datetime = "datetime", Hidden = "hidden", Href = "href", Id = "id", Itemprop = "itemprop", Itemtype = "itemtype",
    Lang = "lang", Name = "name", Property = "property", Rel = "rel", Role = "role", Style = "style", Type = "type",
    XmlLang = "xml:lang", Xmlns = "xmlns",
}

impl Tag {
    /// Whether the element never has content.
    pub(super) const fn is_void(self) -> bool {
        matches!(
            self,
            Self::Area
                | Self::Base
                | Self::Br
                | Self::Col
                | Self::Embed
                | Self::Hr
                | Self::Img
                | Self::Input
                | Self::Link
                | Self::Meta
                | Self::Param
                | Self::Source
                | Self::Track
                | Self::Wbr
        )
    }

    /// Whether the element stands on lines of its own.
    pub(super) const fn is_block(self) -> bool {
        matches!(
            self,
            Self::Address
                | Self::Article
                | Self::Aside
                | Self::Blockquote
                | Self::Body
                | Self::Center
                | Self::Details
                | Self::Dialog
                | Self::Dir
                | Self::Div
                | Self::Dl
                | Self::Fieldset
                | Self::Figcaption
                | Self::Figure
                | Self::Footer
                | Self::Form
                | Self::Header
                | Self::Hgroup
                | Self::Hr
                | Self::Html
                | Self::Legend
                | Self::Listing
                | Self::Main
                | Self::Menu
                | Self::Nav
                | Self::Ol
                | Self::P
                | Self::Plaintext
                | Self::Pre
                | Self::Section
                | Self::Summary
                | Self::Ul
                | Self::Xmp
        ) || self.is_heading()
            || self.is_item()
            || self.is_table_part()
    }

    /// Whether the element is a heading of any level.
    pub(super) const fn is_heading(self) -> bool {
        matches!(
            self,
            Self::H1 | Self::H2 | Self::H3 | Self::H4 | Self::H5 | Self::H6
        )
    }

    /// Whether the element is an item of a list.
    pub(super) const fn is_item(self) -> bool {
        matches!(self, Self::Li | Self::Dd | Self::Dt)
    }

    /// Whether the element is a table or a part of one.
    pub(super) const fn is_table_part(self) -> bool {
        matches!(
            self,
            Self::Table
                | Self::Caption
                | Self::Tbody
                | Self::Thead
                | Self::Tfoot
                | Self::Tr
                | Self::Td
                | Self::Th
        )
    }

    /// Whether nothing that stands in the element is read as text.
    pub(super) const fn is_unread(self) -> bool {
        matches!(
            self,
            Self::Annotation
                | Self::Audio
                | Self::Canvas
                | Self::Datalist
                | Self::Dialog
                | Self::Embed
                | Self::Head
                | Self::Iframe
                | Self::Noembed
                | Self::Noframes
                | Self::Noscript
                | Self::Object
                | Self::Progress
                | Self::Rp
                | Self::Rt
                | Self::Script
                | Self::Select
                | Self::Style
                | Self::Svg
                | Self::Template
                | Self::Textarea
                | Self::Title
                | Self::Video
        )
    }

    /// Whether the element may stand in the head of a page.
    pub(super) const fn is_of_head(self) -> bool {
        matches!(
            self,
            Self::Base
                | Self::Link
                | Self::Meta
                | Self::Noscript
                | Self::Script
                | Self::Style
                | Self::Template
                | Self::Title
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_or_told_apart() {
        assert_eq!(Tag::of("figcaption"), Tag::Figcaption);
        assert_ne!(Tag::of("amp-list"), Tag::of("amp-ad"));
        assert_eq!(Attribute::of("xml:lang"), Attribute::XmlLang);
    }
}
