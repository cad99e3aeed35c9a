//! A simulated forest: hosts, addresses, names, accounts with keys, SPNs, DNS. A client asks, something answers, the
//! ticket decrypts or not, and only then event 4 is written. What is wrong is known, so the judge can be judged.
//!
//! The numbers in `docs/accuracy.md` come from here:
//!
//! ```text
//! cargo test --release --test simulation -- --ignored --nocapture
//! ```

#[path = "../support/evtx/mod.rs"]
mod evtx_writer;

mod exchange;
mod faults;
mod logs;
mod measure;
mod rng;
mod scenario;
mod snapshots;
mod truth;
mod world;

use measure::{Given, Tally, When, verdicts_of};
use rayon::prelude::*;
use rng::Rng;
use scenario::Scenario;
use snapshots::Style;

/// Judges one forest with every kind of incomplete, old and contradictory inventories.
fn measure_forest(seed: u64) -> Tally {
    let scenario = Scenario::new(seed);
    let mut tally = Tally::default();
    let mut rng = Rng::new(seed ^ 0xACC0);
    let ldap = |when| vec![(when, Some(Style::Ldap))];
    let full = Given::full;
    let mut runs: Vec<(&'static str, Given)> = vec![
        ("full", full()),
        ("none", Given::none()),
        ("addresses", Given { addresses: vec![When::Now], ..Given::none() }),
        ("dns", Given { dns: vec![When::Now], ..Given::none() }),
        ("addresses and dns", Given { addresses: vec![When::Now], dns: vec![When::Now], ..Given::none() }),
        ("spns", Given { spns: ldap(When::Now), ..Given::none() }),
        ("spns of setspn", Given { spns: vec![(When::Now, Some(Style::Setspn))], ..Given::none() }),
        ("owners of the SPNs only", Given { spns: vec![(When::Now, Some(Style::Query))], ..Given::none() }),
        ("logs", Given { controllers: true, members: true, ..Given::none() }),
        ("old addresses", Given { addresses: vec![When::Past], ..full() }),
        ("old dns", Given { dns: vec![When::Past], ..full() }),
        ("old spns", Given { spns: ldap(When::Past), ..full() }),
        (
            "all old",
            Given { addresses: vec![When::Past], dns: vec![When::Past], spns: ldap(When::Past), ..full() },
        ),
        (
            "all old, copied since",
            Given {
                addresses: vec![When::Past],
                dns: vec![When::Past],
                spns: ldap(When::Past),
                dated: false,
                ..full()
            },
        ),
        ("old addresses alone", Given { addresses: vec![When::Past], ..Given::none() }),
        ("old spns alone", Given { spns: ldap(When::Past), ..Given::none() }),
        (
            "after the repair",
            Given { addresses: vec![When::Later], dns: vec![When::Later], spns: ldap(When::Later), ..full() },
        ),
        (
            "old and new",
            Given {
                addresses: vec![When::Now, When::Past],
                dns: vec![When::Past, When::Now],
                spns: [ldap(When::Past), ldap(When::Now)].concat(),
                ..full()
            },
        ),
    ];
    for _ in 0..4 {
        runs.push(("some", Given::random(&mut rng, &[When::Now])));
        runs.push(("some, old or new", Given::random(&mut rng, &[When::Now, When::Past, When::Later])));
    }
    for (name, given) in &runs {
        tally.add(name, &scenario, given, &verdicts_of(&scenario, given));
    }
    tally
}

fn measure(seeds: std::ops::Range<u64>) -> Tally {
    seeds.into_par_iter().map(measure_forest).reduce(Tally::default, |mut a, b| {
        a.merge(b);
        a
    })
}

fn print(tally: &Tally) {
    for (name, s) in &tally.scores {
        println!(
            "{name:26} {:7} cause {:7.3}% kind {:7.3}% open {} confirmed {:6} wrong {} kind {} undecidable {} speechless {}",
            s.incidents,
            s.cause as f64 * 100.0 / s.incidents as f64,
            s.kind as f64 * 100.0 / s.incidents as f64,
            s.open,
            s.confirmed,
            s.wrong,
            s.wrong_kind,
            s.undecidable,
            s.speechless
        );
    }
    for ((a, b), n) in &tally.confusion {
        println!("{a} -> {b}: {n}");
    }
    for ((a, b), n) in &tally.kinds {
        println!("    {a} -> {b}: {n}");
    }
}

#[test]
fn look() {
    let count = std::env::var("FORESTS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let shown = std::env::var("SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let tally = measure(0..count);
    print(&tally);
    for m in tally.mistakes.iter().take(shown) {
        println!("WRONG {}", m.text);
    }
    for m in tally.limits.iter().take(shown) {
        println!("LIMIT {}", m.text);
    }
    for m in tally.missed.iter().take(shown) {
        println!("MISSED {}", m.text);
    }
}
