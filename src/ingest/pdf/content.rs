//! The operators of a content stream, one after another (ISO 32000-1, 7.8).

use std::borrow::Cow;

/// How many operands are kept for an operator; no operator of text takes more than six.
const OPERANDS: usize = 32;

/// How deep arrays stand in one another; in text they never do.
const DEPTH: usize = 8;

/// How many strings and numbers of an array are kept: a page has no more letters.
const ITEMS: usize = 200_000;

/// What stands before an operator.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand<'a> {
    Number(f64),
    /// A name without its slash.
    Name(Cow<'a, [u8]>),
    /// A string, its escapes undone.
    String(Vec<u8>),
    /// Numbers and strings, as `TJ` takes them.
    Array(Vec<Operand<'a>>),
    /// A dictionary as it is written, without what encloses it.
    Dictionary(&'a [u8]),
}

impl Operand<'_> {
    /// The number, where it is one.
    pub(super) const fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// Reads a content stream operator by operator, in time linear in its length.
#[derive(Debug)]
pub(super) struct Operators<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Operators<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads on to the next operator, whose operands are put into `operands`.
    pub(super) fn next(&mut self, operands: &mut Vec<Operand<'a>>) -> Option<&'a [u8]> {
        operands.clear();
        loop {
            let first = self.skip_space()?;
            if let Some(operand) = self.operand(first, 0) {
                // Too many are no operator of text, whose operands are the last ones.
                if operands.len() == OPERANDS {
                    operands.clear();
                }
                operands.push(operand);
                continue;
            }
            let start = self.at;
            while self.peek().is_some_and(is_regular) {
                self.at += 1;
            }
            if self.at == start {
                // A bracket that nothing opened.
                self.at += 1;
                continue;
            }
            let operator = self.bytes.get(start..self.at)?;
            match operator {
                b"BI" => self.skip_inline_image(),
                b"true" | b"false" | b"null" => {}
                _ => return Some(operator),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips white space and comments, and looks at what follows.
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if byte == b'%' {
                while self
                    .peek()
                    .is_some_and(|byte| !matches!(byte, b'\r' | b'\n'))
                {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return Some(byte);
            }
        }
    }

    fn operand(&mut self, first: u8, depth: usize) -> Option<Operand<'a>> {
        match first {
            b'0'..=b'9' | b'+' | b'-' | b'.' => Some(Operand::Number(self.number())),
            b'/' => {
                self.at += 1;
                Some(Operand::Name(self.name()))
            }
            b'(' => {
                self.at += 1;
                Some(Operand::String(self.literal_string()))
            }
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => {
                Some(Operand::Dictionary(self.dictionary()))
            }
            b'<' => {
                self.at += 1;
                Some(Operand::String(self.hexadecimal_string()))
            }
            b'[' if depth < DEPTH => {
                self.at += 1;
                let mut items = Vec::new();
                while let Some(first) = self.skip_space() {
                    if first == b']' {
                        self.at += 1;
                        break;
                    }
                    match self.operand(first, depth + 1) {
                        Some(item) if items.len() < ITEMS => items.push(item),
                        Some(_) => {}
                        // An operator where the array should have ended: the bracket is missing.
                        None if is_regular(first) => break,
                        None => self.at += 1,
                    }
                }
                Some(Operand::Array(items))
            }
            _ => None,
        }
    }

    /// Reads a number as viewers do: what is wrong with it ends it.
    fn number(&mut self) -> f64 {
        let (mut value, mut scale) = (0.0_f64, None::<f64>);
        let mut negative = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'0'..=b'9' => {
                    let digit = f64::from(byte - b'0');
                    match &mut scale {
                        None => value = value.mul_add(10.0, digit).min(1e12),
                        Some(scale) => {
                            *scale /= 10.0;
                            value += digit * *scale;
                        }
                    }
                }
                b'.' if scale.is_none() => scale = Some(1.0),
                b'-' => negative = true,
                b'+' => {}
                _ => break,
            }
            self.at += 1;
        }
        if negative { -value } else { value }
    }

    fn name(&mut self) -> Cow<'a, [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_end = |byte: &u8| !is_regular(*byte);
        let name = rest.get(..rest.iter().position(is_end).unwrap_or(rest.len()));
        let name = name.unwrap_or_default();
        self.at += name.len();
        match name.contains(&b'#') {
            true => Cow::Owned(super::guard::unescaped(name)),
            false => Cow::Borrowed(name),
        }
    }

    fn literal_string(&mut self) -> Vec<u8> {
        let mut string = Vec::new();
        let mut open = 1_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                }
                b'\\' => {
                    self.escape(&mut string);
                    continue;
                }
                _ => {}
            }
            string.push(byte);
        }
        string
    }

    /// What a backslash in a string stands for.
    fn escape(&mut self, string: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => string.push(b'\n'),
            b'r' => string.push(b'\r'),
            b't' => string.push(b'\t'),
            b'b' => string.push(8),
            b'f' => string.push(12),
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            b'\n' => {}
            b'0'..=b'7' => {
                let mut code = byte - b'0';
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else {
                        break;
                    };
                    self.at += 1;
                    code = code.wrapping_mul(8).wrapping_add(digit - b'0');
                }
                string.push(code);
            }
            other => string.push(other),
        }
    }

    fn hexadecimal_string(&mut self) -> Vec<u8> {
        let mut string = Vec::new();
        let mut high = None;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            let Some(digit) = hex(byte) else { continue };
            match high.take() {
                None => high = Some(digit),
                Some(high) => string.push(high << 4 | digit),
            }
        }
        string.extend(high.map(|high| high << 4));
        string
    }

    /// Passes over a dictionary, strings in it included.
    fn dictionary(&mut self) -> &'a [u8] {
        self.at += 2;
        let start = self.at;
        let mut open = 1_usize;
        while let Some(byte) = self.peek() {
            let doubled = self.bytes.get(self.at + 1) == Some(&byte);
            self.at += 1;
            match byte {
                b'(' => {
                    self.literal_string();
                }
                b'<' if doubled => {
                    self.at += 1;
                    open += 1;
                }
                b'>' if doubled => {
                    self.at += 1;
                    open -= 1;
                    if open == 0 {
                        return self.bytes.get(start..self.at - 2).unwrap_or_default();
                    }
                }
                _ => {}
            }
        }
        self.bytes.get(start..).unwrap_or_default()
    }

    /// Passes over an inline image: from `BI` to the first `EI` that stands alone.
    fn skip_inline_image(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let ends = |at: usize| {
            let before = at.checked_sub(1).and_then(|at| rest.get(at));
            rest.get(at..at + 2) == Some(b"EI")
                && before.is_some_and(|byte| is_space(*byte))
                && rest.get(at + 2).is_none_or(|byte| is_space(*byte))
                // Bytes of an image can look like `EI`; what follows it in earnest is text.
                && rest
                    .get(at + 2..rest.len().min(at + 12))
                    .unwrap_or_default()
                    .iter()
                    .all(|byte| is_space(*byte) || (32..127).contains(byte))
        };
        self.at += (0..rest.len())
            .find(|at| ends(*at))
            .map_or(rest.len(), |at| at + 2);
    }
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

