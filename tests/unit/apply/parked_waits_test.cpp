#include "apply/parked_waits.hpp"

#include <gmock/gmock.h>

#include <string>

#include "records.hpp"

namespace farshore::apply {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TheWaits : public ::testing::Test {
 protected:
  static ParkedKey key(const std::string& table, int number) {
    ParkedKey key{.schema = "shop", .table = table, .hash = {}};
    key.hash[0] = static_cast<char>(number >> 8);
    key.hash[1] = static_cast<char>(number);
    return key;
  }
  /// Tries for so long what is due, and is refused each time. Returns how many tries that took.
  int refuse_all(Clock::duration time, const std::vector<UniqueValue>& wanted = {}) {
    int tries = 0;
    for (const auto until = now_ + time; now_ < until; now_ += 10ms) {
      if (!waits_.is_due(partition_, now_)) continue;
      for (const ParkedKey& due : waits_.take_due(partition_, now_)) {
        waits_.refused(partition_, due, now_, wanted, 1);
        ++tries;
      }
    }
    return tries;
  }
  std::vector<ParkedKey> due() {
    return waits_.is_due(partition_, now_) ? waits_.take_due(partition_, now_) : std::vector<ParkedKey>();
  }

  const store::PartitionKey partition_ = test::partition_key();
  ParkedWaits waits_{10s};
  Clock::time_point now_ = Clock::time_point(1h);
};

TEST_F(TheWaits, GrowUpToTheirBound) {
  waits_.add(partition_, key("a", 1), now_);
  EXPECT_LE(refuse_all(1s), 4);
  EXPECT_LE(refuse_all(60s), 11);
  EXPECT_GE(refuse_all(60s), 5) << "tried again for ever, as somebody may mend the table";
}

TEST_F(TheWaits, OfManyThatAreAlwaysRefusedTakeFewTries) {
  for (int i = 0; i < 1000; ++i) waits_.add(partition_, key("a", i), now_);
  refuse_all(20s);
  EXPECT_LE(refuse_all(20s), 30) << "and not one for each of them in every interval";
  EXPECT_GE(refuse_all(20s), 10);
}

TEST_F(TheWaits, OfOneTableDoNotHoldUpThoseOfAnother) {
  for (int i = 0; i < 1000; ++i) waits_.add(partition_, key("a", i), now_);
  refuse_all(60s);
  waits_.add(partition_, key("b", 1), now_);
  refuse_all(2s);
  now_ += 10s;
  EXPECT_THAT(due(), ElementsAre(::testing::Field(&ParkedKey::table, "a"), key("b", 1)));
}

TEST_F(TheWaits, EndForAWholeTableWhenOneOfItGoesThrough) {
  for (int i = 0; i < 50; ++i) waits_.add(partition_, key("a", i), now_);
  waits_.add(partition_, key("b", 1), now_);
  refuse_all(60s);
  waits_.remove(partition_, key("a", 7));
  waits_.wake_table(partition_, key("a", 7), now_, false);
  EXPECT_THAT(due(), ::testing::Contains(key("a", 8)));
  now_ += 1ms;
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(TheWaits, AreCutShortByTheValueThatIsWantedAndByNoOther) {
  waits_.add(partition_, key("a", 1), now_);
  refuse_all(60s, {41, 42});
  refuse_all(1s, {41, 42});
  waits_.freed({43}, now_);
  const auto before = due();
  waits_.freed({42}, now_);
  now_ += 100ms;
  EXPECT_THAT(before, SizeIs(::testing::Le(1U)));
  EXPECT_THAT(due(), ElementsAre(key("a", 1)));
  waits_.remove(partition_, key("a", 1));
  EXPECT_FALSE(waits_.waits_for_values());
}

TEST_F(TheWaits, AreOverWhenThePartitionIsLetGo) {
  waits_.add(partition_, key("a", 1), now_);
  refuse_all(1s, {41});
  waits_.forget(partition_);
  now_ += 1h;
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_FALSE(waits_.waits_for_values());
}

}  // namespace
}  // namespace farshore::apply
