"""Numbers, sizes, offsets and prototypes of the C API are what capi/abi.txt records.

`--record` adds what is new; `--renew` writes the whole record anew, for a deliberate break of the interface.
"""

import os
import re
import tempfile

from common import Check, functions, read, run, without_comments

check = Check(__doc__, ("--record", "add new entries to capi/abi.txt"), ("--renew", "write capi/abi.txt anew"))
record_path = check.path("capi", "abi.txt")
text = check.preprocessed()


def constants():
    for body in re.findall(r"\benum\b\s*\w*\s*\{([^{}]*)\}", text):
        for entry in re.sub(r"\([^()]*\)", "", body).split(","):
            name = re.match(r"\s*(XH_\w+)", entry)
            if name and not name.group(1).endswith("_"):
                yield name.group(1)


def structs():
    """(name, fields) of every public struct with fields, by its typedef name."""
    for tag, body in re.findall(r"\bstruct\s+(xh_\w+)\s*\{([^{}]*)\}", text):
        fields = []
        for field in body.split(";"):
            name = re.search(r"\*\s*(\w+)\s*\)\s*\(", field) or re.search(r"(\w+)\s*(?:\[[^\]]*\])?\s*$", field)
            if field.strip() and name:
                fields.append(name.group(1))
        yield tag, fields


def now():
    lines = ["#include <stddef.h>", "#include <stdio.h>"]
    lines += ["#include <xh/%s>" % name for name in check.headers()]
    lines.append("int main(void) {")
    for name in sorted(set(constants())):
        lines.append('printf("%s %%lld\\n", (long long)%s);' % (name, name))
    for tag, fields in sorted(structs()):
        lines.append('printf("sizeof(%s) %%zu\\n", sizeof(struct %s));' % (tag, tag))
        for field in fields:
            lines.append('printf("%s.%s %%zu\\n", offsetof(struct %s, %s));' % (tag, field, tag, field))
    lines.append("return 0; }")
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "abi.c"), os.path.join(folder, "abi")
        with open(source, "w") as out:
            out.write("\n".join(lines) + "\n")
        run([check.args.cc, "-std=c99", "-I", check.path("capi", "include"), source, "-o", program])
        entries = dict(line.rsplit(" ", 1) for line in run([program]).stdout.splitlines())
    for name, prototype in functions(text).items():
        entries[name + "()"] = prototype
    return entries


def read_lines():
    found = {}
    if os.path.exists(record_path):
        for line in read(record_path).splitlines():
            if line and not line.startswith("#"):
                key, _, rest = line.partition(" ")
                found[key] = rest
    return found


actual = now()
if check.args.record or check.args.renew:
    known = {} if check.args.renew else read_lines()
    for key, value in actual.items():
        known.setdefault(key, value)
    with open(record_path, "w") as out:
        out.write("# numbers, sizes, offsets and prototypes; added to, never changed\n")
        out.writelines("%s %s\n" % (key, known[key]) for key in sorted(known))

recorded = read_lines()
check.claim("there are functions and constants", [] if len(actual) > 20 else ["%d entries only" % len(actual)])
check.claim("every entry is recorded (./dev abi --record adds it)", sorted(set(actual) - set(recorded)))
check.claim("nothing recorded is gone", sorted(set(recorded) - set(actual)))
check.claim("nothing recorded has changed", [
    "%s was %s, is %s" % (key, recorded[key], actual[key])
    for key in sorted(recorded) if key in actual and recorded[key] != actual[key]])
check.claim("no prototype uses a type that languages see differently", [
    prototype for prototype in functions(text).values()
    if re.search(r"\b(long|_Bool|bool|time_t|FILE|wchar_t)\b|\.\.\.", prototype)])
check.claim("no code stands in the headers", re.findall(r".*\binline\b.*", without_comments(check.header_text())))
check.end()
