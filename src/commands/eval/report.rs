//! What a measurement tells people: figures with their intervals, and how they differ from an earlier run's.

use std::io;

use super::comparison::{Difference, MeanDifference};
use super::statistics::Interval;
use crate::answers::clean;
use crate::commands::output::{FAINT, Output, STRONG};

/// Names a line each, with what was measured and within which bounds it lies.
pub(super) fn figures(
    output: &mut Output,
    figures: impl IntoIterator<Item = (&'static str, (f64, Interval))>,
) -> io::Result<()> {
    for (name, (value, Interval { low, high })) in figures {
        output.line(format_args!(
            "{STRONG}{name:<12}{STRONG:#}{value:.4}  {FAINT}[{low:.4}, {high:.4}]{FAINT:#}"
        ))?;
    }
    Ok(())
}

/// A table of this run's means beside those of the run in `file`.
pub(super) fn mean_differences(
    output: &mut Output,
    file: &str,
    rows: impl IntoIterator<Item = (&'static str, (f64, MeanDifference))>,
) -> io::Result<()> {
    heading(output, file, "  better   worse    same")?;
    for (name, (now, row)) in rows {
        let counts = format!("{:>8}{:>8}{:>8}", row.better, row.worse, row.same);
        difference(output, name, now, &row.mean, &counts)?;
    }
    Ok(())
}

/// A table of one line: this run's figure beside that of the run in `file`.
pub(super) fn one_difference(
    output: &mut Output,
    file: &str,
    (name, now, row): (&'static str, f64, &Difference),
) -> io::Result<()> {
    heading(output, file, "")?;
    difference(output, name, now, row, "")
}

/// What the numbers beside the figures are.
pub(super) fn legend(sample: &str, is_compared: bool) -> String {
    let legend = format!("in brackets 95 % confidence intervals, by bootstrap over the {sample}");
    if is_compared {
        legend + "; p by a paired, two-sided randomisation test"
    } else {
        legend
    }
}

fn heading(output: &mut Output, file: &str, more: &str) -> io::Result<()> {
    output.line(format_args!("\nagainst {}", clean(file)))?;
    output.line(format_args!(
        "{FAINT}{:<12}{:>6}  {:>6}  {:<28}{:>8}{more}{FAINT:#}",
        "", "then", "now", "difference", "p"
    ))
}

fn difference(
    output: &mut Output,
    name: &str,
    now: f64,
    row: &Difference,
    more: &str,
) -> io::Result<()> {
    let Difference {
        value: then,
        difference,
        interval: Interval { low, high },
        p,
    } = row;
    let bounds = format!("[{low:+.4}, {high:+.4}]");
    let p = if *p < 0.0001 {
        "<0.0001".to_owned()
    } else {
        format!("{p:.4}")
    };
    output.line(format_args!(
        "{STRONG}{name:<12}{STRONG:#}{then:.4}  {now:.4}  {difference:+.4} {bounds:<20}{p:>8}{more}"
    ))
}
