//! Dot products of bytes, many at once, chosen once at run time by what the processor has.
//!
//! Sums of whole numbers have no order, so every kernel gives the same.

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

/// Vectors in a group: each number that is read of a row meets all of them.
pub(crate) const LANES: usize = 16;

/// Rows that are multiplied together: each part of a group that is read meets all of them.
pub(crate) const ROWS: usize = 8;

/// Four bytes of a row, -127 ..= 127 each.
pub(crate) type Quad = [i8; 4];

/// Four bytes of each vector in a group, vector after vector, -127 ..= 127 each.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Quads(pub(crate) [Quad; LANES]);

/// For each group the dot product of each row with each of its vectors. All rows are as long as the first, and so
/// are groups, which lie one behind the other; what isn't there isn't computed.
pub(crate) type Products = fn(&[&[Quad]; ROWS], &[Quads], &mut [[[i32; LANES]; ROWS]]);

/// The fastest kernel that this processor can run. Callers with a loop fetch it once.
pub(crate) fn products() -> Products {
    static BEST: OnceLock<Products> = OnceLock::new();
    *BEST.get_or_init(|| {
        let best = available().first().map(|&(_, kernel)| kernel);
        best.unwrap_or(portable::products)
    })
}

/// Every kernel that this processor can run, the fastest first.
fn available() -> Vec<(&'static str, Products)> {
    let mut kernels: Vec<(&'static str, Products)> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    kernels.extend(x86::available());
    #[cfg(target_arch = "aarch64")]
    kernels.extend(neon::available());
    kernels.push(("portable", portable::products));
    kernels
}

/// How many quads all rows have.
fn shortest(rows: &[&[Quad]; ROWS]) -> usize {
    rows.iter().map(|row| row.len()).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes from -127 to 127, the extremes often.
    fn byte(i: usize) -> i8 {
        match i % 3 {
            0 => (i * 89 % 255) as i8,
            1 => 127,
            _ => -127,
        }
        .max(-127)
    }

    #[test]
    fn every_kernel_gives_the_sums_of_whole_numbers() {
        let lengths = [0, 1, 2, 5, 96, 97, 16_384];
        // Miri takes minutes for the longer ones.
        let lengths = lengths.iter().filter(|quads| !cfg!(miri) || **quads < 10);
        for &quads in lengths {
            for groups in [0, 1, 2, 3] {
                let rows: Vec<Vec<Quad>> = (0..ROWS)
                    .map(|row| {
                        let quad = |q| std::array::from_fn(|i| byte(row * 7 + q * 4 + i));
                        (0..quads).map(quad).collect()
                    })
                    .collect();
                let rows: [&[Quad]; ROWS] = std::array::from_fn(|row| rows[row].as_slice());
                let packed: Vec<Quads> = (0..quads * groups)
                    .map(|q| {
                        let quad = |lane| std::array::from_fn(|i| byte(q * 64 + lane * 5 + i));
                        Quads(std::array::from_fn(quad))
                    })
                    .collect();
                let expected = |group: usize, row: usize, lane: usize| -> i32 {
                    let of_group = &packed[group * quads..][..quads];
                    let pairs = rows[row].iter().zip(of_group);
                    pairs
                        .flat_map(|(x, y)| x.iter().zip(y.0[lane]))
                        .map(|(&x, y)| i32::from(x) * i32::from(y))
                        .sum()
                };
                for (name, kernel) in available() {
                    let mut found = vec![[[0; LANES]; ROWS]; groups];
                    kernel(&rows, &packed, &mut found);
                    for (group, of_group) in found.iter().enumerate() {
                        for (row, of_row) in of_group.iter().enumerate() {
                            for (lane, &dot) in of_row.iter().enumerate() {
                                assert_eq!(dot, expected(group, row, lane), "{name}, {quads}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_kernel_stops_where_something_ends() {
        let long = [[1; 4]; 9];
        let mut rows = [&long[..]; ROWS];
        rows[3] = &long[..5];
        let groups = [Quads([[2; 4]; LANES]); 12];
        for (name, kernel) in available() {
            let mut found = [[[0; LANES]; ROWS]; 4];
            kernel(&rows, &groups, &mut found);
            assert_eq!(found[..2], [[[5 * 4 * 2; LANES]; ROWS]; 2], "{name}");
            assert_eq!(found[2..], [[[0; LANES]; ROWS]; 2], "{name}");
        }
    }
}
