//! The timeline: the events of each problem over time. Positions are percentages, so that they fit every screen.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::text::{PageTime, day, sanitize_to, time_of_day};
use crate::diagnosis::Cause;
use crate::incidents::ActivityTimes;
use crate::report::numbers::{group_digits, saturating_sum};
use crate::report::{Problem, Report, Row};
use crate::zone::Zone;

/// Maximum number of intervals in which events are counted.
const MAX_INTERVALS: i64 = 150;

/// Maximum number of marks of a lane: a problem with events in no more seconds has a mark for each of them. Others have
/// bars.
const MAX_MARKS: u64 = 20;

/// Problems with a lane of their own.
const MAX_PROBLEMS: usize = 20;

/// Distances between labels of the time axis, in seconds: from a second to some ten years.
const STEPS: [i64; 20] = [
    1,
    10,
    60,
    300,
    900,
    3_600,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    1_209_600,
    2_592_000,
    5_184_000,
    10_368_000,
    31_536_000,
    63_072_000,
    157_680_000,
    315_360_000,
];

/// Lengths of an interval in seconds, each with its name after "per".
const INTERVALS: [(i64, &str); 16] = [
    (1, "second"),
    (10, "10 seconds"),
    (60, "minute"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (1_800, "30 minutes"),
    (3_600, "hour"),
    (10_800, "3 hours"),
    (21_600, "6 hours"),
    (86_400, "day"),
    (172_800, "2 days"),
    (604_800, "week"),
    (1_209_600, "2 weeks"),
    (2_592_000, "30 days"),
    (7_776_000, "90 days"),
    (31_536_000, "365 days"),
];

/// Content of the timeline.
pub(super) struct Timeline {
    pub ticks: Vec<Tick>,
    /// Lanes of the causes; empty if every problem has a lane.
    pub causes: Vec<Lane>,
    /// Lanes of the problems.
    pub problems: Vec<Lane>,
    /// Number of problems without a lane.
    pub left_out: usize,
    /// Length of the interval that a bar covers; empty if all lanes have marks.
    pub interval: &'static str,
}

/// Row of the timeline, for a cause or a problem.
pub(super) struct Lane {
    /// ID of the problem; empty for a cause.
    pub id: String,
    pub name: String,
    pub cause: &'static str,
    pub bars: Vec<Bar>,
    pub first: PageTime,
    pub last: PageTime,
    pub events: String,
}

/// Mark or bar of a lane. Its position is in percent of the width and height of the lane, from the left and the top.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub x: String,
    pub width: String,
    pub y: String,
    pub height: String,
}

/// Label of the time axis.
pub(super) struct Tick {
    /// Position in percent of the width.
    pub x: String,
    /// The time in RFC 3339, for the script, which shows other zones.
    pub at: String,
    pub day: String,
    /// The time of day; empty if labels are a day or more apart.
    pub time: String,
    /// `start`, `middle` or `end`: alignment that keeps the outermost labels on the page.
    pub anchor: &'static str,
    /// Hide the label on a narrow screen, which has room for every second one only.
    pub wide_only: bool,
}

/// Range of the time axis.
struct TimeAxis<'a> {
    /// Time of the first event in nanoseconds since 1970.
    from: i128,
    /// Time of the last event in nanoseconds since 1970.
    to: i128,
    zone: &'a Zone,
}

impl Timeline {
    pub(super) fn new(report: &Report<'_>, problems: &[&Problem]) -> Self {
        let mut timeline =
            Self { ticks: vec![], causes: vec![], problems: vec![], left_out: 0, interval: "" };
        let present: Vec<_> = problems
            .iter()
            .map(|p| {
                let rows = p.incidents.iter().filter_map(|&i| report.rows.get(i));
                (p, rows.filter(|r| r.status.is_present()).collect::<Vec<_>>())
            })
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        let all: Vec<&Row> = present.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
        let times: Vec<_> = all.iter().filter_map(|r| first_and_last(r)).collect();
        let (Some(from), Some(to)) = (times.iter().map(|t| t.0).min(), times.iter().map(|t| t.1).max())
        else {
            return timeline;
        };
        let nanos = from.as_nanosecond();
        let axis = TimeAxis { from: nanos, to: to.as_nanosecond().max(nanos + 1), zone: report.zone };
        timeline.ticks = axis.ticks();
        timeline.left_out = present.len().saturating_sub(MAX_PROBLEMS);
        if timeline.left_out > 0 {
            for cause in Cause::ALL {
                let rows: Vec<&Row> = all.iter().copied().filter(|r| r.cause == cause).collect();
                timeline.causes.extend(axis.lane(cause.label(), "", cause, &rows));
            }
        }
        for (problem, rows) in present.iter().take(MAX_PROBLEMS) {
            let id = sanitize_to(&problem.problem_id, 40);
            timeline.problems.extend(axis.lane(
                &sanitize_to(problem.heading(), 120),
                &id,
                problem.cause,
                rows,
            ));
        }
        if present.iter().take(MAX_PROBLEMS).any(|(_, rows)| has_bars(&seconds(rows))) {
            timeline.interval = axis.interval().1;
        }
        timeline
    }
}

