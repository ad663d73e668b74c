#include "services/capture/start_decisions.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "change/epoch_start.hpp"
#include "unit/gtid_literal.hpp"
#include "unit/table_literal.hpp"

namespace farshore::capture {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::UnorderedElementsAre;
using Checkpoint = change::Checkpoint;
using Kind = ResumePlan::Kind;
using Retry = ResumePlan::Retry;
using Severity = CheckResult::Severity;

constexpr bool kLogs = true;
constexpr bool kLogsNot = false;

OriginPosition at(const std::string& text) { return OriginPosition::parse(text).value(); }

change::TableRules rules(std::vector<std::string> patterns = {"shop.*"}) {
  return *change::TableRules::make({{.name = "main", .tables = std::move(patterns), .partitions = 2}}, {});
}

CascadingKey key(const TableName& parent, const TableName& child, const std::string& name = "by_parent") {
  return {.tie = {.parent = parent, .child = child},
          .name = name,
          .columns = {"parent_id"},
          .parent_columns = {"id"},
          .on_delete = KeyAction::kCascade};
}
const CascadingKey kItems = key("shop.orders"_table, "shop.items"_table);
const CascadingKey kFromAside = key("aside.tenants"_table, "shop.orders"_table, "of_tenant");

/// Of MariaDB, which logs no cascades, or of a MySQL that does.
SourceFacts source(bool logs = kLogsNot, const std::string& hidden_by = "") {
  SourceFacts facts{.address = "east-db:3306", .server = {}, .hidden_by = hidden_by};
  facts.server.kind = logs ? ServerKind::kMysql : ServerKind::kMariadb;
  facts.server.version_number = logs ? 90600 : 110400;
  return facts;
}

Checkpoint checkpoint(std::optional<bool> logs = std::nullopt, std::vector<CascadingKey> cascades = {}) {
  Checkpoint found;
  found.id = {Epoch(4), Incarnation(40)};
  found.position = "1-101-100"_position;
  found.position_before_last = "1-101-99"_position;
  found.source_uuid = "101:1";
  found.numbering = rules().numbering();
  found.partitions = {{"main", PartitionId(0), Seq(11), KafkaOffset(1000)},
                      {"main", PartitionId(1), Seq(21), KafkaOffset(2000)}};
  found.logs_cascades = logs;
  found.cascades = std::move(cascades);
  return found;
}
Checkpoint pending(std::vector<std::string> missed = {}) {
  Checkpoint found = checkpoint();
  found.pending_epoch_start.emplace().missed_tables = std::move(missed);
  return found;
}

// --- the source ----------------------------------------------------------------------------------------------------

CheckResult result(const std::string& name, Severity severity) {
  return {.name = name, .found = "that", .wanted = "this", .mend = "", .severity = severity};
}

TEST(JudgedSource, CannotBeCapturedWithAnErrorOfTheWholeServer) {
  const auto judged = judge_source({result("first", Severity::kError), result("second", Severity::kGood),
                                    result("third", Severity::kWarning), result("fourth", Severity::kError)});
  EXPECT_EQ(judged.errors,
            result("first", Severity::kError).sentence() + "; " + result("fourth", Severity::kError).sentence());
  EXPECT_THAT(judged.warnings, ElementsAre(HasSubstr("third")));
  EXPECT_EQ(judged.hidden_by, "");
}

TEST(JudgedSource, IsOnlyWarnedOfATable) {
  CheckResult of_a_table = result("shop.orders", Severity::kError);
  of_a_table.is_of_a_table = true;
  const auto judged = judge_source({of_a_table});
  EXPECT_EQ(judged.errors, "");
  EXPECT_THAT(judged.warnings, ElementsAre(HasSubstr("shop.orders")));
}

TEST(JudgedSource, ThatHidesChangesIsNoErrorBeforeTheCheckpointTellsOfIt) {
  CheckResult filter = result("binlog_ignore_db", Severity::kError);
  filter.hides_changes = true;
  const auto judged = judge_source({filter});
  EXPECT_EQ(judged.errors, "");
  EXPECT_THAT(judged.warnings, IsEmpty());
  EXPECT_EQ(judged.hidden_by, filter.sentence());
}

TEST(FailedQuestion, IsForAPersonWhenTheAccountOrTlsIsWrong) {
  using mysql::SqlErrorKind;
  const DatabaseEndpoint endpoint;
  for (const SqlErrorKind kind : {SqlErrorKind::kAccessDenied, SqlErrorKind::kTls})
    EXPECT_EQ(end_of(mysql::SqlError{.kind = kind, .sqlstate = {}, .message = "no"}, endpoint).kind,
              EndKind::kMisconfigured);
  for (const SqlErrorKind kind : {SqlErrorKind::kConnectionLost, SqlErrorKind::kUnreachable, SqlErrorKind::kOther})
    EXPECT_EQ(end_of(mysql::SqlError{.kind = kind, .code = 1, .sqlstate = {}, .message = "no"}, endpoint).kind,
              EndKind::kRetry);
  EXPECT_EQ(end_of(mysql::SqlError{.sqlstate = {}, .message = "keys are not as listed"}, endpoint).kind,
            EndKind::kStopRetried)
      << "its answer is not understood";
}

// --- keys ----------------------------------------------------------------------------------------------------------

TEST(Keys, AreAskedForWhileCascadesAreNotLoggedOrWereNot) {
  EXPECT_FALSE(needs_keys(std::nullopt, kLogs));
  EXPECT_TRUE(needs_keys(std::nullopt, kLogsNot));
  EXPECT_FALSE(needs_keys(checkpoint(true), kLogs));
  EXPECT_TRUE(needs_keys(checkpoint(true), kLogsNot));
  EXPECT_TRUE(needs_keys(checkpoint(false), kLogs));
}

TEST(Keys, OfACaptureThatDidNotSayWhatIsLoggedTell) {
  EXPECT_FALSE(needs_keys(checkpoint(std::nullopt), kLogs));
  EXPECT_TRUE(needs_keys(checkpoint(std::nullopt, {kItems}), kLogs));
}

TEST(Logging, IsComparedWithWhatItWasAtTheCheckpoint) {
  EXPECT_EQ(compare_logging(checkpoint(true), kLogs), CascadeLogging::kAsBefore);
  EXPECT_EQ(compare_logging(checkpoint(false), kLogsNot), CascadeLogging::kAsBefore);
  EXPECT_EQ(compare_logging(checkpoint(false), kLogs), CascadeLogging::kFromNowOn);
  EXPECT_EQ(compare_logging(checkpoint(true), kLogsNot), CascadeLogging::kNoLonger);
  EXPECT_EQ(compare_logging(std::nullopt, kLogs), CascadeLogging::kAsBefore);
  EXPECT_EQ(compare_logging(std::nullopt, kLogsNot), CascadeLogging::kAsBefore);
}

TEST(Logging, OfACheckpointFromBeforeItWasNotedIsWhatItsKeysSay) {
  EXPECT_EQ(compare_logging(checkpoint(std::nullopt), kLogs), CascadeLogging::kAsBefore);
  EXPECT_EQ(compare_logging(checkpoint(std::nullopt), kLogsNot), CascadeLogging::kAsBefore);
  EXPECT_EQ(compare_logging(checkpoint(std::nullopt, {kItems}), kLogs), CascadeLogging::kFromNowOn);
  EXPECT_EQ(compare_logging(checkpoint(std::nullopt, {kItems}), kLogsNot), CascadeLogging::kAsBefore);
}

// --- what the source does not log ----------------------------------------------------------------------------------

TEST(UnseenChanges, RefuseAFirstStart) {
  const auto unseen = find_unseen(source(), {kFromAside}, std::nullopt, rules());
  EXPECT_TRUE(unseen.refuses);
  EXPECT_THAT(unseen.why, AllOf(HasSubstr("the source east-db:3306 cannot be captured: "),
                                HasSubstr(check_cascade(kFromAside.tie).sentence())));
  EXPECT_FALSE(unseen.noted);
}

TEST(UnseenChanges, AreNoneOfAKeyBetweenCapturedTablesNorOfASourceThatLogsCascades) {
  for (const auto& unseen :
       {find_unseen(source(), {kItems}, std::nullopt, rules()),
        find_unseen(source(), {key("shop.orders"_table, "aside.notes"_table)}, std::nullopt, rules()),
        find_unseen(source(kLogs), {kFromAside}, std::nullopt, rules())}) {
    EXPECT_FALSE(unseen.refuses);
    EXPECT_EQ(unseen.why, "");
  }
}

TEST(UnseenChanges, BehindAFilterAreOfAllTables) {
  const auto first = find_unseen(source(kLogs, "binlog_ignore_db is shop"), {}, std::nullopt, rules());
  EXPECT_TRUE(first.refuses);
  EXPECT_THAT(first.why, HasSubstr("binlog_ignore_db is shop"));
  const auto later = find_unseen(source(kLogs, "binlog_ignore_db is shop"), {}, checkpoint(true), rules());
  EXPECT_THAT(later.missed.names, ElementsAre(std::string(change::kAllTables)));
}

TEST(UnseenChanges, AfterACheckpointAreWrittenDownWithWhatTheyCascadeTo) {
  const auto unseen = find_unseen(source(), {kFromAside, kItems}, checkpoint(), rules());
  EXPECT_FALSE(unseen.refuses) << "an epoch that tells of them is written down before";
  EXPECT_NE(unseen.why, "") << "and begins when they are over";
  EXPECT_THAT(unseen.changed, ElementsAre("shop.items", "shop.orders"));
  EXPECT_EQ(unseen.missed.names, unseen.changed);
  EXPECT_NE(unseen.missed.why, "");
}

TEST(UnseenChanges, ThatAreOverAreTold) {
  Checkpoint found = checkpoint();
  found.changed_unseen = {"shop.orders"};
  const auto unseen = find_unseen(source(), {}, found, rules());
  EXPECT_EQ(unseen.why, "");
  EXPECT_FALSE(unseen.refuses);
  EXPECT_THAT(unseen.missed.names, ElementsAre("shop.orders"));
}

TEST(UnseenChanges, GoIntoThePendingEpochWhereItDoesNotNameThem) {
  const Checkpoint found = pending({"shop.tags"});
  const auto unseen = find_unseen(source(), {kFromAside}, found, rules());
  EXPECT_TRUE(unseen.refuses);
  ASSERT_TRUE(unseen.noted);
  EXPECT_THAT(unseen.noted->pending_epoch_start->missed_tables, UnorderedElementsAre("shop.orders", "shop.tags"));
  EXPECT_THAT(unseen.noted->changed_unseen, ElementsAre("shop.orders"));
  EXPECT_EQ(unseen.noted->position, found.position);
  EXPECT_THAT(unseen.missed.names, IsEmpty()) << "the epoch that is pending tells of them";
}

TEST(UnseenChanges, ThatThePendingEpochNamesAreNotWrittenAgain) {
  Checkpoint found = pending({"shop.orders"});
  found.changed_unseen = {"shop.orders"};
  const auto unseen = find_unseen(source(), {kFromAside}, found, rules());
  EXPECT_TRUE(unseen.refuses);
  EXPECT_FALSE(unseen.noted);
}

TEST(UnseenChanges, ThatAreOverLetThePendingEpochBegin) {
  Checkpoint found = pending({"shop.orders"});
  found.changed_unseen = {"shop.orders"};
  const auto unseen = find_unseen(source(), {}, found, rules());
  EXPECT_FALSE(unseen.refuses);
  EXPECT_THAT(unseen.missed.names, IsEmpty());
}

TEST(UnloggedCascades, AreMissedOfEachKeyOfThenAndNow) {
  const Checkpoint found = checkpoint(false, {key("shop.orders"_table, "shop.notes"_table)});
  const auto missed = add_unlogged({.names = {"shop.tags"}, .why = "something else"}, found,
                                   {kItems, key("shop.items"_table, "aside.parts"_table)}, at("1-101-101"), rules());
  ASSERT_TRUE(missed);
  EXPECT_THAT(missed->names, ElementsAre("shop.items", "shop.notes", "shop.tags"));
  EXPECT_THAT(missed->why, HasSubstr("logs cascades now"));
}

TEST(UnloggedCascades, AreNoneWhereTheSourceHasWrittenNothingSince) {
  EXPECT_FALSE(add_unlogged({}, checkpoint(false, {kItems}), {kItems}, at("1-101-100"), rules()));
  EXPECT_TRUE(add_unlogged({}, checkpoint(false, {kItems}), {kItems}, at("1-101-101"), rules()));
}

// --- the numbering -------------------------------------------------------------------------------------------------

std::vector<std::vector<std::string>> groups_of(const std::expected<change::TableRules, std::string>& tied) {
  std::vector<std::vector<std::string>> groups;
  for (const auto& group : tied.value().cascades()) groups.push_back(change::texts_of(group.tables));
  return groups;
}

TEST(TiedTables, AreThoseOfCapturedTablesWhereTheSourceLogsNoCascades) {
  EXPECT_THAT(groups_of(tie_tables(rules(), std::nullopt, {kItems, kFromAside}, kLogsNot)),
              ElementsAre(ElementsAre("shop.items", "shop.orders")));
  EXPECT_THAT(groups_of(tie_tables(rules(), std::nullopt, {kItems}, kLogs)), IsEmpty());
}

TEST(TiedTables, StayTiedWhenTheirKeyIsGone) {
  const auto before = tie_tables(rules(), std::nullopt, {kItems}, kLogsNot);
  ASSERT_TRUE(before);
  EXPECT_THAT(groups_of(tie_tables(rules(), *before, {}, kLogsNot)),
              ElementsAre(ElementsAre("shop.items", "shop.orders")));
  EXPECT_THAT(groups_of(tie_tables(rules(), *before, {}, kLogs)),
              ElementsAre(ElementsAre("shop.items", "shop.orders")));
  EXPECT_EQ(tie_tables(rules(), *before, {kItems}, kLogsNot)->numbering(), before->numbering());
}

TEST(LeftOut, AreTablesThatOnlyTheNewRulesCapture) {
  const std::vector<TableFacts> tables{{.schema = "shop", .name = "orders", .engine = "InnoDB"},
                                       {.schema = "shop", .name = "log", .engine = "InnoDB"}};
  EXPECT_THAT(left_out_before(tables, rules({"shop.*", "!shop.log"}), rules()), ElementsAre("shop.log"));
  EXPECT_THAT(left_out_before(tables, rules(), rules({"shop.*", "!shop.log"})), IsEmpty());
}

TEST(LeftOut, AreAllTablesWhenAServerBecameTheOriginsOwn) {
  const std::vector<TableFacts> tables{{.schema = "shop", .name = "orders", .engine = "InnoDB"}};
  change::TableRules with_another = rules();
  with_another.set_own_servers({"102"});
  EXPECT_THAT(left_out_before(tables, rules(), with_another), ElementsAre(std::string(change::kAllTables)));
  EXPECT_THAT(left_out_before(tables, with_another, rules()), IsEmpty());
}

// --- the plan ------------------------------------------------------------------------------------------------------

DecidedNumbering decided(const SourceFacts& facts, const std::optional<Checkpoint>& found,
                         const std::vector<CascadingKey>& keys) {
  UnseenChanges unseen = find_unseen(facts, keys, found, rules());
  MissedTables missed = unseen.missed;
  return {.rules = rules(),
          .configured = rules().numbering(),
          .keys = keys,
          .unseen = std::move(unseen),
          .logging = CascadeLogging::kAsBefore,
          .missed = std::move(missed)};
}

ResumeFacts facts_of(const std::optional<Checkpoint>& found, const DecidedNumbering& numbering) {
  ResumeFacts facts = resume_facts({.checkpoint = found, .last_epoch = Epoch(7)}, numbering);
  facts.origin = "east";
  facts.source_identity = "101:1";
  facts.executed = at("1-101-200");
  facts.earliest = at("1-101-10");
  for (std::int32_t i = 0; i < 2; ++i) {
    PartitionTail& tail = facts.tails.emplace_back();
    tail.stream = "main";
    tail.partition = PartitionId(i);
    tail.low = tail.end = found ? found->partitions[static_cast<std::size_t>(i)].kafka_offset : KafkaOffset(0);
  }
  return facts;
}

TEST(Plan, OfAFirstStartBeginsAfterTheLastEpochOfAnOriginThatWasReset) {
  const auto plan = plan_resume(facts_of(std::nullopt, decided(source(), std::nullopt, {})));
  EXPECT_EQ(plan.kind, Kind::kBeginEpoch);
  EXPECT_EQ(plan.checkpoint.id.epoch, Epoch(8));
  EXPECT_EQ(plan.checkpoint.position, "1-101-200"_position);
}

TEST(Plan, GoesOnWhereNothingChanged) {
  EXPECT_EQ(plan_resume(facts_of(checkpoint(), decided(source(), checkpoint(), {}))).kind, Kind::kContinue);
}

TEST(Plan, OfChangesUnseenBeginsAnEpochThatTellsOfThem) {
  const auto plan = plan_resume(facts_of(checkpoint(), decided(source(), checkpoint(), {kFromAside})));
  EXPECT_EQ(plan.kind, Kind::kBeginEpoch);
  EXPECT_THAT(plan.checkpoint.pending_epoch_start->missed_tables, ElementsAre("shop.orders"));
  EXPECT_EQ(plan.checkpoint.pending_epoch_start->reason,
            "captured tables changed in ways that the source does not log");
  EXPECT_THAT(plan.checkpoint.changed_unseen, ElementsAre("shop.orders"));
}

TEST(LostCheckpoint, IsNoneOrOneThatIsOlderThanWhatIsPublished) {
  std::vector<PartitionTail> tails(1);
  EXPECT_TRUE(is_lost(std::nullopt, tails));
  EXPECT_FALSE(is_lost(checkpoint(), tails));
  tails[0].newest = EpochId{Epoch(4), Incarnation(40)};
  EXPECT_FALSE(is_lost(checkpoint(), tails)) << "asked to be rebuilt, it is left as it is";
  tails[0].newest = EpochId{Epoch(5), Incarnation(50)};
  EXPECT_TRUE(is_lost(checkpoint(), tails));
}

TEST(PassedOverFrom, NamesWhereCaptureGoesOn) {
  EXPECT_THAT(from_is_passed_over("earliest", "east", checkpoint()),
              AllOf(HasSubstr("--from earliest"), HasSubstr("from 1-101-100 (epoch 4)"),
                    HasSubstr("origin reset --origin east")));
}

ResumePlan refusal(Retry retry) {
  ResumePlan plan;
  plan.kind = Kind::kRefuse;
  plan.retry = retry;
  plan.sentence = "no";
  return plan;
}

TEST(Refusal, ThatMayPassIsLookedAtAgainForAWhile) {
  EXPECT_FALSE(may_pass(refusal(Retry::kNever), seconds(0)));
  EXPECT_TRUE(may_pass(refusal(Retry::kBriefly), seconds(9)));
  EXPECT_FALSE(may_pass(refusal(Retry::kBriefly), seconds(10)));
  EXPECT_TRUE(may_pass(refusal(Retry::kAlways), seconds(1)));
  EXPECT_FALSE(may_pass(refusal(Retry::kAlways), seconds(2))) << "the next session looks again";
  ResumePlan good = refusal(Retry::kAlways);
  good.kind = Kind::kContinue;
  EXPECT_FALSE(may_pass(good, seconds(0)));
}

TEST(Refusal, StopsForGoodWhereTheSourceGrowingAgainWouldOnlyHideIt) {
  EXPECT_EQ(end_of(refusal(Retry::kNever)).kind, EndKind::kStop);
  EXPECT_EQ(end_of(refusal(Retry::kBriefly)).kind, EndKind::kStop);
  EXPECT_EQ(end_of(refusal(Retry::kAlways)).kind, EndKind::kStopRetried);
  EXPECT_EQ(end_of(refusal(Retry::kAlways)).sentence, "no");
}

// --- started -------------------------------------------------------------------------------------------------------

PlannedStart planned(const std::optional<Checkpoint>& found, Kind kind = Kind::kContinue,
                     std::vector<std::string> missed = {}) {
  PlannedStart start;
  start.facts.checkpoint = found;
  start.facts.executed = at("1-101-200");
  start.facts.missed_tables = std::move(missed);
  start.facts.missed_why = "the source did not log it";
  start.facts.configured = rules().numbering();
  start.plan.kind = kind;
  start.plan.checkpoint = found.value_or(checkpoint());
  return start;
}

/// Where they begin to be known, what they do is not known before it is all read.
std::vector<std::string> names(const std::vector<CascadingKey>& keys) {
  std::vector<std::string> names;
  for (const CascadingKey& key : keys) names.push_back(fmt::format("{} {}", key.tie.child.to_string(), key.name));
  return names;
}

/// The source has none of the keys that are asked for on their own.
class KnownKeys : public ::testing::Test {
 protected:
  KnownCascades know(PlannedStart& start, bool logs, std::vector<CascadingKey> keys,
                     CascadeLogging logging = CascadeLogging::kAsBefore) {
    return *try_to_know(start, logs, std::move(keys), logging);
  }
  std::expected<KnownCascades, SessionEnd> try_to_know(PlannedStart& start, bool logs, std::vector<CascadingKey> keys,
                                                       CascadeLogging logging = CascadeLogging::kAsBefore) {
    return know_cascades(start,
                         {.are_logged = logs,
                          .keys = std::move(keys),
                          .logging = logging,
                          .ask =
                              [this](const TableName& table) {
                                asked_.push_back(table);
                                return answer_;
                              }},
                         [](const TableName& table) { return is_captured(table, rules()); });
  }
  std::vector<TableName> asked_;
  std::expected<std::optional<std::vector<CascadingKey>>, SessionEnd> answer_ = std::vector<CascadingKey>();
};

TEST_F(KnownKeys, ThatCannotBeReadAreNotTakenForNone) {
  PlannedStart start = planned(checkpoint(false, {kItems}));
  answer_ = std::unexpected(SessionEnd{EndKind::kRetry, "the source cannot be asked"});
  const auto known = try_to_know(start, kLogsNot, {});
  ASSERT_FALSE(known);
  EXPECT_EQ(known.error().kind, EndKind::kRetry);
}

TEST(UnreadKeys, EndTheSessionUnlessTheTableIsNotCaptured) {
  const DatabaseEndpoint endpoint;
  const auto end = [&](mysql::SqlErrorKind kind, int code, bool captured) {
    return end_of_unread_keys({.kind = kind, .code = code, .sqlstate = {}, .message = "no"}, endpoint, "shop.items",
                              captured);
  };
  using Error = mysql::SqlErrorKind;
  for (const bool captured : {true, false}) {
    EXPECT_EQ(end(Error::kConnectionLost, 2013, captured)->kind, EndKind::kRetry);
    EXPECT_EQ(end(Error::kLockWait, 1205, captured)->kind, EndKind::kRetry);
    EXPECT_EQ(end(Error::kOther, 0, captured)->kind, EndKind::kStopRetried) << "the answer is not understood";
  }
  EXPECT_THAT(end(Error::kAccessDenied, 1142, true)->sentence, HasSubstr("GRANT SELECT"));
  EXPECT_FALSE(end(Error::kAccessDenied, 1142, false));
}

TEST_F(KnownKeys, OfAFirstStartAreThoseOfTheSource) {
  PlannedStart start = planned(std::nullopt, Kind::kBeginEpoch);
  const KnownCascades known = know(start, kLogsNot, {kItems});
  EXPECT_THAT(names(known.keys_of("shop.items"_table)), ElementsAre("shop.items by_parent"));
  EXPECT_THAT(names(start.plan.checkpoint.cascades), ElementsAre("shop.items by_parent"));
  EXPECT_EQ(start.plan.checkpoint.keys_known_from, "1-101-200"_position);
  EXPECT_THAT(start.plan.checkpoint.logs_cascades, Optional(false));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(KnownKeys, GoOnWithTheCheckpoints) {
  const CascadingKey made_since = key("shop.orders"_table, "shop.notes"_table);
  PlannedStart start = planned(checkpoint(false, {kItems}));
  const KnownCascades known = know(start, kLogsNot, {kItems, made_since});
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems));
  EXPECT_THAT(known.keys_of("shop.notes"_table), IsEmpty()) << "the statement that made it is yet to be read";
  EXPECT_EQ(start.plan.checkpoint.keys_known_from, OriginPosition()) << "all were known at the checkpoint";
}

