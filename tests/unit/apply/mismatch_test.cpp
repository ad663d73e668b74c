#include "apply/mismatch.hpp"

#include <gmock/gmock.h>

#include "targets.hpp"
#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// One change of shop.notes, read back from a record, or two that were merged.
class Expectation : public ::testing::Test {
 protected:
  RowsExpected of(Topic& topic) {
    const auto record = topic.send();
    change::TableCache tables;
    change::Batch batch;
    EXPECT_TRUE(change::read_batch(record->header, record->value, tables, batch));
    const auto changes = batch.changes();
    const RowOp op{.change = &changes.back(),
                   .first = changes.size() > 1 ? &changes.front() : nullptr,
                   .batch = &batch,
                   .target = nullptr,
                   .slice = 0};
    std::vector<Value> scratch;
    const RowsExpected expected = rows_expected(op, scratch);
    EXPECT_EQ(expected.least, expected.most);
    return expected;
  }
  Topic topic_ = [] {
    Topic topic;
    topic.transaction(1);
    return topic;
  }();
};

TEST_F(Expectation, AnInsertFindsNothing) { EXPECT_EQ(of(topic_.insert(1, "a")).most, 1U); }
TEST_F(Expectation, AnUpdateChangesARow) { EXPECT_EQ(of(topic_.update(1, "a", "b")).least, 2U); }
TEST_F(Expectation, ADeleteFindsARow) { EXPECT_EQ(of(topic_.erase(1, "a")).least, 1U); }
TEST_F(Expectation, AnInsertAndItsUpdateFindNothing) {
  EXPECT_EQ(of(topic_.insert(1, "a").update(1, "a", "b")).most, 1U);
}
TEST_F(Expectation, AnInsertAndItsDeleteFindNothing) { EXPECT_EQ(of(topic_.insert(1, "a").erase(1, "a")).most, 0U); }
TEST_F(Expectation, ADeleteAndAnotherInsertChangeARow) { EXPECT_EQ(of(topic_.erase(1, "a").insert(1, "b")).least, 2U); }
TEST_F(Expectation, ADeleteAndTheSameInsertChangeNothing) {
  EXPECT_EQ(of(topic_.erase(1, "a").insert(1, "a")).most, 1U);
}
TEST_F(Expectation, AnUpdateThereAndBackChangesNothing) {
  EXPECT_EQ(of(topic_.update(1, "a", "b").update(1, "b", "a")).most, 1U);
}
TEST_F(Expectation, TwoUpdatesChangeARow) { EXPECT_EQ(of(topic_.update(1, "a", "b").update(1, "b", "c")).least, 2U); }

/// Before a fake target that says how many rows a statement touched, and what stands there.
class Looking : public Writing {
 protected:
  void answers(std::uint64_t rows_of_statement, std::vector<std::string> compared, const std::string& image = "") {
    start({}, change::LookAt::kSample);
    target_.on_data([=, this, asked = std::size_t{0}](const std::string& statement) mutable -> std::optional<Reply> {
      if (statement.starts_with("SELECT JSON_OBJECT")) return image.empty() ? rows({"i"}, {}) : rows({"i"}, {{image}});
      if (!statement.starts_with("SELECT")) return ok(rows_of_statement);
      const std::string& said = compared[std::min(asked++, compared.size() - 1)];
      return said.empty() ? rows({"c"}, {}) : rows({"c"}, {{said}});
    });
    stored_and_loaded(applied_up_to(0));
  }
  void applied(Topic& topic) {
    take(topic.end().send());
    write();
    ASSERT_TRUE(has_outcome(Outcome::Kind::kApplied));
  }
};

TEST_F(Looking, AnInsertThatFindsAnotherRowIsCountedWithBothImages) {
  answers(2, {"0"}, R"({"id": 1, "note": "own"})");
  Topic topic;
  applied(topic.transaction(1).insert(1, "a"));
  EXPECT_THAT(writes_, Contains(AllOf(HasSubstr("INSERT INTO farshore.mismatch "), HasSubstr("'insert-exists',1"))));
  EXPECT_THAT(writes_, Contains(AllOf(HasSubstr("farshore.mismatch_example"), HasSubstr("own"))));
  EXPECT_THAT(notices_, Contains(HasSubstr("INSERTs that found another row here: 1")));
}

TEST_F(Looking, AnInsertThatFindsItselfIsNoSign) {
  answers(2, {"1"});
  Topic topic;
  applied(topic.transaction(1).insert(1, "a"));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

TEST_F(Looking, AnUpdateThatFindsNoRowIsCounted) {
  answers(1, {""});
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'update-missing',1")));
}

TEST_F(Looking, AnUpdateThatComesASecondTimeIsNoSign) {
  answers(1, {"0", "1"});
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b"));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

TEST_F(Looking, ARowThatIsNeitherAsBeforeNorAsAfterIsCountedBySample) {
  answers(2, {"0", "0"}, R"({"id": 1, "note": "own"})");
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'before-differs',1")));
}

TEST_F(Looking, ADeleteThatFindsNoRowDoesNotDoubtTheTable) {
  answers(0, {""});
  Topic topic;
  applied(topic.transaction(1).erase(1, "a"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'delete-missing',1")));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.equality"))));
}

}  // namespace
}  // namespace farshore::apply
