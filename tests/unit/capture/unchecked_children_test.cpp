#include "capture/source/unchecked_children.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "row_events.hpp"

namespace farshore::capture {
namespace {

using binlog::RowChangeKind;
using change::CascadingKey;
using test::image;
using test::Row;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

binlog::RowsEvent event(const binlog::TableMap& table, RowChangeKind op, std::string_view images, bool unchecked) {
  return {.op = op,
          .table = &table,
          .rows = images,
          .body_after_table_id = images,
          .statement_end = true,
          .foreign_keys_off = unchecked};
}

SourceTime at(std::int64_t second) { return SourceTime(std::chrono::seconds(second)); }

/// Tables shop.parent (c0), shop.child (c0, and c1 that refers to parent) and shop.grand (likewise to child).
class Unchecked : public ::testing::Test {
 protected:
  Unchecked() {
    tie("child", "parent");
    tie("grand", "child");
  }

  void tie(const std::string& child, const std::string& parent) {
    cascades_.take_answer({"shop", child},
                          std::vector<CascadingKey>{{.tie = {.parent = {"shop", parent}, .child = {"shop", child}},
                                                     .name = child + "_of",
                                                     .columns = {"c1"},
                                                     .parent_columns = {"c0"},
                                                     .on_delete = KeyAction::kCascade,
                                                     .on_update = KeyAction::kCascade}},
                          {});
    cascades_.begin();
    cascades_.reached({});
  }
  /// A transaction of one event. Its statement began at `began`, and it was committed at `committed`.
  std::vector<std::string> take(const std::string& table, RowChangeKind op, const std::vector<Row>& images,
                                std::int64_t began, std::int64_t committed, bool unchecked = false) {
    std::string bytes;
    for (const Row& row : images) bytes += image(row);
    const binlog::TableMap map = test::table_map(table, 1);
    children_->begin();
    const auto missed = children_->take(event(map, op, bytes, unchecked), at(began), cascades_);
    children_->end(at(committed));
    std::vector<std::string> names;
    for (const TableName& name : missed) names.push_back(name.table);
    return names;
  }
  /// By a session without checks, at second 10.
  void insert(const std::string& table, const Row& row) {
    EXPECT_THAT(take(table, RowChangeKind::kInsert, {row}, 10, 10, true), IsEmpty());
  }
  std::vector<std::string> remove_parent(std::int64_t id, std::int64_t began) {
    return take("parent", RowChangeKind::kDelete, {{id, 0}}, began, 20);
  }

