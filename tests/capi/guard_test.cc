// The one place that catches: whatever is thrown becomes its code and a sentence.
#include "capi/guard.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "base/error.h"

namespace sotto::capi {
namespace {

template <class Thrown>
sotto_status status_when(Thrown thrown) {
  return run("sotto_f", {}, [&] { throw thrown; });
}

TEST(Guard, EveryErrorCodeHasItsStatusUnderTheSameName) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kIo); ++code) {
    const auto error_code = static_cast<ErrorCode>(code);
    const sotto_status status = status_when(Error(error_code, "the sentence " + std::to_string(code)));
    EXPECT_EQ(sotto_status_name(status), error_code_name(error_code));
    EXPECT_EQ(sotto_last_error(), "the sentence " + std::to_string(code));
  }
}

TEST(Guard, NoMemoryHasItsStatus) {
  EXPECT_EQ(status_when(std::bad_alloc()), SOTTO_OUT_OF_MEMORY);
  EXPECT_STREQ(sotto_last_error(), "out of memory");
  EXPECT_EQ(status_when(std::bad_array_new_length()), SOTTO_OUT_OF_MEMORY);
}

TEST(Guard, ForeignExceptionsAreInternalErrors) {
  EXPECT_EQ(status_when(std::logic_error("odd")), SOTTO_INTERNAL);
  EXPECT_STREQ(sotto_last_error(), "sotto_f: internal error, please report it: odd");
  EXPECT_EQ(status_when(42), SOTTO_INTERNAL);
  EXPECT_STREQ(sotto_last_error(), "sotto_f: internal error, please report it: an exception of unknown type");
}

TEST(Guard, ASentenceStaysUntilTheNextFailure) {
  status_when(Error(ErrorCode::kIo, "first"));
  EXPECT_EQ(run("sotto_f", {}, [] {}), SOTTO_OK);
  EXPECT_STREQ(sotto_last_error(), "first");
}

TEST(Guard, AResultIsClearedBeforeAndSetAfter) {
  int out = 7;
  EXPECT_EQ(give("sotto_f", {}, &out, []() -> int { throw 1; }), SOTTO_INTERNAL);
  EXPECT_EQ(out, 0);
  EXPECT_EQ(give("sotto_f", {}, &out, [] { return 5; }), SOTTO_OK);
  EXPECT_EQ(out, 5);
}

TEST(Guard, NumbersThatAreNoStatusHaveNoName) {
  EXPECT_STREQ(sotto_status_name(static_cast<sotto_status>(12)), "unknown");
}

}  // namespace
}  // namespace sotto::capi