/// Returns the times of the first and last event.
fn first_and_last(row: &Row) -> Option<(Timestamp, Timestamp)> {
    let first: Timestamp = row.first_seen.parse().ok()?;
    let last: Timestamp = row.last_seen.parse().ok()?;
    Some((first, last.max(first)))
}

/// Returns the seconds in which these incidents have events. Only the first and the last are known of an incident from a saved
/// report.
fn seconds(rows: &[&Row]) -> ActivityTimes {
    let mut seconds = ActivityTimes::default();
    for row in rows {
        if row.activity.is_empty() {
            for time in first_and_last(row).into_iter().flat_map(|(first, last)| [first, last]) {
                seconds.add(time);
            }
        } else {
            seconds.merge(&row.activity);
        }
    }
    seconds
}

fn has_bars(seconds: &ActivityTimes) -> bool {
    seconds.seconds() > MAX_MARKS
}

impl TimeAxis<'_> {
    /// Returns the position of a time in thousandths of the axis. Whole numbers give the same page on every machine.
    fn position(&self, time: Timestamp) -> i128 {
        let length = self.to - self.from;
        ((time.as_nanosecond() - self.from) * 1000 / length).clamp(0, 1000)
    }

    /// Returns the offset of the zone from UTC at the first event, in nanoseconds. Intervals and labels begin at round times of
    /// the zone.
    fn utc_offset(&self) -> i128 {
        let first = Timestamp::from_nanosecond(self.from).ok();
        let clock = first.and_then(|first| Zone::UTC.timestamp_of(self.zone.civil_of(first)));
        clock.map_or(0, |clock| clock.as_nanosecond() - self.from)
    }

    /// Returns the shortest interval of which [`MAX_INTERVALS`] cover the axis.
    fn interval(&self) -> (i64, &'static str) {
        let seconds = (self.to - self.from) / 1_000_000_000;
        let fits = |length: i64| seconds / i128::from(length) < i128::from(MAX_INTERVALS);
        INTERVALS.into_iter().find(|i| fits(i.0)).unwrap_or((31_536_000, "365 days"))
    }

    fn lane(&self, name: &str, id: &str, cause: Cause, rows: &[&Row]) -> Option<Lane> {
        let times: Vec<_> = rows.iter().filter_map(|r| first_and_last(r)).collect();
        let first = times.iter().map(|t| t.0).min()?;
        let last = times.iter().map(|t| t.1).max()?;
        let seconds = seconds(rows);
        let bars = if has_bars(&seconds) { self.bars(&seconds) } else { self.marks(&seconds) };
        Some(Lane {
            id: id.to_owned(),
            name: name.to_owned(),
            cause: cause.name(),
            bars,
            first: PageTime::new(&first.to_string(), self.zone),
            last: PageTime::new(&last.to_string(), self.zone),
            events: group_digits(saturating_sum(rows.iter().map(|r| r.events))),
        })
    }

    /// Makes a mark for each second.
    fn marks(&self, seconds: &ActivityTimes) -> Vec<Bar> {
        let mark = |time| Bar {
            x: percent((self.position(time) * 10).min(9_970)),
            width: "3".to_owned(),
            y: percent(1_000),
            height: percent(8_000),
        };
        let mut marks: Vec<Bar> = seconds.iter().map(mark).collect();
        marks.dedup();
        marks
    }

    /// Makes a bar for each interval with events. Its height shows the number of seconds with events.
    fn bars(&self, seconds: &ActivityTimes) -> Vec<Bar> {
        let length = i128::from(self.interval().0) * 1_000_000_000;
        let offset = self.utc_offset();
        let start = (self.from + offset).div_euclid(length);
        let mut counts: BTreeMap<i128, u64> = BTreeMap::new();
        for time in seconds.iter() {
            *counts.entry((time.as_nanosecond() + offset).div_euclid(length) - start).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(1);
        // Start of an interval in ten-thousandths of the axis.
        let position = |interval: i128| {
            let at = (start + interval) * length - offset - self.from;
            (at * 10_000 / (self.to - self.from)).clamp(0, 10_000)
        };
        counts
            .into_iter()
            .map(|(interval, count)| {
                // A bar is at least 12 % high, so that a single event is visible.
                let height = i128::from((count * 100 / most).max(12));
                let (x, end) = (position(interval).min(9_960), position(interval + 1));
                Bar {
                    x: percent(x),
                    width: percent((end - x).max(40)),
                    y: percent((100 - height) * 100),
                    height: percent(height * 100),
                }
            })
            .collect()
    }

    fn ticks(&self) -> Vec<Tick> {
        const NANOS: i128 = 1_000_000_000;
        let seconds = (self.to - self.from) / NANOS;
        let step = STEPS.into_iter().find(|&s| seconds / i128::from(s) <= 6).unwrap_or(STEPS[19]);
        let step_nanos = i128::from(step) * NANOS;
        let mut ticks = Vec::new();
        let offset = self.utc_offset();
        let mut at = (self.from + offset).div_euclid(step_nanos) * step_nanos - offset;
        while at <= self.to {
            if at >= self.from
                && let Ok(time) = Timestamp::from_nanosecond(at)
            {
                let x = self.position(time);
                ticks.push(Tick {
                    x: percent(x * 10),
                    at: time.to_string(),
                    day: day(time, self.zone),
                    time: if step < 86_400 { time_of_day(time, self.zone) } else { String::new() },
                    anchor: match x {
                        0..80 => "start",
                        920.. => "end",
                        _ => "middle",
                    },
                    wide_only: ticks.len() % 2 == 1,
                });
            }
            at += step_nanos;
        }
        if ticks.is_empty()
            && let Ok(time) = Timestamp::from_nanosecond(self.from)
        {
            ticks.push(Tick {
                x: percent(0),
                at: time.to_string(),
                day: day(time, self.zone),
                time: time_of_day(time, self.zone),
                anchor: "start",
                wide_only: false,
            });
        }
        ticks
    }
}