const fn is_regular(byte: u8) -> bool {
    !is_space(byte)
        && !matches!(
            byte,
            b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators(content: &str) -> Vec<(String, Vec<Operand<'_>>)> {
        let mut operators = Operators::new(content.as_bytes());
        let mut operands = Vec::new();
        let mut all = Vec::new();
        while let Some(operator) = operators.next(&mut operands) {
            all.push((
                String::from_utf8_lossy(operator).into_owned(),
                operands.clone(),
            ));
        }
        all
    }

    #[test]
    fn operands_are_read_in_every_notation() {
        let read = operators("/F#311 -.5 Tf % a comment\n[(a\\(b\\051\\n) -250.5 <4a4>] TJ");
        assert_eq!(read[0].0, "Tf");
        assert_eq!(
            read[0].1,
            [Operand::Name(Cow::Borrowed(b"F11")), Operand::Number(-0.5)]
        );
        let items = vec![
            Operand::String(b"a(b)\n".to_vec()),
            Operand::Number(-250.5),
            Operand::String(b"J@".to_vec()),
        ];
        assert_eq!(read[1].1, [Operand::Array(items)]);
    }

    #[test]
    fn inline_images_and_dictionaries_are_passed_over() {
        let read = operators("BI /W 1 ID xEIx\u{1} EI Q /P <</A (>>) /B <</C 1>>>> BDC");
        assert_eq!(read[0].0, "Q");
        assert_eq!(read[1].1[1], Operand::Dictionary(b"/A (>>) /B <</C 1>>"));
    }

    #[test]
    fn what_is_never_closed_ends_with_the_content() {
        for content in [
            "(((",
            "[[[[[[[[[[[[[[[[",
            "<<<<<<",
            "<41",
            "BI ID",
            "]]>>)) q",
            "/",
        ] {
            assert!(operators(content).len() <= 1, "{content}");
        }
        let deep = "[".repeat(100_000);
        assert!(operators(&deep).is_empty());
    }
}
