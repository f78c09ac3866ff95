//! Where everything goes, on a screen of any size.

use ratatui::layout::{Constraint, Layout, Rect};

/// Those without room are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Areas {
    pub heading: Rect,
    pub environments: Rect,
    pub chart: Rect,
    pub blobs: Rect,
    pub errors: Rect,
    pub footer: Rect,
}

/// Below that, there is the list of blobs and nothing else but heading and footer.
const SMALL: u16 = 16;
/// From so many columns on, the chart is beside the environments.
const WIDE: u16 = 110;
const CHART_COLUMNS: u16 = 50;
/// With its frame; fewer lines show no curve.
const CHART_LINES: u16 = 8;
/// Of a chart between the environments and the blobs.
const TALL: u16 = 30;

pub(super) fn areas(all: Rect, environments: usize, errors: usize) -> Areas {
    let [heading, body, footer] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(all);
    let bare = Areas {
        heading,
        footer,
        blobs: body,
        ..Areas::default()
    };
    if all.height < SMALL {
        return bare;
    }
    let is_wide = all.width >= WIDE;
    // A frame, a heading, the environments, and their sum if there are several.
    let lines = environments as u16 + 3 + u16::from(environments > 1);
    let most = (body.height / 3).max(5);
    let least = if is_wide { CHART_LINES + 2 } else { 4 };
    let top = lines.clamp(least.min(most), most);
    let chart_below = match !is_wide && all.height >= TALL {
        true => CHART_LINES,
        false => 0,
    };
    let error_lines = match errors {
        0 => 0,
        count => (count as u16).min(body.height / 6).max(1) + 2,
    };
    let [upper, chart, blobs, errors] = Layout::vertical([
        Constraint::Length(top),
        Constraint::Length(chart_below),
        Constraint::Min(0),
        Constraint::Length(error_lines),
    ])
    .areas(body);
    let (environments, chart) = match is_wide {
        true => {
            let [left, right] =
                Layout::horizontal([Constraint::Min(0), Constraint::Length(CHART_COLUMNS)]).areas(upper);
            (left, right)
        }
        false => (upper, chart),
    };
    Areas {
        environments,
        chart,
        blobs,
        errors,
        ..bare
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_have_their_room_whatever_there_is() {
        for (width, height) in [(0, 0), (1, 1), (40, 10), (80, 24), (80, 50), (120, 40), (300, 100)] {
            for environments in [0, 1, 3, 500] {
                for errors in [0, 1, 500] {
                    let all = Rect::new(0, 0, width, height);
                    let areas = areas(all, environments, errors);
                    let used = [
                        areas.heading,
                        areas.environments,
                        areas.chart,
                        areas.blobs,
                        areas.errors,
                        areas.footer,
                    ];
                    let cells: u32 = used.iter().map(|area| area.area()).sum();
                    assert_eq!(cells, all.area(), "{width}x{height}, {environments}, {errors}");
                    if height >= 10 {
                        assert!(areas.blobs.height * 4 >= height, "{width}x{height}: {areas:?}");
                    }
                }
            }
        }
    }
}
