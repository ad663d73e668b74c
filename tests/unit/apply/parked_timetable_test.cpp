#include "apply/parked_timetable.hpp"

#include <gmock/gmock.h>

#include "parked_changes.hpp"

namespace farshore::apply {
namespace {

using namespace test;

class Requests : public Writing {
 protected:
  Requests() { stored_and_loaded(applied_up_to(0)); }
};

TEST_F(Requests, TheNextIsLookedForWithinMillisecondsWhenOneWasAnswered) {
  EXPECT_FALSE(writer_->expects_request());
  target_.ask();
  ASSERT_TRUE(eventually([this] { return target_.is_answered(); }));
  const auto begun = clock_.now();
  for (int row = 0; row < 10; ++row) {
    EXPECT_TRUE(writer_->expects_request());
    target_.ask();
    ASSERT_TRUE(eventually([this] { return target_.is_answered(); })) << row;
  }
  EXPECT_LT(clock_.now() - begun, std::chrono::seconds(4)) << "half a second each, otherwise";
}

TEST_F(Requests, ManyTicksAreNoReasonToLookForMore) {
  target_.ask();
  ASSERT_TRUE(eventually([this] { return target_.is_answered(); }));
  const int looks = target_.request_looks();
  for (int ticks = 0; ticks < 1000; ++ticks) tick();
  EXPECT_LE(target_.request_looks() - looks, 101) << "in a second";
}

TEST_F(Requests, OneThatFailsIsNotTriedAgainAtOnce) {
  target_.ask();
  ASSERT_TRUE(eventually([this] { return target_.is_answered(); }));
  target_.lock_out("UPDATE farshore.progress", 1'000'000);
  target_.ask();
  const int looks = target_.request_looks();
  ASSERT_TRUE(eventually([&] { return target_.request_looks() > looks; }));
  for (int ticks = 0; ticks < 300; ++ticks) tick();
  EXPECT_EQ(target_.request_looks(), looks + 1);
}

class ParkedOfATable : public ParkedChanges {};

TEST_F(ParkedOfATable, ARightThatIsGrantedIsFoundByASessionOfItsOwn) {
  take_note("a");
  take(topic_.transaction(1).insert(1, "a").end().send());
  write();
  ASSERT_EQ(target_.parked(), 1U);
  target_.grant({FakeTarget::kBlindToTriggers});
  restart();
  free_notes();
  ASSERT_TRUE(eventually([this] {
    return std::ranges::any_of(target_.reasons_of_parked(), [](const auto& why) { return why.contains("TRIGGER"); });
  }));
  target_.grant({FakeTarget::kAll});
  EXPECT_TRUE(eventually([this] { return target_.parked() == 0; }));
}

TEST_F(Requests, AreNotCarriedOutWhenWhoAskedHasGone) {
  target_.ask();
  ASSERT_TRUE(eventually([this] { return target_.is_answered(); }));
  EXPECT_THAT(target_.answered(), testing::Not(testing::HasSubstr("withdrawn")));
  target_.asker_goes();
  target_.ask();
  ASSERT_TRUE(eventually([this] { return target_.is_answered(); }));
  EXPECT_THAT(target_.answered(), testing::AllOf(testing::HasSubstr("done=0"), testing::HasSubstr("withdrawn: who")));
}

}  // namespace
}  // namespace farshore::apply
