//! The command line: parses arguments into plain configurations, runs the command, and reports on standard error.

mod args;
mod exit;
mod interruption;
mod paths;
mod progress;
mod start;
mod summary;
mod terminal;
mod time;
mod trace;

pub use exit::Exit;

use std::ffi::{OsStr, OsString};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use clap::{CommandFactory, Parser};

use crate::commands;
use crate::output::{Output, OutputError, write_stdout, write_terminal};
use crate::report::numbers::{group_digits, pluralize, pluralize_as};
use args::{Cli, Command};
use progress::ProgressReporter;
use terminal::{say, say_lines};

/// Parses the arguments, runs the command, and reports what went wrong. Returns the exit status of the process.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output. An error repeats the arguments, which may hold escape sequences.
            if error.use_stderr() {
                say(&error.render().to_string());
                return Exit::Usage;
            }
            let _ = error.print();
            return Exit::Complete;
        }
    };
    terminal::use_colours(cli.color);
    interruption::handle();
    let Some(command) = cli.command else { return print(&start::screen(terminal::layout())) };
    trace::start(command.verbosity_level());
    // Readers and writers catch their own panics. All other panics end here.
    catch_unwind(AssertUnwindSafe(|| dispatch(command))).unwrap_or_else(|_| {
        say("krbtriage: the program failed, which is a bug; report it with the command and the inputs");
        Exit::NoReport
    })
}

fn dispatch(command: Command) -> Exit {
    match command {
        Command::Here(args) => here(*args),
        Command::Triage(args) => triage(*args),
        Command::Inventory(args) => inventory(args),
        Command::Audit(args) => audit(args),
        Command::Probe(args) => probe(args),
        Command::Explain(args) => explain(args),
        Command::Extract(args) => extract(args),
        Command::Man => manual(),
        Command::Completions(args) => completions(args.shell),
        Command::CollectScript(args) => collect_script(args),
    }
}

fn here(args: args::Here) -> Exit {
    let terminal = args.options.terminal;
    match args.into_config() {
        Ok(config) => run_triage(&config, terminal),
        Err(error) => fail(&error, error.is_wrong_use()),
    }
}

fn triage(args: args::Triage) -> Exit {
    let terminal = args.options.terminal;
    match args.into_config() {
        Ok(config) => run_triage(&config, terminal),
        Err(error) => fail(&error, true),
    }
}

fn run_triage(config: &commands::triage::Config, terminal: args::TerminalOptions) -> Exit {
    let bar = ProgressReporter::new(terminal.has_progress());
    if config.outputs.has_binary_on_stdout() && terminal::is_terminal() {
        say("krbtriage: a workbook is binary. Write it to a file with -o report.xlsx, or pipe it.");
        return Exit::Usage;
    }
    let viewed = config.outputs.are_viewed();
    let result = commands::triage::run(config, &bar);
    bar.finish();
    match result {
        Ok(outcome) => {
            if terminal.verbosity.shows_summary() {
                say_lines(summary::summary(&outcome, terminal.verbosity.is_verbose(), viewed));
            } else if !terminal.verbosity.quiet {
                say_lines(summary::problems(&outcome));
            }
            for written in &outcome.written {
                report_second_name(Some(&written.requested), Some(&written.path));
            }
            let exit = if !outcome.alarms.is_empty() {
                Exit::Found
            } else if outcome.is_complete() {
                Exit::Complete
            } else {
                Exit::Partial
            };
            // The process ends here and returns all memory at once.
            std::mem::forget(outcome);
            exit
        }
        Err(error) => fail(&error, error.is_wrong_use()),
    }
}

fn inventory(args: args::Inventory) -> Exit {
    let verbosity = args.verbosity;
    let config = args.into_config();
    match commands::inventory::run(&config) {
        Ok(outcome) => {
            report_inventories(verbosity, &outcome.files);
            if !verbosity.quiet && outcome.files.iter().all(|file| file.kind.is_empty()) {
                say(
                    "No address was found: the inputs hold no address inventory. Pass ipconfig /all output, for example.",
                );
            } else if verbosity.shows_summary() {
                let names = match outcome.resolved_names {
                    0 => String::new(),
                    n => {
                        format!("; {} from DNS or DHCP left out: no adapter owns them", pluralize(n, "name"))
                    }
                };
                let addresses = pluralize_as(outcome.addresses, "address", "addresses");
                say(&format!("{addresses} written{names}"));
            }
            report_second_name(config.output.path(), outcome.written.as_deref());
            let complete = outcome.files.iter().all(|file| file.read_errors.is_empty());
            if complete { Exit::Complete } else { Exit::Partial }
        }
        Err(error) => fail(&error, error.is_wrong_use()),
    }
}

