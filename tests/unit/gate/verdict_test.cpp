#include "services/gate/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "services/gate/gate_metrics.hpp"
#include "services/gate/gate_state.hpp"
#include "services/gate/safe_time_watch.hpp"
#include "services/telemetry/metrics.hpp"

namespace farshore::gate {
namespace {

using namespace std::chrono_literals;
using store::PartitionState;
using store::ProgressRow;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const LocalTime kNow{std::chrono::microseconds{1'800'000'000'000'000}};
constexpr std::chrono::microseconds kUptime = 1h;
const Instant kNowHere{.wall = kNow, .steady = kUptime};
constexpr Bounds kBounds{.age_max = 10s, .evidence_age_max = 3s, .clock_skew_max = 2s};

ProgressRow row(std::int32_t partition, std::chrono::microseconds age = 1s) {
  ProgressRow out;
  out.key = {.origin = "east", .stream = "main", .partition = PartitionId(partition)};
  out.safe_time = kNow - age;
  out.state = PartitionState::kApplying;
  out.owner = "host/1";
  return out;
}

store::EqualityRow said_equal(const std::string& stream) {
  store::EqualityRow out;
  out.id = 1;
  out.origin = "east";
  out.stream = stream;
  out.word = store::Word::kEqual;
  return out;
}

Instant before_now(std::chrono::microseconds ago) { return {.wall = kNow - ago, .steady = kUptime - ago}; }

/// Read every half second for so long that the origin's pace is known; every safe time ended where `rows` has it.
SafeTimeWatch watched(const std::vector<ProgressRow>& rows) {
  SafeTimeWatch watch(kBounds);
  for (auto ago = 5s + 0ms; ago >= 0ms; ago -= 500ms) {
    std::vector<ProgressRow> then = rows;
    for (ProgressRow& row : then)
      if (row.safe_time != SourceTime{}) row.safe_time -= ago;
    watch.learn(then, before_now(ago));
  }
  return watch;
}

/// Origin east with a stream main of two partitions, all well, read half a second ago.
struct Situation {
  Expectation expected{.origins = {"east"}, .partitions_of_stream = {{"main", 2}}};
  Evidence evidence{.rows = {row(0), row(1)}, .pending = {}, .equality = {{}}};
  Moment moment{.now = kNowHere, .evidence_age = 500ms};

  Situation() {
    for (const char* const stream : {"main", "core", "former", "new"}) evidence.equality->push_back(said_equal(stream));
  }

  [[nodiscard]] std::vector<StreamVerdict> verdicts() const {
    return judge(expected, &evidence, kBounds, moment, watched(evidence.rows));
  }
  [[nodiscard]] StreamVerdict verdict() const {
    auto all = verdicts();
    EXPECT_EQ(all.size(), 1U);
    return all.at(0);
  }
  [[nodiscard]] std::vector<Reason> reasons() const {
    std::vector<Reason> out;
    for (const ClosedBy& closed : verdict().reasons) out.push_back(closed.reason);
    return out;
  }
};

TEST(Verdict, OfAStaleSafeTimeSaysWhatApplyWaitsFor) {
  Situation waiting;
  waiting.evidence.rows = {row(0), row(1, 30s)};
  waiting.evidence.rows[1].reason = "table shop.orders: a row lock is waited for";
  const StreamVerdict of_table = waiting.verdict();
  ASSERT_EQ(of_table.reasons.size(), 1U);
  EXPECT_EQ(of_table.reasons[0].reason, Reason::kStaleSafeTime);
  EXPECT_THAT(of_table.reasons[0].detail, HasSubstr("; partition 1: table shop.orders: a row lock is waited for"));
  waiting.evidence.block = store::WriteBlock::kServerLock;
  EXPECT_THAT(waiting.verdict().reasons.at(0).detail, HasSubstr("; apply waits for a lock over the whole server"));
}

TEST(Verdict, IsNotClosedByAWaitAlone) {
  Situation waiting;
  waiting.evidence.rows[1].reason = "table shop.orders: a row lock is waited for";
  EXPECT_TRUE(waiting.verdict().open) << "what is fresh is fresh";
}

TEST(Verdict, IsOpenWhenEveryPartitionAppliesWithinTheBounds) {
  Situation all_well;
  all_well.evidence.rows = {row(0, 1s), row(1, 4s)};
  const StreamVerdict verdict = all_well.verdict();
  EXPECT_TRUE(verdict.open);
  EXPECT_THAT(verdict.reasons, IsEmpty());
  EXPECT_EQ(verdict.safe_time, kNow - 4s) << "the least of the partitions";
  EXPECT_EQ(verdict.age, 4s);
  EXPECT_EQ(verdict.partitions, 2U);
  EXPECT_TRUE(all_open(all_well.verdicts()));
}

TEST(Verdict, IsClosedBeforeTheFirstReading) {
  const auto verdicts =
      judge(Situation().expected, nullptr, kBounds, {.now = kNowHere, .evidence_age = 0s}, SafeTimeWatch(kBounds));
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_FALSE(verdicts[0].open);
  ASSERT_EQ(verdicts[0].reasons.size(), 1U);
  EXPECT_EQ(verdicts[0].reasons[0].reason, Reason::kNoEvidence);
  EXPECT_FALSE(verdicts[0].safe_time);
}

TEST(Verdict, IsClosedWhenNothingIsConfigured) {
  EXPECT_FALSE(all_open(judge({}, nullptr, kBounds, {.now = kNowHere, .evidence_age = 0s}, SafeTimeWatch(kBounds))));
  EXPECT_FALSE(all_open({}));
}

TEST(Verdict, IsClosedByAMissingPartitionOfAConfiguredStream) {
  Situation one_missing;
  one_missing.evidence.rows = {row(1)};
  const StreamVerdict verdict = one_missing.verdict();
  ASSERT_EQ(verdict.reasons.size(), 1U);
  EXPECT_EQ(verdict.reasons[0].reason, Reason::kNoEvidence);
  EXPECT_THAT(verdict.reasons[0].partitions, ElementsAre(0));
  EXPECT_FALSE(verdict.safe_time) << "what one partition lacks, the stream lacks";
  EXPECT_FALSE(verdict.age);
}

TEST(Verdict, IsClosedByAStreamOrAnOriginWithoutAnyRow) {
  Situation two_origins;
  two_origins.expected.origins = {"east", "north"};
  two_origins.expected.partitions_of_stream["core"] = 1;
  const auto verdicts = two_origins.verdicts();
  ASSERT_EQ(verdicts.size(), 4U);
  EXPECT_EQ(verdicts[0].stream, "core");
  EXPECT_FALSE(verdicts[0].open);
  EXPECT_EQ(verdicts[1].stream, "main");
  EXPECT_TRUE(verdicts[1].open) << "one stream's trouble does not close another";
  EXPECT_EQ(verdicts[2].origin, "north");
  EXPECT_FALSE(verdicts[2].open);
  EXPECT_FALSE(verdicts[3].open);
  EXPECT_FALSE(all_open(verdicts));
}

TEST(Verdict, JudgesAStreamThatIsAppliedWithoutBeingConfigured) {
  Situation former_stream;
  ProgressRow other = row(0, 60s);
  other.key.stream = "former";
  former_stream.evidence.rows.push_back(other);
  const auto verdicts = former_stream.verdicts();
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].stream, "former");
  EXPECT_FALSE(verdicts[0].open);
  EXPECT_TRUE(verdicts[1].open);
}

TEST(Verdict, JudgesAPartitionBeyondTheConfiguredNumber) {
  Situation grown;
  grown.evidence.rows.push_back(row(2, 60s));
  EXPECT_THAT(grown.reasons(), ElementsAre(Reason::kStaleSafeTime));
}

TEST(Verdict, IsClosedByAPartitionThatTheOriginsEpochNamesAndOfWhichNothingHasArrived) {
  Situation grown;
  for (ProgressRow& known : grown.evidence.rows) known.epoch = {Epoch(2), Incarnation(20)};
  ProgressRow added;  // as the entering of the epoch makes it
  added.key = {.origin = "east", .stream = "main", .partition = PartitionId(2)};
  grown.evidence.rows.push_back(added);
  added.key = {.origin = "east", .stream = "new", .partition = PartitionId(0)};
  grown.evidence.rows.push_back(added);
  const auto verdicts = grown.verdicts();
  ASSERT_EQ(verdicts.size(), 2U) << "the stream that is not configured here too";
  for (const StreamVerdict& verdict : verdicts) {
    EXPECT_FALSE(verdict.open);
    EXPECT_FALSE(verdict.safe_time);
    ASSERT_EQ(verdict.reasons.size(), 2U);
    EXPECT_EQ(verdict.reasons[0].reason, Reason::kNoSafeTime);
    EXPECT_EQ(verdict.reasons[0].detail, "nothing of the partition has been applied here yet");
    EXPECT_EQ(verdict.reasons[1].reason, Reason::kUnownedPartition);
  }
}

TEST(Verdict, PassesOverOriginsThatAreNotAppliedHere) {
  Situation other_origin;
  ProgressRow other = row(0, 1h);
  other.key.origin = "south";
  other_origin.evidence.rows.push_back(other);
  other_origin.evidence.pending.push_back({.origin = "south", .stream = "main", .parked = 3, .conflicts = 3});
  EXPECT_TRUE(all_open(other_origin.verdicts()));
}

TEST(Verdict, IsClosedByAnOldReadingHoweverFreshItLooked) {
  Situation old_reading;
  old_reading.moment.evidence_age = 3s;
  EXPECT_TRUE(old_reading.verdict().open) << "at the bound";
  old_reading.moment.evidence_age = 3s + 1us;
  EXPECT_THAT(old_reading.reasons(), ElementsAre(Reason::kStaleEvidence));
}

TEST(Verdict, IsClosedByOldSafeTimeBeyondTheBound) {
  Situation old_safe_time;
  old_safe_time.evidence.rows[1] = row(1, 10s);
  EXPECT_TRUE(old_safe_time.verdict().open) << "at the bound";
  old_safe_time.evidence.rows[1] = row(1, 10s + 1us);
  const StreamVerdict verdict = old_safe_time.verdict();
  ASSERT_EQ(verdict.reasons.size(), 1U);
  EXPECT_EQ(verdict.reasons[0].reason, Reason::kStaleSafeTime);
  EXPECT_THAT(verdict.reasons[0].partitions, ElementsAre(1));
  EXPECT_EQ(verdict.age, 10s + 1us);
}

TEST(Verdict, IsClosedWhenSafeTimeLiesTooFarInTheFuture) {
  Situation fast_clock;
  fast_clock.evidence.rows[0] = row(0, -2s);
  EXPECT_TRUE(fast_clock.verdict().open) << "at the bound";
  fast_clock.evidence.rows[0] = row(0, -2s - 1us);
  EXPECT_THAT(fast_clock.reasons(), ElementsAre(Reason::kClockSkew));
}

TEST(Verdict, IsClosedBeforeTheFirstWatermark) {
  Situation no_watermark;
  no_watermark.evidence.rows[0].epoch = {Epoch(2), Incarnation(20)};
  no_watermark.evidence.rows[0].safe_time = {};
  EXPECT_THAT(no_watermark.reasons(), ElementsAre(Reason::kNoSafeTime));
  EXPECT_FALSE(no_watermark.verdict().safe_time);
}

TEST(Verdict, IsClosedByAPartitionThatNobodyHolds) {
  Situation unowned;
  unowned.evidence.rows[0].owner.clear();
  EXPECT_THAT(unowned.reasons(), ElementsAre(Reason::kUnownedPartition));
}

TEST(Verdict, IsClosedByParkedChangesAndConflicts) {
  Situation pending;
  pending.evidence.pending = {{.origin = "east", .stream = "main", .parked = 0, .conflicts = 0}};
  EXPECT_TRUE(pending.verdict().open);
  pending.evidence.pending[0].parked = 2;
  EXPECT_THAT(pending.reasons(), ElementsAre(Reason::kParked));
  pending.evidence.pending[0].conflicts = 1;
  EXPECT_THAT(pending.reasons(), ElementsAre(Reason::kParked, Reason::kConflict));
  EXPECT_EQ(pending.verdict().parked, 2U);
  EXPECT_EQ(pending.verdict().conflicts, 1U);
  pending.evidence.pending[0].stream = "core";
  const auto verdicts = pending.verdicts();
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_FALSE(verdicts[0].open) << "a stream that is known by nothing but its pending changes";
  EXPECT_TRUE(verdicts[1].open) << "another stream's";
}

TEST(Verdict, IsClosedByPartitionsThatApplyInDifferentEpochs) {
  Situation mixed;
  mixed.evidence.rows[0].epoch = {Epoch(2), Incarnation(20)};
  mixed.evidence.rows[1].epoch = {Epoch(1), Incarnation(10)};
  EXPECT_THAT(mixed.reasons(), ElementsAre(Reason::kWrongIncarnation));
  mixed.evidence.rows[1].epoch = {Epoch(2), Incarnation(21)};
  EXPECT_THAT(mixed.reasons(), ElementsAre(Reason::kWrongIncarnation));
  mixed.evidence.rows[1].epoch = {};
  EXPECT_TRUE(mixed.verdict().open) << "it has not begun yet";
  mixed.evidence.rows[1].epoch = mixed.evidence.rows[0].epoch;
  EXPECT_TRUE(mixed.verdict().open);
}

TEST(Verdict, GathersEveryReasonOnceWithItsPartitions) {
  Situation much_wrong;
  much_wrong.moment.evidence_age = 1min;
  much_wrong.evidence.rows = {row(0, 1min), row(1, 1min)};
  much_wrong.evidence.rows[1].state = PartitionState::kHole;
  much_wrong.evidence.rows[1].reason = "seq 5 is missing";
  const StreamVerdict verdict = much_wrong.verdict();
  ASSERT_EQ(verdict.reasons.size(), 3U);
  EXPECT_EQ(verdict.reasons[0].reason, Reason::kStaleEvidence);
  EXPECT_THAT(verdict.reasons[1].partitions, ElementsAre(0, 1));
  EXPECT_EQ(verdict.reasons[2].detail, "seq 5 is missing");
}

struct StateCase {
  PartitionState state;
  Reason reason;
  const char* word;
};

class VerdictByState : public testing::TestWithParam<StateCase> {};

TEST_P(VerdictByState, ClosesWithItsReason) {
  Situation stopped;
  stopped.evidence.rows[1].state = GetParam().state;
  EXPECT_THAT(stopped.reasons(), ElementsAre(GetParam().reason));
  EXPECT_EQ(to_string(GetParam().reason), GetParam().word);
  EXPECT_EQ(store::to_string(GetParam().state), GetParam().word) << "one thing, one word";
}

INSTANTIATE_TEST_SUITE_P(
    States, VerdictByState,
    testing::Values(StateCase{PartitionState::kAtBarrier, Reason::kAtBarrier, "at-barrier"},
                    StateCase{PartitionState::kWaitingForStatement, Reason::kWaitingForStatement,
                              "waiting-for-statement"},
                    StateCase{PartitionState::kHole, Reason::kHole, "hole"},
                    StateCase{PartitionState::kWaitingForSchema, Reason::kWaitingForSchema, "waiting-for-schema"},
                    StateCase{PartitionState::kNeedsSnapshot, Reason::kNeedsSnapshot, "needs-snapshot"},
                    StateCase{PartitionState::kUnreadableBatch, Reason::kUnreadableBatch, "unreadable-batch"},
                    StateCase{PartitionState::kWrongIncarnation, Reason::kWrongIncarnation, "wrong-incarnation"},
                    StateCase{PartitionState::kNumberingConflict, Reason::kNumberingConflict, "numbering-conflict"},
                    StateCase{PartitionState::kMarkerFiltered, Reason::kMarkerFiltered, "marker-filtered"},
                    StateCase{PartitionState::kWrongOrigin, Reason::kWrongOrigin, "wrong-origin"},
                    StateCase{PartitionState::kStopped, Reason::kStopped, "stopped"}));

TEST(Verdict, IsClosedUntilSomebodySaidThatTheTablesBeganEqual) {
  Situation unsaid;
  unsaid.evidence.equality->clear();
  EXPECT_THAT(unsaid.reasons(), ElementsAre(Reason::kNotYetEqual));
  EXPECT_THAT(unsaid.verdict().reasons[0].detail, HasSubstr("`farshorectl equal declare --origin east --stream main`"));
  unsaid.evidence.equality = {said_equal("bulk")};
  EXPECT_THAT(unsaid.reasons(), ElementsAre(Reason::kNotYetEqual)) << "another stream's word is not this one's";
  unsaid.evidence.equality = {said_equal("main")};
  EXPECT_TRUE(unsaid.verdict().open);
}

TEST(Verdict, IsClosedByATableThatBecameUnequal) {
  Situation skipped;
  store::EqualityRow table = said_equal("main");
  table.id = 2;
  table.table = "shop.orders";
  table.word = store::Word::kNotYetEqual;
  table.why = "`TRUNCATE orders` of the origin was passed over";
  skipped.evidence.equality->push_back(table);
  EXPECT_THAT(skipped.reasons(), ElementsAre(Reason::kNotYetEqual));
  EXPECT_THAT(skipped.verdict().reasons[0].detail, HasSubstr("shop.orders (`TRUNCATE orders` of the origin"));
}

TEST(Verdict, IsClosedByWhatTheOriginsRegionDoubts) {
  Situation doubted;
  doubted.evidence.told.push_back({.partition = {"east", "main", PartitionId(0)}, .table = "shop.orders", .heard = 1});
  EXPECT_THAT(doubted.reasons(), ElementsAre(Reason::kNotYetEqual));
  EXPECT_THAT(doubted.verdict().reasons[0].detail, HasSubstr("the region of east does not know"));
  store::EqualityRow later = said_equal("main");
  later.id = 2;
  doubted.evidence.equality->push_back(later);
  EXPECT_TRUE(doubted.verdict().open);
}

TEST(Verdict, OfASchemaWithoutThatTableNamesInit) {
  Situation old;
  old.evidence.equality.reset();
  EXPECT_THAT(old.reasons(), ElementsAre(Reason::kNotYetEqual));
  EXPECT_THAT(old.verdict().reasons[0].detail, HasSubstr("`farshorectl init`"));
}

/// All well, and all tables were last compared so long ago.
Situation compared(std::chrono::microseconds ago) {
  Situation situation;
  const auto at_the_reading = ago - situation.moment.evidence_age;
  situation.evidence.comparisons = {{{.origin = "east",
                                      .stream = "main",
                                      .began_at = kNow - ago,
                                      .why = "nightly",
                                      .who = "cron@host",
                                      .age = at_the_reading}}};
  return situation;
}

StreamVerdict verdict_within(std::chrono::microseconds bound, const Situation& situation) {
  Bounds bounds = kBounds;
  bounds.comparison_age_max = bound;
  return judge(situation.expected, &situation.evidence, bounds, situation.moment, watched(situation.evidence.rows))
      .at(0);
}

TEST(AComparison, IsAskedForOnlyWithABound) {
  EXPECT_TRUE(verdict_within(0s, Situation()).open);
  EXPECT_EQ(verdict_within(0s, Situation()).comparison_age, std::nullopt);
  EXPECT_TRUE(verdict_within(0s, compared(1000h)).open);
  EXPECT_EQ(verdict_within(0s, compared(1000h)).comparison_age, 1000h);
  EXPECT_TRUE(verdict_within(0s, compared(-1h)).open);
}

TEST(AComparison, IsAsOldAsTheBoundAtMost) {
  EXPECT_TRUE(verdict_within(26h, compared(26h)).open);
  const StreamVerdict old = verdict_within(26h, compared(26h + 1s));
  ASSERT_EQ(old.reasons.size(), 1U);
  EXPECT_EQ(old.reasons[0].reason, Reason::kNotCompared);
  EXPECT_EQ(old.reasons[0].detail,
            "the last comparison of all tables that found them equal to the origin's began 93601.0 s ago (by "
            "cron@host), the bound is 93600.0 s: `farshorectl compare --peer FILE --record --why TEXT --execute`");
}

TEST(AComparison, IsMissedWhereNoneIsRecordedOfTheStream) {
  Situation none = compared(1h);
  none.evidence.comparisons->at(0).stream = "bulk";
  EXPECT_THAT(verdict_within(26h, none).reasons.at(0).detail, HasSubstr("no comparison of all tables of the stream"));
  none.evidence.comparisons->at(0) = {.origin = "north", .stream = "main", .began_at = kNow, .why = {}, .who = {}};
  EXPECT_FALSE(verdict_within(26h, none).open);
  none.evidence.comparisons.reset();
  EXPECT_THAT(verdict_within(26h, none).reasons.at(0).detail, HasSubstr("run `farshorectl init`"));
}

TEST(AComparison, IsAsOldAsTheClockSaysThatMakesItOldest) {
  Situation host_is_behind = compared(27h);
  host_is_behind.evidence.comparisons->at(0).began_at = kNow;
  EXPECT_FALSE(verdict_within(26h, host_is_behind).open) << "the database's clock says 27 hours";
  Situation database_was_set_back = compared(27h);
  database_was_set_back.evidence.comparisons->at(0).age = 0s;
  EXPECT_FALSE(verdict_within(26h, database_was_set_back).open) << "the host's clock says 27 hours";
}

TEST(AComparison, OfTheFutureIsNotBelieved) {
  EXPECT_TRUE(verdict_within(26h, compared(-2s)).open) << "two clocks are never the same";
  EXPECT_THAT(verdict_within(26h, compared(-1h)).reasons.at(0).detail, HasSubstr("lies 3600.0 s in the future"));
  Situation by_host = compared(1h);
  by_host.evidence.comparisons->at(0).began_at = kNow + 10s;
  EXPECT_THAT(verdict_within(26h, by_host).reasons.at(0).detail, HasSubstr("by the clock of the gate's own host"));
  Situation by_database = compared(1h);
  by_database.evidence.comparisons->at(0).age = -10s;
  EXPECT_THAT(verdict_within(26h, by_database).reasons.at(0).detail, HasSubstr("by the clock of the database"));
}

TEST(AComparison, GrowsOldWhileNothingIsRead) {
  Situation host_is_behind = compared(26h);
  host_is_behind.evidence.comparisons->at(0).began_at = kNow;
  EXPECT_TRUE(verdict_within(26h, host_is_behind).open);
  host_is_behind.moment.evidence_age += 1s;
  EXPECT_FALSE(verdict_within(26h, host_is_behind).open);
}

TEST(Reasons, AreAFixedVocabulary) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < kReasonCount; ++i) words.push_back(to_string(static_cast<Reason>(i)));
  EXPECT_THAT(words,
              ElementsAre("no-evidence", "stale-evidence", "no-safe-time", "stale-safe-time", "clock-skew",
                          "unowned-partition", "parked", "conflict", "not-yet-equal", "not-compared", "at-barrier",
                          "waiting-for-statement", "hole", "waiting-for-schema", "needs-snapshot", "unreadable-batch",
                          "wrong-incarnation", "numbering-conflict", "marker-filtered", "wrong-origin", "stopped"));
}

