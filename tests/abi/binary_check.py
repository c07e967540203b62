"""The built library: no start-up work, no destructor at exit or at the end of a thread, and a hardened file."""

import os
import re

from common import Check, run

check = Check(__doc__)
archive = os.path.join(check.build, "libxh.a")
library = check.library()


def by_object(output, pattern):
    """Lines of nm -A or readelf over an archive that match, as 'object: line'."""
    found, current = [], ""
    for line in output.splitlines():
        if line.startswith("File: "):
            current = line[line.rfind("(") + 1:].rstrip(")")
        if re.search(pattern, line):
            member = re.match(r"\S*?libxh\.a:([^:]+):", line)
            found.append("%s: %s" % (member.group(1) if member else current, line.split()[-1]))
    return found


symbols = run(["nm", "-A", archive]).stdout
sections = run(["readelf", "-SW", archive]).stdout
check.claim("no object is built or called at start-up",
            by_object(symbols, r"_GLOBAL__(sub_)?I_|__cxx_global_var_init") +
            by_object(sections, r"\.(init_array|ctors|preinit_array)\b.*(PROGBITS|INIT_ARRAY)"))
check.claim("no static object is destroyed at exit",
            by_object(symbols, r" U __cxa_atexit\b") + by_object(sections, r"\.(fini_array|dtors)\b"))
check.claim("no thread_local object has a destructor", by_object(symbols, r" U __cxa_thread_atexit"))

dynamic = run(["readelf", "-dW", library]).stdout
program = run(["readelf", "-lW", library]).stdout
check.claim("the SONAME is libxh.so.1", [] if re.search(r"SONAME.*\[libxh\.so\.1\]", dynamic) else [dynamic])
check.claim("the library stays mapped after dlclose (nodelete)", [] if re.search(r"FLAGS_1.*NODELETE", dynamic) else ["no"])
check.claim("every symbol is bound at load (now)", [] if re.search(r"BIND_NOW|FLAGS_1.*NOW", dynamic) else ["no"])
check.claim("relocations are read-only after load", [] if "GNU_RELRO" in program else ["no GNU_RELRO"])
check.claim("no text relocation", ["TEXTREL"] if "TEXTREL" in dynamic else [])
stack = re.search(r"GNU_STACK.*", program)
check.claim("the stack is not executable",
            [] if stack and "RWE" not in stack.group(0) else [stack.group(0) if stack else "no GNU_STACK"])
check.claim("no path of the build machine is in the file", re.findall(r".*(?:RPATH|RUNPATH).*", dynamic))
needed = re.findall(r"NEEDED.*\[([^\]]+)\]", dynamic)
expected = re.compile(r"^(libPoco(NetSSL|Net|Crypto|JSON|Encodings|Foundation)|libssl|libcrypto|libz|libbrotlidec|"
                      r"libbrotlicommon|libzstd|libstdc\+\+|libgcc_s|libc|libm|libpthread|libdl|ld-linux.*)\.so")
check.claim("it asks for no library but the ones it stands on", [name for name in needed if not expected.match(name)])
check.end()