TEST_F(KnownKeys, ThatTheSourceNoLongerHasAreAskedForAlone) {
  PlannedStart start = planned(checkpoint(false, {kItems}));
  const KnownCascades known = know(start, kLogsNot, {});
  EXPECT_THAT(asked_, ElementsAre("shop.items"_table));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems)) << "until what dropped it is read";
}

TEST_F(KnownKeys, BeginNowAfterACaptureThatKeptNone) {
  Checkpoint found = checkpoint(std::nullopt);
  found.numbering = tie_tables(rules(), std::nullopt, {kItems}, kLogsNot)->numbering();
  PlannedStart start = planned(found);
  EXPECT_THAT(names(know(start, kLogsNot, {kItems}).keys_of("shop.items"_table)), ElementsAre("shop.items by_parent"));
  EXPECT_EQ(start.plan.checkpoint.keys_known_from, "1-101-200"_position);
}

TEST_F(KnownKeys, BeginNowWhereTheSourceLoggedCascadesUntilNow) {
  PlannedStart start = planned(checkpoint(true));
  EXPECT_THAT(names(know(start, kLogsNot, {kItems}, CascadeLogging::kNoLonger).keys_of("shop.items"_table)),
              ElementsAre("shop.items by_parent"));
  EXPECT_EQ(start.plan.checkpoint.keys_known_from, "1-101-200"_position);
  EXPECT_THAT(start.plan.checkpoint.logs_cascades, Optional(false));
}

