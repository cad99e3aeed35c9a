//! Runs killed at any moment: the state is always whole, and no event is lost or counted twice.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use krbtriage::state::State;

use crate::support::program::*;

/// Number of runs in an ordinary test. Some half of them are killed. `KRBTRIAGE_ROUNDS` multiplies it.
const RUNS: u64 = 40;
const EVENTS_A_NIGHT: u64 = 7;

/// A small random generator for the moments of the kills.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below.max(1)
    }
}

fn state(sandbox: &Sandbox) -> State {
    // Windows may take a moment to remove the lock of a killed run.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match State::open(&sandbox.path("state.json")) {
            Ok((state, _lock)) => return state,
            Err(krbtriage::state::StateError::Busy { .. }) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_state_survives_a_kill_at_any_moment_and_every_event_counts_once() {
    let leftovers = end_runs_at_any_moment(|child| child.kill().expect("it can be killed"));
    // A killed run leaves half-written files under temporary names. A later run removes them.
    assert!(leftovers.iter().all(|name| name.starts_with(".krbtriage-")), "{leftovers:?}");
}

#[cfg(unix)]
#[test]
fn a_signal_at_any_moment_leaves_the_old_files_or_the_new_ones_and_nothing_else() {
    let mut signals = ["-INT", "-TERM", "-HUP"].into_iter().cycle();
    let leftovers = end_runs_at_any_moment(|child| {
        let signal = signals.next().expect("a cycle");
        let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        // A run that has ended is a zombie until it is waited for, so the signal always has a receiver.
        assert!(sent.expect("kill starts").success());
    });
    assert_eq!(leftovers, [""; 0]);
}

/// Starts runs and ends them with `end` at a random moment. Returns the files that are left besides the outputs.
fn end_runs_at_any_moment(mut end: impl FnMut(&mut std::process::Child)) -> Vec<String> {
    let runs = RUNS * std::env::var("KRBTRIAGE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let outputs = ["report.csv", "report.json", "report.html", "events.csv", "new.txt"];
    let sandbox = Sandbox::new();
    let event = |n: u64| four(["A", "B", "C"][n as usize % 3], &format!("srv{}", n % 5), n, n);
    let [csv, json, html, events, new] = outputs;
    let arguments = [
        "triage",
        "logs",
        "--state",
        "state.json",
        "-o",
        csv,
        "-o",
        json,
        "-o",
        html,
        "--events",
        events,
        "--new",
        new,
        "-q",
    ];
    let mut chance = Chance(0x5eed);
    let mut reported: BTreeSet<u64> = BTreeSet::new();
    let mut usual = Duration::from_millis(100);
    let (mut killed, mut kept) = (0, 0);
    for run in 1..=runs {
        let events: Vec<_> = (1..=run * EVENTS_A_NIGHT).map(event).collect();
        sandbox.write("logs/all.evtx", log(events));
        let before = state(&sandbox);
        let start = Instant::now();
        let mut child = krbtriage_with_signals(&[])
            .current_dir(sandbox.folder())
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        // Every fourth run lives, and shows how long a run takes; the others are killed somewhere in that time, or a little
        // later.
        let lives = run % 4 == 1 || run == runs;
        if !lives {
            let moment = Duration::from_micros(chance.next(usual.as_micros() as u64 * 5 / 4));
            std::thread::sleep(moment.saturating_sub(start.elapsed()));
            end(&mut child);
        }
        let done = child.wait().expect("it ends").success();
        if lives {
            usual = start.elapsed();
        }
        killed += u64::from(!done);

        let after = state(&sandbox);
        for output in outputs.iter().filter(|output| exists(&sandbox.path(output))) {
            let text = sandbox.text(output);
            let end = if output.ends_with(".html") { "</html>" } else { "\n" };
            assert!(text.is_empty() && *output == new || text.ends_with(end), "run {run}: {output} is whole");
        }
        assert_eq!(
            after.total_events(),
            after.reported.count() as u64,
            "run {run}: counted and remembered are the same"
        );
        if after == before {
            assert!(!done, "run {run} ended well and kept nothing");
            continue;
        }
        kept += 1;
        // The outputs are replaced before the state, so they have exactly what the state has more.
        let new: Vec<u64> =
            rows(&sandbox.text("events.csv")).iter().map(|r| r["record_id"].parse().unwrap()).collect();
        assert_eq!(new.len(), after.reported.count() - before.reported.count(), "run {run}");
        for id in new {
            assert!(reported.insert(id), "run {run}: event {id} was reported before");
        }
        let counted: u64 = self::reported(&sandbox.text("report.csv"))
            .iter()
            .filter(|r| r.3 != "resolved")
            .map(|r| r.2)
            .sum();
        assert_eq!(counted, (after.reported.count() - before.reported.count()) as u64, "run {run}");
    }
    assert_eq!(reported, (1..=runs * EVENTS_A_NIGHT).collect(), "every event was reported in one run");
    assert!(
        killed >= 5 && kept >= runs / 4,
        "the test must kill some runs and let others live: {killed}, {kept}"
    );
    eprintln!(
        "{runs} runs, {killed} of them ended early, {kept} states kept, 0 events lost, 0 counted twice"
    );
    let known = |name: &String| name.starts_with("state.json") || outputs.contains(&name.as_str());
    sandbox.files().into_iter().filter(|name| !known(name)).collect()
}
