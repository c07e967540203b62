"""Habits: short files, short functions, nothing left to do, and a contract above every public function."""

import os
import re

from common import Check, read, without_comments

check = Check(__doc__)
MOST_LINES = 800
MOST_FUNCTION_LINES = 120
# Taken apart, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")

code = check.sources("impl", "capi", "tests", "wrappers", endings=(".c", ".cpp", ".h", ".py", ".cs", ".rs", ".go"))
texts = check.sources("impl", "capi", "tests", "wrappers", "pkgconfig", ".ci",
                      endings=(".c", ".cpp", ".h", ".py", ".cs", ".rs", ".go", ".md", ".txt", ".in", ".sh", ".cmake"))
texts += [name for name in ("dev", "README.md", "CMakeLists.txt", ".ci/run") if os.path.exists(check.path(name))]

long_files = []
for path in code:
    lines = read(check.path(path)).count("\n")
    if lines > MOST_LINES:
        long_files.append("%s has %d lines" % (path, lines))
check.claim("no file is longer than %d lines" % MOST_LINES, long_files)

unfinished = []
for path in texts:
    for number, line in enumerate(read(check.path(path)).splitlines(), 1):
        if UNFINISHED.search(line):
            unfinished.append("%s:%d: %s" % (path, number, line.strip()))
check.claim("nothing says that it is unfinished", unfinished)


def long_functions(path):
    """Functions that start and end at the left margin, as the formatter leaves them."""
    start, name = None, ""
    for number, line in enumerate(without_comments(read(check.path(path))).splitlines(), 1):
        if re.match(r"(?!namespace|struct|class|enum|union|extern|typedef|#|\s|\}).*\{$", line):
            start, name = number, line
        elif line == "}" and start is not None:
            if number - start - 1 > MOST_FUNCTION_LINES:
                yield "%s:%d: %d lines: %s" % (path, start, number - start - 1, name)
            start = None


found = []
for path in check.sources("impl", "capi", "tests"):
    found.extend(long_functions(path))
check.claim("no function is longer than %d lines" % MOST_FUNCTION_LINES, found)

missing_guard = [path for path in check.sources("impl", "capi/src", endings=(".h",))
                 if "#pragma once" not in read(check.path(path))]
check.claim("every inner header says #pragma once", missing_guard)


def undocumented(path):
    """Public functions without a contract. A group (`@{` to `@}`) may say @thread once for all its functions."""
    groups, comment, fresh = [], "", False
    text = read(check.path(path))
    for token in re.finditer(r"/\*\*.*?\*/|/\*.*?\*/|^XH_API\b[^;{]*;|^\s*#[^\n]*|^[^\s/#*][^\n]*", text, re.S | re.M):
        found = token.group(0)
        if found.startswith("/**") and not found.startswith("/**<"):
            if "@}" in found:
                if groups:
                    groups.pop()
            elif "@{" in found:
                groups.append(found)
            else:
                comment, fresh = found, True
        elif found.startswith("XH_API"):
            name = re.search(r"\b(xh_\w+)\s*\(", found)
            rest = text[token.end():token.end() + 8].lstrip(" ")
            documented = fresh or rest.startswith("/**<")
            if not documented:
                yield "%s: %s has no comment" % (path, name.group(1))
            elif "@thread" not in comment * fresh and not any("@thread" in group for group in groups):
                yield "%s: %s does not say @thread" % (path, name.group(1))
            fresh = False
        elif not found.startswith("/*"):
            fresh = False


found = []
for path in check.sources("capi/include"):
    found.extend(undocumented(path))
check.claim("every public function has a comment with @thread, or stands in a group that has it", found)
check.end()
