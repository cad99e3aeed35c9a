//! The command line: flags in, plain configurations out. Nothing behind it knows how it is written.

mod args;
mod exit;
mod progress;
mod time;

pub use exit::Exit;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use clap::{CommandFactory, Parser};

use crate::commands;
use crate::report::OutputError;
use crate::report::guard::visible;
use args::{Cli, Command};
use progress::Bar;

/// Parses the arguments, runs the command, says what went wrong; the result is the process's exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors. An error shows what was typed, or what `*` stood for.
            if error.use_stderr() {
                say(&error.render().to_string());
                return Exit::Usage;
            }
            let _ = error.print();
            return Exit::Complete;
        }
    };
    match cli.command {
        Command::Triage(args) => triage(*args),
        Command::Inventory(args) => inventory(args),
        Command::Audit(args) => audit(args),
        Command::Explain(args) => explain(&args),
        Command::Extract(args) => extract(args),
        Command::Man => manual(),
        Command::Completions(args) => completions(args.shell),
        Command::CollectScript(args) => collect_script(args),
    }
}

fn triage(args: args::Triage) -> Exit {
    let terminal = args.terminal;
    let bar = Bar::new(!terminal.no_progress && !terminal.quiet);
    let config = match args.into_config() {
        Ok(config) => config,
        Err(error) => return wrong_use(&error),
    };
    let result = commands::triage::run(&config, &bar);
    bar.finish();
    match result {
        Ok(outcome) => {
            if terminal.verbose || (!terminal.quiet && std::io::stderr().is_terminal()) {
                say(&commands::summary::text(&outcome, terminal.verbose));
            } else if !terminal.quiet {
                say(&commands::summary::problems(&outcome));
            }
            for written in outcome.written.iter().filter(|w| w.path != w.asked) {
                say(&format!(
                    "{} is open in another program; what it should hold was written to {}\n",
                    written.asked.display(),
                    written.path.display()
                ));
            }
            if outcome.found {
                Exit::Found
            } else if outcome.is_complete() {
                Exit::Complete
            } else {
                Exit::Partial
            }
        }
        Err(error) if error.is_wrong_use() => wrong_use(&error),
        Err(error) => fail(&error),
    }
}

fn inventory(args: args::Inventory) -> Exit {
    let config = args.into_config();
    let mut out = std::io::stdout().lock();
    match commands::inventory::run(&config, &mut out) {
        Ok(outcome) => {
            let mut problems = false;
            for file in &outcome.files {
                for problem in &file.problems {
                    problems = true;
                    say(&format!("{}: {problem}\n", file.path));
                }
            }
            if problems { Exit::Partial } else { Exit::Complete }
        }
        Err(commands::inventory::Error::Stdout(e)) if e.kind() == std::io::ErrorKind::BrokenPipe => {
            Exit::Complete
        }
        Err(error @ commands::inventory::Error::IsInput(_)) => wrong_use(&error),
        Err(error) => fail(&error),
    }
}

fn audit(args: args::Audit) -> Exit {
    match commands::audit::run(&args.into_config()) {
        Ok(outcome) => {
            say(&commands::summary::inventory_problems(&outcome.inventories));
            if std::io::stderr().is_terminal() {
                say(&format!(
                    "{} findings, {} shared addresses allowed\n",
                    outcome.risks.len(),
                    outcome.allowed
                ));
            }
            match (outcome.found, outcome.is_complete()) {
                (true, _) => Exit::Found,
                (false, true) => Exit::Complete,
                (false, false) => Exit::Partial,
            }
        }
        Err(error @ commands::audit::Error::Output(OutputError::IsInput { .. })) => wrong_use(&error),
        Err(error) => fail(&error),
    }
}

fn extract(args: args::Extract) -> Exit {
    let terminal = args.terminal;
    let bar = Bar::new(!terminal.no_progress && !terminal.quiet);
    let result = commands::extract::run(&args.into_config(), &bar);
    bar.finish();
    match result {
        Ok(outcome) => {
            if !terminal.quiet {
                say(&commands::summary::log_problems(&outcome.unfound, &outcome.logs));
            }
            if terminal.verbose || (!terminal.quiet && std::io::stderr().is_terminal()) {
                say(&format!("{} events written\n", outcome.rows));
            }
            if outcome.is_complete() { Exit::Complete } else { Exit::Partial }
        }
        Err(error @ commands::extract::Error::Output(OutputError::IsInput { .. })) => wrong_use(&error),
        Err(error) => fail(&error),
    }
}

fn manual() -> Exit {
    let mut page = Vec::new();
    match clap_mangen::Man::new(Cli::command()).render(&mut page) {
        Ok(()) => bytes(&page),
        Err(error) => fail(&error),
    }
}

fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "krbtriage", &mut script);
    bytes(&script)
}

fn bytes(out: &[u8]) -> Exit {
    match std::io::stdout().lock().write_all(out) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => fail(&error),
        _ => Exit::Complete,
    }
}

fn explain(args: &args::Explain) -> Exit {
    use commands::explain;
    let text = match (&args.incident, &args.topic) {
        (Some(id), Some(report)) => explain::incident(id, report),
        (None, Some(topic)) => explain::topic(&topic.to_string_lossy()),
        _ => Ok(explain::list()),
    };
    match text {
        Ok(text) => print(&text),
        Err(error @ explain::Error::Unknown { .. }) => wrong_use(&error),
        Err(error) => fail(&error),
    }
}

fn collect_script(args: args::CollectScript) -> Exit {
    match commands::collect_script::run(&args.into_config()) {
        Ok(0) => Exit::Complete,
        Ok(left_out) => {
            say(&format!(
                "left out, as they are no host names: {left_out}; comments in the script show them\n"
            ));
            Exit::Partial
        }
        Err(error @ commands::collect_script::Error::NoHosts) => wrong_use(&error),
        Err(error) => fail(&error),
    }
}

/// Writes an answer to standard output. A closed pipe is no error.
fn print(text: &str) -> Exit {
    let mut out = std::io::stdout().lock();
    for line in text.lines() {
        if let Err(error) = writeln!(out, "{}", visible(line)) {
            return match error.kind() {
                std::io::ErrorKind::BrokenPipe => Exit::Complete,
                _ => fail(&error),
            };
        }
    }
    Exit::Complete
}

fn wrong_use(error: &dyn std::error::Error) -> Exit {
    fail(error);
    Exit::Usage
}

fn fail(error: &dyn std::error::Error) -> Exit {
    say(&format!("krbtriage: {error}\n"));
    Exit::NoReport
}

/// Writes to standard error; names in it may be hostile. That it cannot be written changes nothing.
fn say(text: &str) {
    let mut err = std::io::stderr().lock();
    for line in text.lines() {
        let _ = writeln!(err, "{}", visible(line));
    }
}
