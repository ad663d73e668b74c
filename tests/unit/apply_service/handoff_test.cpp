#include "services/apply/handoff.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "unit/apply/records.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Job job_with(std::uint64_t seq) {
  Job job;
  (void)job.set.open_slice(applied_up_to(seq));
  return job;
}

TEST(TheHandoff, ExchangesAJobForAnEmptyOne) {
  Handoff handoff([] {});
  EXPECT_TRUE(handoff.is_idle());
  Job job = job_with(1);
  job.releases.push_back(partition_key());
  ASSERT_TRUE(handoff.give(job, 0ms));
  EXPECT_TRUE(job.empty());
  EXPECT_FALSE(handoff.is_idle());
  Job* const given = handoff.wait(0ms);
  ASSERT_NE(given, nullptr);
  EXPECT_THAT(given->set.slices(), SizeIs(1));
  EXPECT_THAT(given->releases, SizeIs(1));
}

TEST(TheHandoff, KeepsTheNextJobWhileOneIsWorkedOn) {
  Handoff handoff([] {});
  Job job = job_with(1);
  ASSERT_TRUE(handoff.give(job, 0ms));
  Job next = job_with(2);
  EXPECT_FALSE(handoff.give(next, 1ms));
  EXPECT_FALSE(next.empty());
  std::vector<Outcome> outcomes;
  handoff.answer(outcomes, true);
  EXPECT_TRUE(handoff.is_idle());
  EXPECT_TRUE(handoff.give(next, 0ms));
}

TEST(TheHandoff, ThereIsNoJobUntilOneIsGiven) {
  Handoff handoff([] {});
  EXPECT_EQ(handoff.wait(1ms), nullptr);
}

TEST(TheHandoff, OutcomesAreTakenOnceAndSayThatTheyCame) {
  int answers = 0;
  Handoff handoff([&] { ++answers; });
  std::vector<Outcome> outcomes;
  handoff.answer(outcomes, false);
  EXPECT_EQ(answers, 0) << "nothing to look at";
  outcomes.emplace_back(Lost{.key = partition_key(), .reason = {}});
  handoff.answer(outcomes, false);
  EXPECT_EQ(answers, 1);
  EXPECT_THAT(outcomes, IsEmpty());
  std::vector<Outcome> taken;
  handoff.take_outcomes(taken);
  EXPECT_THAT(taken, SizeIs(1));
  handoff.take_outcomes(taken);
  EXPECT_THAT(taken, IsEmpty());
}

TEST(TheHandoff, CarriesEveryJobInOrderBetweenTwoThreads) {
  constexpr std::uint64_t kJobs = 2000;
  Handoff handoff([] {});
  std::vector<std::uint64_t> worked;
  std::thread writing([&] {
    std::vector<Outcome> outcomes;
    while (worked.size() < kJobs) {
      const Job* const job = handoff.wait(10s);
      if (job == nullptr) return;
      worked.push_back(job->set.slices().front().base_seq.raw());
      outcomes.emplace_back(Applied{.key = partition_key(), .row = {}, .offset = {}, .counts = {}});
      handoff.answer(outcomes, true);
    }
  });
  std::size_t answered = 0;
  std::vector<Outcome> outcomes;
  for (std::uint64_t i = 0; i < kJobs; ++i) {
    Job job = job_with(i);
    ASSERT_TRUE(handoff.give(job, 10s));
    handoff.take_outcomes(outcomes);
    answered += outcomes.size();
  }
  writing.join();
  handoff.take_outcomes(outcomes);
  answered += outcomes.size();
  EXPECT_EQ(answered, kJobs);
  ASSERT_THAT(worked, SizeIs(kJobs));
  for (std::uint64_t i = 0; i < kJobs; ++i) EXPECT_EQ(worked[i], i);
}

}  // namespace
}  // namespace farshore::apply
