//! Runs the content of pages, as far as it shows text.

use std::rc::Rc;

use hayro_font::hayro_syntax::object::{Array, Dict, Name, ObjectIdentifier, Stream};
use hayro_font::hayro_syntax::page::Page;

use super::content::{Operand, Operators};
use super::fonts::{Fonts, LoadedFont};
use super::glyphs::{Glyph, Matrix, PageGlyphs, Style, Turn};
use super::unpack::Unpacking;

/// How many operators are run for one document; a page of a map that is one drawing has a few hundred thousand.
const OPERATORS: u64 = 20_000_000;

/// How many operators the showing of a form counts for, and how many bytes of the dictionaries that it is looked up in
/// count for one.
const FORM: u64 = 100;
const DICTIONARY: u64 = 16;

/// How many letters are kept of one document: a book of three thousand pages.
const GLYPHS: u64 = 8_000_000;

/// How many letters are kept of one page. A poster holds a tenth of it.
const PAGE_GLYPHS: usize = 200_000;

/// How deep forms stand in one another, and saved states.
const FORMS: usize = 12;
const STATES: usize = 512;

/// Runs pages one after another. What may still be done is shared by all of them.
pub(super) struct Interpreter<'a> {
    fonts: Fonts<'a>,
    unpacking: Unpacking,
    operators: u64,
    glyphs: u64,
}

/// What `q` saves.
#[derive(Clone)]
struct State<'a> {
    ctm: Matrix,
    font: Option<Rc<LoadedFont<'a>>>,
    size: f64,
    character_spacing: f64,
    word_spacing: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
}

/// What is being run: a page, or a form on it.
struct Run<'a, 'r> {
    page: &'r mut PageGlyphs,
    /// The forms that this one stands in.
    within: Vec<ObjectIdentifier>,
    state: State<'a>,
    text: Matrix,
    line: Matrix,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new() -> Self {
        Self {
            fonts: Fonts::new(),
            unpacking: Unpacking::new(),
            operators: OPERATORS,
            glyphs: GLYPHS,
        }
    }