fn probe(args: args::Probe) -> Exit {
    let terminal = args.terminal;
    let bar = ProgressReporter::new(terminal.has_progress());
    let config = match args.into_config() {
        Ok(config) => config,
        Err(error) => return fail(&error, true),
    };
    let result = commands::probe::run(&config, &bar);
    bar.finish();
    match result {
        Ok(outcome) => {
            if !terminal.verbosity.quiet {
                say_lines(&outcome.notes);
            }
            // The view begins with the same count.
            if terminal.verbosity.shows_summary() && !config.is_viewed() {
                let answered = outcome.probes.iter().filter(|probe| probe.answer.is_some()).count();
                let hosts = pluralize(outcome.probes.len() as u64, "host");
                let lists_all = terminal.verbosity.is_verbose() || answered == outcome.probes.len();
                let more = if lists_all { "" } else { " -v lists each host that did not." };
                say(&format!("{} of {hosts} answered.{more}", group_digits(answered as u64)));
            }
            report_second_name(config.output.path(), outcome.written.as_deref());
            let complete = outcome.probes.iter().all(|probe| probe.answer.is_some());
            if complete { Exit::Complete } else { Exit::Partial }
        }
        Err(error) => fail(&error, error.is_wrong_use()),
    }
}

fn audit(args: args::Audit) -> Exit {
    let verbosity = args.verbosity;
    let config = args.into_config();
    match commands::audit::run(&config) {
        Ok(outcome) => {
            report_inventories(verbosity, &outcome.inventories);
            // The view begins with the same count.
            if verbosity.shows_summary() && !config.is_viewed() {
                say(&summary::audit_counts(&outcome));
            }
            if !verbosity.quiet {
                say_lines(summary::alarms(&outcome.alarms));
            }
            report_second_name(config.output.path(), outcome.written.as_deref());
            match (!outcome.alarms.is_empty(), outcome.is_complete()) {
                (true, _) => Exit::Found,
                (false, true) => Exit::Complete,
                (false, false) => Exit::Partial,
            }
        }
        Err(error) => fail(&error, error.is_wrong_use()),
    }
}

/// Prints the problems of inventories, and for a person how each one was recognised.
fn report_inventories(verbosity: args::Verbosity, inventories: &[crate::inventory::InventoryFile]) {
    if verbosity.shows_summary() {
        say_lines(summary::recognised_inventories(inventories, verbosity.is_verbose()));
    }
    if !verbosity.quiet {
        say_lines(summary::input_problems(&[], &[], inventories, verbosity.is_verbose()));
    }
}

fn extract(args: args::Extract) -> Exit {
    let terminal = args.terminal;
    let bar = ProgressReporter::new(terminal.has_progress());
    let config = args.into_config();
    if config.compress && config.output == Output::Stdout && terminal::is_terminal() {
        say("krbtriage: compressed output is binary. Write it to a file with -o, or pipe it.");
        return Exit::Usage;
    }
    let result = commands::extract::run(&config, &bar);
    bar.finish();
    match result {
        Ok(outcome) => {
            report_second_name(config.output.path(), outcome.written.as_deref());
            if !terminal.verbosity.quiet {
                say_lines(summary::input_problems(&outcome.unfound, &outcome.logs, &[], false));
            }
            if terminal.verbosity.shows_summary() {
                say(&format!("{} events written", outcome.rows));
            }
            if outcome.is_complete() { Exit::Complete } else { Exit::Partial }
        }
        Err(error) => fail(&error, error.is_wrong_use()),
    }
}

