//! The command line: flags in, plain configurations out. Nothing behind it knows how it is written.

mod args;
mod exit;
mod progress;
mod time;

pub use exit::Exit;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use clap::Parser;

use crate::commands;
use crate::report::guard::visible;
use args::{Cli, Command};
use progress::Bar;

/// Parses the arguments, runs the command, says what went wrong; the result is the process's exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; clap knows which stream each belongs to.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Complete };
        }
    };
    match cli.command {
        Command::Triage(args) => triage(args),
        Command::Inventory(args) => inventory(args),
    }
}

fn triage(args: args::Triage) -> Exit {
    let terminal = args.terminal;
    let bar = Bar::new(!terminal.no_progress && !terminal.quiet);
    let config = args.into_config();
    let result = commands::triage::run(&config, &bar);
    bar.finish();
    match result {
        Ok(outcome) => {
            if terminal.verbose || (!terminal.quiet && std::io::stderr().is_terminal()) {
                say(&commands::summary::text(&outcome, terminal.verbose));
            } else if !terminal.quiet {
                say(&commands::summary::problems(&outcome));
            }
            if let (Some(path), crate::report::Output::File(asked)) = (&outcome.written, &config.output)
                && path != asked
            {
                say(&format!(
                    "{} is open in another program; the report was written to {}\n",
                    asked.display(),
                    path.display()
                ));
            }
            if outcome.is_complete() { Exit::Complete } else { Exit::Partial }
        }
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
        Err(error) => fail(&error),
    }
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
