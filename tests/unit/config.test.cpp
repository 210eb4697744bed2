// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/config.hpp>

#include <tests/support/catch.hpp>

#include <string>

TEST_CASE("config: the version is told once") {
  CHECK(std::to_string(PERDURE_VERSION_MAJOR) + "." + std::to_string(PERDURE_VERSION_MINOR) + "." +
            std::to_string(PERDURE_VERSION_PATCH) ==
        PERDURE_VERSION_STRING);
}

TEST_CASE("config: the platform is one, and has POSIX or not") {
  int platforms = 0;
#ifdef PERDURE_OS_LINUX
  ++platforms;
#endif
#ifdef PERDURE_OS_DARWIN
  ++platforms;
#endif
#ifdef PERDURE_OS_BSD
  ++platforms;
#endif
#ifdef PERDURE_OS_NONE
  ++platforms;
#endif
  CHECK(platforms == 1);
  CHECK((PERDURE_HAS_POSIX == 0 || PERDURE_HAS_POSIX == 1));
}

// The hook is the last thing this file looks at: a program gives one definition for all of itself.
#undef PERDURE_PANIC
#define PERDURE_PANIC(message) (++panics, static_cast<void>(last_message = (message)))

TEST_CASE("config: an assertion looks once, and panics with its message only where it does not hold") {
  int panics = 0;
  std::string last_message;
  int looked = 0;
  PERDURE_ASSERT(++looked > 0, "holds");
  CHECK((panics == 0 && looked == 1 && last_message.empty()));
  PERDURE_ASSERT(++looked < 0, "does not hold");
  CHECK((panics == 1 && looked == 2 && last_message == "does not hold"));
}
