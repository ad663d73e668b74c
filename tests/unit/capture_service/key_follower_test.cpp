#include "services/capture/key_follower.hpp"

#include <gmock/gmock.h>

#include "capture/source/statement_check.hpp"
#include "reading.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CascadingKey key_of(const TableName& parent, const TableName& child) {
  return {.tie = {.parent = parent, .child = child},
          .name = "tie",
          .columns = {"p"},
          .parent_columns = {"id"},
          .on_delete = KeyAction::kCascade};
}

/// As batches name it.
CascadingKey without_name(CascadingKey key) {
  key.name.clear();
  return key;
}

/// Its tables shop.p and shop.c are in one group already.
class Following : public Reading {
 protected:
  Following() : Reading({{.name = "cascade:shop.c", .tables = {"shop.c"_table, "shop.p"_table}}}) {}

  static binlog::Statement statement(std::string_view sql) {
    return read_statement(sql, {.dialect = {}, .default_schema = "shop", .folds_names = false});
  }
  /// The pipeline's way of a statement.
  void take(std::string_view sql, Telling telling = Telling::kNothing) {
    const binlog::Statement read = statement(sql);
    keys_of_.forget(read);
    keys_of_.look_at(read, telling, kNow);
    if (!ending_.ended()) keys_of_.follow(read);
  }
  void meet(const std::string& schema, const std::string& name, std::uint64_t table_id = 1) {
    binlog::TableMap table;
    table.schema = schema;
    table.name = name;
    table.shape_id = table_id;
    binlog::RowsEvent rows;
    rows.table = &table;
    rows.table_id = table_id;
    keys_of_.meet(rows, kNow);
  }
  using Keys = std::optional<std::vector<CascadingKey>>;
  bool is_sure(const Keys& keys, const Keys& before = std::nullopt) {
    PendingWatermark moment{.position = position(10)};
    const auto shared = [](const Keys& some) {
      return some ? std::make_shared<const std::vector<CascadingKey>>(*some) : nullptr;
    };
    moment.keys = shared(keys);
    moment.keys_before = shared(before);
    return keys_of_.is_sure_of(moment, kNow);
  }

  const CascadingKey tie_ = key_of("shop.p"_table, "shop.c"_table);
  const CascadingKey named_ = without_name(tie_);
  const EpochParts parts_ = parts();
  NextEpoch next_{parts_, settings_};
  KeyFollower keys_of_{parts_, settings_, next_};
};

constexpr std::string_view kMakes =
    "ALTER TABLE c ADD CONSTRAINT tie FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE";

TEST_F(Following, AsksOnceForATableThatItMeets) {
  meet("shop", "t");
  meet("shop", "t");
  EXPECT_THAT(asked_, ElementsAre("shop.t"_table));
  EXPECT_FALSE(ending_.ended());
}

TEST_F(Following, EndsWhereTheSourceDoesNotAnswer) {
  refusal_ = SessionEnd{EndKind::kStopRetried, "the foreign keys of table shop.t cannot be read"};
  meet("shop", "t");
  EXPECT_EQ(ending_.get().kind, EndKind::kStopRetried);
  EXPECT_THAT(ending_.get().sentence, HasSubstr("shop.t"));
}

TEST_F(Following, TiesTablesFromTheStatementThatMakesTheKey) {
  keys_["shop.d"_table] = {key_of("shop.p"_table, "shop.d"_table)};
  meet("shop", "d");
  next_.begin_due();
  EXPECT_FALSE(ending_.ended()) << "the source is ahead";
  take("ALTER TABLE d ADD CONSTRAINT tie FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE");
  next_.begin_due();
  EXPECT_THAT(begun().numbering.cascade_groups, ElementsAre(HasSubstr("shop.c, shop.d, shop.p")));
}

TEST_F(Following, TellsOfATableThatATableOfNoStreamChanges) {
  keys_["shop.c"_table] = {key_of("etc.p"_table, "shop.c"_table)};
  meet("shop", "c");
  const change::Checkpoint begun = this->begun();
  EXPECT_THAT(begun.pending_epoch_start->missed_tables, ElementsAre("shop.c"));
  EXPECT_THAT(begun.changed_unseen, ElementsAre("shop.c"));
}

TEST_F(Following, TellsNobodyOfATableWhoseSchemaHasAPoint) {
  const TableName pointed{"shop.eu", "c"};
  keys_[pointed] = {key_of("shop.p"_table, pointed), key_of("etc.p"_table, pointed)};
  meet("shop.eu", "c");
  EXPECT_THAT(asked_, ElementsAre(pointed));
  EXPECT_FALSE(ending_.ended());
}