    /// What a page shows.
    pub(super) fn page(&mut self, page: &Page<'a>) -> PageGlyphs {
        let (width, height) = page.render_dimensions();
        let mut glyphs = PageGlyphs {
            size: (width, height),
            ..PageGlyphs::default()
        };
        let content = self.content(page);
        let state = State {
            ctm: Matrix(page.initial_transform(true).as_coeffs()),
            font: None,
            size: 0.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        let resources = page.raw().get::<Dict<'_>>("Resources");
        let resources = resources.unwrap_or_else(|| inherited_resources(page.raw()));
        let run = Run {
            page: &mut glyphs,
            within: Vec::new(),
            state,
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
        };
        self.run(run, &content, &resources);
        glyphs
    }

    /// The content of a page: one stream, or several that are run as one.
    fn content(&mut self, page: &Page<'a>) -> Vec<u8> {
        if let Some(stream) = page.raw().get::<Stream<'_>>("Contents") {
            return self.unpacking.unpack(&stream).unwrap_or_default();
        }
        let mut content = Vec::new();
        let streams = page.raw().get::<Array<'_>>("Contents").unwrap_or_default();
        for stream in streams.iter::<Stream<'_>>() {
            content.extend(self.unpacking.unpack(&stream).unwrap_or_default());
            content.push(b'\n');
        }
        content
    }

    fn run(&mut self, mut run: Run<'a, '_>, content: &[u8], resources: &Dict<'a>) {
        let mut operators = Operators::new(content);
        let mut operands = Vec::new();
        let mut saved: Vec<State<'a>> = Vec::new();
        // How deep the marked content stands, and how deep what is no content of the page begins.
        let (mut marked, mut furniture) = (0_usize, None::<usize>);
        while let Some(operator) = operators.next(&mut operands) {
            let Some(left) = self.operators.checked_sub(1) else {
                return;
            };
            self.operators = left;
            let number = |at: usize| operands.get(at).and_then(Operand::number).unwrap_or(0.0);
            match operator {
                b"q" if saved.len() < STATES => saved.push(run.state.clone()),
                b"Q" => run.state = saved.pop().unwrap_or(run.state),
                b"cm" => run.state.ctm = matrix(&operands).then(run.state.ctm),
                b"BT" => (run.text, run.line) = (Matrix::IDENTITY, Matrix::IDENTITY),
                b"Tc" => run.state.character_spacing = number(0),
                b"Tw" => run.state.word_spacing = number(0),
                b"Tz" => run.state.stretch = number(0) / 100.0,
                b"TL" => run.state.leading = number(0),
                b"Ts" => run.state.rise = number(0),
                b"Tf" => {
                    run.state.size = number(1);
                    run.state.font = self.font(operands.first(), resources);
                }
                b"Tm" => run.set_line(matrix(&operands)),
                b"Td" => run.next_line(number(0), number(1)),
                b"TD" => {
                    run.state.leading = -number(1);
                    run.next_line(number(0), number(1));
                }
                b"T*" => run.next_line(0.0, -run.state.leading),
                b"Tj" | b"TJ" => self.show(&mut run, operands.first(), furniture.is_some()),
                b"'" => {
                    run.next_line(0.0, -run.state.leading);
                    self.show(&mut run, operands.first(), furniture.is_some());
                }
                b"\"" => {
                    run.state.word_spacing = number(0);
                    run.state.character_spacing = number(1);
                    run.next_line(0.0, -run.state.leading);
                    self.show(&mut run, operands.get(2), furniture.is_some());
                }
                b"BMC" | b"BDC" => {
                    marked = marked.saturating_add(1);
                    if is_furniture(&operands) {
                        furniture.get_or_insert(marked);
                    }
                }
                b"EMC" => {
                    if furniture == Some(marked) {
                        furniture = None;
                    }
                    marked = marked.saturating_sub(1);
                }
                b"Do" if furniture.is_none() => self.show_object(&mut run, &operands, resources),
                _ => {}
            }
        }
    }

    fn font(
        &mut self,
        name: Option<&Operand<'_>>,
        resources: &Dict<'a>,
    ) -> Option<Rc<LoadedFont<'a>>> {
        let Some(Operand::Name(name)) = name else {
            return None;
        };
        let fonts = resources.get::<Dict<'_>>("Font")?;
        let dict = fonts.get::<Dict<'_>>(name)?;
        self.fonts.load(&dict, &mut self.unpacking)
    }

    /// Shows a form; a picture is only noticed.
    fn show_object(&mut self, run: &mut Run<'a, '_>, operands: &[Operand<'_>], page: &Dict<'a>) {
        let Some(Operand::Name(name)) = operands.first() else {
            return;
        };
        let objects = page.get::<Dict<'_>>("XObject").unwrap_or_default();
        let work = FORM + (page.data().len() + objects.data().len()) as u64 / DICTIONARY;
        let Some(left) = self.operators.checked_sub(work) else {
            self.operators = 0;
            return;
        };
        self.operators = left;
        let Some(stream) = objects.get::<Stream<'_>>(name) else {
            return;
        };
        let dict = stream.dict();
        let subtype = dict.get::<Name<'_>>("Subtype");
        if subtype
            .as_ref()
            .is_some_and(|subtype| subtype.as_ref() == b"Image")
        {
            run.page.has_picture = true;
            return;
        }
        let id = stream.obj_id();
        if run.within.len() >= FORMS || run.within.contains(&id) {
            return;
        }
        let Some(content) = self.unpacking.unpack(&stream) else {
            return;
        };
        let own = dict
            .get::<[f32; 6]>("Matrix")
            .map_or(Matrix::IDENTITY, |own| Matrix(own.map(f64::from)));
        let mut within = run.within.clone();
        within.push(id);
        let inner = Run {
            page: &mut *run.page,
            within,
            state: State {
                ctm: own.then(run.state.ctm),
                ..run.state.clone()
            },
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
        };
        let resources = dict.get::<Dict<'_>>("Resources");
        self.run(inner, &content, resources.as_ref().unwrap_or(page));
    }

    /// Shows a string, or several with what is between them.
    fn show(&mut self, run: &mut Run<'a, '_>, operand: Option<&Operand<'_>>, hidden: bool) {
        let one = operand.map(std::slice::from_ref).unwrap_or_default();
        let items = match operand {
            Some(Operand::Array(items)) => items.as_slice(),
            _ => one,
        };
        for item in items {
            match item {
                Operand::String(bytes) => self.show_string(run, bytes, hidden),
                Operand::Number(back) => {
                    let state = &run.state;
                    let forth = -back / 1000.0 * state.size * state.stretch;
                    run.text = Matrix::translation(forth, 0.0).then(run.text);
                }
                _ => {}
            }
        }
    }

    fn show_string(&mut self, run: &mut Run<'a, '_>, bytes: &[u8], hidden: bool) {
        let Some(font) = run.state.font.clone() else {
            return;
        };
        font.codes(bytes, |shown| {
            let state = &run.state;
            let (across, down) = shown.advance;
            let spacing = state.character_spacing
                + if shown.is_space {
                    state.word_spacing
                } else {
                    0.0
                };
            let step = match down == 0.0 {
                true => (
                    (across * font.unit).mul_add(state.size, spacing) * state.stretch,
                    0.0,
                ),
                false => (0.0, (down * font.unit).mul_add(state.size, spacing)),
            };
            let glyph = across * font.unit * state.size * state.stretch;
            if !hidden
                && let Some(text) = shown.text
                && let Some(left) = self.glyphs.checked_sub(1)
            {
                self.glyphs = left;
                let raised = Matrix::translation(0.0, state.rise).then(run.text);
                place(
                    run.page,
                    raised.then(state.ctm),
                    state.size,
                    glyph,
                    text,
                    font.style,
                );
            }
            run.text = Matrix::translation(step.0, step.1).then(run.text);
        });
    }
}

