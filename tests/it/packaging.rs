//! Promises of Cargo.toml and the documents to people who build and change the program.

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap()).chain([0, 0]).take(3).collect()
}

/// Clippy checks our own code (`incompatible_msrv`).
#[test]
fn no_dependency_needs_a_later_rust_than_ours() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    let ours = numbers(RUST_VERSION);
    let later: Vec<_> = packages
        .iter()
        .filter_map(|p| Some((p["rust_version"].as_str()?, &p["name"], &p["version"])))
        .filter(|(rust, ..)| numbers(rust) > ours)
        .collect();
    assert!(later.is_empty(), "rust-version is {RUST_VERSION}, but these need more: {later:?}");
}

#[test]
fn the_readme_has_the_rust_version_of_cargo_toml() {
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    assert!(readme.contains(&format!("Rust {RUST_VERSION} or later")));
}

const DEVELOPERS_TEXTS: [&str; 11] = [
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/dev/README.md",
    "docs/dev/architecture.md",
    "docs/dev/decisions.md",
    "docs/dev/fuzzing.md",
    "docs/dev/glossary.md",
    "docs/dev/releases.md",
    "docs/dev/windows.md",
    "tests/README.md",
    "tests/data/README.md",
];

#[test]
fn developers_texts_name_paths_that_exist() {
    for name in DEVELOPERS_TEXTS {
        let text = std::fs::read_to_string(format!("{ROOT}/{name}")).unwrap();
        let is_path = |text: &&str| {
            text.contains('/')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
                && !text.starts_with("target/")
                && !text.starts_with('/')
                && !text.contains("NAME")
        };
        for path in text.split('`').skip(1).step_by(2).filter(is_path) {
            let below = Path::new(name).parent().unwrap().join(path);
            let found = [Path::new(path), &below].iter().any(|p| Path::new(ROOT).join(p).exists());
            assert!(found, "{name}: `{path}` does not exist");
        }
    }
}

/// `cargo test` passes with a filter that matches no test.
#[test]
fn developers_texts_name_test_modules_that_exist() {
    let mut found = 0;
    for name in DEVELOPERS_TEXTS {
        let text = std::fs::read_to_string(format!("{ROOT}/{name}")).unwrap();
        let commands =
            text.split("--test it ").skip(1).filter_map(|rest| rest.split(['`', '\n', '#']).next());
        for word in commands.flat_map(str::split_whitespace) {
            let Some((module, _)) = word.split_once("::") else { continue };
            let file = format!("{ROOT}/tests/it/{module}");
            assert!(Path::new(&file).is_dir() || Path::new(&format!("{file}.rs")).exists(), "{name}: {word}");
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn the_test_map_names_every_module() {
    let main = std::fs::read_to_string(format!("{ROOT}/tests/it/main.rs")).unwrap();
    let map = std::fs::read_to_string(format!("{ROOT}/tests/README.md")).unwrap();
    for module in main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')) {
        assert!(map.contains(&format!("`{module}`")), "tests/README.md does not name {module}");
    }
}

#[test]
fn version_shows_the_licence() {
    let output = Command::new(env!("CARGO_BIN_EXE_krbtriage")).arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(concat!("krbtriage ", env!("CARGO_PKG_VERSION"), "\n")), "{text}");
    assert!(text.contains(env!("CARGO_PKG_LICENSE")), "{text}");
    let short = Command::new(env!("CARGO_BIN_EXE_krbtriage")).arg("-V").output().unwrap();
    assert_eq!(
        String::from_utf8(short.stdout).unwrap(),
        concat!("krbtriage ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn the_manual_has_a_page_with_the_options_of_every_command() {
    let output = Command::new(env!("CARGO_BIN_EXE_krbtriage")).arg("man").output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    for title in ["krbtriage 1", "krbtriage-triage 1", "krbtriage-audit 1", "krbtriage-extract 1"] {
        assert!(page.contains(&format!(".TH {title}")), "{title}");
    }
    assert!(page.contains(r"\-\-resolved\-after") && page.contains(r"\-\-for\-triage"));
}

#[test]
fn help_says_what_a_command_does_before_its_examples() {
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_krbtriage")).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let all = help(&["-h"]);
    assert!(all.starts_with("Find out why"), "{all}");
    let (_, commands) = all.split_once("Commands:\n").unwrap();
    let commands: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        let (short, long) = (help(&[command, "-h"]), help(&[command, "--help"]));
        let usage = long.find("Usage:").unwrap();
        let examples = long.find("Examples:").unwrap_or_else(|| panic!("{command}: {long}"));
        assert!(0 < usage && usage < examples, "{command}: {long}");
        assert!(!short.contains("Examples:"), "{command}: {short}");
        assert!(short.lines().count() < long.lines().count(), "{command}: {short}");
    }
}