TEST(GateJson, SaysVerdictSafeTimeAgeAndReasons) {
  Situation situation;
  situation.evidence.rows[1].state = PartitionState::kHole;
  const Assessment assessment{.at = kNow, .open = false, .evidence_age = 500ms, .streams = situation.verdicts()};
  const auto json = nlohmann::json::parse(gate_json(assessment, "west", kBounds));
  EXPECT_EQ(json["region"], "west");
  EXPECT_EQ(json["verdict"], "closed");
  EXPECT_EQ(json["evidence_age_seconds"], 0.5);
  EXPECT_EQ(json["bounds"]["max_age_seconds"], 10);
  const auto& stream = json["streams"][0];
  EXPECT_EQ(stream["origin"], "east");
  EXPECT_EQ(stream["safe_time"], "2027-01-15T07:59:59.000000Z");
  EXPECT_EQ(stream["age_seconds"], 1.0);
  EXPECT_EQ(stream["reasons"][0]["reason"], "hole");
  EXPECT_EQ(stream["reasons"][0]["partitions"], nlohmann::json::array({1}));
}

TEST(GateJson, HasNullWhereNothingIsKnown) {
  const Assessment assessment{
      .at = kNow,
      .open = false,
      .evidence_age = std::nullopt,
      .streams = judge(Situation().expected, nullptr, kBounds, {kNowHere, 0s}, SafeTimeWatch(kBounds))};
  const auto json = nlohmann::json::parse(gate_json(assessment, "west", kBounds));
  EXPECT_TRUE(json["evidence_age_seconds"].is_null());
  EXPECT_TRUE(json["streams"][0]["safe_time"].is_null());
  EXPECT_TRUE(json["streams"][0]["age_seconds"].is_null());
  EXPECT_TRUE(json["streams"][0]["comparison_age_seconds"].is_null());
  EXPECT_TRUE(json["bounds"]["max_comparison_age_seconds"].is_null());
}

