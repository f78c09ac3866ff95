//! Bars over time, of block characters.

use jiff::Timestamp;

use super::{
    super::{
        CLASSES, LEVELS, Report,
        report::{Http, Timeline},
        series::width_for,
        words::{Clock, grouped, width},
    },
    BOLD, DIM, GREEN, Paint, RED, YELLOW,
};

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Before the bars: the name and the count.
const LABEL: usize = 20;
const MOST_CELLS: usize = 96;
/// A label of the axis every so many cells.
const TICK: usize = 12;

/// Several buckets in one cell, so that the bars fit; each begins at a full number of its width.
struct Cells {
    /// Seconds.
    width: i64,
    start: i64,
    count: usize,
}

impl Cells {
    fn of(timeline: &Timeline, paint: Paint) -> Self {
        let room = paint.width().saturating_sub(LABEL + 2).clamp(8, MOST_CELLS);
        let last = timeline.begin(timeline.len().saturating_sub(1)).as_second();
        let width = width_for(timeline.start.as_second(), last, timeline.bucket_seconds, room);
        let start = timeline.start.as_second().div_euclid(width) * width;
        Self {
            width,
            start,
            count: ((last - start) / width + 1) as usize,
        }
    }

    fn sums(&self, timeline: &Timeline, values: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut sums = vec![0; self.count];
        for (bucket, value) in values.enumerate() {
            let cell = (timeline.begin(bucket).as_second() - self.start) / self.width;
            if let Some(sum) = sums.get_mut(cell as usize) {
                *sum += value;
            }
        }
        sums
    }

    fn begin(&self, cell: usize) -> Timestamp {
        Timestamp::from_second(self.start + cell as i64 * self.width).unwrap_or(Timestamp::MAX)
    }
}

/// Nothing where no line has a level, as requests have none.
pub(super) fn levels(report: &Report, paint: Paint) -> String {
    if report.levels.total() == 0 {
        return String::new();
    }
    let timeline = &report.timeline;
    let cells = Cells::of(timeline, paint);
    let mut text = heading("Levels over time", &cells, paint);
    for (index, level) in LEVELS.into_iter().enumerate() {
        let total = report.levels.0[index];
        if total == 0 {
            continue;
        }
        let color = match level {
            "FATAL" | "ERROR" => RED,
            "WARN" => YELLOW,
            _ => DIM,
        };
        let values = cells.sums(timeline, timeline.levels.iter().map(|levels| levels.0[index]));
        text.push_str(&row(level, total, &values, color, paint));
    }
    text.push_str(&axis(&cells, paint));
    text
}

pub(super) fn classes(http: &Http, report: &Report, paint: Paint) -> String {
    let timeline = &report.timeline;
    let cells = Cells::of(timeline, paint);
    let mut text = String::new();
    for (index, class) in CLASSES.into_iter().enumerate() {
        let total = http.classes.0[index];
        if total == 0 {
            continue;
        }
        let color = match class {
            "5xx" => RED,
            "4xx" => YELLOW,
            "2xx" => GREEN,
            _ => DIM,
        };
        let values = cells.sums(timeline, http.over_time.classes.iter().map(|classes| classes.0[index]));
        text.push_str(&row(class, total, &values, color, paint));
    }
    text.push_str(&axis(&cells, paint));
    text
}

fn heading(title: &str, cells: &Cells, paint: Paint) -> String {
    let title = paint.in_color(title, BOLD);
    let each = width(cells.width);
    format!(
        "\n{title}  {}\n",
        paint.in_color(&format!("{each} each, UTC; each row to its own height"), DIM)
    )
}

fn row(name: &str, total: u64, values: &[u64], color: &str, paint: Paint) -> String {
    let bars = paint.in_color(&bars(values), color);
    format!("  {name:<7}{:>10}  {bars}\n", grouped(total))
}

/// What is there at all is at least a low bar.
fn bars(values: &[u64]) -> String {
    let most = values.iter().copied().max().unwrap_or_default().max(1);
    let bar = |value: &u64| match value {
        0 => ' ',
        value => {
            let height = (u128::from(*value) * BLOCKS.len() as u128).div_ceil(u128::from(most));
            BLOCKS[(height as usize - 1).min(BLOCKS.len() - 1)]
        }
    };
    values.iter().map(bar).collect::<String>().trim_end().to_owned()
}

fn axis(cells: &Cells, paint: Paint) -> String {
    let clock = Clock::of(cells.begin(0), cells.begin(cells.count.saturating_sub(1)), cells.width);
    let mut labels = String::new();
    let mut used = 0;
    for cell in (0..cells.count).step_by(TICK) {
        let label = format!("╵{}", clock.tell(cells.begin(cell)));
        let len = label.chars().count();
        let is_last = cell + len > cells.count && cell > 0;
        if cell < used || is_last {
            continue;
        }
        labels.push_str(&" ".repeat(cell - used));
        labels.push_str(&label);
        used = cell + len;
    }
    format!("{}{}\n", " ".repeat(LABEL + 1), paint.in_color(&labels, DIM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_of_counts() {
        for (values, expected) in [
            (&[][..], ""),
            (&[0, 0], ""),
            (&[1, 0, 1], "█ █"),
            (&[1, 1000], "▁█"),
            (&[1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"),
            (&[u64::MAX, 1], "█▁"),
        ] {
            assert_eq!(bars(values), expected);
        }
    }
}
