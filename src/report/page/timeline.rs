//! The timeline: a bar from an incident's first event to its last, in fractions of the width, so that it fits
//! every screen.

use jiff::Timestamp;

use super::text::{Moment, shown_in};
use crate::diagnosis::Cause;
use crate::report::numbers::grouped;
use crate::report::{Report, Row};

/// Number of slots in which incidents are counted.
const SLOTS: usize = 120;

/// Most problems with their own line.
const MAX_PROBLEMS: usize = 24;

/// Steps of the time axis in seconds: from a second to some ten years.
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

pub(super) struct Timeline {
    pub ticks: Vec<Tick>,
    pub causes: Vec<Lane>,
    pub problems: Vec<Lane>,
    /// Problems without a line.
    pub left_out: usize,
}

/// A line of the timeline, which is a row of a table.
pub(super) struct Lane {
    pub id: String,
    pub name: String,
    pub cause: &'static str,
    pub bars: Vec<Bar>,
    pub first: Moment,
    pub last: Moment,
    pub incidents: String,
}

/// Position in percent of the width and height, from the left and the top.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub x: String,
    pub width: String,
    pub y: String,
    pub height: String,
}

pub(super) struct Tick {
    pub x: String,
    pub day: String,
    /// Empty if the step is a day or more.
    pub time: String,
    /// Left, middle or right alignment, so that the outermost labels are not cut off.
    pub anchor: &'static str,
    /// Hide it on a narrow screen, which has room only for every second one.
    pub wide_only: bool,
}

/// The time from the first event to the last.
struct Span {
    from: i128,
    to: i128,
}

impl Timeline {
    pub(super) fn new(report: &Report<'_>) -> Self {
        let mut timeline = Self { ticks: vec![], causes: vec![], problems: vec![], left_out: 0 };
        let times: Vec<(Timestamp, Timestamp)> = report.rows.iter().filter_map(times).collect();
        let (Some(from), Some(to)) = (times.iter().map(|t| t.0).min(), times.iter().map(|t| t.1).max())
        else {
            return timeline;
        };
        let span = Span { from: from.as_nanosecond(), to: to.as_nanosecond().max(from.as_nanosecond() + 1) };
        timeline.ticks = span.ticks();
        for cause in Cause::ALL {
            let rows: Vec<&Row> =
                report.rows.iter().filter(|r| r.cause == cause && r.status.is_present()).collect();
            timeline.causes.extend(span.lane(cause.name(), "", cause, &rows, true));
        }
        let present: Vec<_> = report
            .problems
            .iter()
            .map(|p| {
                let rows = p.incidents.iter().filter_map(|&i| report.rows.get(i));
                (p, rows.filter(|r| r.status.is_present()).collect::<Vec<_>>())
            })
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        timeline.left_out = present.len().saturating_sub(MAX_PROBLEMS);
        for (problem, rows) in present.iter().take(MAX_PROBLEMS) {
            let id = shown_in(&problem.problem_id, 40);
            timeline.problems.extend(span.lane(
                &shown_in(problem.name(), 120),
                &id,
                problem.cause,
                rows,
                false,
            ));
        }
        timeline
    }
}

fn times(row: &Row) -> Option<(Timestamp, Timestamp)> {
    let first: Timestamp = row.first_seen.parse().ok()?;
    let last: Timestamp = row.last_seen.parse().ok()?;
    Some((first, last.max(first)))
}

impl Span {
    /// Position in whole thousandths of the span: enough for any screen, and the same on every machine.
    fn place(&self, time: Timestamp) -> i128 {
        let length = self.to - self.from;
        ((time.as_nanosecond() - self.from) * 1000 / length).clamp(0, 1000)
    }

    fn lane(&self, name: &str, id: &str, cause: Cause, rows: &[&Row], heights: bool) -> Option<Lane> {
        let times: Vec<_> = rows.iter().filter_map(|r| times(r)).collect();
        let first = times.iter().map(|t| t.0).min()?;
        let last = times.iter().map(|t| t.1).max()?;
        let counts = self.counts(&times);
        Some(Lane {
            id: id.to_owned(),
            name: name.to_owned(),
            cause: cause.name(),
            bars: bars(&counts, heights),
            first: Moment::new(&first.to_string()),
            last: Moment::new(&last.to_string()),
            incidents: grouped(rows.len() as u64),
        })
    }

    /// Number of incidents in each slot.
    fn counts(&self, times: &[(Timestamp, Timestamp)]) -> Vec<u64> {
        let mut steps = vec![0_i64; SLOTS + 1];
        let slot = |time| ((self.place(time) as usize) * SLOTS / 1000).min(SLOTS - 1);
        for &(first, last) in times {
            if let Some(step) = steps.get_mut(slot(first)) {
                *step += 1;
            }
            if let Some(step) = steps.get_mut(slot(last) + 1) {
                *step -= 1;
            }
        }
        let mut active = 0;
        steps
            .iter()
            .take(SLOTS)
            .map(|step| {
                active += step;
                active.unsigned_abs()
            })
            .collect()
    }

