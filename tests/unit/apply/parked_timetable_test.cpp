#include "apply/parked_timetable.hpp"

#include <gmock/gmock.h>

#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;

class Requests : public Writing {
 protected:
  Requests() { stored_and_loaded(applied_up_to(0)); }
};

TEST_F(Requests, TheNextIsLookedForWithoutAPauseWhenOneWasAnswered) {
  EXPECT_FALSE(writer_->expects_request());
  target_.ask();
  ASSERT_TRUE(eventually([this] { return target_.is_answered(); }));
  for (int row = 0; row < 10; ++row) {
    EXPECT_TRUE(writer_->expects_request());
    target_.ask();
    tick();
    ASSERT_TRUE(target_.is_answered()) << row;
  }
}

TEST_F(Requests, AreNotCarriedOutWhenWhoAskedHasGone) {
  target_.ask();
  ASSERT_TRUE(eventually([this] { return target_.is_answered(); }));
  EXPECT_THAT(target_.answered(), testing::Not(testing::HasSubstr("withdrawn")));
  target_.asker_goes();
  target_.ask();
  tick();
  ASSERT_TRUE(target_.is_answered());
  EXPECT_THAT(target_.answered(), testing::AllOf(testing::HasSubstr("done=0"), testing::HasSubstr("withdrawn: who")));
}

}  // namespace
}  // namespace farshore::apply
