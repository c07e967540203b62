/** @file xh.h
 *  The HTTP library that every other language can call. This header includes all others and says once what holds
 *  everywhere.
 *
 *  **Handles.** Opaque and counted. `new` gives one reference, `xh_T_retain` adds one, `xh_T_release` takes one. Release is
 *  legal everywhere and for ever: in any callback, on any thread, after xh_shutdown(), in a forked child; it never blocks
 *  and calls no event callback. NULL is ignored. Three verbs, never mixed: *end* (terminate, destroy: asynchronous, any
 *  thread), *wait* (the only verb that blocks), *release* (memory). Handles passed to a callback are borrowed for that
 *  call; retain to keep. A child keeps its parent alive.
 *
 *  **Threads.** Every function may be called from any thread at any time on a retained handle, except those tagged
 *  `XH_SINGLE` (one thread at a time) and those tagged `any-but-callback`. Callbacks of one handle never overlap and never
 *  run inside the call that started the work. No lock of the library is held while foreign code runs. No function is
 *  async-signal-safe.
 *
 *  **Errors.** A function that fails returns a negative xh_status; a function that returns an error will never call
 *  anything back for it, and has taken nothing. Errors of work in flight are a list on its handle. There is no
 *  thread-local last error. XH_E_NOMEM, XH_E_INTERNAL and XH_E_INVALID_ARGUMENT (a NULL handle or out pointer) are possible
 *  everywhere and not listed.
 *
 *  **Text and bytes.** Input is pointer and length; XH_NTS as length means NUL-terminated. Text is UTF-8 and checked;
 *  header values and bodies are bytes. NULL with length 0 is absent, not NULL with 0 is empty. Returned views are xh_str,
 *  NUL-terminated where they are text.
 *
 *  **Time.** int64_t milliseconds in names that end in `_ms`; -1 means none. All deadlines are monotonic.
 *
 *  **Process.** No init call. The library installs no signal handler and raises no SIGPIPE. After fork a child's calls on
 *  old handles return XH_E_FORKED and release frees memory only. xh_shutdown() is optional.
 */
#ifndef XH_XH_H
#define XH_XH_H

#include "xh/agent.h"
#include "xh/base.h"
#include "xh/cookie.h"
#include "xh/error.h"
#include "xh/json.h"
#include "xh/loop.h"
#include "xh/module.h"
#include "xh/options.h"
#include "xh/queue.h"
#include "xh/request.h"
#include "xh/response.h"

#endif
