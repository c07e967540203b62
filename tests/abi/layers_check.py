"""Includes go one way: a folder of impl/ sees only itself and the folders before it, POCO's sockets stay in net/ and
loop/, and proto/ knows no socket, clock or thread."""

import os
import re

from common import IMPL_FOLDERS, Check, read, without_comments

check = Check(__doc__)
SOCKETS_CLOCKS_THREADS = re.compile(
    r"^(sys/(socket|epoll|eventfd|timerfd|un|uio|poll|select|time)\.h|netinet/.*|arpa/.*|netdb\.h|poll\.h|unistd\.h|"
    r"fcntl\.h|pthread\.h|signal\.h|time\.h|ctime|chrono|thread|mutex|shared_mutex|condition_variable|future|"
    r"Poco/(Net/.*|Thread.*|Mutex.*|Timer.*|Timestamp.*|DateTime.*|Clock.*|Event\.h|Semaphore\.h))$")


def includes(path):
    for number, line in enumerate(without_comments(read(check.path(path))).splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(2), found.group(1) == '"'


upward, relative, poco_net, worldly, unknown, outside = [], [], [], [], [], []
files = check.sources("impl")
for path in files:
    parts = path.split(os.sep)
    folder = parts[1] if len(parts) > 2 else ""
    if folder not in IMPL_FOLDERS:
        unknown.append(path)
        continue
    for number, name, quoted in includes(path):
        where = "%s:%d includes %s" % (path, number, name)
        target = name.split("/")[0]
        if target in IMPL_FOLDERS and (quoted or os.path.exists(check.path("impl", name))):
            if IMPL_FOLDERS.index(target) > IMPL_FOLDERS.index(folder):
                upward.append(where)
        elif quoted and target != "xh":
            relative.append(where)
        if ".." in name or "capi" in name:
            outside.append(where)
        if name.startswith("Poco/Net/") and folder not in ("net", "loop"):
            poco_net.append(where)
        if folder == "proto" and SOCKETS_CLOCKS_THREADS.match(name):
            worldly.append(where)

check.claim("every file of impl/ stands in a folder of the order", unknown)
check.claim("no folder includes one that comes after it", upward)
startup = []
for path in check.sources("impl", "capi/src"):
    for number, name, _ in includes(path):
        if name == "iostream" or name.startswith("Poco/JSON/") and not path.endswith("json/poco_json.h"):
            startup.append("%s:%d includes %s (instead: json/poco_json.h)" % (path, number, name))
check.claim("no file brings in the start-up object of <iostream>", startup)
check.claim('impl/ includes its own files as "folder/file.h"', relative)
check.claim("impl/ includes nothing of capi/src", outside)
check.claim("headers of Poco/Net appear only in net/ and loop/", poco_net)
check.claim("proto/ has no socket, clock or thread", worldly)

inside = []
for path in check.sources("capi/include", "capi/examples"):
    for number, name, quoted in includes(path):
        if quoted and not name.startswith("xh/") or name.startswith(("Poco/", "openssl/")):
            inside.append("%s:%d includes %s" % (path, number, name))
    if path.startswith(os.path.join("capi", "include", "xh", "base.h")):
        inside += ["%s includes %s" % (path, name) for _, name, _ in includes(path)
                   if name not in ("stddef.h", "stdint.h")]
check.claim("headers and examples see the public headers only", inside)
public = []
for path in check.sources("tests/capi", endings=("_test.c", "_dltest.c")):
    for number, name, _ in includes(path):
        if name.split("/")[0] in IMPL_FOLDERS and "/" in name or name.startswith("Poco/"):
            public.append("%s:%d includes %s" % (path, number, name))
check.claim("tests of the C API do not look inside", public)
check.end()
