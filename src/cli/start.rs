//! The screen shown when the program is run without arguments.

use crate::report::text_writer::{TextLayout, TextRole, TextWriter};

/// The usual first steps: when to use a command, and the command.
const STEPS: [(&str, &str); 3] = [
    (
        "On the Windows machine that made the failing connection, in an elevated prompt:",
        "krbtriage here --probe",
    ),
    ("On any machine, with exported logs, addresses and SPN lists in a folder:", "krbtriage triage FOLDER"),
    ("To look up an error code, a message or a cause:", "krbtriage explain 0x80070721"),
];

/// Makes the text of the start screen.
pub(super) fn screen(layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    writer.say("krbtriage finds out why Windows logs Kerberos event 4 (KRB_AP_ERR_MODIFIED).");
    for (when, command) in STEPS {
        writer.blank_line();
        writer.say(when);
        let command = writer.styled(TextRole::Command, command);
        writer.line("    ", &command);
    }
    writer.blank_line();
    let help = writer.styled(TextRole::Command, "krbtriage --help");
    writer.line("", &format!("All commands: {help}"));
    writer.into_text()
}
