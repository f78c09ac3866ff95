//! Which days of an environment are scanned when.
//!
//! A day has come to its end when it is over and the overlap behind it too: what is written then still belongs to it,
//! late. A day is due
//!
//! - as long as it is today, if the current day is monitored;
//! - always, if it is the specific day;
//! - if it is in the range, until it was scanned after its end: so the days back are scanned once at the start, and each
//!   day that goes by once more behind its overlap;
//! - as long as it holds blobs that are not closed, so that they are told to be closed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{config::DateRange, domain::Date};

/// The days of one environment, and what is known of each.
#[derive(Clone, Debug)]
pub struct Schedule {
    range: DateRange,
    overlap: SignedDuration,
    zone: TimeZone,
    scanned: BTreeMap<Date, Scanned>,
}

#[derive(Clone, Copy, Debug)]
struct Scanned {
    /// When the last complete scan of the day began.
    begun: Timestamp,
    /// Whether it saw blobs that will close.
    open: bool,
}

impl Schedule {
    /// Days are those of `zone`.
    pub fn new(range: DateRange, overlap_minutes: u32, zone: TimeZone) -> Self {
        Self {
            range,
            overlap: SignedDuration::from_mins(overlap_minutes.into()),
            zone,
            scanned: BTreeMap::new(),
        }
    }

    /// The days to scan at `now`, newest first.
    pub fn due(&self, now: Timestamp) -> Vec<Date> {
        let today = self.today(now);
        let yesterday = today.days_before(1);
        let mut days: BTreeSet<Date> = self.range.dates(today).into_iter().collect();
        days.extend(self.scanned.keys());
        if self.range.monitor_current_day && now < self.end(yesterday) {
            days.insert(yesterday);
        }
        let newest_first = days.into_iter().rev();
        newest_first.filter(|date| self.is_due(*date, today)).collect()
    }

    fn is_due(&self, date: Date, today: Date) -> bool {
        if self.range.specific_date == Some(date) {
            return true;
        }
        if date >= today {
            return date == today && self.range.monitor_current_day;
        }
        let last = self.scanned.get(&date);
        last.is_none_or(|last| last.open || last.begun < self.end(date))
    }

    /// Notes a complete scan of a day, which began at `begun`; `open`: it saw blobs that will close.
    pub fn note(&mut self, date: Date, begun: Timestamp, open: bool) {
        self.scanned.insert(date, Scanned { begun, open });
    }

    /// Forgets days that are out of the range and done with.
    pub fn forget(&mut self, now: Timestamp) {
        let today = self.today(now);
        let kept: BTreeSet<Date> = self.range.dates(today).into_iter().chain(self.due(now)).collect();
        self.scanned.retain(|date, _| kept.contains(date));
    }

    fn today(&self, now: Timestamp) -> Date {
        Date::of(&now.to_zoned_datetime(self.zone.clone()))
    }

    /// When the day and its overlap are over: days may have 23 or 25 hours.
    fn end(&self, date: Date) -> Timestamp {
        let midnight = date
            .civil()
            .tomorrow()
            .and_then(|next| next.to_zoned_datetime(self.zone.clone()));
        // The calendar's last day has no end.
        midnight.map_or(Timestamp::MAX, |midnight| {
            midnight
                .timestamp()
                .saturating_add(self.overlap)
                .unwrap_or(Timestamp::MAX)
        })
    }