impl Run<'_, '_> {
    fn set_line(&mut self, matrix: Matrix) {
        (self.text, self.line) = (matrix, matrix);
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.set_line(Matrix::translation(x, y).then(self.line));
    }
}

/// Puts a letter on a page, among those that run the same way.
fn place(page: &mut PageGlyphs, matrix: Matrix, size: f64, width: f64, text: String, style: Style) {
    let [a, b, c, d, _, _] = matrix.0;
    let (x, y) = matrix.origin();
    let scale = a.hypot(b);
    let size = size.abs() * c.hypot(d);
    let length = width * scale;
    let (page_width, page_height) = page.size;
    let (page_width, page_height) = (f64::from(page_width), f64::from(page_height));
    // What stands outside of the page is not seen.
    let inside =
        x > -1.0 - length.abs() && x < page_width + 1.0 && y > -1.0 && y < page_height + size;
    if !inside || !(0.5..5_000.0).contains(&size) || !length.is_finite() {
        return;
    }
    // The y axis points down: a line that runs upwards is turned by three quarters.
    let (turn, x, y) = if a.abs() >= b.abs() {
        match a >= 0.0 {
            true => (Turn::None, x, y),
            false => (Turn::Half, page_width - x, page_height - y),
        }
    } else {
        match b >= 0.0 {
            true => (Turn::Quarter, y, page_width - x),
            false => (Turn::ThreeQuarters, page_height - y, x),
        }
    };
    if let Some(glyphs) = page.turned.get_mut(turn as usize)
        && glyphs.len() < PAGE_GLYPHS
    {
        let (start, end) = (x as f32, (x + length) as f32);
        glyphs.push(Glyph {
            text,
            x: (start.min(end), start.max(end)),
            y: y as f32,
            size: size as f32,
            style,
        });
    }
}

fn matrix(operands: &[Operand<'_>]) -> Matrix {
    let mut matrix = Matrix::IDENTITY;
    for (to, from) in matrix.0.iter_mut().zip(operands) {
        *to = from.number().unwrap_or(0.0);
    }
    matrix
}

/// Whether marked content is said to be a running head or foot.
fn is_furniture(operands: &[Operand<'_>]) -> bool {
    let is_artifact = matches!(operands.first(), Some(Operand::Name(tag)) if tag == b"Artifact");
    let says = |dict: &[u8], word: &[u8]| dict.windows(word.len()).any(|window| window == word);
    is_artifact
        && matches!(operands.get(1), Some(Operand::Dictionary(dict)) if says(dict, b"Pagination"))
}

/// The resources of the nearest node of the page tree that has some.
fn inherited_resources<'a>(page: &Dict<'a>) -> Dict<'a> {
    /// How deep a page tree is at most.
    const TREE: usize = 64;
    let mut node = page.get::<Dict<'_>>("Parent");
    for _ in 0..TREE {
        let Some(dict) = node else { break };
        if let Some(resources) = dict.get::<Dict<'_>>("Resources") {
            return resources;
        }
        node = dict.get::<Dict<'_>>("Parent");
    }
    Dict::empty()
}
