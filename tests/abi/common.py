"""What the checks share: arguments, counting, and reading of the public headers."""

import argparse
import os
import re
import subprocess
import sys
import tempfile

IMPL_FOLDERS = ["base", "proto", "json", "loop", "net", "conn", "agent", "client", "server", "ws", "poll"]
SOURCE_ENDINGS = (".c", ".cpp", ".h")


class Check:
    """Counts claims. The last line of the output is the one that `./dev test` adds up."""

    def __init__(self, title, *switches):
        parser = argparse.ArgumentParser(description=title)
        here = os.path.dirname(os.path.abspath(__file__))
        parser.add_argument("--source", default=os.path.dirname(os.path.dirname(here)))
        parser.add_argument("--build", default=None)
        parser.add_argument("--cc", default="cc")
        parser.add_argument("--cxx", default="c++")
        for switch, text in switches:
            parser.add_argument(switch, action="store_true", help=text)
        self.args = parser.parse_args()
        self.source = os.path.abspath(self.args.source)
        self.build = os.path.abspath(self.args.build or os.path.join(self.source, "build"))
        self.passed = 0
        self.failed = 0

    def claim(self, text, faults):
        """One claim; it holds when the list of faults is empty."""
        faults = list(faults)
        if not faults:
            self.passed += 1
            print("ok      " + text)
            return True
        self.failed += 1
        print("FAILED  " + text)
        for fault in faults[:40]:
            print("        " + fault)
        if len(faults) > 40:
            print("        ... %d more" % (len(faults) - 40))
        return False

    def end(self):
        if self.passed + self.failed == 0:
            self.claim("something was checked", ["nothing was"])
        print("[xtest] passed=%d failed=%d" % (self.passed, self.failed))
        sys.exit(1 if self.failed else 0)

    def path(self, *parts):
        return os.path.join(self.source, *parts)

    def library(self):
        return os.path.join(self.build, "libxh.so")

    def headers(self):
        folder = self.path("capi", "include", "xh")
        return sorted(name for name in os.listdir(folder) if name.endswith(".h"))

    def header_text(self):
        return "".join(read(self.path("capi", "include", "xh", name)) for name in self.headers())

    def sources(self, *folders, endings=SOURCE_ENDINGS):
        """Paths, relative to the top of the tree, of the files below these folders."""
        found = []
        for folder in folders:
            for where, dirs, names in os.walk(self.path(folder)):
                dirs[:] = sorted(d for d in dirs if d not in (".git", "build", "target", "bin", "obj", "__pycache__"))
                for name in sorted(names):
                    if name.endswith(endings):
                        found.append(os.path.relpath(os.path.join(where, name), self.source))
        return found

    def preprocessed(self):
        """All public headers as the C compiler sees them."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "all.c")
            with open(path, "w") as out:
                out.writelines("#include <xh/%s>\n" % name for name in self.headers())
            return run([self.args.cc, "-std=c99", "-E", "-P", "-I", self.path("capi", "include"), path]).stdout


def run(command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, **options)
    if result.returncode != 0:
        print("%s ended with %d\n%s" % (" ".join(command), result.returncode, result.stderr))
    return result


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def without_comments(text):
    """C text without comments; line numbers stay."""
    def blank(match):
        found = match.group(0)
        return found if found[0] in "\"'" else "\n" * found.count("\n")
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def functions(preprocessed):
    """name -> prototype on one line, of every exported function."""
    found = {}
    mark = r'__attribute__\s*\(\(\s*visibility\s*\(\s*"default"\s*\)\s*\)\)'
    for match in re.finditer(mark + r"\s*([^;{}]*);", preprocessed):
        prototype = re.sub(r"\s+", " ", match.group(1)).strip()
        name = re.search(r"\b(xh_\w+) ?\(", prototype)
        if name:
            found[name.group(1)] = prototype
    return found


def read_record(path):
    """Lines of a record file: first word -> rest. '#' starts a remark."""
    entries = {}
    if os.path.exists(path):
        for line in read(path).splitlines():
            line = line.split("#")[0].strip()
            if line:
                key, _, rest = line.partition(" ")
                entries[key] = rest.strip()
    return entries