    /// When `date` begins, which none of its blobs was told of before.
    pub fn begin(&self, date: Date) -> Timestamp {
        let midnight = date.civil().to_zoned_datetime(self.zone.clone());
        midnight.map_or(Timestamp::MIN, |midnight| midnight.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn schedule(range: &str, overlap_minutes: u32, zone: &str) -> Schedule {
        let range = serde_yaml::from_str(range).unwrap();
        Schedule::new(range, overlap_minutes, TimeZone::get(zone).unwrap())
    }

    fn due(schedule: &Schedule, now: &str) -> String {
        let due: Vec<String> = schedule.due(at(now)).iter().map(Date::to_string).collect();
        due.join(" ")
    }

    /// Scans what is due, all blobs being closed.
    fn scan(schedule: &mut Schedule, now: &str) {
        for date in schedule.due(at(now)) {
            schedule.note(date, at(now), false);
        }
        schedule.forget(at(now));
    }

    #[test]
    fn what_is_due_at_the_start() {
        for (range, zone, now, wanted) in [
            ("{}", "UTC", "2025-06-06T12:00:00Z", "20250606 20250605"),
            ("{days_back: 0}", "UTC", "2025-06-06T12:00:00Z", "20250606"),
            // Within the overlap the day before is due in any case.
            ("{days_back: 0}", "UTC", "2025-06-06T00:59:59Z", "20250606 20250605"),
            ("{days_back: 0}", "UTC", "2025-06-06T01:00:00Z", "20250606"),
            (
                "{days_back: 3, monitor_current_day: false}",
                "UTC",
                "2025-06-06T12:00:00Z",
                "20250605 20250604 20250603",
            ),
            (
                "{specific_date: 2025-01-02, days_back: 3}",
                "UTC",
                "2025-06-06T12:00:00Z",
                "20250606 20250102",
            ),
            (
                "{specific_date: 2025-01-02, monitor_current_day: false}",
                "UTC",
                "2025-06-06T00:30:00Z",
                "20250102",
            ),
            ("{days_back: 0}", "Europe/Berlin", "2025-06-05T23:30:00Z", "20250606"),
            ("{days_back: 0}", "America/New_York", "2025-06-06T03:30:00Z", "20250605"),
        ] {
            assert_eq!(due(&schedule(range, 60, zone), now), wanted, "{range} {zone} {now}");
        }
    }

    /// Polls at these times; which days are due at each.
    #[test]
    fn days_go_by() {
        for (case, range, overlap, zone, polls) in [
            (
                "the days back once, the current day always",
                "{days_back: 2}",
                60,
                "UTC",
                &[
                    ("2025-06-06T12:00:00Z", "20250606 20250605 20250604"),
                    ("2025-06-06T12:05:00Z", "20250606"),
                    ("2025-06-06T23:59:59Z", "20250606"),
                    ("2025-06-07T00:00:00Z", "20250607 20250606"),
                    ("2025-06-07T00:59:59Z", "20250607 20250606"),
                    // Once behind the overlap, however long the pause was.
                    ("2025-06-07T01:04:00Z", "20250607 20250606"),
                    ("2025-06-07T01:09:00Z", "20250607"),
                ][..],
            ),
            (
                "without an overlap, what came after the last scan of the day is still seen",
                "{days_back: 0}",
                0,
                "UTC",
                &[
                    ("2025-06-06T23:58:00Z", "20250606"),
                    ("2025-06-07T00:03:00Z", "20250607 20250606"),
                    ("2025-06-07T00:08:00Z", "20250607"),
                ],
            ),
            (
                "no day is passed over by a long pause",
                "{days_back: 3}",
                60,
                "UTC",
                &[
                    ("2025-06-06T12:00:00Z", "20250606 20250605 20250604 20250603"),
                    ("2025-06-09T12:00:00Z", "20250609 20250608 20250607 20250606"),
                    ("2025-06-09T12:05:00Z", "20250609"),
                ],
            ),
            (
                "without the current day, each day when it has come to its end",
                "{days_back: 1, monitor_current_day: false}",
                60,
                "UTC",
                &[
                    ("2025-06-06T12:00:00Z", "20250605"),
                    ("2025-06-06T12:05:00Z", ""),
                    ("2025-06-07T00:05:00Z", "20250606"),
                    ("2025-06-07T01:00:00Z", "20250606"),
                    ("2025-06-07T01:05:00Z", ""),
                ],
            ),
            (
                "a specific day always, and the current day",
                "{specific_date: 2025-01-02}",
                60,
                "UTC",
                &[
                    ("2025-06-06T12:00:00Z", "20250606 20250102"),
                    ("2025-06-06T12:05:00Z", "20250606 20250102"),
                    ("2025-06-07T00:05:00Z", "20250607 20250606 20250102"),
                    ("2025-06-07T01:05:00Z", "20250607 20250606 20250102"),
                    ("2025-06-07T01:10:00Z", "20250607 20250102"),
                ],
            ),
            (
                "a day of 23 hours: 30 March is over at 22:00 UTC",
                "{days_back: 0}",
                60,
                "Europe/Berlin",
                &[
                    ("2025-03-29T22:59:59Z", "20250329"),
                    ("2025-03-29T23:00:00Z", "20250330 20250329"),
                    ("2025-03-30T00:00:00Z", "20250330 20250329"),
                    ("2025-03-30T21:59:59Z", "20250330"),
                    ("2025-03-30T22:00:00Z", "20250331 20250330"),
                    ("2025-03-30T23:00:00Z", "20250331 20250330"),
                    ("2025-03-30T23:01:00Z", "20250331"),
                ],
            ),
            (
                "a day of 25 hours: 26 October is over at 23:00 UTC",
                "{days_back: 0}",
                60,
                "Europe/Berlin",
                &[
                    ("2025-10-25T22:00:00Z", "20251026 20251025"),
                    ("2025-10-25T23:00:00Z", "20251026 20251025"),
                    ("2025-10-26T22:30:00Z", "20251026"),
                    ("2025-10-26T23:00:00Z", "20251027 20251026"),
                    ("2025-10-27T00:00:00Z", "20251027 20251026"),
                    ("2025-10-27T00:01:00Z", "20251027"),
                ],
            ),
            (
                "an overlap that the change of the clock falls into is an hour all the same",
                "{days_back: 0}",
                180,
                "Europe/Berlin",
                &[
                    ("2025-03-29T23:00:00Z", "20250330 20250329"),
                    ("2025-03-30T01:59:59Z", "20250330 20250329"),
                    ("2025-03-30T02:00:00Z", "20250330 20250329"),
                    ("2025-03-30T02:01:00Z", "20250330"),
                ],
            ),
        ] {
            let mut schedule = schedule(range, overlap, zone);
            for (now, wanted) in polls {
                assert_eq!(due(&schedule, now), *wanted, "{case}: {now}");
                scan(&mut schedule, now);
            }
        }
    }

    #[test]
    fn a_day_with_open_blobs_stays_due_also_out_of_the_range() {
        let mut schedule = schedule("{days_back: 1}", 0, "UTC");
        let start = at("2025-06-06T12:00:00Z");
        schedule.note(day("20250605"), start, true);
        schedule.note(day("20250606"), start, true);
        schedule.forget(start);
        assert_eq!(due(&schedule, "2025-06-06T12:05:00Z"), "20250606 20250605");
        assert_eq!(
            due(&schedule, "2025-06-08T00:05:00Z"),
            "20250608 20250607 20250606 20250605"
        );
        scan(&mut schedule, "2025-06-08T00:05:00Z");
        assert_eq!(due(&schedule, "2025-06-08T00:10:00Z"), "20250608");
        assert_eq!(schedule.scanned.len(), 2, "{:?}", schedule.scanned);
    }

    #[test]
    fn a_scan_that_failed_is_made_up_for() {
        let mut schedule = schedule("{days_back: 2}", 0, "UTC");
        schedule.note(day("20250606"), at("2025-06-06T12:00:00Z"), false);
        assert_eq!(due(&schedule, "2025-06-06T12:05:00Z"), "20250606 20250605 20250604");
    }

    #[test]
    fn days_of_a_zone_begin_at_its_midnight() {
        let berlin = schedule("{}", 0, "Europe/Berlin");
        assert_eq!(berlin.begin(day("20250330")), at("2025-03-29T23:00:00Z"));
        assert_eq!(berlin.begin(day("20250331")), at("2025-03-30T22:00:00Z"));
    }
}
