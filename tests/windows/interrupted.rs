use std::os::windows::io::{FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use windows_sys::Win32::Storage::FileSystem::PIPE_ACCESS_INBOUND;
use windows_sys::Win32::System::Console::{AllocConsole, CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::Pipes::{CreateNamedPipeW, PIPE_TYPE_BYTE, PIPE_WAIT};

use crate::support::*;

/// Ctrl-C is off in a group of its own; Ctrl-Break is not, and means the same.
const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
const INTERRUPTED: i32 = 0xC000_013A_u32 as i32;

/// A pipe that takes a few bytes and is read by nobody.
fn pipe(name: &str) -> OwnedHandle {
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: the name ends with 0, and no security attributes is a choice.
    let handle = unsafe {
        CreateNamedPipeW(
            name.as_ptr(),
            PIPE_ACCESS_INBOUND,
            PIPE_TYPE_BYTE | PIPE_WAIT,
            1,
            16,
            16,
            0,
            std::ptr::null(),
        )
    };
    assert!(!handle.is_null() && handle as isize != -1, "{}", std::io::Error::last_os_error());
    // SAFETY: it was just made, and nobody else has it.
    unsafe { OwnedHandle::from_raw_handle(handle) }
}

#[test]
fn an_interrupted_run_leaves_the_old_report_and_nothing_else() {
    let place = Place::new();
    let temporary = place.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    std::fs::write(place.path("report.csv"), "old").unwrap();
    let name = format!(r"\\.\pipe\krbtriage-test-{}", std::process::id());
    let _pipe = pipe(&name);
    // SAFETY: takes nothing; it fails where there is a console already.
    unsafe { AllocConsole() };

    let mut child = place
        .command()
        .args(all(&["logs", "-q", "-o", "report.csv", "--summary", &name]))
        .env("TMP", &temporary)
        .env("TEMP", &temporary)
        .stdout(Stdio::null())
        .creation_flags(CREATE_NEW_PROCESS_GROUP)
        .spawn()
        .unwrap();
    let staged = |folder| Place::names(folder).iter().any(|name| name.starts_with(".krbtriage-"));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !(staged(place.folder()) && staged(&temporary)) {
        assert!(Instant::now() < deadline, "both outputs are staged");
        std::thread::sleep(Duration::from_millis(20));
    }
    // SAFETY: takes numbers only.
    let sent = unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child.id()) };
    assert_ne!(sent, 0, "{}", std::io::Error::last_os_error());
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "it ends");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(INTERRUPTED));
    assert_eq!(Place::names(&temporary), [""; 0]);
    assert_eq!(place.text("report.csv"), "old");
    let names = Place::names(place.folder());
    assert_eq!(names, ["interfaces.csv", "logs", "report.csv", "spns.csv", "temporary"]);
}
