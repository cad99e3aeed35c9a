#!/usr/bin/env bash
# The Spark job on a local cluster, a master and two worker processes, of which an executor and then a worker are killed in the
# middle of a job: the report must be that of a single machine, byte for byte. Needs Java 17, Python 3 and some 600 MB for
# PySpark; takes four minutes on two cores.
#
#   tests/spark/run.sh [FOLDER]     PySpark is kept in FOLDER (default: target/spark)
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-target/spark}
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/python" -c 'import pyspark' 2>/dev/null || "$folder/bin/pip" install --quiet pyspark
cargo build --locked
exec "$folder/bin/python" tests/spark/cluster.py "${CARGO_TARGET_DIR:-target}/debug/krbtriage"
