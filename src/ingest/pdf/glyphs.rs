//! What a page shows: letters, and where they stand.

/// A letter, or a few that one glyph stands for, on a page whose y grows downwards from its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glyph {
    /// What it says.
    pub(super) text: String,
    /// Where it begins and ends along its line.
    pub(super) x: (f32, f32),
    /// Its baseline.
    pub(super) y: f32,
    /// The size of its font, scaled as it is shown.
    pub(super) size: f32,
    /// How its font sets it apart.
    pub(super) style: Style,
}

/// How a font sets text apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Style {
    Plain,
    Italic,
    Bold,
}

/// Which way a line runs: turned by so many quarters of a circle, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Turn {
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Quarter, Self::Half, Self::ThreeQuarters];
}

/// The letters of a page in the order in which it shows them.
#[derive(Debug, Clone, Default)]
pub(super) struct PageGlyphs {
    /// Width and height.
    pub(super) size: (f32, f32),
    /// The letters of each way of running, in coordinates turned so that the line runs to the right.
    pub(super) turned: [Vec<Glyph>; 4],
    /// Whether it shows a picture.
    pub(super) has_picture: bool,
}

/// An affine transform, as `cm` takes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix(pub(super) [f64; 6]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub(super) const fn translation(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// The transform that does this one first and then `next`.
    pub(super) fn then(self, next: Self) -> Self {
        let ([a, b, c, d, e, f], [p, q, r, s, t, u]) = (self.0, next.0);
        Self([
            a * p + b * r,
            a * q + b * s,
            c * p + d * r,
            c * q + d * s,
            e * p + f * r + t,
            e * q + f * s + u,
        ])
    }

    /// Where it takes the origin.
    pub(super) const fn origin(self) -> (f64, f64) {
        (self.0[4], self.0[5])
    }
}
