//! Figures and names as the screen shows them.

use jiff::Timestamp;
use ratatui::text::Span;

use crate::cli::human_size;

/// `12s`, `5m`, `3h`, `2d`.
pub(super) fn short_time(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

pub(super) fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    short_time(seconds.max(0).unsigned_abs())
}

/// `-` for nothing at all, so that what goes on is seen among what does not.
pub(super) fn byte_rate(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 0.5 => "-".to_owned(),
        bytes => format!("{}/s", human_size(bytes.round() as u64)),
    }
}

pub(super) fn line_rate(lines: f64) -> String {
    match lines {
        lines if lines < 0.05 => "-".to_owned(),
        lines if lines < 10.0 => format!("{lines:.1}/s"),
        lines => format!("{}/s", count(lines.round() as u64)),
    }
}

/// `950`, `12.3k`, `4.56M`.
pub(super) fn count(count: u64) -> String {
    let scaled = |unit: f64, name: &str| {
        let value = count as f64 / unit;
        let decimals = match value {
            value if value < 9.995 => 2,
            value if value < 99.95 => 1,
            _ => 0,
        };
        format!("{value:.decimals$}{name}")
    };
    match count {
        0..10_000 => count.to_string(),
        10_000..999_500 => scaled(1e3, "k"),
        999_500..999_500_000 => scaled(1e6, "M"),
        _ => scaled(1e9, "G"),
    }
}

pub(super) fn left(seconds: Option<u64>) -> String {
    match seconds {
        Some(0) => "-".to_owned(),
        Some(seconds) => short_time(seconds),
        None => "∞".to_owned(),
    }
}

pub(super) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// So many columns of a text at most, with `…` in place of its middle: names differ at both ends.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let (head_room, mut head, mut tail) = (columns / 2, String::new(), Vec::new());
    let mut used = 0;
    for char in text.chars() {
        let more = width(char.encode_utf8(&mut [0; 4]));
        if used + more > head_room {
            break;
        }
        used += more;
        head.push(char);
    }
    used += 1;
    for char in text.chars().rev() {
        let more = width(char.encode_utf8(&mut [0; 4]));
        if used + more > columns {
            break;
        }
        used += more;
        tail.push(char);
    }
    head.push('…');
    head.extend(tail.into_iter().rev());
    head
}

pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A small picture of figures, each a column; the largest is as high as a line.
pub(super) fn sparkline(values: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let max = values.iter().copied().max().unwrap_or(0).max(1);
    let bar = |value: &u64| {
        let height = (u128::from(*value) * 8).div_ceil(u128::from(max)) as usize;
        BARS[height.clamp(1, 8) - 1]
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_rates_keep_three_figures() {
        for (number, expected) in [
            (0, "0"),
            (9_999, "9999"),
            (10_000, "10.0k"),
            (99_949, "99.9k"),
            (99_960, "100k"),
            (999_499, "999k"),
            (999_500, "1.00M"),
            (12_345_678, "12.3M"),
            (5_000_000_000, "5.00G"),
        ] {
            assert_eq!(count(number), expected);
        }
        for (rate, expected) in [
            (0.0, "-"),
            (0.04, "-"),
            (0.5, "0.5/s"),
            (10.4, "10/s"),
            (25_000.0, "25.0k/s"),
        ] {
            assert_eq!(line_rate(rate), expected);
        }
        assert_eq!(byte_rate(0.4), "-");
        assert_eq!(byte_rate(2048.0), "2.00 KiB/s");
    }

    #[test]
    fn times_are_rounded_down() {
        for (seconds, expected) in [(59, "59s"), (60, "1m"), (7199, "1h"), (200_000, "2d")] {
            assert_eq!(short_time(seconds), expected);
        }
        let then = Timestamp::from_second(100).unwrap();
        assert_eq!(age(Timestamp::from_second(90).unwrap(), then), "0s");
        assert_eq!(left(None), "∞");
    }

    #[test]
    fn long_names_lose_their_middle() {
        for (text, columns, expected) in [
            ("abc", 3, "abc"),
            ("abcdefgh", 5, "ab…gh"),
            ("abcdefgh", 1, "…"),
            ("abcdefgh", 0, ""),
            ("日本語日本語", 7, "日…本語"),
            ("日本語日本語", 2, "…"),
        ] {
            let found = fit(text, columns);
            assert_eq!(found, expected);
            assert!(width(&found) <= columns);
        }
    }

    #[test]
    fn a_sparkline_shows_every_figure() {
        assert_eq!(sparkline(&[0, 1, 4, 8]), "▁▁▄█");
        assert_eq!(sparkline(&[0, 0]), "▁▁");
        assert_eq!(sparkline(&[u64::MAX, 1]), "█▁");
        assert_eq!(sparkline(&[]), "");
    }
}
