//! Products of bytes in plain Rust: what the others are tested against, and what is used elsewhere.

use super::{LANES, Quad, Quads, ROWS, shortest};

pub(super) fn products(rows: &[&[Quad]; ROWS], groups: &[Quads], out: &mut [[[i32; LANES]; ROWS]]) {
    let quads = shortest(rows);
    if quads == 0 {
        return;
    }
    for (group, out) in groups.chunks_exact(quads).zip(out) {
        for (row, sums) in rows.iter().zip(out) {
            *sums = [0; LANES];
            for (x, Quads(vectors)) in row.iter().zip(group) {
                let x = x.map(i32::from);
                for (sum, y) in sums.iter_mut().zip(vectors) {
                    let y = y.map(i32::from);
                    *sum += x[0] * y[0] + x[1] * y[1] + x[2] * y[2] + x[3] * y[3];
                }
            }
        }
    }
}
