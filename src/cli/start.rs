//! What the program says when it is run alone.

use crate::report::paper::{Ink, Page, Paper};

/// The three things to begin with, and their commands.
const STEPS: [(&str, &str); 3] = [
    (
        "On the Windows machine that made the failing connection, in an elevated prompt:",
        "krbtriage here --probe",
    ),
    ("On any machine, with exported logs, addresses and SPN lists in a folder:", "krbtriage triage FOLDER"),
    ("To look up an error code, a message or a cause:", "krbtriage explain 0x80070721"),
];

/// The screen for somebody who typed only the program's name.
pub(super) fn screen(paper: Paper) -> String {
    let mut page = Page::new(paper);
    page.say("krbtriage finds out why Windows logs Kerberos event 4 (KRB_AP_ERR_MODIFIED).");
    for (when, command) in STEPS {
        page.blank();
        page.say(when);
        let command = page.ink(Ink::Command, command);
        page.line("    ", &command);
    }
    page.blank();
    let help = page.ink(Ink::Command, "krbtriage --help");
    page.line("", &format!("All commands: {help}"));
    page.into_text()
}
