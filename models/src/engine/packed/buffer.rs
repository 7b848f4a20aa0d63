//! Numbers in memory, each row beginning where the processor likes it.

/// The least number of columns that a kernel computes: the width of a panel of packed weights.
pub(crate) const PANEL: usize = 32;

/// A line of the processor's cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Numbers in a row, the first of them at the beginning of a cache line.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        Self {
            lines: vec![Line([0.0; 16]); len.div_ceil(16)],
            len,
        }
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        // SAFETY: the lines are arrays of f32 without gaps, of which there are at least `len`.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as above, and they are borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

/// A matrix that is written again and again: `rows × width`, row-major, each row filled up with zeros to a whole
/// number of panels.
///
/// Rows lie an odd number of cache lines apart: at a power of two, as many models have it, the rows that a
/// kernel reads side by side would push each other out of the cache.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    numbers: Aligned,
    rows: usize,
    width: usize,
}

impl Rows {
    /// Makes room for `rows × width`; what the numbers are is not said.
    pub(crate) fn resize(&mut self, rows: usize, width: usize) {
        let needed = rows * stride(width);
        if self.numbers.len < needed {
            self.numbers = Aligned::zeros(needed);
        }
        self.rows = rows;
        self.width = width;
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// How far apart rows begin.
    pub(crate) fn stride(&self) -> usize {
        stride(self.width)
    }

    /// From row `first` on, all numbers, gaps between rows included.
    pub(crate) fn rows_from(&self, first: usize) -> &[f32] {
        &self.numbers.as_slice()[first * self.stride()..self.rows * self.stride()]
    }

    /// From row `first` on, all numbers, gaps between rows included.
    pub(crate) fn rows_mut_from(&mut self, first: usize) -> &mut [f32] {
        let (start, end) = (first * self.stride(), self.rows * self.stride());
        &mut self.numbers.as_mut_slice()[start..end]
    }

    /// Fills each row up with zeros to a whole number of panels.
    pub(crate) fn clear_margins(&mut self) {
        let (stride, width) = (self.stride(), self.width);
        if width % PANEL == 0 {
            return;
        }
        for row in self.rows_mut_from(0).chunks_mut(stride) {
            row[width..width.next_multiple_of(PANEL)].fill(0.0);
        }
    }

    /// The numbers of one row.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.rows_from(row)[..self.width]
    }
}

/// How far apart rows of `width` numbers begin.
fn stride(width: usize) -> usize {
    width.next_multiple_of(PANEL) + 16
}
