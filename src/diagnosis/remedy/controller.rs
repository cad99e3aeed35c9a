//! The machine password of a domain controller. What is right on a member breaks a domain controller.

use super::Step;
use super::view::View;
use crate::diagnosis::command::{Command, Name, Role};

/// A domain controller whose password is out of step.
pub(super) fn steps(view: &View<'_>) -> Vec<Step> {
    let host = view.server().shown();
    vec![
        Step::note(format!(
            "Not safe in production hours: {host} is a domain controller, and it restarts. Another working \
             domain controller of its domain must exist. Never run Test-ComputerSecureChannel -Repair or \
             Reset-ComputerMachinePassword on a domain controller."
        )),
        rollback(view),
        replication(view),
        reset(view, "no event 2095 or 2103 exists, and another domain controller of the domain works"),
        view.purge(),
    ]
}

/// USN rollback, before anything is reset (KB875495).
pub(super) fn rollback(view: &View<'_>) -> Step {
    let host = view.server();
    Step::read(format!(
        "Look for USN rollback on {}: a snapshot or image of a domain controller that was put back. Event \
         2095 or 2103, or the value Dsa Not Writable 4, means stop: a password reset is no cure. Take it \
         off the network, demote it by force, clean up its metadata, and promote it again (KB875495).",
        host.reported()
    ))
    .run(Command::on(host, "Get-WinEvent -FilterHashtable @{LogName='Directory Service';Id=2095, 2103}"))
    .run(Command::on(
        host,
        "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\NTDS\\Parameters /v 'Dsa Not Writable'",
    ))
}

/// Whether time and replication alone solve it.
fn replication(view: &View<'_>) -> Step {
    let host = view.server();
    Step::read(format!(
        "See whether replication from and to {} works, and whether all domain controllers have the same \
         password of it.",
        host.reported()
    ))
    .run(Command::on(host, "repadmin /showrepl"))
    .run(Command::new(crate::diagnosis::request::on_every_controller(&view.account, "pwdLastSet")))
    .run(Command::new(format!("nltest /dclist:{}", view.domain())))
}

/// KB325850 in full, as one step: its commands belong together.
pub(super) fn reset(view: &View<'_>, condition: &str) -> Step {
    let host = view.server();
    let other = Name::absent(Role::Controller);
    let on = |line: String| Command::on(host, line);
    Step::directory(format!(
        "Reset the password of {} against another domain controller, in this order (KB325850): stop its \
         KDC and keep it from starting, so that it gets tickets from the other one, purge its tickets, \
         reset the password, restart the server, and start the KDC again.",
        host.reported()
    ))
    .only_if(condition)
    .risk("clients of this domain controller use another one meanwhile. The old password is lost: there is no way back to it.")
    .needs("a local, elevated session on the domain controller, and an account that may reset its password.")
    .run(on("Stop-Service kdc".into()))
    .run(on("Set-Service kdc -StartupType Manual".into()))
    .run(on("klist -li 0x3e7 purge".into()))
    .run(on(format!(
        "netdom resetpwd /server:{} /userd:<DOMAIN\\administrator> /passwordd:*",
        other.destination()
    )))
    .run(on("Restart-Computer".into()))
    .run(on("Set-Service kdc -StartupType Automatic".into()))
    .run(on("Start-Service kdc".into()))
    .undo(
        "The password cannot be restored. If the reset fails, start the KDC again and repeat it against \
         another domain controller.",
        [on("Set-Service kdc -StartupType Automatic".into()), on("Start-Service kdc".into())],
    )
    .verify(
        "Replication works in both directions and the KDC runs.",
        [on("repadmin /showrepl".into()), on("Get-Service kdc".into()), on("dcdiag /test:MachineAccount".into())],
    )
}