  KnownCascades cascades_;
  std::optional<UncheckedChildren> children_{std::in_place, ServerKind::kMariadb,
                                             std::vector<change::UncheckedChild>()};
};

TEST_F(Unchecked, ARowIsMissedByAChangeOfItsParentThatBeganBefore) {
  insert("child", {1, 7});
  EXPECT_THAT(remove_parent(7, 10), ElementsAre("child")) << "the same second";
  EXPECT_THAT(remove_parent(7, 3), ElementsAre("child"));
  EXPECT_THAT(remove_parent(7, 11), IsEmpty()) << "it has met the row";
  EXPECT_THAT(remove_parent(8, 3), IsEmpty()) << "another parent";
}

TEST_F(Unchecked, AnUpdateCountsWhereItChangesWhatTheKeyTies) {
  insert("child", {1, 7});
  EXPECT_THAT(take("parent", RowChangeKind::kUpdate, {{7, 0}, {7, 5}}, 3, 20), IsEmpty());
  EXPECT_THAT(take("parent", RowChangeKind::kUpdate, {{7, 0}, {9, 0}}, 3, 20), ElementsAre("child"));
  EXPECT_THAT(take("parent", RowChangeKind::kUpdate, {{9, 0}, {7, 0}}, 3, 20), IsEmpty());
  take("child", RowChangeKind::kUpdate, {{2, 4}, {3, 4}}, 10, 10, true);
  EXPECT_THAT(remove_parent(4, 3), IsEmpty()) << "it referred there before";
  take("child", RowChangeKind::kUpdate, {{2, 4}, {2, 5}}, 10, 10, true);
  EXPECT_THAT(remove_parent(5, 3), ElementsAre("child"));
}

TEST_F(Unchecked, WhoChecksIsNoMatterNorIsAChangeThatCascadesToNothing) {
  take("child", RowChangeKind::kInsert, {{1, 7}}, 10, 10);
  EXPECT_THAT(remove_parent(7, 3), IsEmpty());
  insert("child", {1, 7});
  EXPECT_THAT(take("parent", RowChangeKind::kDelete, {{7, 0}}, 3, 20, true), IsEmpty());
  EXPECT_THAT(take("parent", RowChangeKind::kInsert, {{7, 0}}, 3, 20), IsEmpty());
  EXPECT_THAT(take("other", RowChangeKind::kDelete, {{7, 0}}, 3, 20), IsEmpty());
}

TEST_F(Unchecked, WhatHangsOnAChildIsMissedByAnyChangeThatBeganBefore) {
  insert("grand", {1, 7});
  EXPECT_THAT(remove_parent(5, 3), ElementsAre("grand"));
  EXPECT_THAT(remove_parent(5, 11), IsEmpty());
  EXPECT_THAT(take("parent", RowChangeKind::kUpdate, {{5, 0}, {5, 1}}, 3, 20), IsEmpty()) << "nothing cascades";
  EXPECT_THAT(take("parent", RowChangeKind::kUpdate, {{5, 0}, {6, 0}}, 3, 20), ElementsAre("grand"));
  EXPECT_THAT(take("child", RowChangeKind::kDelete, {{7, 5}}, 3, 20), ElementsAre("grand"));
  EXPECT_THAT(take("child", RowChangeKind::kDelete, {{8, 5}}, 3, 20), IsEmpty());
}

TEST_F(Unchecked, ARowOfTheTransactionItselfWasMet) {
  const binlog::TableMap map = test::table_map("child", 1);
  const std::string row = image({1, 7});
  children_->begin();
  (void)children_->take(event(map, RowChangeKind::kInsert, row, true), at(10), cascades_);
  const binlog::TableMap parents = test::table_map("parent", 1);
  const std::string parent = image({7, 0});
  EXPECT_THAT(children_->take(event(parents, RowChangeKind::kDelete, parent, false), at(10), cascades_), IsEmpty());
  children_->begin();  // it was rolled back
  children_->end(at(10));
  EXPECT_THAT(remove_parent(7, 3), IsEmpty());
}

TEST_F(Unchecked, AKeyThatIsMadeCountsForAnyRowUntilThen) {
  binlog::Statement statement;
  statement.tables = {{"shop", "child"}};
  statement.references = {{.table = {"shop", "parent"}, .on_delete = KeyAction::kCascade}};
  children_->begin();
  children_->take_statement(statement, false);
  children_->end(at(10));
  EXPECT_THAT(remove_parent(1, 10), IsEmpty()) << "who checks waits for the parent's change";
  children_->begin();
  children_->take_statement(statement, true);
  children_->end(at(10));
  EXPECT_THAT(remove_parent(1, 10), ElementsAre("child"));
  EXPECT_THAT(remove_parent(1, 11), IsEmpty());
}

TEST_F(Unchecked, GoesWithItsTable) {
  insert("before", {1, 7});
  tie("before", "parent");
  insert("before", {1, 7});
  binlog::Statement statement;
  statement.names = binlog::Statement::Names::kMove;
  statement.tables = {{"shop", "before"}, {"shop", "after"}};
  children_->begin();
  children_->take_statement(statement, false);
  children_->end(at(12));
  tie("after", "parent");
  EXPECT_THAT(remove_parent(8, 10), ElementsAre("after"));
  EXPECT_THAT(remove_parent(8, 11), IsEmpty());
}

TEST_F(Unchecked, ACheckpointKeepsTheTimeForAnyRow) {
  insert("child", {1, 7});
  ASSERT_THAT(children_->all(), ElementsAre(change::UncheckedChild{"shop.child", at(10)}));
  children_.emplace(ServerKind::kMariadb, children_->all());
  EXPECT_THAT(remove_parent(1, 10), ElementsAre("child"));
  EXPECT_THAT(remove_parent(1, 11), IsEmpty());
}

TEST_F(Unchecked, OfVeryManyTheOldestCountForAnyValue) {
  constexpr auto kMany = static_cast<std::int64_t>(UncheckedChildren::kValuesMax);
  const binlog::TableMap map = test::table_map("child", 1);
  const auto load = [&](std::int64_t from, std::int64_t second) {
    std::string rows;
    for (std::int64_t i = 0; i < kMany; ++i) rows += image({i, from + i});
    children_->begin();
    (void)children_->take(event(map, RowChangeKind::kInsert, rows, true), at(second), cascades_);
    children_->end(at(second));
  };
  load(0, 10);
  load(kMany, 20);
  EXPECT_THAT(remove_parent(1, 10), ElementsAre("child"));
  EXPECT_THAT(remove_parent(-1, 10), IsEmpty());
  load(2 * kMany, 30);
  EXPECT_THAT(remove_parent(-1, 10), ElementsAre("child"));
  EXPECT_THAT(remove_parent(-1, 11), IsEmpty());
  EXPECT_THAT(remove_parent(kMany + 1, 20), ElementsAre("child"));
}

}  // namespace
}  // namespace farshore::capture