TEST_F(Following, NamesAKeyFromTheStatementThatMakesIt) {
  keys_["shop.c"_table] = {tie_};
  meet("shop", "c");
  EXPECT_THAT(rules_.route("shop", "c").ties, IsEmpty()) << "the source is ahead";
  (void)keys_of_.take_changed();
  take(kMakes);
  EXPECT_THAT(rules_.route("shop", "c").ties, ElementsAre(named_));
  EXPECT_TRUE(keys_of_.take_changed());
  EXPECT_FALSE(keys_of_.take_changed());
  EXPECT_FALSE(ending_.ended());
}

TEST_F(Following, NamesItUntilTheStatementThatDropsIt) {
  keys_["shop.c"_table] = {tie_};
  take(kMakes);
  keys_.clear();
  executed_ = position(20);
  take("ALTER TABLE c ADD COLUMN n INT");
  EXPECT_THAT(rules_.route("shop", "c").ties, ElementsAre(named_)) << "the source has dropped it meanwhile";
  take("ALTER TABLE c DROP FOREIGN KEY tie");
  EXPECT_THAT(rules_.route("shop", "c").ties, IsEmpty());
  EXPECT_FALSE(ending_.ended());
}

TEST_F(Following, DoubtsAChildWhoseKeyTheSourceNoLongerHas) {
  executed_ = position(20);
  take(kMakes);
  EXPECT_TRUE(next_.tells_of_missed());
  next_.begin_due();
  EXPECT_THAT(begun().pending_epoch_start->missed_tables, ElementsAre("shop.c"));
}

TEST_F(Following, LeavesAStatementAloneThatIsYetToBeTold) {
  executed_ = position(20);
  const binlog::Statement read = statement(kMakes);
  keys_of_.look_at(read, Telling::kFirst, kNow);
  EXPECT_FALSE(next_.tells_of_missed()) << "it is read again, in the epoch that tells of it";
}

TEST_F(Following, DoubtsADroppedKeyWhereTheOriginBeganInThePast) {
  settings_.keys_known_from = position(50);
  take("ALTER TABLE c DROP FOREIGN KEY unknown");
  EXPECT_TRUE(next_.tells_of_missed());
}

// --- what the source says with each moment ---------------------------------------------------------------------------

TEST_F(Following, IsSureWhereTheSourceHasNoOtherKeys) {
  EXPECT_TRUE(is_sure(Keys(std::vector<CascadingKey>())));
  keys_["shop.c"_table] = {tie_};
  take(kMakes);
  EXPECT_TRUE(is_sure(Keys({tie_})));
  EXPECT_FALSE(ending_.ended());
}

TEST_F(Following, IsNotSureOfAKeyThatNoStatementHasMadeYet) {
  EXPECT_FALSE(is_sure(Keys({tie_}), Keys(std::vector<CascadingKey>())));
  EXPECT_THAT(keys_of_.unsure_of(), HasSubstr("foreign key tie of shop.c to shop.p"));
  EXPECT_FALSE(ending_.ended()) << "a statement may follow";
}

TEST_F(Following, BeginsAnEpochForAKeyThatNoStatementMade) {
  keys_["shop.c"_table] = {tie_};
  EXPECT_FALSE(is_sure(Keys({tie_}), Keys({tie_})));
  EXPECT_THAT(begun().pending_epoch_start->missed_tables, ElementsAre("shop.c"));
}

TEST_F(Following, AsksAgainForAKeyThatTheWatchKnowsAndThatMayBeGone) {
  EXPECT_FALSE(is_sure(Keys({tie_}), Keys({tie_})));
  EXPECT_THAT(asked_, ElementsAre("shop.c"_table));
  EXPECT_FALSE(ending_.ended()) << "the source has it no longer";
}

TEST_F(Following, IsNotSureWhereAKeyIsGoneThatNoStatementHasDropped) {
  keys_["shop.c"_table] = {tie_};
  take(kMakes);
  keys_.clear();
  executed_ = position(20);
  EXPECT_FALSE(is_sure(Keys(std::vector<CascadingKey>())));
  EXPECT_THAT(keys_of_.unsure_of(), HasSubstr("no longer has a foreign key of shop.c"));
  read(20);
  keys_of_.reached();
  EXPECT_TRUE(next_.tells_of_missed()) << "all is read that the source had executed by then";
}

}  // namespace
}  // namespace farshore::capture
