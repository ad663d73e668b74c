#include "apply/merge_rule.hpp"

#include <gmock/gmock.h>

#include <vector>

#include "apply/row_op.hpp"
#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using change::MergeRule;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(MergeRules, ThatAreBuiltAndCarriedHaveTraits) {
  for (const MergeRule rule : change::kMergeRules) {
    if (change::is_built(rule) && change::is_carried(rule)) {
      (void)merge_traits(rule);
    } else {
      EXPECT_DEATH((void)merge_traits(rule), "is_built") << change::to_string(rule);
    }
  }
}

TEST(MergeRules, OverwriteJoinsChangesAndWritesTheLastImage) {
  const MergeTraits traits = merge_traits(MergeRule::kOverwrite);
  EXPECT_TRUE(joins_changes(traits.combine));
  EXPECT_EQ(traits.writes, Writes::kImage);
  EXPECT_TRUE(expects_a_row(traits.expects));
}

TEST(MergeRules, ImmutableKeepsEachChangeAndInsertsOnly) {
  const MergeTraits traits = merge_traits(MergeRule::kImmutable);
  EXPECT_FALSE(joins_changes(traits.combine));
  EXPECT_EQ(traits.writes, Writes::kInsertOnly);
  EXPECT_FALSE(expects_a_row(traits.expects));
}

TEST(MergeRules, TheSpanOfChangesGoesFromTheRowBeforeTheFirstToTheRowAfterTheLast) {
  std::vector<change::ChangeView> changes(3);
  RowOp joined{.change = &changes[0]};
  join(joined, {.change = &changes[1], .slice = 1});
  join(joined, {.change = &changes[2], .slice = 1});
  EXPECT_EQ(&joined.first_change(), &changes[0]);
  EXPECT_EQ(joined.change, &changes[2]);
  EXPECT_EQ(joined.slice, 1U) << "all else is of the last";
}

/// shop.notes under a merge rule, at the target.
class ATableUnder : public Writing {
 protected:
  void rule(MergeRule merge) {
    start({{.match = "shop.notes", .stream = "", .group = "", .entity = "", .merge = merge}});
    stored_and_loaded(applied_up_to(0));
  }
  void write_changes_of_one_key() {
    take(topic_.transaction(1).insert(1, "a").erase(1, "a").insert(1, "b").end().send());
    write();
    EXPECT_TRUE(has_outcome<Applied>());
  }
  Topic topic_;
};

TEST_F(ATableUnder, OverwriteIsWrittenOnceAKey) {
  rule(MergeRule::kOverwrite);
  write_changes_of_one_key();
  EXPECT_THAT(writes_, Contains(HasSubstr("VALUES (1,'b') ON DUPLICATE")));
  EXPECT_FALSE(was_written("INSERT INTO farshore.conflict"));
}

TEST_F(ATableUnder, ImmutableMeetsEveryChangeOfAKey) {
  rule(MergeRule::kImmutable);
  write_changes_of_one_key();
  EXPECT_THAT(writes_, Contains("INSERT INTO `shop`.`notes` (`id`,`note`) VALUES (1,'a')"));
  EXPECT_THAT(writes_, Contains("INSERT INTO `shop`.`notes` (`id`,`note`) VALUES (1,'b')"));
  EXPECT_EQ(outcome<Applied>().counts.conflicts, 1U) << "the DELETE";
}

TEST_F(ATableUnder, ImmutableMeetsEveryChangeOfAKeyWithAFurtherUniqueKeyToo) {
  target_.add_table("notes", FakeTarget::Shape::kUnique);
  rule(MergeRule::kImmutable);
  write_changes_of_one_key();
  EXPECT_THAT(writes_, Contains("INSERT INTO `shop`.`notes` (`id`,`note`) VALUES (1,'a')"));
  EXPECT_EQ(outcome<Applied>().counts.conflicts, 1U);
}

class AnImmutableTable : public ATableUnder {
 protected:
  AnImmutableTable() { rule(MergeRule::kImmutable); }
};

TEST_F(AnImmutableTable, TakesPlainInserts) {
  take(topic_.transaction(1).insert(1, "a").insert(2, "b").end().send());
  write();
  EXPECT_THAT(data(), ElementsAre(std::string(kUpsert) + "(1,'a'),(2,'b')"));
}

TEST_F(AnImmutableTable, TheSameContentAgainIsADuplicate) {
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) return fails(1062, "Duplicate entry '1' for key 'PRIMARY'");
    if (statement.starts_with("SELECT 1 AND `id`<=>1")) return rows({"same"}, {{"1"}});
    return std::nullopt;
  });
  take(topic_.transaction(1).insert(1, "a").end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(outcome<Applied>().counts.unchanged, 1U);
  EXPECT_EQ(outcome<Applied>().counts.conflicts, 0U);
  EXPECT_FALSE(was_written("INSERT INTO farshore.conflict"));
}

TEST_F(AnImmutableTable, OtherContentUnderTheKeyIsAConflictWithBothImages) {
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) return fails(1062, "Duplicate entry '1' for key 'PRIMARY'");
    if (statement.starts_with("SELECT 1 AND `id`<=>1")) return rows({"same"}, {{"0"}});
    if (statement.starts_with("SELECT JSON_OBJECT")) return rows({"image"}, {{R"({"id": 1, "note": "theirs"})"}});
    return std::nullopt;
  });
  take(topic_.transaction(1).insert(1, "ours").end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(outcome<Applied>().counts.conflicts, 1U);
  EXPECT_THAT(writes_, Contains(AllOf(StartsWith("INSERT INTO farshore.conflict"), HasSubstr("theirs"),
                                      HasSubstr("ours"), HasSubstr("the key is there with other content"))));
}

TEST_F(AnImmutableTable, AnUpdateOrDeleteIsAConflict) {
  take(topic_.transaction(1).update(1, "a", "b").erase(2, "c").end().send());
  write();
  EXPECT_EQ(outcome<Applied>().counts.conflicts, 2U);
  EXPECT_FALSE(was_written("UPDATE `shop`"));
  EXPECT_FALSE(was_written("DELETE"));
}

}  // namespace
}  // namespace farshore::apply
