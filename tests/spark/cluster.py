#!/usr/bin/env python3
"""Compares the reports of samples/spark/triage.py with those of one machine; see run.sh."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pyspark

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLES = os.path.join(ROOT, "samples")
PROGRAM = os.path.abspath(sys.argv[1])
SPARK = os.path.dirname(pyspark.__file__)


def corpus(folder):
    """Copies of the samples in folders, with other files that the folders of an estate have."""
    for site in range(6):
        shutil.copytree(os.path.join(SAMPLES, "logs"), os.path.join(folder, f"site {site}"))
    with open(os.path.join(SAMPLES, "logs", "SRV4-System.evtx"), "rb") as log:
        whole = log.read()
    for name, content in {
        "cut.evtx": whole[:40_000],
        "junk.evtx": whole[:4096] + os.urandom(70_000),
        "note.txt": b"nothing",
        "empty.evtx": b"",
        "old.evt": b"\x30\0\0\0LfLe\x01\0\0\0",
    }.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    subprocess.run(
        [PROGRAM, "extract", "--for-triage", "-o", os.path.join(folder, "more.jsonl.zst"), os.path.join(SAMPLES, "logs")],
        check=True,
    )


def options(report):
    inventories = ["-i", os.path.join(SAMPLES, "interfaces.csv"), "-s", os.path.join(SAMPLES, "spns.csv")]
    return [*inventories, "-o", f"{report}.csv", "-o", f"{report}.json", "--events", f"{report}-events.csv"]


class Cluster:
    """A master and two workers of one core each. Each is a process, as on three machines."""

    def __init__(self, place):
        self.place, self.processes = place, []
        self.environment = os.environ | {
            "SPARK_HOME": SPARK,
            "PYSPARK_PYTHON": sys.executable,
            "KRBTRIAGE_TEST": place,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": os.path.join(place, "spark"),
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.master = f"spark://127.0.0.1:{port}"
        self.start("master.Master", ["--port", str(port)], "I have been elected leader")
        self.workers()

    def workers(self):
        """Starts the workers that are not running."""
        while len([process for process in self.processes if process.poll() is None]) < 3:
            folder = os.path.join(self.place, f"worker {len(self.processes)}")
            options = ["--cores", "1", "--memory", "1g", "--work-dir", folder, self.master]
            self.start("worker.Worker", options, "Successfully registered with master")

    def start(self, what, words, ready):
        command = [os.path.join(SPARK, "bin", "spark-class"), f"org.apache.spark.deploy.{what}"]
        command += ["--host", "127.0.0.1", "--webui-port", "0", *words]
        log = os.path.join(self.place, f"log of {len(self.processes)}")
        with open(log, "w") as out:
            self.processes.append(subprocess.Popen(command, env=self.environment, stdout=out, stderr=out))
        until = time.monotonic() + 120
        while True:
            with open(log) as said:
                text = said.read()
            if ready in text:
                return
            if self.processes[-1].poll() is not None or time.monotonic() > until:
                sys.exit(f"{what} did not start: {text}")
            time.sleep(0.2)

    def stop(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def job(cluster, words, kill=None):
    """Runs the job on the cluster. Returns its exit status and the executors that ran it."""
    place = cluster.place
    for name in ("runs", "killed", "kill"):
        if os.path.exists(os.path.join(place, name)):
            os.remove(os.path.join(place, name))
    if kill:
        with open(os.path.join(place, "kill"), "w") as file:
            file.write(kill)
    command = [os.path.join(SPARK, "bin", "spark-submit"), "--master", cluster.master, "--conf", "spark.ui.enabled=false"]
    command += ["--conf", "spark.executor.memory=1g", "--conf", "spark.log.level=WARN"]
    command += [os.path.join(SAMPLES, "spark", "triage.py"), "--krbtriage", os.path.join(place, "krbtriage"), *words]
    with open(os.path.join(place, "log"), "w") as log:
        done = subprocess.run(command, env=cluster.environment, stdout=log, stderr=log, check=False, cwd=place)
    status = done.returncode
    executors = set()
    if os.path.exists(os.path.join(place, "runs")):
        with open(os.path.join(place, "runs")) as runs:
            executors = set(runs.read().split())
    return status, executors


def same(place, one, two):
    for what in (".csv", ".json", "-events.csv"):
        with open(os.path.join(place, one + what), "rb") as a, open(os.path.join(place, two + what), "rb") as b:
            assert a.read() == b.read(), f"{one}{what} and {two}{what} differ"


def check(what, holds, place):
    if not holds:
        kept = os.path.join(tempfile.gettempdir(), "krbtriage-spark.log")
        shutil.copy(os.path.join(place, "log"), kept)
        sys.exit(f"failed: {what}; {kept} is what Spark said")
    print(f"ok: {what}", flush=True)


def main():
    with tempfile.TemporaryDirectory(prefix="krbtriage-spark-") as place:
        logs = os.path.join(place, "all logs")
        os.mkdir(logs)
        corpus(logs)
        os.symlink(PROGRAM, os.path.join(place, "program"))
        shutil.copy(os.path.join(ROOT, "tests", "spark", "program.py"), os.path.join(place, "krbtriage"))
        report = lambda name: os.path.join(place, name)

        single = subprocess.run([PROGRAM, "triage", *options(report("single")), logs], check=False, capture_output=True)
        assert single.returncode == 3, single.stderr

        cluster = Cluster(place)
        try:
            compare(cluster, logs, report)
        finally:
            cluster.stop()


def compare(cluster, logs, report):
    place, store = cluster.place, report("events.parquet")
    # A worker restarts its executor. A lost worker is not restarted, and the other one does the work.
    for mode, kill, least in (("binary", "executor", 3), ("pipe", "worker", 2)):
        words = ["--mode", mode, "--tasks", "16", "--store", store, logs, "--", *options(report(mode))]
        status, executors = job(cluster, words, kill)
        check(f"{mode}: the job ends as the single machine does ({status})", status == 3, place)
        print(f"{mode}: worked on executors {sorted(executors)}")
        check(f"{mode}: one {kill} was killed", os.path.exists(report("killed")), place)
        with open(report("killed")) as killed:
            lost = killed.read()
        enough = lost in executors and len(executors) >= least
        check(f"{mode}: {len(executors)} executors worked, and one of them was lost", enough, place)
        same(place, "single", mode)
        check(f"{mode}: the report is the single machine's", True, place)
        dates = {name for name in os.listdir(store) if name.startswith("date=")}
        wanted = {"date=2026-10-05", "date=2026-10-06", "date=logs"}
        check(f"{mode}: events are kept by date: {sorted(dates)}", dates == wanted, place)
        cluster.workers()

    status, executors = job(cluster, ["--no-extract", "--store", store, "--", *options(report("again"))])
    check("the store is triaged again without the logs", status == 3 and not executors, place)
    same(place, "single", "again")

    # A file that makes the program fail, and one that does not exist.
    with open(report("paths"), "w") as paths:
        paths.write(f"{logs}/site 0\n{logs}/site 1/SRV1-System.evtx\n{report('gone.evtx')}\n")
    shutil.copy(os.path.join(SAMPLES, "logs", "SRV5-System.evtx"), report("crashes.evtx"))
    words = ["--mode", "pipe", "--store", store, "--append", "--paths-from", report("paths"), report("crashes.evtx")]
    status, _ = job(cluster, [*words, "--", *options(report("bad"))])
    same(place, "single", "bad")
    check("a file that ends the program and one that is gone cost only themselves", status == 3, place)
    with open(os.path.join(place, "log")) as log:
        said = log.read()
    check("both are named", "crashes.evtx: extraction failed" in said and "gone.evtx: there is no such" in said, place)


if __name__ == "__main__":
    main()
