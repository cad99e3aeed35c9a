#!/usr/bin/env python3
"""Triage of an estate's logs with Apache Spark: extraction on the executors, the report on the driver.

    spark-submit triage.py --store events.parquet s3a://logs/2026-10 -- -i addresses.csv -s spns.csv -o report.csv
    spark-submit triage.py --mode pipe --store /share/events.parquet /share/logs -- -i addresses.csv -o report.csv

The logs are folders (searched), files, or with --paths-from a list of them. What follows -- goes to `krbtriage triage`,
whose exit status is the job's: 0, or 3 where some log could not be read. The report is, byte for byte, the one that
`krbtriage triage` writes of the same logs on one machine.

--mode binary: Spark reads the files (any Hadoop file system: s3a, abfss, hdfs) and hands each to the program in a
temporary file. A file has to fit into a Python worker's memory (2 GiB at most).
--mode pipe: the program reads the paths itself, which must be the same on every executor (a share). No limit of size.

krbtriage has to be on every machine; --krbtriage says where. Events stay in --store as Parquet, partitioned by date, to
be triaged again (--no-extract), added to (--append), or asked with SQL.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

VERSION = 1  # of the lines: docs/schema/events.schema.json
UNSIGNED = T.DecimalType(20, 0)  # a record ID has 64 bits
EVENT = T.StructType(
    [
        T.StructField("type", T.StringType()),
        T.StructField("computer", T.StringType()),
        T.StructField("channel", T.StringType()),
        T.StructField("provider", T.StringType()),
        T.StructField("event_id", T.IntegerType()),
        T.StructField("record_id", UNSIGNED),
        T.StructField("time_created", T.StringType()),
        T.StructField("version", T.IntegerType()),
        T.StructField("level", T.IntegerType()),
        T.StructField(
            "data",
            T.ArrayType(
                T.StructType([T.StructField("name", T.StringType()), T.StructField("value", T.StringType())])
            ),
        ),
        T.StructField("origin", T.StringType()),
        T.StructField("log", T.StringType()),
    ]
)
PART_BYTES = 64 << 20


def unread(path, problem):
    """The line that reports a log that could not be extracted to the triage."""
    return json.dumps({"krbtriage": VERSION, "type": "unread", "path": path, "problem": f"{path}: {problem}"})


def extract(program, options, inputs, names, out):
    """Runs the program; the lines it wrote, or why there are none.

    It is tried twice: a machine may be short of memory for a moment. A log that ends it every time is named and passed
    over; it must not end the job.
    """
    command = [program, "extract", "--for-triage", "--quiet", "--no-progress", "--threads", "1", *options, "-o", out]
    why = ""
    for _ in range(2):
        done = subprocess.run([*command, *inputs], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode in (0, 3):
            with open(out, encoding="ascii") as lines:
                yield from (line.rstrip("\n") for line in lines)
            return
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = f"extraction failed with status {done.returncode}" + (f": {said[-1]}" if said else "")
    if len(names) == 1:
        yield unread(names[0], why)
    else:
        # One of them is at fault; the others are not.
        for name in names:
            yield from extract(program, options, [name], [name], out)


def modified(spark, paths):
    """When each file was written, in seconds since 1970: `binaryFiles` does not report it, and inventories of that day are proof."""
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(list(paths))
    return {row.path: row.time for row in files.select("path", F.unix_timestamp("modificationTime").alias("time")).collect()}


def extract_contents(program, options, times):
    """Of (path, content), as `binaryFiles` gives them."""

    def of_partition(files):
        with tempfile.TemporaryDirectory(prefix="krbtriage-") as folder:
            log, out = os.path.join(folder, "log"), os.path.join(folder, "events.jsonl")
            for path, content in files:
                name = path[len("file:") :] if path.startswith("file:/") else path
                with open(log, "wb") as file:
                    file.write(content)
                if path in times.value:
                    os.utime(log, (times.value[path],) * 2)
                yield from extract(program, [*options, "--as", name], [log], [name], out)

    return of_partition


def extract_paths(program, options):
    """Of paths that the program opens itself."""

    def of_partition(paths):
        paths = list(paths)
        if not paths:
            return
        with tempfile.TemporaryDirectory(prefix="krbtriage-") as folder:
            names, out = os.path.join(folder, "paths"), os.path.join(folder, "events.jsonl")
            with open(names, "wb") as file:
                file.write(b"".join(os.fsencode(path) + b"\0" for path in paths))
            yield from extract(program, options, ["--files-from", names], paths, out)

    return of_partition


def found_in_folder(named):
    """Only a file that was passed explicitly is reported as not a log, because a folder holds all sorts of files."""

    def is_told(line):
        fields = json.loads(line)
        if fields["type"] in ("begin", "end"):
            return False
        return not (
            fields["type"] == "log"
            and fields["kind"] in ("other", "empty", "mta")
            and fields["events"] == 0
            and fields["path"] not in named
        )

    return is_told


def walk(paths):
    """Files of a share, folders searched."""
    for path in paths:
        if os.path.isdir(path):
            for folder, folders, files in os.walk(path):
                folders.sort()
                yield from (os.path.join(folder, file) for file in sorted(files))
        else:
            yield path


def lines_of(spark, args, paths):
    """The lines of all logs, extracted on the executors."""
    context = spark.sparkContext
    options = ["--recover"] if args.recover else []
    if args.mode == "pipe":
        files = list(walk(paths))
        slices = max(1, min(len(files), args.tasks or max(context.defaultParallelism * 4, len(files) // 64)))
        lines = context.parallelize(files, slices).mapPartitions(extract_paths(args.krbtriage, options))
    else:
        context._jsc.hadoopConfiguration().set("mapreduce.input.fileinputformat.input.dir.recursive", "true")
        files = context.binaryFiles(",".join(paths), args.tasks or None)
        times = context.broadcast(modified(spark, paths))
        lines = files.mapPartitions(extract_contents(args.krbtriage, options, times))
    return lines.filter(found_in_folder(frozenset(paths)))


def store(spark, lines, args):
    """Keeps the events as columns, and the lines about logs unchanged in the partition `date=logs`."""
    table = spark.createDataFrame(lines.map(lambda line: (line,)), "line string")
    table = table.withColumn("event", F.from_json("line", EVENT))
    is_event = F.col("event.type") == "event"
    columns = [F.when(is_event, F.col(f"event.{f.name}")).alias(f.name) for f in EVENT.fields if f.name != "type"]
    date = F.when(is_event, F.substring("event.time_created", 1, 10)).otherwise(F.lit("logs")).alias("date")
    table = table.select(*columns, F.when(~is_event, F.col("line")).alias("line"), date)
    table.write.mode("append" if args.append else "overwrite").partitionBy("date").parquet(args.store)


def stored(spark, args):
    """The lines again."""
    table = spark.read.parquet(args.store)
    names = [field.name for field in EVENT.fields if field.name != "type"]
    event = F.to_json(F.struct(F.lit(VERSION).alias("krbtriage"), F.lit("event").alias("type"), *names))
    return table.select(F.coalesce("line", event).alias("line")).toLocalIterator(prefetchPartitions=True)


def write_parts(rows, folder):
    """Several files, so that the triage reads them in parallel."""
    file, left = None, 0
    for row in rows:
        if left <= 0:
            if file:
                file.close()
            file = open(os.path.join(folder, f"{len(os.listdir(folder)):06}.jsonl"), "w", encoding="utf-8", newline="\n")
            left = PART_BYTES
        left -= file.write(row.line + "\n")
    if file:
        file.close()
    return file is not None


def arguments():
    own, rest = split(sys.argv[1:])
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [OPTIONS] LOGS... -- TRIAGE OPTIONS",
    )
    parser.add_argument("logs", nargs="*", metavar="LOGS", help="folders, files or URIs")
    parser.add_argument("--paths-from", metavar="FILE", help="a list of more, one per line")
    parser.add_argument("--store", required=True, metavar="FOLDER", help="where the events are kept as Parquet")
    parser.add_argument("--mode", choices=["binary", "pipe"], default="binary")
    parser.add_argument("--krbtriage", default="krbtriage", metavar="PROGRAM", help="on every machine")
    parser.add_argument("--recover", action="store_true", help="read records in slack space too")
    parser.add_argument("--tasks", type=int, help="parts the work is cut into")
    parser.add_argument("--append", action="store_true", help="keep what is in the store already")
    parser.add_argument("--no-extract", action="store_true", help="triage what is in the store")
    args = parser.parse_args(own)
    if args.paths_from:
        with open(args.paths_from, encoding="utf-8") as file:
            args.logs += [line.rstrip("\r\n") for line in file if line.strip()]
    if args.mode == "binary" and any("," in path for path in args.logs):
        parser.error("Hadoop parts lists of paths with commas; name the folder above, or use --mode pipe")
    if not args.logs and not args.no_extract:
        parser.error("name logs, or --no-extract for those in the store")
    return args, rest


def split(words):
    """Ours, and those of the triage."""
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def main():
    args, triage = arguments()
    # Files are shared out by their size. Spark adds 4 MiB to each, and would give all small ones to one executor.
    spark = SparkSession.builder.appName("krbtriage").config("spark.files.openCostInBytes", "1").getOrCreate()
    if not args.no_extract:
        store(spark, lines_of(spark, args, args.logs), args)
    with tempfile.TemporaryDirectory(prefix="krbtriage-") as folder:
        if not write_parts(stored(spark, args), folder):
            sys.exit("krbtriage: no log was found, so there is no report")
        options = ["--recover"] if args.recover else []
        status = subprocess.run([args.krbtriage, "triage", *options, *triage, folder], check=False).returncode
    spark.stop()
    sys.exit(status)


if __name__ == "__main__":
    main()
