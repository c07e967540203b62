"""Each public header compiles alone and twice included, as C99 and C++17, with the strictest warnings as errors."""

import os
import shutil
import tempfile

from common import Check, read, run

check = Check(__doc__)
COMMON = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wundef"]
C = ["-x", "c", "-std=c99", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wc++-compat"]
CXX = ["-x", "c++", "-std=c++17", "-Wold-style-cast", "-Wextra-semi"]


def compilers():
    yield "C99", [check.args.cc] + C
    yield "C++17", [check.args.cxx] + CXX
    if shutil.which("clang") and "clang" not in os.path.basename(check.args.cc):
        clang_c = [flag for flag in C if flag != "-Wc++-compat"]
        yield "C99 with clang", ["clang"] + clang_c
        yield "C++17 with clang", ["clang++"] + CXX


with tempfile.TemporaryDirectory() as folder:
    for header in check.headers():
        source = os.path.join(folder, "use.c")
        with open(source, "w") as out:
            out.write("#include <xh/%s>\n#include <xh/%s>\nint use(void);\nint use(void) { return 0; }\n" % (header, header))
        faults = []
        for name, command in compilers():
            result = run(command + COMMON + ["-fsyntax-only", "-I", check.path("capi", "include"), source])
            if result.returncode != 0:
                faults.append("not as " + name)
        check.claim("xh/%s compiles alone" % header, faults)

umbrella = check.path("capi", "include", "xh", "xh.h")
if check.claim("there is an umbrella header", [] if os.path.exists(umbrella) else ["xh/xh.h"]):
    text = read(umbrella)
    check.claim("xh/xh.h includes every other header",
                [name for name in check.headers() if name != "xh.h" and "xh/%s" % name not in text])
check.end()
