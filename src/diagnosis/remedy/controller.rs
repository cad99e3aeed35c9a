//! Fix for the machine password of a domain controller. The fix for a member would break a domain controller.

use super::Step;
use super::view::View;
use crate::diagnosis::command::{Command, Name, NameRole};
use crate::diagnosis::request::{find_rollback, on_every_controller};

/// Steps for a domain controller whose machine password is out of sync.
pub(super) fn domain_controller(view: &View<'_>) -> Vec<Step> {
    let host = view.server().in_sentence();
    let mut steps = vec![
        Step::note(format!(
            "Not safe in production hours: {host} is a domain controller, and it restarts. Another working \
             domain controller of its domain must exist. Never run Test-ComputerSecureChannel -Repair or \
             Reset-ComputerMachinePassword on a domain controller."
        )),
        check_rollback(view),
        check_replication(view),
    ];
    steps.extend(reset_password(
        view,
        "no event 2095 or 2103 exists, and another domain controller of the domain works",
    ));
    steps.push(view.purge_tickets());
    steps
}

/// The check for USN rollback, which comes before a reset (KB875495).
pub(super) fn check_rollback(view: &View<'_>) -> Step {
    let host = view.server();
    Step::read(format!(
        "Look for USN rollback on {}: a snapshot or image of a domain controller that was put back. Event \
         2095 or 2103, or the value Dsa Not Writable 4, means stop: a password reset is no cure. Take it \
         off the network, demote it by force, clean up its metadata, and promote it again (KB875495).",
        host.with_origin()
    ))
    .run_all(find_rollback(host))
}

/// The check whether replication will end the problem by itself.
fn check_replication(view: &View<'_>) -> Step {
    let host = view.server();
    Step::read(format!(
        "See whether replication from and to {} works, and whether all domain controllers have the same \
         password of it.",
        host.with_origin()
    ))
    .run(Command::on(host, "repadmin /showrepl"))
    .run(Command::new(on_every_controller(&view.account, "pwdLastSet")))
    .run(Command::new(format!("nltest /dclist:{}", view.domain())))
}

/// The reset of the machine password by KB325850, in four steps.
///
/// netdom asks for a password, and the restart ends the session. If all commands were pasted as one block, the line after netdom
/// would become the password.
pub(super) fn reset_password(view: &View<'_>, condition: &str) -> [Step; 4] {
    let host = view.server();
    let name = host.with_origin();
    let other = Name::absent(NameRole::Controller);
    let on = |line: &'static str| Command::on(host, line);
    [
        Step::host(format!(
            "First of four steps (KB325850): stop the KDC of {name} and keep it from starting, so that it \
             gets tickets from another domain controller, and purge its tickets."
        ))
        .only_if(condition)
        .risk("clients of this domain controller use another one meanwhile.")
        .needs("a local, elevated session on the domain controller, in a maintenance window.")
        .run(on("Stop-Service kdc"))
        .run(on("Set-Service kdc -StartupType Manual"))
        .run(on("klist -li 0x3e7 purge"))
        .undo(
            "Start the KDC again.",
            [on("Set-Service kdc -StartupType Automatic"), on("Start-Service kdc")],
        )
        .verify("The KDC is stopped, and another domain controller answers.", [
            on("Get-Service kdc"),
            Command::on(host, format!("nltest /dsgetdc:{} /force", view.domain())),
        ]),
        Step::directory(format!(
            "Second: reset the password of {name} against the other domain controller. Run this command \
             alone, because it asks for a password. Go on only if it reports success."
        ))
        .only_if(condition)
        .risk("the old password is lost: there is no way back to it.")
        .needs("an account that may reset the password of the domain controller.")
        .run(Command::on(
            host,
            format!(
                "netdom resetpwd /server:{} /userd:<DOMAIN\\administrator> /passwordd:*",
                other.in_command()
            ),
        ))
        .undo("The password cannot be restored. If the reset fails, repeat it against another domain controller.", [])
        .verify(
            "pwdLastSet is new on the other domain controller.",
            [Command::new(on_every_controller(&view.account, "pwdLastSet"))],
        ),
        Step::host(format!("Third: restart {name}."))
            .only_if("netdom reported success")
            .risk("the domain controller is away while it restarts.")
            .needs("a local, elevated session on the domain controller.")
            .run(on("Restart-Computer"))
            .undo("Nothing to undo.", []),
        Step::host(format!("Fourth, after the restart: set the KDC of {name} to start automatically, and start it."))
            .only_if("the KDC was stopped by the first of these steps")
            .risk("none.")
            .needs("a local, elevated session on the domain controller.")
            .run(on("Set-Service kdc -StartupType Automatic"))
            .run(on("Start-Service kdc"))
            .undo("Nothing to undo.", [])
            .verify(
                "Replication works in both directions, and the KDC runs.",
                [on("repadmin /showrepl"), on("Get-Service kdc"), on("dcdiag /test:MachineAccount")],
            ),
    ]
}
