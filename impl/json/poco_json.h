#pragma once
// POCO's JSON classes; the one file that includes them. Poco/JSON/Object.h includes <iostream>, which in libstdc++ before
// version 13 puts an object with a constructor into every file that does so. The library has no start-up work (L02), so
// the guard of <iostream> is set before; the streams that POCO's headers really use are included here.

#include <istream>
#include <ostream>
#include <sstream>

#if defined(__GLIBCXX__) && !defined(_GLIBCXX_IOSTREAM)
#define _GLIBCXX_IOSTREAM 1
#endif

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>
