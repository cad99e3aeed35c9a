#!/usr/bin/env bash
# The Spark job on a local cluster of two worker processes, one of which is killed in the middle of it: the report must be
# that of a single machine, byte for byte. Needs Java 17, Python 3 and some 600 MB for PySpark; takes some minutes (six, for all
# but the last job, on two busy cores).
#
#   tests/spark/run.sh [FOLDER]     PySpark is kept in FOLDER (default: target/spark)
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-target/spark}
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/python" -c 'import pyspark' 2>/dev/null || "$folder/bin/pip" install --quiet pyspark
cargo build --locked
exec "$folder/bin/python" tests/spark/cluster.py "${CARGO_TARGET_DIR:-target}/debug/krbtriage"
