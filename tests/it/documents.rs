//! What the documents show of the program: its output is what the program prints, and their links lead somewhere.
//!
//! A fence after `<!-- krbtriage ARGUMENTS -->` has the output of that command in `samples/quick-start`, as a terminal of 100
//! columns shows it. `| head -N` keeps its first N lines. `KRBTRIAGE_BLESS=1 cargo test --test it documents::` writes it anew.

use crate::support::program::krbtriage;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn markdown_files() -> Vec<PathBuf> {
    let below = walkdir::WalkDir::new(format!("{ROOT}/docs")).sort_by_file_name();
    let docs = below.into_iter().map(|entry| entry.unwrap().into_path());
    let all = docs.filter(|path| path.extension().is_some_and(|e| e == "md"));
    let top = ["README.md", "CHANGELOG.md", "samples/README.md"].map(|name| Path::new(ROOT).join(name));
    all.chain(top).collect()
}

/// What `command` (`krbtriage ARGUMENTS`, perhaps with `| head -N`) prints.
fn output_of(command: &str) -> String {
    let (command, lines) = match command.split_once(" | head -") {
        Some((command, lines)) => (command, lines.parse().unwrap()),
        None => (command, usize::MAX),
    };
    let arguments = command.strip_prefix("krbtriage ").unwrap().split(' ');
    let run = krbtriage()
        .args(arguments)
        .args(["--format", "text"])
        .current_dir(format!("{ROOT}/samples/quick-start"))
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    text.lines().take(lines).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_documents_show_what_the_program_prints() {
    let mut shown = 0;
    for path in markdown_files() {
        let before = fs::read_to_string(&path).unwrap();
        let mut after = String::new();
        let mut rest = before.as_str();
        while let Some((text, marked)) = rest.split_once("<!-- krbtriage ") {
            let (arguments, block) = marked.split_once(" -->\n```text\n").unwrap();
            let (_, end) = block.split_once("```\n").unwrap();
            let output = output_of(&format!("krbtriage {arguments}"));
            after += &format!("{text}<!-- krbtriage {arguments} -->\n```text\n{output}```\n");
            rest = end;
            shown += 1;
        }
        after += rest;
        if std::env::var_os("KRBTRIAGE_BLESS").is_some() && after != before {
            fs::write(&path, &after).unwrap();
        } else {
            assert_eq!(
                before,
                after,
                "{}: KRBTRIAGE_BLESS=1 cargo test --test it documents:: renews it",
                path.display()
            );
        }
    }
    assert!(shown >= 2, "the README and the tutorial show output");
}

#[test]
fn links_between_documents_lead_to_a_file_and_a_heading() {
    let mut followed = 0;
    for path in markdown_files() {
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link} does not exist", path.display());
            if !anchor.is_empty() {
                let headings = fs::read_to_string(&target).unwrap();
                let mut anchors = headings.lines().filter(|line| line.starts_with('#')).map(anchor_of);
                assert!(anchors.any(|a| a == anchor), "{}: {link} has no heading", path.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 20, "{followed}");
}

/// The anchor that GitHub gives a heading.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
