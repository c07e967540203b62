# Filter for Doxygen: writes the X-macros of statuses and options out as documented enumerators, in the line where the
# macro is used, and leaves out the macros that only adapt compilers. The number of lines stays the same.
/^#define XH_(CALL|API|BEGIN_DECLS|END_DECLS)/ { print ""; next }
/^#define XH_[A-Z]+_MAP\(X\)/ { in_map = 1; count = 0 }
in_map {
    if (match($0, /X\([A-Z]/)) {
        entry = substr($0, RSTART + 2)
        split(entry, field, /, */)
        count++
        name[count] = field[1]
        number[count] = field[2]
        kind = field[3]
        sub(/^[^"]*"/, "", entry)
        code = entry
        sub(/".*$/, "", code)
        sub(/^[^"]*", *"/, "", entry)
        sub(/"\).*$/, "", entry)
        text[count] = entry " (" kind (code == "" ? "" : ", `" code "`") ")"
    }
    if ($0 !~ /\\$/) in_map = 0
    print ""
    next
}
/^#define XH_[A-Z]+_ENUM\(name/ {
    prefix = $0
    sub(/^.*\) */, "", prefix)
    sub(/##.*$/, "", prefix)
    print ""
    next
}
/^#undef XH_[A-Z]+_ENUM/ { print ""; next }
/^ *XH_[A-Z]+_MAP\(XH_[A-Z]+_ENUM\)/ {
    line = ""
    for (i = 1; i <= count; i++) line = line prefix name[i] " = " number[i] ", /**< " text[i] " */ "
    print line
    next
}
{ print }