TEST(GateState, TreatsAReadingFromBeforeAPauseAsOld) {
  GateState state({.origins = {"east"}, .partitions_of_stream = {{"main", 1}}}, kBounds);
  EXPECT_FALSE(state.assess(kNowHere).open);
  for (auto ago = 5s; ago >= 0s; --ago)
    state.learn({.rows = {row(0, ago)}, .pending = {}, .equality = {{said_equal("main")}}}, before_now(ago));
  EXPECT_TRUE(state.assess(kNowHere).open);
  const Assessment later = state.assess({.wall = kNow + 4s, .steady = kUptime + 4s});
  EXPECT_FALSE(later.open);
  EXPECT_EQ(later.streams.at(0).reasons.at(0).reason, Reason::kStaleEvidence);
}

TEST(Assessment, OfOneOriginIsNotClosedByAnother) {
  Situation two_origins;
  two_origins.expected.origins = {"east", "north"};
  const Assessment all{.at = kNow, .open = false, .evidence_age = 500ms, .streams = two_origins.verdicts()};
  EXPECT_TRUE(all.of_origin("east").open);
  EXPECT_EQ(all.of_origin("east").streams.size(), 1U);
  EXPECT_FALSE(all.of_origin("north").open);
  EXPECT_FALSE(all.of_origin("west").open) << "what is not known is closed";
  EXPECT_EQ(nlohmann::json::parse(gate_json(all.of_origin("east"), "west", kBounds, "east"))["origin"], "east");
}

TEST(GateMetrics, ShowTheVerdict) {
  service::Metrics metrics;
  Counts counts;
  GateMetrics gauges(metrics, counts);
  Situation situation;
  situation.evidence.rows[1].state = PartitionState::kHole;
  gauges.set({.at = kNow, .open = false, .evidence_age = 500ms, .streams = situation.verdicts()});
  EXPECT_EQ(counts.evidence_age.value(), 0.5);
  const std::string text = metrics.scrape();
  EXPECT_THAT(text, HasSubstr(R"(farshore_gate_open{origin="east",stream="main"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(farshore_safe_time_seconds{origin="east",stream="main"} 1799999999)"));
  EXPECT_THAT(text, HasSubstr(R"(reason="hole",stream="main"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(reason="parked",stream="main"} 0)"));
}

}  // namespace
}  // namespace farshore::gate