TEST_F(KnownKeys, AreNoneOfASourceThatLogsCascades) {
  PlannedStart start = planned(checkpoint(std::nullopt));
  EXPECT_THAT(know(start, kLogs, {}).all(), IsEmpty());
  EXPECT_THAT(start.plan.checkpoint.logs_cascades, Optional(true));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(KnownKeys, AreForgottenOnceTheEpochTellsWhatTheyChanged) {
  PlannedStart start = planned(checkpoint(false, {kItems}), Kind::kBeginEpoch, {"shop.items"});
  (void)know(start, kLogs, {kItems}, CascadeLogging::kFromNowOn);
  EXPECT_THAT(start.plan.checkpoint.cascades, IsEmpty());
  EXPECT_THAT(start.plan.checkpoint.logs_cascades, Optional(true));
}

TEST_F(KnownKeys, StayInTheCheckpointWhileWhatTheyChangedIsNotTold) {
  for (PlannedStart start : {planned(checkpoint(false, {kItems}), Kind::kContinueToTails, {"shop.items"}), [] {
                               Checkpoint found = pending();
                               found.logs_cascades = false;
                               found.cascades = {kItems};
                               return planned(found, Kind::kBeginEpoch, {"shop.items"});
                             }()}) {
    (void)know(start, kLogs, {kItems}, CascadeLogging::kFromNowOn);
    EXPECT_THAT(start.plan.checkpoint.cascades, ElementsAre(kItems));
    EXPECT_THAT(start.plan.checkpoint.logs_cascades, Optional(false));
  }
}

TEST(EpochBegun, IsFollowedByAnotherOneThatTellsWhatThisStartFound) {
  const ResumeFacts facts = planned(pending(), Kind::kBeginEpoch, {"shop.items"}).facts;
  const auto end = begins_another(facts, facts.configured);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, EndKind::kRenumber);
  EXPECT_EQ(end->sentence, "the source did not log it");
  const ResumeFacts told = planned(checkpoint(), Kind::kBeginEpoch, {"shop.items"}).facts;
  EXPECT_FALSE(begins_another(told, told.configured)) << "the epoch that this start began has told it";
}

TEST(EpochBegun, IsFollowedByAnotherOneWhereTheNumberingHasChangedMeanwhile) {
  const ResumeFacts facts = planned(pending(), Kind::kBeginEpoch).facts;
  EXPECT_FALSE(begins_another(facts, facts.configured));
  const auto end = begins_another(facts, rules({"shop.*", "!shop.log"}).numbering());
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, EndKind::kRenumber);
}

}  // namespace
}  // namespace farshore::capture
