#include "apply/write_plan.hpp"

#include <gmock/gmock.h>

#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A table with a further unique key over `note`, into which one transaction is written.
class UniqueValues : public Writing {
 protected:
  UniqueValues() {
    target_.add_table("notes", FakeTarget::Shape::kUnique);
    stored_and_loaded(applied_up_to(0));
  }
  std::vector<std::string> written(Topic& topic) {
    take(topic.end().send());
    write();
    EXPECT_TRUE(has_outcome<Applied>());
    std::vector<std::string> statements;
    for (const std::string& statement : writes_) {
      if (statement.starts_with("INSERT INTO `shop`") || statement.starts_with("DELETE"))
        statements.push_back(statement.substr(0, statement.find(" ON DUPLICATE")));
    }
    return statements;
  }
  Topic topic_ = [] {
    Topic topic;
    topic.transaction(1);
    return topic;
  }();
};

constexpr const char* kInto = "INSERT INTO `shop`.`notes` (`id`,`note`) VALUES ";

TEST_F(UniqueValues, RowsThatShareNoneAreMergedAndTakeTwoStatements) {
  topic_.update(1, "a", "b").erase(2, "c").update(1, "b", "d").insert(3, "e").erase(4, "f").insert(2, "c");
  EXPECT_THAT(written(topic_),
              ElementsAre("DELETE `shop`.`notes` FROM `shop`.`notes` FORCE INDEX (PRIMARY) WHERE `id` IN (4)",
                          kInto + std::string("(1,'d'),(2,'c'),(3,'e')")));
}

TEST_F(UniqueValues, OneThatGoesFromRowToRowKeepsTheOrder) {
  topic_.update(1, "a", "b").erase(2, "c").insert(3, "a");
  EXPECT_THAT(written(topic_),
              ElementsAre(kInto + std::string("(1,'b')"), HasSubstr("IN (2)"), kInto + std::string("(3,'a')")));
}

TEST_F(UniqueValues, OneThatARowHeldOnlyInBetweenKeepsTheOrderToo) {
  topic_.update(1, "a", "b").update(1, "b", "c").insert(2, "b");
  EXPECT_THAT(written(topic_), ElementsAre(kInto + std::string("(1,'b'),(1,'c'),(2,'b')")));
}

TEST_F(UniqueValues, ARefusedRowMakesTheSetBeWrittenInItsOrder) {
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    // Value 9 is another row's, and stays it.
    if (statement.contains("(1,'9')") || statement.contains("`note`='9'"))
      return fails(1062, "Duplicate entry '9' for key 'note'");
    return std::nullopt;
  });
  topic_.update(1, "5", "7").insert(2, "8").update(1, "7", "9");
  const auto statements = written(topic_);
  EXPECT_THAT(statements, ElementsAre(kInto + std::string("(1,'9'),(2,'8')"),
                                      kInto + std::string("(1,'7'),(2,'8'),(1,'9')"), kInto + std::string("(2,'8')")));
  EXPECT_EQ(target_.parked(), 1U) << "only the last change: value 5 is free";
}

TEST_F(UniqueValues, OneThatIsSetFreeByADeleteKeepsTheOrder) {
  topic_.insert(2, "z").erase(1, "a").insert(3, "a");
  EXPECT_THAT(written(topic_), ElementsAre(StartsWith("INSERT"), StartsWith("DELETE"), StartsWith("INSERT")));
}

TEST_F(UniqueValues, ARowThatIsNotTheOneThatTheChangeBeforeLeftKeepsTheOrder) {
  topic_.update(1, "a", "b").update(1, "a", "b");
  EXPECT_THAT(written(topic_), ElementsAre(kInto + std::string("(1,'b'),(1,'b')")));
}

/// Two partitions, which have a key in common, as two origins may.
class TwoOrigins : public Writing {
 protected:
  TwoOrigins() {
    stored_and_loaded(applied_up_to(0));
    other_row_.key.partition = PartitionId(5);
    other_intake_ = load_another(other_row_);
    other_topic_.emplace(kEpoch, 1, other_row_.key);
    other_topic_->transaction(1);
    topic_.transaction(1);
    (void)target_.take_writes();
  }
  void take_one() { take(topic_.end().send()); }
  void take_other() { (void)other_intake_->take(other_topic_->end().send(), tables_, set_); }
  [[nodiscard]] std::vector<std::string> statements() {
    write();
    std::vector<std::string> statements;
    for (const std::string& statement : data()) statements.push_back(statement.substr(0, statement.find(" ON DUP")));
    return statements;
  }
  ProgressRow other_row_ = applied_up_to(0);
  std::unique_ptr<PartitionIntake> other_intake_;
  std::optional<Topic> other_topic_;
  Topic topic_;
};

TEST_F(TwoOrigins, ChangesOfAKeyAreNotJoined) {
  topic_.update(1, "a", "b").update(1, "b", "c");
  take_one();
  other_topic_->update(1, "c", "d").update(2, "x", "y");
  take_other();
  EXPECT_THAT(statements(), ElementsAre(kInto + std::string("(1,'c'),(1,'d'),(2,'y')")));
}

TEST_F(TwoOrigins, ChangesOfDifferentKeysAreJoinedOverTheBatchesOfEach) {
  topic_.update(1, "a", "b");
  take_one();
  other_topic_->update(2, "x", "y");
  take_other();
  topic_.transaction(2).update(1, "b", "c");
  take_one();
  other_topic_->transaction(2).update(2, "y", "z");
  take_other();
  EXPECT_THAT(statements(), ElementsAre(kInto + std::string("(1,'c'),(2,'z')")));
}

}  // namespace
}  // namespace farshore::apply