/// Formats ten-thousandths as percent: 1250 is `12.5%`.
fn percent(ten_thousandths: i128) -> String {
    let text = format!("{}.{:02}", ten_thousandths / 100, ten_thousandths % 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    static UTC: Zone = Zone::UTC;

    fn axis(from: &str, to: &str) -> TimeAxis<'static> {
        let nanos = |t: &str| t.parse::<Timestamp>().unwrap().as_nanosecond();
        TimeAxis { from: nanos(from), to: nanos(to), zone: &UTC }
    }

    fn at(seconds: &[&str]) -> ActivityTimes {
        let mut times = ActivityTimes::default();
        seconds.iter().for_each(|t| times.add(t.parse().unwrap()));
        times
    }

    #[test]
    fn few_events_are_marks_where_they_happened_and_nothing_between() {
        let axis = axis("2026-10-01T00:00:00Z", "2026-10-03T00:00:00Z");
        let marks =
            axis.marks(&at(&["2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z", "2026-10-03T00:00:00Z"]));
        assert_eq!(marks.iter().map(|m| &*m.x).collect::<Vec<_>>(), ["0%", "50%", "99.7%"]);
    }

    #[test]
    fn a_bar_is_as_high_as_its_interval_is_busy() {
        let axis = axis("2026-10-01T00:00:00Z", "2026-10-05T00:00:00Z");
        assert_eq!(axis.interval(), (3_600, "hour"));
        let mut busy: Vec<String> = (0..40).map(|i| format!("2026-10-01T00:00:{i:02}Z")).collect();
        busy.extend((0..10).map(|i| format!("2026-10-03T00:30:{i:02}Z")));
        let bars = axis.bars(&at(&busy.iter().map(String::as_str).collect::<Vec<_>>()));
        let drawn: Vec<_> = bars.iter().map(|b| (&*b.x, &*b.width, &*b.height)).collect();
        assert_eq!(drawn, [("0%", "1.04%", "100%"), ("50%", "1.04%", "25%")]);
    }

    #[test]
    fn ticks_are_round_times_and_few() {
        let table = [
            ("2026-10-06T08:00:10Z", "2026-10-06T08:00:50Z", "08:00:10"),
            ("2026-10-06T08:13:00Z", "2026-10-06T12:50:00Z", "09:00:00"),
            ("2026-10-06T08:13:00Z", "2026-10-10T12:50:00Z", ""),
            ("2016-10-06T08:13:00Z", "2026-10-10T12:50:00Z", ""),
        ];
        for (from, to, first) in table {
            let ticks = axis(from, to).ticks();
            assert!((2..=8).contains(&ticks.len()), "{from}: {}", ticks.len());
            assert_eq!(ticks[0].time, first, "{from}");
        }
        // Round in the zone.
        let zone: Zone = "Asia/Kolkata".parse().unwrap();
        let ticks = TimeAxis { zone: &zone, ..axis("2026-10-06T08:13:00Z", "2026-10-06T12:50:00Z") }.ticks();
        assert_eq!((&*ticks[0].time, &*ticks[0].at), ("14:00:00", "2026-10-06T08:30:00Z"));
        // One event has a time too.
        let one = "2026-10-06T08:00:10Z";
        assert!(!axis(one, "2026-10-06T08:00:10.000000001Z").ticks().is_empty());
    }
}
