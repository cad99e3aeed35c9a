use std::os::windows::io::{FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use windows_sys::Win32::Storage::FileSystem::PIPE_ACCESS_INBOUND;
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, GenerateConsoleCtrlEvent, SetConsoleCtrlHandler,
};
use windows_sys::Win32::System::Pipes::{CreateNamedPipeW, PIPE_TYPE_BYTE, PIPE_WAIT};

use super::support::*;

/// A process in a new group ignores Ctrl-C, but not Ctrl-Break.
const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
const CREATE_NO_WINDOW: u32 = 0x0800_0000;
const INTERRUPTED: i32 = 0xC000_013A_u32 as i32;

/// A pipe with a small buffer that nobody reads.
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

/// Runs a test on a console of its own, because Ctrl-C goes to everything on a console. The console has no window, so no
/// screen is needed.
fn on_a_console_of_its_own(test: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", test])
        .creation_flags(CREATE_NO_WINDOW)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn an_interrupted_run_leaves_the_old_report_and_nothing_else() {
    on_a_console_of_its_own("windows::interrupted::by_ctrl_c");
}

#[test]
fn ctrl_break_interrupts_too() {
    on_a_console_of_its_own("windows::interrupted::by_ctrl_break");
}

#[test]
#[ignore = "run by another test, on a console of its own"]
fn by_ctrl_c() {
    interrupted(0, &|_| {
        // SAFETY: no handler is a choice: this process, which has the program's console, ignores what it sends.
        unsafe { SetConsoleCtrlHandler(None, 1) };
        // SAFETY: takes numbers only.
        unsafe { GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) }
    });
}

#[test]
#[ignore = "run by another test, on a console of its own"]
fn by_ctrl_break() {
    interrupted(CREATE_NEW_PROCESS_GROUP, &|group| {
        // SAFETY: takes numbers only.
        unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) }
    });
}

/// Starts the program, and interrupts it by `send` when all its outputs are complete but none has replaced a file. `send` gets
/// the process's ID, and returns 0 when it fails, as Windows functions do.
fn interrupted(flags: u32, send: &dyn Fn(u32) -> i32) {
    let sandbox = Sandbox::new();
    let temporary = sandbox.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    std::fs::write(sandbox.path("report.csv"), "old").unwrap();
    let name = format!(r"\\.\pipe\krbtriage-test-{}", std::process::id());
    let _pipe = pipe(&name);
    let mut child = sandbox
        .command()
        .args(all(&["logs", "-q", "-o", "report.csv", "--summary", &name]))
        .env("TMP", &temporary)
        .env("TEMP", &temporary)
        .stdout(Stdio::null())
        .creation_flags(flags)
        .spawn()
        .unwrap();
    let staged = |folder| Sandbox::names(folder).iter().any(|name| name.starts_with(".krbtriage-"));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !(staged(sandbox.folder()) && staged(&temporary)) {
        assert!(Instant::now() < deadline, "both outputs are staged");
        assert_eq!(child.try_wait().unwrap(), None, "it waits for the pipe's reader");
        std::thread::sleep(Duration::from_millis(20));
    }
    if send(child.id()) == 0 {
        let error = std::io::Error::last_os_error();
        child.kill().unwrap();
        panic!("the signal is not sent: {error}");
    }
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "it ends");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(INTERRUPTED));
    assert_eq!(Sandbox::names(&temporary), [""; 0]);
    assert_eq!(sandbox.text("report.csv"), "old");
    let names = Sandbox::names(sandbox.folder());
    assert_eq!(names, ["interfaces.csv", "logs", "report.csv", "spns.csv", "temporary"]);
}
