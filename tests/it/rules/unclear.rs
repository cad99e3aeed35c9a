//! A name is missing or names no host.

use super::situation::*;
use super::{decides, misses, tests};
use krbtriage::findings::Shape;

const SHAPE: Shape = Shape::Unclear;

pub const ROWS: &[&str] = tests![
    the_target_is_a_domain_controllers_guid_and_another_machine_than_the_client_answered,
    anything_else
];

#[test]
fn the_target_is_a_domain_controllers_guid_and_another_machine_than_the_client_answered() {
    let target =
        "E3514235-4B06-11D1-AB04-00C04FC2DCD2/6c5f8e4a-1b2c-4d3e-8f90-123456789abc/alpha.example.com";
    let answered = |by| Situation::asked(DC1, target, by, [ALPHA, ALPHA]).diagnose();
    decides!(answered("dc2$"), PasswordMismatch, MachineAccount, Possible)
        .proved_by("is the GUID of a domain controller's directory service")
        .lacks("Resolve-DnsName 6c5f8e4a-1b2c-4d3e-8f90-123456789abc._msdcs.alpha.example.com");
    misses!(answered("dc1$"), Undetermined, NotEnoughData, Possible);
}

#[test]
fn anything_else() {
    let asked = |target, by| Situation::asked(SRV1, target, by, [ALPHA, ALPHA]).diagnose();
    decides!(asked("", "srv5$"), Undetermined, NotEnoughData, Possible)
        .proved_by("the event names no target")
        .lacks("klist on SRV1.alpha.example.com");
    decides!(asked("cifs/srv5.alpha.example.com", ""), Undetermined, NotEnoughData, Possible)
        .proved_by("the event does not say who answered")
        .lacks("klist");
    decides!(asked("cifs/192.0.2.5", "srv5$"), Undetermined, NotEnoughData, Possible)
        .lacks("which host owns 192.0.2.5");
    decides!(asked("-", "-"), Undetermined, NotEnoughData, Possible);
    misses!(asked("cifs/srv5.alpha.example.com", "srv5$"), PasswordMismatch, MachineAccount, Possible);
}
