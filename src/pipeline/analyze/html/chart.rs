//! Charts, as SVG that stretches to the width of the page; their labels are HTML beside it, so that they do not stretch.

use std::{fmt::Write, ops::Range};

use super::{
    super::{
        report::Timeline,
        words::{Clock, grouped, millis, width},
    },
    escape::Text,
};

/// Height of a chart's own coordinates; the width is the number of buckets.
const HEIGHT: f64 = 100.0;
/// A label of the time axis every so many of these, at least.
const MOST_TICKS: usize = 8;

/// One colour of a chart.
pub(super) struct Part<'a, T> {
    pub name: &'a str,
    /// Of the style sheet: it says the colour.
    pub class: &'a str,
    pub values: Vec<T>,
}

/// Bars, the parts on top of each other, the first at the bottom. `mark` is shaded.
pub(super) fn stacked(parts: &[Part<'_, u64>], timeline: &Timeline, mark: Option<&Range<usize>>) -> String {
    let count = timeline.len();
    let sums: Vec<u64> = (0..count)
        .map(|bucket| parts.iter().map(|part| part.values[bucket]).sum())
        .collect();
    let most = round_up(sums.iter().copied().max().unwrap_or_default());
    let mut svg = String::new();
    for line in [0.0, 0.5] {
        let y = HEIGHT * line;
        let _ = write!(svg, r#"<line class="grid" x1="0" x2="{count}" y1="{y}" y2="{y}"/>"#);
    }
    svg.push_str(&shade(mark));
    let gap = if count <= 120 { 0.15 } else { 0.0 };
    let mut base = vec![0_u64; count];
    for part in parts {
        let mut path = String::new();
        for (bucket, value) in part.values.iter().enumerate().filter(|(_, value)| **value > 0) {
            let from = base[bucket] as f64 / most as f64 * HEIGHT;
            base[bucket] += value;
            // What is there at all can be seen.
            let height = (*value as f64 / most as f64 * HEIGHT).max(0.8);
            let (x, y) = (bucket as f64 + gap / 2.0, HEIGHT - from - height);
            let wide = 1.0 - gap;
            let _ = write!(path, "M{x:.2} {y:.2}h{wide:.2}v{height:.2}h-{wide:.2}z");
        }
        if !path.is_empty() {
            let _ = write!(svg, r#"<path class="fill {}" d="{path}"/>"#, part.class);
        }
    }
    let tips = (0..count).map(|bucket| {
        let shown = parts.iter().filter(|part| part.values[bucket] > 0);
        let lines = shown.map(|part| format!("{} {}", grouped(part.values[bucket]), part.name));
        lines.collect::<Vec<_>>()
    });
    let y = [(0.0, short(most)), (0.5, short(most / 2)), (1.0, "0".to_owned())];
    frame(&svg, timeline, &y, tips.collect())
}

/// Curves over a logarithmic axis, each of values that are not known everywhere.
pub(super) fn curves(parts: &[Part<'_, Option<f64>>], timeline: &Timeline, mark: Option<&Range<usize>>) -> String {
    let count = timeline.len();
    let known = parts
        .iter()
        .flat_map(|part| &part.values)
        .flatten()
        .map(|value| value.max(1.0));
    let (low, high) = known.fold((f64::MAX, 1.0_f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let low = low.min(high).log10().floor();
    let high = high.log10().ceil().max(low + 1.0);
    let place = |value: f64| HEIGHT - (value.max(1.0).log10() - low) / (high - low) * HEIGHT;
    let mut svg = shade(mark);
    let mut y = Vec::new();
    let step = ((high - low) / 4.0).ceil();
    let mut power = low;
    while power <= high {
        let at = place(10_f64.powf(power));
        let _ = write!(
            svg,
            r#"<line class="grid" x1="0" x2="{count}" y1="{at:.2}" y2="{at:.2}"/>"#
        );
        y.push((at / HEIGHT, of_power(power)));
        power += step;
    }
    for part in parts {
        let (mut path, mut dots) = (String::new(), String::new());
        let mut before = None;
        for (bucket, value) in part.values.iter().enumerate() {
            let Some(value) = value else {
                before = None;
                continue;
            };
            let (x, at) = (bucket as f64 + 0.5, place(*value));
            let _ = write!(path, "{}{x} {at:.2}", if before.is_some() { "L" } else { "M" });
            // A line of one point would not be seen.
            let is_alone = before.is_none() && part.values.get(bucket + 1).is_none_or(Option::is_none);
            if is_alone {
                let _ = write!(dots, "M{x} {at:.2}h0");
            }
            before = Some(bucket);
        }
        let _ = write!(svg, r#"<path class="curve {}" d="{path}"/>"#, part.class);
        if !dots.is_empty() {
            let _ = write!(svg, r#"<path class="dots {}" d="{dots}"/>"#, part.class);
        }
    }
    let tips = (0..count).map(|bucket| {
        let shown = parts.iter().filter_map(|part| Some((part.name, part.values[bucket]?)));
        let lines = shown.map(|(name, value)| format!("{name} {}", millis(value)));
        lines.collect::<Vec<_>>()
    });
    frame(&svg, timeline, &y, tips.collect())
}

/// A row's own little bars.
pub(super) fn spark(values: &[u64], class: &str) -> String {
    const BARS: usize = 60;
    let each = values.len().div_ceil(BARS).max(1);
    let sums: Vec<u64> = values.chunks(each).map(|chunk| chunk.iter().sum()).collect();
    let most = sums.iter().copied().max().unwrap_or_default();
    if most == 0 {
        return String::new();
    }
    let mut path = String::new();
    for (bar, value) in sums.iter().enumerate().filter(|(_, value)| **value > 0) {
        let height = (*value as f64 / most as f64 * 20.0).max(2.0);
        let _ = write!(path, "M{bar} {:.1}h1v{height:.1}h-1z", 20.0 - height);
    }
    format!(
        r#"<svg class="spark" viewBox="0 0 {} 20" preserveAspectRatio="none" aria-hidden="true"><path class="fill {class}" d="{path}"/></svg>"#,
        sums.len()
    )
}

/// The parts with their sums.
pub(super) fn legend<'a>(parts: impl IntoIterator<Item = (&'a str, &'a str, String)>) -> String {
    let mut html = String::from(r#"<div class="legend">"#);
    for (name, class, value) in parts {
        let _ = write!(html, r#"<span class="{class}"><i></i>{name} <b>{value}</b></span>"#);
    }
    html + "</div>"
}

fn shade(mark: Option<&Range<usize>>) -> String {
    mark.map_or_else(String::new, |mark| {
        format!(
            r#"<rect class="mark" x="{}" y="0" width="{}" height="{HEIGHT}"/>"#,
            mark.start,
            mark.len()
        )
    })
}

fn frame(svg: &str, timeline: &Timeline, y: &[(f64, String)], tips: Vec<Vec<String>>) -> String {
    let count = timeline.len();
    let clock = clock(timeline);
    let tips: Vec<String> = tips
        .into_iter()
        .enumerate()
        .map(|(bucket, lines)| {
            let (from, to) = (timeline.begin(bucket), timeline.begin(bucket + 1));
            let time = format!("{} – {} UTC", clock.tell(from), clock.tell(to));
            [vec![time], lines].concat().join("\n")
        })
        .collect();
    // Texts are always JSON.
    let tips = serde_json::to_string(&tips).unwrap_or_default();
    let mut html = format!(r#"<div class="chart" data-tips="{}">"#, Text(&tips));
    for (at, label) in y {
        // The picture is as high as the style sheet says, and its labels are placed in shares of that.
        let _ = write!(
            html,
            r#"<span class="y" style="top:calc(var(--h, 150px) * {at:.3})">{label}</span>"#
        );
    }
    let _ = write!(
        html,
        r#"<svg viewBox="0 0 {count} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="over time">{svg}<line class="cursor" x1="0" x2="0" y1="0" y2="{HEIGHT}"/></svg><div class="x">"#
    );
    for bucket in ticks(timeline) {
        let left = bucket as f64 / count.max(1) as f64 * 100.0;
        let _ = write!(
            html,
            r#"<span style="left:{left:.2}%">{}</span>"#,
            clock.tell(timeline.begin(bucket))
        );
    }
    html + "</div></div>"
}

fn clock(timeline: &Timeline) -> Clock {
    let last = timeline.begin(timeline.len().saturating_sub(1));
    Clock::of(timeline.start, last, timeline.bucket_seconds)
}

/// Buckets that begin at times which people like.
fn ticks(timeline: &Timeline) -> Vec<usize> {
    const NICE: [i64; 16] = [
        1, 5, 10, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000,
    ];
    let span = timeline.bucket_seconds * timeline.len() as i64;
    let nice = NICE.into_iter().find(|nice| {
        *nice >= timeline.bucket_seconds && nice % timeline.bucket_seconds == 0 && span / nice <= MOST_TICKS as i64
    });
    let step = nice.unwrap_or(timeline.bucket_seconds * (timeline.len().div_ceil(MOST_TICKS)).max(1) as i64);
    let starts = (0..timeline.len()).filter(|bucket| timeline.begin(*bucket).as_second().rem_euclid(step) == 0);
    starts.collect()
}

/// The next number of one digit with noughts behind it, and at least 2, so that half of it is whole.
fn round_up(value: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for times in [1, 2, 3, 4, 6, 8] {
            let round = unit.saturating_mul(times);
            if round >= value.max(2) && round % 2 == 0 {
                return round;
            }
        }
        match unit.checked_mul(10) {
            Some(next) => unit = next,
            None => return u64::MAX,
        }
    }
}

/// A power of ten of milliseconds: `10 ms`, `100 s`.
fn of_power(power: f64) -> String {
    match power {
        ..3.0 => format!("{} ms", 10_f64.powf(power)),
        _ => format!("{} s", 10_f64.powf(power - 3.0)),
    }
}

/// `950`, `12k`, `3.5M`.
fn short(value: u64) -> String {
    let (value, unit) = match value {
        0..1_000 => return value.to_string(),
        1_000..1_000_000 => (value as f64 / 1e3, "k"),
        1_000_000..1_000_000_000 => (value as f64 / 1e6, "M"),
        _ => (value as f64 / 1e9, "G"),
    };
    match value.fract() {
        0.0 => format!("{value:.0}{unit}"),
        _ => format!("{value:.1}{unit}"),
    }
}

/// What stands beside a title.
pub(super) fn each(timeline: &Timeline) -> String {
    format!("each bar {}, UTC", width(timeline.bucket_seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_round() {
        for (value, round) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (10, 10),
            (11, 20),
            (21, 30),
            (399, 400),
            (501, 600),
        ] {
            assert_eq!(round_up(value), round, "{value}");
        }
        assert_eq!(round_up(u64::MAX), u64::MAX);
        assert_eq!(
            [950, 2_500, 20_000, 3_500_000].map(short),
            ["950", "2.5k", "20k", "3.5M"]
        );
    }

    #[test]
    fn ticks_are_at_full_hours() {
        let start: jiff::Timestamp = "2025-06-06T00:20:00Z".parse().unwrap();
        let timeline = Timeline::example(start, 300, vec![Default::default(); 280]);
        let ticks: Vec<String> = ticks(&timeline)
            .into_iter()
            .map(|bucket| timeline.begin(bucket).strftime("%H:%M").to_string())
            .collect();
        assert_eq!(ticks, ["03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]);
    }

    #[test]
    fn nothing_to_show_is_no_error() {
        let timeline = Timeline::example(jiff::Timestamp::UNIX_EPOCH, 1, Vec::new());
        let empty = |class| Part {
            name: "x",
            class,
            values: Vec::new(),
        };
        assert!(stacked(&[empty("error")], &timeline, None).contains("<svg"));
        let none: Part<'_, Option<f64>> = Part {
            name: "p50",
            class: "p50",
            values: Vec::new(),
        };
        assert!(curves(&[none], &timeline, None).contains("<svg"));
        assert_eq!(spark(&[0, 0], "error"), "");
    }
}
