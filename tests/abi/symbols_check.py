"""What libxh.so exports, what the headers declare and what capi/symbols.txt records are the same set.

capi/symbols.txt holds one line per function: its name, the version that brought it, and `deprecated` with a version
when it has a successor. `--record` adds new functions with the version of the headers; it never drops one.
"""

import os
import re

from common import Check, functions, read, read_record, run

check = Check(__doc__, ("--record", "add new symbols to capi/symbols.txt"))
record_path = check.path("capi", "symbols.txt")
declared = set(functions(check.preprocessed()))


def version():
    text = read(check.path("capi", "include", "xh", "base.h"))
    return ".".join(re.search(r"#define XH_VERSION_%s (\d+)" % part, text).group(1) for part in ("MAJOR", "MINOR"))


if check.args.record:
    recorded = read_record(record_path)
    for name in declared:
        recorded.setdefault(name, version())
    with open(record_path, "w") as out:
        out.write("# function, version that brought it\n")
        out.writelines("%s %s\n" % (name, recorded[name]) for name in sorted(recorded))

recorded = read_record(record_path)
# @@ stands before the version node, so the name of a node is not taken for a symbol.
exported, foreign, versions = set(), [], {}
for line in run(["nm", "-D", "--defined-only", "--with-symbol-versions", check.library()]).stdout.splitlines():
    kind, symbol = line.split()[-2:]
    name, _, node = symbol.partition("@@")
    if kind == "A":
        continue
    versions[name] = node
    if name.startswith("xh_"):
        exported.add(name)
    else:
        foreign.append("%s (%s)" % (symbol, kind))

check.claim("the library exists", [] if os.path.exists(check.library()) else [check.library()])
check.claim("nothing but xh_* leaves the library", foreign)
check.claim("every declared function is exported", sorted(declared - exported))
check.claim("every exported function is declared", sorted(exported - declared))
check.claim("every exported function is recorded (./dev abi --record adds it)", sorted(exported - set(recorded)))
check.claim("every recorded function is still there", sorted(set(recorded) - exported))
check.claim("every symbol has a version node", sorted(name for name in exported if not versions[name].startswith("XH_")))
check.claim("every record names a version", sorted(n for n, v in recorded.items() if not re.match(r"\d+\.\d+\b", v)))
check.end()
