"""The library is found and used as installed: by pkg-config (shared and static) and by find_package, and an uninstall
leaves the prefix as it was."""

import os
import re
import shutil
import tempfile

from common import Check, read, run

check = Check(__doc__)
PROGRAM = """
#include <stdio.h>
#include <xh/base.h>
int main(void) {
    if (xh_version() != (uint32_t)XH_VERSION) return 1;
    puts(xh_version_string());
    return 0;
}
"""
PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(use LANGUAGES C)
find_package(xh 1.0 REQUIRED)
add_executable(use use.c)
target_link_libraries(use PRIVATE xh::xh)
"""
NOTES = ("install_manifest.txt", "install_folders.txt")


def works(result):
    return [] if result.returncode == 0 else [(result.stdout + result.stderr).strip()]


def tree(folder):
    return [os.path.join(where, name) for where, dirs, names in os.walk(folder) for name in dirs + names]


def install(prefix):
    return run(["cmake", "--install", check.build, "--prefix", prefix])


def pkg_config(module, environment):
    return run(["pkg-config", "--cflags", "--libs", module], env=environment).stdout.split()


def check_use(folder, prefix):
    libdir = os.path.dirname(next((path for path in tree(prefix) if path.endswith("/libxh.so")), prefix + "/lib/libxh.so"))
    environment = dict(os.environ, PKG_CONFIG_PATH=os.path.join(libdir, "pkgconfig"))
    loading = dict(environment, LD_LIBRARY_PATH=libdir)
    source = os.path.join(folder, "use.c")
    with open(source, "w") as out:
        out.write(PROGRAM)

    program = os.path.join(folder, "shared")
    flags = pkg_config("xh", environment)
    check.claim("pkg-config asks for nothing but xh itself",
                [flag for flag in flags if flag != "-lxh" and not flag.startswith(("-I", "-L"))])
    check.claim("a program links by pkg-config xh", works(run([check.args.cc, "-std=c99", source, "-o", program] + flags)))
    check.claim("and runs", works(run([program], env=loading)) if os.path.exists(program) else ["not built"])

    page = re.search(r"```c\n(.*?)```", read(check.path("README.md")), re.S)
    example = os.path.join(folder, "readme.c")
    with open(example, "w") as out:
        out.write(page.group(1) if page else "")
    check.claim("the program of the README builds", works(run(
        [check.args.cc, "-std=c99", "-Wall", "-Wextra", "-Werror", example, "-o", os.path.join(folder, "readme")] + flags)))

    program = os.path.join(folder, "static")
    flags = pkg_config("xh-static", environment)
    check.claim("a program links by pkg-config xh-static", works(run([check.args.cc, "-std=c99", source, "-o", program] + flags)))
    if os.path.exists(program):
        check.claim("and runs without libxh.so", works(run([program])))
        linked = run(["ldd", program]).stdout
        check.claim("because it holds the library", [linked] if "libxh" in linked else [])

    with open(os.path.join(folder, "CMakeLists.txt"), "w") as out:
        out.write(PROJECT)
    build = os.path.join(folder, "cmake")
    generator = re.search(r"CMAKE_GENERATOR:INTERNAL=(.*)", read(os.path.join(check.build, "CMakeCache.txt"))).group(1)
    check.claim("a project finds it by find_package(xh)", works(run(
        ["cmake", "-G", generator, "-S", folder, "-B", build, "-DCMAKE_PREFIX_PATH=" + prefix,
         "-DCMAKE_C_COMPILER=" + check.args.cc])))
    check.claim("builds with xh::xh", works(run(["cmake", "--build", build])))
    program = os.path.join(build, "use")
    check.claim("and runs", works(run([program])) if os.path.exists(program) else ["not built"])


with tempfile.TemporaryDirectory() as folder:
    # The notes of an installation that the user made from this build folder stay as they were.
    for note in NOTES:
        if os.path.exists(os.path.join(check.build, note)):
            shutil.move(os.path.join(check.build, note), os.path.join(folder, note))
    try:
        prefix = os.path.join(folder, "prefix")
        os.makedirs(os.path.join(prefix, "share"))
        before = tree(prefix)
        check.claim("it installs into a prefix", works(install(prefix)))
        check.claim("installing again changes nothing", works(install(prefix)))
        moved = os.path.join(folder, "moved")
        shutil.copytree(prefix, moved, symlinks=True)
        check_use(folder, moved)
        check.claim("it uninstalls", works(run(["cmake", "-P", os.path.join(check.build, "uninstall.cmake")])))
        check.claim("and leaves the prefix as it was", sorted(set(tree(prefix)) ^ set(before)))
    finally:
        for note in NOTES:
            path = os.path.join(check.build, note)
            if os.path.exists(path):
                os.remove(path)
            if os.path.exists(os.path.join(folder, note)):
                shutil.move(os.path.join(folder, note), path)
check.end()
