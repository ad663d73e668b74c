#include "services/capture/withheld_notice.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace farshore::capture {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Withheld : public ::testing::Test {
 protected:
  std::vector<std::string> take() { return std::exchange(said_, {}); }

  WithheldNotice::Clock::time_point now_{};
  std::vector<std::string> said_;
  WithheldNotice notice_{[this](const std::string& why) { said_.push_back(why); }};
};

TEST_F(Withheld, IsSaidOfAWaitOnceItHasLasted) {
  notice_.waits("a key", now_);
  notice_.waits("a key", now_ + seconds(4));
  EXPECT_THAT(take(), IsEmpty());
  notice_.waits("a key", now_ + seconds(5));
  notice_.waits("a key", now_ + seconds(6));
  EXPECT_THAT(take(), ElementsAre("a key"));
  notice_.waits("another", now_ + seconds(7));
  notice_.given(now_ + seconds(8));
  EXPECT_THAT(take(), ElementsAre("another", ""));
  notice_.waits("a key", now_ + seconds(9));
  EXPECT_THAT(take(), IsEmpty()) << "a new wait";
}

TEST_F(Withheld, IsSaidOfTheSourceAtOnceAndFirst) {
  notice_.source_says("read-only", now_);
  notice_.waits("a key", now_);
  notice_.waits("a key", now_ + seconds(9));
  EXPECT_THAT(take(), ElementsAre("read-only"));
  notice_.source_says("", now_ + seconds(10));
  EXPECT_THAT(take(), ElementsAre("a key"));
  notice_.given(now_ + seconds(11));
  notice_.source_says("", now_ + seconds(12));
  EXPECT_THAT(take(), ElementsAre(""));
}

}  // namespace
}  // namespace farshore::capture