    fn ticks(&self) -> Vec<Tick> {
        const NANOS: i128 = 1_000_000_000;
        let seconds = (self.to - self.from) / NANOS;
        let step = STEPS.into_iter().find(|&s| seconds / i128::from(s) <= 6).unwrap_or(STEPS[19]);
        let step_nanos = i128::from(step) * NANOS;
        let mut ticks = Vec::new();
        let mut at = self.from.div_euclid(step_nanos) * step_nanos;
        while at <= self.to {
            if at >= self.from
                && let Ok(time) = Timestamp::from_nanosecond(at)
            {
                let x = self.place(time);
                let day = time.strftime("%Y-%m-%d").to_string();
                ticks.push(Tick {
                    x: percent(x * 10),
                    day,
                    time: if step < 86_400 { time.strftime("%H:%M:%SZ").to_string() } else { String::new() },
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
                day: time.strftime("%Y-%m-%d").to_string(),
                time: time.strftime("%H:%M:%SZ").to_string(),
                anchor: "start",
                wide_only: false,
            });
        }
        ticks
    }
}

/// Merges adjacent slots of one height to one bar. Without heights, every bar has full height.
fn bars(counts: &[u64], heights: bool) -> Vec<Bar> {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let height = |count: u64| match (count, heights) {
        (0, _) => 0,
        (_, false) => 60,
        // A slot with any incident is visible.
        (n, true) => (n * 100 / most).max(8),
    };
    let mut bars = Vec::new();
    let mut start = 0;
    for run in counts.chunk_by(|a, b| height(*a) == height(*b)) {
        let tall = run.first().map_or(0, |&n| height(n));
        if tall > 0 {
            let share = |n: usize| (n * 10_000 / SLOTS) as i128;
            bars.push(Bar {
                x: percent(share(start)),
                width: percent(share(start + run.len()) - share(start)),
                y: percent(i128::from(if heights { 100 - tall } else { 20 }) * 100),
                height: percent(i128::from(tall) * 100),
            });
        }
        start += run.len();
    }
    bars
}

/// Ten-thousandths as percent: 1250 is `12.5%`.
fn percent(share: i128) -> String {
    let text = format!("{}.{:02}", share / 100, share % 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Span {
        let nanos = |t: &str| t.parse::<Timestamp>().unwrap().as_nanosecond();
        Span { from: nanos(from), to: nanos(to) }
    }

    #[test]
    fn neighbours_of_one_height_are_one_bar() {
        let mut counts = vec![0; SLOTS];
        counts[0..30].fill(2);
        counts[30..60].fill(4);
        let drawn = bars(&counts, true);
        assert_eq!(drawn.len(), 2);
        assert_eq!(
            (&*drawn[0].x, &*drawn[0].width, &*drawn[0].y, &*drawn[0].height),
            ("0%", "25%", "50%", "50%")
        );
        assert_eq!((&*drawn[1].x, &*drawn[1].height), ("25%", "100%"));
        assert_eq!(bars(&counts, false).len(), 1);
    }

    #[test]
    fn an_incident_reaches_from_its_first_event_to_its_last() {
        let span = span("2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z");
        let at = |t: &str| t.parse::<Timestamp>().unwrap();
        let counts = span.counts(&[
            (at("2026-10-01T00:00:00Z"), at("2026-10-16T00:00:00Z")),
            (at("2026-10-16T00:00:00Z"), at("2026-10-31T00:00:00Z")),
        ]);
        assert_eq!((counts[0], counts[SLOTS / 2], counts[SLOTS - 1]), (1, 2, 1));
        assert_eq!(counts.iter().sum::<u64>(), SLOTS as u64 + 1);
    }

    #[test]
    fn ticks_are_round_times_and_few() {
        let table = [
            ("2026-10-06T08:00:10Z", "2026-10-06T08:00:50Z", "08:00:10Z"),
            ("2026-10-06T08:13:00Z", "2026-10-06T12:50:00Z", "09:00:00Z"),
            ("2026-10-06T08:13:00Z", "2026-10-10T12:50:00Z", ""),
            ("2016-10-06T08:13:00Z", "2026-10-10T12:50:00Z", ""),
        ];
        for (from, to, first) in table {
            let ticks = span(from, to).ticks();
            assert!((2..=8).contains(&ticks.len()), "{from}: {}", ticks.len());
            assert_eq!(ticks[0].time, first, "{from}");
        }
        // One event has a time too.
        let one = "2026-10-06T08:00:10Z";
        assert!(!span(one, "2026-10-06T08:00:10.000000001Z").ticks().is_empty());
    }
}
