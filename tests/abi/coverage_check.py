"""tests/coverage.md tells the truth: every feature has a row, every name stands in a header, every test exists.

A row is `| id | feature | C name | C# | Rust | Go | test |`. A C name is an identifier of the headers, or the path of
a file where the feature is no function. A test is `file:name`. Cells may hold several, with commas. `open` stands for
what a later step brings; the rows of what is finished may not say it.
"""

import os
import re

from common import Check, read

check = Check(__doc__)
COUNTS = [("Q", 28), ("P", 6), ("W", 9), ("A", 15), ("C", 16), ("S", 11), ("R", 7), ("M", 5), ("O", 3), ("N", 5),
          ("G", 8), ("L", 8)]
IDS = ["%s%02d" % (letter, number) for letter, count in COUNTS for number in range(1, count + 1)]
FINISHED = (["Q%02d" % n for n in range(1, 29)] + ["N%02d" % n for n in range(1, 6)] + ["A14", "A15"] +
            ["L01", "L02", "L03", "L07", "L08"])

rows, malformed = {}, []
for number, line in enumerate(read(check.path("tests", "coverage.md")).splitlines(), 1):
    if not re.match(r"\|\s*[A-Z]\d\d\s*\|", line):
        continue
    cells = [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
    if len(cells) != 7:
        malformed.append("line %d has %d cells" % (number, len(cells)))
    elif cells[0] in rows:
        malformed.append("line %d: %s stands twice" % (number, cells[0]))
    else:
        rows[cells[0]] = dict(zip(("feature", "c", "cs", "rust", "go", "test"), cells[1:]))


def entries(cell):
    return [entry.strip() for entry in re.split(r",|<br>", cell) if entry.strip()]


# The compiler's view has the names that the lists of statuses and options make.
identifiers = set(re.findall(r"\b(?:xh|XH)_\w+", check.header_text() + check.preprocessed()))
tagged = {}
for name in check.headers():
    for tags in re.findall(r"@req\s+((?:[A-Z]\d\d[, ]*)+)", read(check.path("capi", "include", "xh", name))):
        for tag in re.findall(r"[A-Z]\d\d", tags):
            tagged.setdefault(tag, name)


def name_fault(entry):
    if re.match(r"(xh|XH)_\w+(\(\))?$", entry):
        return None if entry.rstrip("()") in identifiers else entry + " is in no header"
    path = entry.split(" ")[0]
    return None if os.path.exists(check.path(path)) else "%s is neither a name of the headers nor a file" % entry


def test_fault(entry):
    path, _, name = entry.partition(":")
    if not os.path.isfile(check.path(path)):
        return path + " does not exist"
    if not name:
        return entry + " names no test in the file"
    text = read(check.path(path))
    pattern = r"XT_TEST\(\s*%s\s*\)" if path.endswith((".c", ".cpp")) else r"\b%s\b"
    return None if re.search(pattern % re.escape(name), text) else "%s has no test %s" % (path, name)


check.claim("every row is well formed", malformed)
check.claim("every feature has a row", [key for key in IDS if key not in rows])
check.claim("every row is a feature", [key for key in rows if key not in IDS])
check.claim("every @req of the headers has a row",
            ["%s in xh/%s" % (tag, name) for tag, name in sorted(tagged.items()) if tag not in rows])
check.claim("no finished row is open",
            ["%s: %s" % (key, rows[key]["feature"]) for key in FINISHED
             if key in rows and ("open" in (rows[key]["c"], rows[key]["test"]) or
                                 not entries(rows[key]["c"]) or not entries(rows[key]["test"]))])
faults = []
for key in IDS:
    row = rows.get(key)
    if row and row["c"] != "open":
        faults += ["%s: %s" % (key, fault) for fault in map(name_fault, entries(row["c"])) if fault]
check.claim("every C name exists", faults)
faults = []
for key in IDS:
    row = rows.get(key)
    if row and row["test"] != "open":
        faults += ["%s: %s" % (key, fault) for fault in map(test_fault, entries(row["test"])) if fault]
check.claim("every test exists", faults)
check.end()
