#!/usr/bin/env python3
"""Takes the place of krbtriage in the test: notes which executor runs it, and kills one of them in the middle of the job.

KRBTRIAGE_TEST is a folder: `program` in it is the real one, and `kill` says what is to be killed: "executor", or
"worker", which is the worker with its executor, as when a machine is lost.
"""

import os
import signal
import sys
import time

place = os.environ["KRBTRIAGE_TEST"]
program = os.path.join(place, "program")


def above(pid, program):
    """The process of this Java program that `pid` descends from: worker, executor, Python daemon, Python worker, this."""
    while pid > 1:
        with open(f"/proc/{pid}/status") as status:
            pid = int(next(line for line in status if line.startswith("PPid:")).split()[1])
        with open(f"/proc/{pid}/cmdline", "rb") as command:
            if program in command.read():
                return pid
    sys.exit(f"no {program.decode()} runs this")


def to_kill():
    try:
        with open(os.path.join(place, "kill")) as file:
            return file.read()
    except FileNotFoundError:
        return ""


if sys.argv[1] == "extract":
    mine = above(os.getpid(), b"CoarseGrainedExecutorBackend")
    with open(os.path.join(place, "runs"), "a") as runs:
        runs.write(f"{mine}\n")
    # Waits until the other one has begun too.
    both, until = False, time.monotonic() + 30
    while to_kill() and not both and time.monotonic() < until:
        time.sleep(0.1)
        with open(os.path.join(place, "runs")) as runs:
            both = len(set(runs.read().split())) > 1
    if both:
        try:
            os.close(os.open(os.path.join(place, "killed"), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            pass
        else:
            with open(os.path.join(place, "killed"), "w") as killed:
                killed.write(str(mine))
            if to_kill() == "worker":
                os.kill(above(mine, b"deploy.worker.Worker"), signal.SIGKILL)
            os.kill(mine, signal.SIGKILL)
            time.sleep(60)
    inputs = " ".join(sys.argv).encode()
    if "--files-from" in sys.argv:
        with open(sys.argv[sys.argv.index("--files-from") + 1], "rb") as names:
            inputs += names.read()
    if b"crashes.evtx" in inputs:
        # The program crashes on this file.
        os.kill(os.getpid(), signal.SIGSEGV)
os.execv(program, [program, *sys.argv[1:]])