/// Prints the manual page of the program, then one for each command.
fn manual() -> Exit {
    let mut all = Cli::command();
    all.build();
    let commands = all.get_subcommands().filter(|command| command.get_name() != "help");
    let mut page = Vec::new();
    for command in std::iter::once(&all).chain(commands) {
        if let Err(error) = clap_mangen::Man::new(command.clone()).render(&mut page) {
            return fail(&error, false);
        }
    }
    print_bytes(&page)
}

fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "krbtriage", &mut script);
    print_bytes(&script)
}

/// Writes bytes to standard output unchanged.
fn print_bytes(bytes: &[u8]) -> Exit {
    exit_after(write_stdout(|out| out.write_all(bytes)))
}

fn explain(args: args::Explain) -> Exit {
    use commands::explain;
    let (layout, zone) = (terminal::layout(), args.zone.zone());
    let words = || args.words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    if let Some(inputs) = args.why {
        let id = args.incident.as_deref().map(OsStr::new);
        let mut words = id.into_iter().chain(args.words.iter().map(OsString::as_os_str));
        let id = words.next().unwrap_or_default().to_string_lossy();
        let inputs = paths::expand_wildcards(inputs);
        let report = words.next().map(Path::new);
        return match explain::with_decision(&id, report, &inputs, &zone, layout) {
            Ok(text) => print(&text),
            Err(error) => fail(&error, error.is_wrong_use()),
        };
    }
    let text = match (&args.incident, args.words.as_slice()) {
        (Some(id), [report]) => explain::of_report(id, report.as_ref(), &zone, layout),
        // The words are a path with blanks that was not quoted.
        (Some(id), _) => explain::of_report(id, words().as_ref(), &zone, layout),
        (None, [id, report]) if explain::is_id(&id.to_string_lossy()) => {
            explain::of_report(&id.to_string_lossy(), report.as_ref(), &zone, layout)
        }
        (None, []) => Ok(explain::list(layout)),
        (None, _) => explain::topic(&words(), layout),
    };
    match text {
        Ok(text) => print(&text),
        Err(error) => fail(&error, error.is_wrong_use()),
    }
}

fn collect_script(args: args::CollectScript) -> Exit {
    use commands::collect_script::Outcome;
    let config = args.into_config();
    let result = commands::collect_script::run(&config);
    if let Ok(outcome) = &result {
        report_second_name(config.output.path(), outcome.written.as_deref());
    }
    match result {
        Ok(Outcome { refused, unlisted, inventories, .. }) => {
            let is_complete =
                refused == 0 && unlisted == 0 && inventories.iter().all(|file| file.read_errors.is_empty());
            say_lines(summary::input_problems(&[], &[], &inventories, false));
            if refused > 0 {
                say(&format!(
                    "Left out: {}. Comments in the script show them.",
                    pluralize_as(
                        refused as u64,
                        "name that is not a host name",
                        "names that are not host names"
                    )
                ));
            }
            if unlisted > 0 {
                say(&format!(
                    "Left out: {} that no list has. Comments in the script show them. Name those that you trust, or \
                     pass inventories with -i and -s.",
                    pluralize(unlisted as u64, "host")
                ));
            }
            if is_complete { Exit::Complete } else { Exit::Partial }
        }
        Err(error) => fail(&error, error.is_wrong_use()),
    }
}

/// Writes text with colours to standard output.
fn print(text: &str) -> Exit {
    exit_after(write_terminal(text))
}

/// Returns the exit status after writing to standard output. A reader that closes the pipe early has read enough.
fn exit_after(written: Result<bool, OutputError>) -> Exit {
    match written {
        Ok(_) => Exit::Complete,
        Err(error) => fail(&error, false),
    }
}

/// Prints an error, and returns the exit status of a command line that is wrong or of a run without a report.
fn fail(error: &dyn std::error::Error, is_wrong_use: bool) -> Exit {
    say(&format!("krbtriage: {error}"));
    if is_wrong_use { Exit::Usage } else { Exit::NoReport }
}

/// Reports an output that was written to a second name, because another program holds the requested file open.
fn report_second_name(requested: Option<&Path>, written: Option<&Path>) {
    if let (Some(requested), Some(written)) = (requested, written)
        && requested != written
    {
        say(&format!(
            "{} is open in another program or read-only. The output was written to {}",
            requested.display(),
            written.display()
        ));
    }
}
