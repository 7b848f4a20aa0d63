//! Runs the content of pages, as far as it shows text.

use std::ops::ControlFlow;
use std::rc::Rc;

use hayro_font::hayro_syntax::object::{Array, ObjectIdentifier, Stream};
use hayro_font::hayro_syntax::page::Page;

use super::content::{Operand, Operators};
use super::fonts::LoadedFont;
use super::glyphs::{Glyph, Matrix, PageGlyphs, Style, Turn};
use super::resources::{AllResources, Object, Resources, Work};
use super::unpack::Unpacking;

/// How many operators are run for one document; a page of a map that is one drawing has a few hundred thousand.
const OPERATORS: u64 = 20_000_000;

/// How wide or high a page may be, in points. The format names 14,400 as the most; places are kept in
/// `f32`, which rounds by a sixteenth here.
const PAGE_SIZE: f32 = 1_000_000.0;

/// The size of a page that says none which could be right: A4, as the library takes for one without any.
const USUAL_SIZE: (f32, f32) = (595.0, 842.0);

/// How many operators the unpacking of a stream counts for that a page or a form shows.
const STREAM: u64 = 100;

/// How long the content of a page may be, all of its streams together. That of a map has a tenth of it.
const CONTENT: usize = 64 << 20;

/// How many letters are read of one document, and how many bytes they have: a book of three thousand pages.
const GLYPHS: u64 = 8_000_000;
const TEXT: u64 = 32_000_000;

/// How many letters are kept of one page, and how many bytes they have. A poster holds a tenth of it.
const PAGE_GLYPHS: usize = 200_000;
const PAGE_TEXT: u64 = 4_000_000;

/// How deep forms stand in one another, and saved states.
const FORMS: usize = 12;
const STATES: usize = 512;

/// Runs pages one after another. What may still be done is shared by all of them.
pub(super) struct Interpreter<'a> {
    resources: AllResources<'a>,
    unpacking: Unpacking,
    work: Work,
    glyphs: u64,
    text: u64,
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
    /// How many bytes of text the page may still have.
    text_left: &'r mut u64,
    resources: Rc<Resources<'a>>,
    /// The forms that this one stands in.
    within: Vec<ObjectIdentifier>,
    state: State<'a>,
    text: Matrix,
    line: Matrix,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new() -> Self {
        Self {
            resources: AllResources::new(),
            unpacking: Unpacking::new(),
            work: Work(OPERATORS),
            glyphs: GLYPHS,
            text: TEXT,
        }
    }

    /// What a page shows.
    pub(super) fn page(&mut self, page: &Page<'a>) -> PageGlyphs {
        let (size, ctm) = frame(page);
        let mut glyphs = PageGlyphs {
            size,
            ..PageGlyphs::default()
        };
        let content = self.content(page);
        let state = State {
            ctm,
            font: None,
            size: 0.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        let run = Run {
            page: &mut glyphs,
            text_left: &mut PAGE_TEXT.clone(),
            resources: self.resources.of_page(page.raw(), &mut self.work),
            within: Vec::new(),
            state,
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
        };
        self.run(run, &content);
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
            let work = STREAM + stream.dict().data().len() as u64;
            if content.len() > CONTENT || self.work.spend(work).is_none() {
                break;
            }
            content.extend(self.unpacking.unpack(&stream).unwrap_or_default());
            content.push(b'\n');
        }
        content
    }

    fn run(&mut self, mut run: Run<'a, '_>, content: &[u8]) {
        let mut operators = Operators::new(content);
        let mut operands = Vec::new();
        let mut saved: Vec<State<'a>> = Vec::new();
        // How deep the marked content stands, and how deep what is no content of the page begins.
        let (mut marked, mut furniture) = (0_usize, None::<usize>);
        while let Some(operator) = operators.next(&mut operands) {
            if self.work.spend(1).is_none() {
                return;
            }
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
                    run.state.font = self.font(&run, operands.first());
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
                b"Do" if furniture.is_none() => self.show_object(&mut run, &operands),
                _ => {}
            }
        }
    }

    fn font(
        &mut self,
        run: &Run<'a, '_>,
        name: Option<&Operand<'_>>,
    ) -> Option<Rc<LoadedFont<'a>>> {
        let Some(Operand::Name(name)) = name else {
            return None;
        };
        let (unpacking, work) = (&mut self.unpacking, &mut self.work);
        self.resources.font(&run.resources, name, unpacking, work)
    }

    /// Shows a form; a picture is only noticed.
    fn show_object(&mut self, run: &mut Run<'a, '_>, operands: &[Operand<'_>]) {
        let Some(Operand::Name(name)) = operands.first() else {
            return;
        };
        let object = self.resources.object(&run.resources, name, &mut self.work);
        let (stream, matrix, resources) = match object.as_deref() {
            None => return,
            Some(Object::Picture) => {
                run.page.has_picture = true;
                return;
            }
            Some(Object::Form {
                stream,
                matrix,
                resources,
            }) => (stream, matrix, resources),
        };
        let id = stream.obj_id();
        if run.within.len() >= FORMS
            || run.within.contains(&id)
            || self.work.spend(STREAM).is_none()
        {
            return;
        }
        let Some(content) = self.unpacking.unpack(stream) else {
            return;
        };
        let mut within = run.within.clone();
        within.push(id);
        let inner = Run {
            page: &mut *run.page,
            text_left: &mut *run.text_left,
            resources: Rc::clone(resources.as_ref().unwrap_or(&run.resources)),
            within,
            state: State {
                ctm: matrix.then(run.state.ctm),
                ..run.state.clone()
            },
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
        };
        self.run(inner, &content);
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
            let Some(left) = self.glyphs.checked_sub(1) else {
                return ControlFlow::Break(());
            };
            self.glyphs = left;
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
                && let Some(left) = self.text.checked_sub(text.len() as u64)
                && let Some(page_left) = run.text_left.checked_sub(text.len() as u64)
            {
                (self.text, *run.text_left) = (left, page_left);
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
            ControlFlow::Continue(())
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

/// The width and height of a page, and what turns its places into those that are counted from its upper left corner.
fn frame(page: &Page<'_>) -> ((f32, f32), Matrix) {
    let (width, height) = page.render_dimensions();
    if width.max(height) <= PAGE_SIZE {
        let initial = Matrix(page.initial_transform(true).as_coeffs());
        return ((width, height), initial);
    }
    let flipped = Matrix([1.0, 0.0, 0.0, -1.0, 0.0, f64::from(USUAL_SIZE.1)]);
    (USUAL_SIZE, flipped)
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
    let is_artifact =
        matches!(operands.first(), Some(Operand::Name(tag)) if tag.as_ref() == b"Artifact");
    let says = |dict: &[u8], word: &[u8]| dict.windows(word.len()).any(|window| window == word);
    is_artifact
        && matches!(operands.get(1), Some(Operand::Dictionary(dict)) if says(dict, b"Pagination"))
}
