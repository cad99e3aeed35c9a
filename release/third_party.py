"""Prints the licences of all libraries that the program is built from, with the texts that their packages bring."""

import json
import re
import subprocess
from pathlib import Path

PLATFORMS = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-gnu"]
TEXT = re.compile(r"(licen[cs]e|copying|notice|unlicense)", re.IGNORECASE)


def packages():
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    for platform in PLATFORMS:
        command += ["--filter-platform", platform]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    macros = {p["id"] for p in metadata["packages"] if any("proc-macro" in t["kind"] for t in p["targets"])}
    wanted, todo = set(), [metadata["resolve"]["root"]]
    while todo:
        node = nodes[todo.pop()]
        for dependency in node["deps"]:
            # What only tests, builds and macros use is not in the program.
            normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if normal and dependency["pkg"] not in wanted and dependency["pkg"] not in macros:
                wanted.add(dependency["pkg"])
                todo.append(dependency["pkg"])
    return sorted((p for p in metadata["packages"] if p["id"] in wanted), key=lambda p: (p["name"], p["version"]))


def main():
    print("krbtriage is built from these libraries, and Rust's standard library (MIT OR Apache-2.0).\n")
    users = {}
    for package in packages():
        name = f"{package['name']} {package['version']}"
        authors = f", by {', '.join(package['authors'])}" if package["authors"] else ""
        print(f"{name}: {package['license']}{authors}")
        folder = Path(package["manifest_path"]).parent
        files = {file for file in folder.iterdir() if TEXT.search(file.name)}
        # A library in C that a package brings has its licence beside its source.
        files.update(folder.rglob("LICENSE") if package["name"].endswith("-sys") else [])
        for file in sorted(filter(Path.is_file, files)):
            text = file.read_text(encoding="utf-8", errors="replace").strip()
            users.setdefault(text, []).append(f"{name} ({file.relative_to(folder).as_posix()})")
    for text, names in users.items():
        print(f"\n{'=' * 100}\n{', '.join(names)}\n\n{text}")


main()
