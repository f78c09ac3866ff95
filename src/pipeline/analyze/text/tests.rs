use super::*;
use crate::pipeline::analyze::tests::{calm, day};

fn shown(report: &Report, columns: Option<usize>, color: bool) -> String {
    render(report, Paint { columns, color })
}

#[test]
fn a_bad_day_at_eighty_and_at_a_hundred_and_twenty_columns() {
    let report = day();
    for columns in [80, 120] {
        let text = shown(&report, Some(columns), false);
        for line in text.lines() {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
        insta::assert_snapshot!(format!("day-{columns}"), text);
    }
}

#[test]
fn nothing_is_cut_and_nothing_is_coloured_off_a_terminal() {
    let text = shown(&day(), None, false);
    assert!(
        text.contains(
            "de.hybris.platform.servicelayer.exceptions.ModelSavingException ← java.net.SocketTimeoutException"
        )
    );
    assert!(!text.contains('\u{1b}'));
    assert!(shown(&day(), None, true).contains("\u{1b}[31m"));
}

#[test]
fn a_calm_day_and_an_empty_one() {
    insta::assert_snapshot!("calm", shown(&calm(), Some(80), false));
    let empty = crate::pipeline::analyze::tests::report(&[], 10);
    insta::assert_snapshot!("empty", shown(&empty, Some(80), false));
}
