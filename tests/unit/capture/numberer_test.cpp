#include "capture/publish/numberer.hpp"

#include <gmock/gmock.h>

#include <map>

#include "capture/counts.hpp"
#include "capture/publish/row_router.hpp"
#include "capture/source/cascade_groups.hpp"
#include "change/limits.hpp"
#include "rows.hpp"
#include "unit/table_literal.hpp"

namespace farshore::capture {
namespace {

using test::bigint_table;
using test::Rows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr EpochId kThirdEpoch{Epoch(3), Incarnation(77)};

/// A change as a reader of the topic sees it, in words.
struct Seen {
  std::uint64_t seq;
  std::string gtid;
  std::uint32_t ordinal;
  std::string what;
  friend bool operator==(const Seen&, const Seen&) = default;
  friend void PrintTo(const Seen& seen, std::ostream* out) {
    *out << "{" << seen.seq << " " << seen.gtid << " " << seen.ordinal << " " << seen.what << "}";
  }
};

/// A capture's numbering without source and without Kafka: what would be sent is read back.
class Numbering : public ::testing::Test {
 protected:
  static change::TableRules rules(std::vector<change::TableRule> tables = {}, std::uint32_t partitions = 4) {
    return *change::TableRules::make({{.name = "main", .tables = {"*.*"}, .partitions = partitions}},
                                     std::move(tables));
  }

  void start(change::TableRules rules, std::size_t batch_bytes = 1U << 16) {
    published_.clear();
    rules_ = std::make_unique<change::TableRules>(std::move(rules));
    partitions_ = Partitions(rules_->numbering());
    writers_.clear();
    for (std::uint32_t i = 0; i < partitions_.count(); ++i) {
      writers_.emplace_back("east", "main", partitions_.place(Slot(i)).partition, counts_.repeated_rows);
      writers_.back().start(kThirdEpoch, Seq(1), {});
    }
    published_.resize(writers_.size());
    router_ = std::make_unique<RowRouter>(*rules_, partitions_, ServerKind::kMysql, &shapes_);
    numberer_ = std::make_unique<Numberer>(writers_, Numberer::Limits{.batch_bytes = batch_bytes},
                                           [this](Slot slot) { send(slot); });
  }

  void send(Slot slot) {
    change::BatchBuilder& builder = writers_[slot.raw()].builder();
    if (builder.empty()) return;
    const change::EncodedRecord record = builder.finish(LocalTime{});
    change::TableCache tables;
    change::Batch batch;
    ASSERT_TRUE(change::read_batch(record.header, record.value, tables, batch));
    EXPECT_EQ(batch.header().id, kThirdEpoch);
    for (const change::ChangeView& change : batch.changes()) ties_[change.table->shape.name] = change.table->ties;
    for (const change::ChangeView& change : batch.changes())
      published_[slot.raw()].push_back({.seq = change.seq.raw(),
                                        .gtid = std::string(batch.transaction_of(change).gtid),
                                        .ordinal = change.ordinal.raw(),
                                        .what = test::words(change)});
    builder.clear();
  }
  void send_all() {
    for (std::uint32_t i = 0; i < writers_.size(); ++i) send(Slot(i));
  }

  std::optional<RowsRefusal> add(const Rows& rows) {
    const auto table = router_->find(rows.table().shape, rows.table().prefix_columns);
    if (!table) return table.error();
    for (const RowChange& row : rows.changes())
      if (!numberer_->add(**table, rows.op(), row, rows.foreign_keys_off()))
        return RowsRefusal{RowsRefusal::Kind::kStops, numberer_->refusal()};
    return std::nullopt;
  }

  /// A whole transaction. Gives what refuses it.
  std::optional<std::string> transaction(const std::string& gtid, const std::vector<Rows>& events,
                                         bool send_in_the_middle = false) {
    ++transaction_.serial;
    transaction_.gtid = gtid;
    transaction_.position_before = "before " + gtid;
    numberer_->begin(transaction_);
    for (const Rows& rows : events) {
      if (auto refusal = add(rows)) {
        refused_ = refusal->kind;
        return refusal->sentence;
      }
      if (send_in_the_middle)
        for (std::uint32_t i = 0; i < writers_.size(); ++i)
          if (numberer_->open_slot() != Slot(i)) send(Slot(i));
    }
    numberer_->end();
    return std::nullopt;
  }

  std::vector<Seen> all() const {
    std::vector<Seen> all;
    for (const auto& partition : published_) all.insert(all.end(), partition.begin(), partition.end());
    return all;
  }

  const test::Table orders_ = bigint_table("shop", "orders", 2, 1);
  const test::Table items_ = bigint_table("shop", "items", 3, 2);
  std::unique_ptr<change::TableRules> rules_;
  Partitions partitions_;
  std::vector<PartitionWriter> writers_;
  KeyShapes shapes_{{}};
  std::unique_ptr<RowRouter> router_;
  std::unique_ptr<Numberer> numberer_;
  change::SourceTransaction transaction_;
  Counts::Stream counts_;
  std::optional<RowsRefusal::Kind> refused_;                       ///< how the last transaction was
  std::vector<std::vector<Seen>> published_;                       ///< by slot
  std::map<std::string, std::vector<change::CascadingKey>> ties_;  ///< that the last batch of a table named
};

TEST_F(Numbering, CountsEachPartitionFromOneWithoutGaps) {
  start(rules());
  std::vector<test::Row> rows;
  for (std::int64_t i = 0; i < 100; ++i) rows.push_back({i, i * 10});
  ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, rows)}));
  send_all();
  std::size_t count = 0;
  for (const auto& partition : published_) {
    EXPECT_FALSE(partition.empty()) << "100 keys reach every one of 4 partitions";
    for (std::size_t i = 0; i < partition.size(); ++i) EXPECT_EQ(partition[i].seq, i + 1);
    count += partition.size();
  }
  EXPECT_EQ(count, 100U);
}

TEST_F(Numbering, IsTheSameWhereverBatchesAreCut) {
  std::vector<std::vector<Seen>> first;
  for (const std::size_t batch_bytes : {std::size_t{1}, std::size_t{200}, std::size_t{1} << 20}) {
    for (const bool send_in_the_middle : {false, true}) {
      start(rules(), batch_bytes);
      for (std::int64_t t = 1; t <= 20; ++t) {
        ASSERT_FALSE(transaction("t:" + std::to_string(t),
                                 {Rows::insert(orders_, {{t, 1}, {t + 100, 2}}), Rows::update(orders_, {t, 1}, {t, 3}),
                                  Rows::insert(items_, {{t, 1, 5}, {t, 2, 6}}),
                                  Rows::update(orders_, {t + 100, 2}, {t + 200, 2}), Rows::remove(orders_, {{t, 3}})},
                                 send_in_the_middle));
      }
      send_all();
      if (first.empty()) first = published_;
      EXPECT_EQ(published_, first) << "batches of " << batch_bytes
                                   << " bytes, sent in the middle: " << send_in_the_middle;
    }
  }
}

TEST_F(Numbering, AnUpdateOfTheKeyIsADeleteAndAnInsertEachInItsKeysPartition) {
  start(rules({}, 1));
  ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, {{1, 10}}), Rows::update(orders_, {1, 10}, {2, 10})}));
  send_all();
  EXPECT_THAT(all(), ElementsAre(Seen{1, "t:1", 0, "insert 1 10"}, Seen{2, "t:1", 2, "delete half 1 10"},
                                 Seen{3, "t:1", 3, "insert half 2 10 last"}));
}

TEST_F(Numbering, AnUpdateOfTheKeyInAnOrderGroupStaysOneUpdate) {
  start(rules({{.match = "shop.*", .stream = "", .group = "orders", .entity = ""}}));
  ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, {{1, 10}}), Rows::insert(items_, {{1, 1, 5}}),
                                   Rows::update(orders_, {1, 10}, {2, 10})}));
  send_all();
  EXPECT_THAT(all(), ElementsAre(Seen{1, "t:1", 0, "insert 1 10"}, Seen{2, "t:1", 2, "insert 1 1 5"},
                                 Seen{3, "t:1", 4, "update 2 10 last"}));
}

TEST_F(Numbering, ASessionWithoutForeignKeyChecksIsToldWhereCascadesAreRepeated) {
  const auto events = [&] {
    return std::vector<Rows>{Rows::remove(orders_, {{1, 1}}).without_foreign_keys(), Rows::remove(orders_, {{2, 2}})};
  };
  start(*rules().with_cascades(cascade_groups({}, {{"shop.orders"_table, "shop.items"_table}})));
  ASSERT_TRUE(rules_->set_ties_of("shop.items"_table, {{{"shop.orders"_table, "shop.items"_table}}}));
  ASSERT_FALSE(transaction("t:1", events()));
  send_all();
  EXPECT_THAT(all(), ElementsAre(Seen{1, "t:1", 0, "delete no-cascade 1 1"}, Seen{2, "t:1", 2, "delete 2 2 last"}));
  start(rules({}, 1));
  ASSERT_FALSE(transaction("t:1", events()));
  send_all();
  EXPECT_THAT(all(), ElementsAre(Seen{1, "t:1", 0, "delete 1 1"}, Seen{2, "t:1", 2, "delete 2 2 last"}));
}

TEST_F(Numbering, ATableNamesTheKeysThatItsChangesGoThroughAsTheyAreKnown) {
  const CascadingKey items{{"shop.orders"_table, "shop.items"_table}}, notes{{"shop.orders"_table, "shop.notes"_table}},
      parts{{"shop.items"_table, "shop.parts"_table}};
  start(*rules().with_cascades(cascade_groups({}, {items.tie, notes.tie, parts.tie})));
  for (const CascadingKey& key : {items, notes, parts}) ASSERT_TRUE(rules_->set_ties_of(key.tie.child, {key}));
  const auto numbering = rules_->numbering();
  const auto rows = [&](const std::string& gtid) {
    ASSERT_FALSE(transaction(gtid, {Rows::insert(orders_, {{1, 1}}), Rows::insert(items_, {{1, 1, 1}})}));
    send_all();
  };
  rows("t:1");
  EXPECT_THAT(ties_["orders"], ElementsAre(items, notes, parts));
  EXPECT_THAT(ties_["items"], ElementsAre(items, parts));
  ASSERT_TRUE(rules_->set_ties_of("shop.notes"_table, {}));
  router_->forget();
  rows("t:2");
  EXPECT_THAT(ties_["orders"], ElementsAre(items, parts));
  ASSERT_TRUE(rules_->set_ties_of("shop.notes"_table, {notes}));
  router_->forget();
  rows("t:3");
  EXPECT_THAT(ties_["orders"], ElementsAre(items, notes, parts));
  EXPECT_EQ(rules_->numbering(), numbering);
  EXPECT_EQ(all().back(), (Seen{6, "t:3", 2, "insert 1 1 1 last"})) << "the numbers go on";
}

TEST_F(Numbering, AKeysChangesStayInOnePartition) {
  start(rules());
  for (std::int64_t key = 0; key < 50; ++key) {
    ASSERT_FALSE(transaction("t:" + std::to_string(key + 1),
                             {Rows::insert(orders_, {{key, 0}}), Rows::update(orders_, {key, 0}, {key, 1}),
                              Rows::remove(orders_, {{key, 1}})}));
  }
  send_all();
  for (const auto& partition : published_) {
    ASSERT_EQ(partition.size() % 3, 0U);
    for (std::size_t i = 0; i < partition.size(); ++i) EXPECT_EQ(partition[i].gtid, partition[i / 3 * 3].gtid);
  }
}

TEST_F(Numbering, ATablesKeyOverAPrefixKeepsItInOnePartition) {
  start(rules());
  test::Table names = bigint_table("shop", "names", 2, 1);
  names.prefix_columns = {0};
  std::vector<test::Row> rows;
  for (std::int64_t i = 0; i < 50; ++i) rows.push_back({i, 0});
  ASSERT_FALSE(transaction("t:1", {Rows::insert(names, rows)}));
  send_all();
  EXPECT_EQ(std::ranges::count_if(published_, [](const auto& partition) { return !partition.empty(); }), 1);
}

TEST_F(Numbering, AnEntityIsHashedThoughAnotherColumnOfTheKeyHasAPrefix) {
  start(rules({{.match = "shop.*", .stream = "", .group = "", .entity = "c0"}}));
  test::Table names = bigint_table("shop", "names", 3, 2);
  names.prefix_columns = {1};
  std::vector<test::Row> rows;
  for (std::int64_t i = 0; i < 50; ++i) rows.push_back({i, 0, 0});
  ASSERT_FALSE(transaction("t:1", {Rows::insert(names, rows)}));
  send_all();
  EXPECT_EQ(std::ranges::count_if(published_, [](const auto& partition) { return !partition.empty(); }), 4);
}

TEST_F(Numbering, AnEntityOfWhichTheKeyTakesAPrefixIsRefused) {
  start(rules({{.match = "shop.*", .stream = "", .group = "", .entity = "c0"}}));
  test::Table names = bigint_table("shop", "names", 3, 2);
  names.prefix_columns = {0};
  const auto refusal = transaction("t:1", {Rows::insert(names, {{1, 0, 0}})});
  ASSERT_TRUE(refusal);
  EXPECT_THAT(*refusal, HasSubstr("takes only a prefix of entity column \"c0\" of table shop.names"));
}

TEST_F(Numbering, TheLastChangeOfATransactionIsMarkedThoughItsBatchIsFull) {
  start(rules({}, 1), 1);
  ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, {{1, 1}, {2, 2}})}, true));
  ASSERT_FALSE(transaction("t:2", {Rows::insert(orders_, {{3, 3}})}, true));
  send_all();
  EXPECT_THAT(all(), ElementsAre(Seen{1, "t:1", 0, "insert 1 1"}, Seen{2, "t:1", 2, "insert 2 2 last"},
                                 Seen{3, "t:2", 0, "insert 3 3 last"}));
}

TEST_F(Numbering, WhatThePartitionHoldsIsCountedAndNotWrittenAgain) {
  start(rules({}, 1));
  writers_[0].start(kThirdEpoch, Seq(5), {.seq = Seq(7), .gtid = "t:2", .ordinal = Ordinal(0), .commit_time = {}});
  ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, {{1, 1}, {2, 2}})}));
  ASSERT_FALSE(transaction("t:2", {Rows::insert(orders_, {{3, 3}, {4, 4}})}));
  send_all();
  EXPECT_THAT(all(), ElementsAre(Seen{8, "t:2", 2, "insert 4 4 last"}));
  EXPECT_EQ(counts_.repeated_rows.value(), 3);
}

TEST_F(Numbering, StopsWhenTheTailsNumberBelongsToAnotherChangeNow) {
  start(rules({}, 1));
  writers_[0].start(kThirdEpoch, Seq(5), {.seq = Seq(6), .gtid = "t:9", .ordinal = Ordinal(0), .commit_time = {}});
  const auto refusal = transaction("t:1", {Rows::insert(orders_, {{1, 1}, {2, 2}, {3, 3}})});
  ASSERT_TRUE(refusal);
  EXPECT_THAT(*refusal, HasSubstr("numbering differs"));
  send_all();
  EXPECT_THAT(all(), ElementsAre());
}

TEST_F(Numbering, StopsWhenTheSourceGrewAnotherTransactionUnderThePublishedGtid) {
  start(rules({}, 1));
  const SourceTime then(std::chrono::seconds(1'700'000'000));
  writers_[0].start(kThirdEpoch, Seq(5), {.seq = Seq(6), .gtid = "t:1", .ordinal = Ordinal(2), .commit_time = then});
  transaction_.commit_time = then + std::chrono::microseconds(1);
  const auto refusal = transaction("t:1", {Rows::insert(orders_, {{1, 1}, {2, 2}, {3, 3}})});
  ASSERT_TRUE(refusal);
  EXPECT_THAT(*refusal, HasSubstr("1700000000000001 us"));
  send_all();
  EXPECT_THAT(all(), ElementsAre());
}

TEST_F(Numbering, ATableWithoutAPrimaryKeyStopsAndIsNamed) {
  start(rules());
  const auto keyless = bigint_table("shop", "log", 2, 0);
  const auto refusal = transaction("t:1", {Rows::insert(keyless, {{1, 1}})});
  ASSERT_TRUE(refusal);
  EXPECT_THAT(*refusal, HasSubstr("table shop.log has no primary key"));
  EXPECT_THAT(*refusal, HasSubstr("\"!shop.log\""));
}

TEST_F(Numbering, ASchemaWithAPointInItsNameStopsAndIsNamed) {
  start(rules());
  const auto refusal = transaction("t:1", {Rows::insert(bigint_table("x.eu", "t", 2, 1), {{1, 1}})});
  ASSERT_TRUE(refusal);
  EXPECT_THAT(*refusal, HasSubstr("\"!x.eu.t\""));
}

TEST_F(Numbering, ASchemaThatAnotherServerCouldTakeForItsOwnStopsAndIsNamed) {
  start(rules());
  const auto table = bigint_table("Farshore", "progress", 2, 1);
  const auto refusal = transaction("t:1", {Rows::insert(table, {{1, 1}})});
  ASSERT_TRUE(refusal);
  EXPECT_THAT(*refusal, HasSubstr("schema Farshore of table Farshore.progress"));
  EXPECT_THAT(*refusal, HasSubstr("\"!Farshore.*\""));
}

TEST_F(Numbering, ARowAboveTheBoundStopsWithoutItsValues) {
  start(rules({}, 1));
  numberer_ = std::make_unique<Numberer>(writers_, Numberer::Limits{.row_bytes_max = 4}, [](Slot) {});
  const auto refusal = transaction("t:1", {Rows::insert(orders_, {{123456789, 1}})});
  ASSERT_TRUE(refusal);
  EXPECT_THAT(*refusal, HasSubstr("capture.max_row_bytes"));
  EXPECT_THAT(*refusal, ::testing::Not(HasSubstr("123456789")));
}

TEST_F(Numbering, ARowAboveTheBoundIsInNoBatchWithThoseBeforeIt) {
  start(rules({}, 1));
  numberer_ = std::make_unique<Numberer>(writers_, Numberer::Limits{.row_bytes_max = 150}, [](Slot) {});
  test::Table wide = bigint_table("shop", "wide", 40, 1);
  ASSERT_TRUE(
      transaction("t:1", {Rows::insert(orders_, {{1, 1}}), Rows::insert(wide, {std::vector<std::int64_t>(40, 7)})}));
  send_all();
  EXPECT_THAT(all(), ElementsAre(Seen{1, "t:1", 0, "insert 1 1"}));
  EXPECT_EQ(writers_[0].next_seq(), Seq(2));
}

TEST_F(Numbering, AShapeThatIsGoneIsNotTakenForAnotherAtItsPlace) {
  start(rules());
  for (int i = 0; i < 100; ++i) {
    const auto table = bigint_table("shop", "t" + std::to_string(i), 2, 1);
    const auto found = router_->find(table.shape, table.prefix_columns);
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)->encoded->table.shape, *table.shape);
  }
}

// --- the shapes of keys

test::Table with_unsigned_key(test::Table table) {
  TableShape shape = *table.shape;
  shape.columns[0].is_unsigned = true;
  table.shape = std::make_shared<const TableShape>(std::move(shape));
  return table;
}

TEST_F(Numbering, AnotherShapeOfATablesKeyEndsTheEpochBeforeAnyRowOfIt) {
  start(rules());
  const auto altered = with_unsigned_key(orders_);
  ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, {{1, 1}})}));
  const auto refusal = transaction("t:2", {Rows::insert(items_, {{1, 1, 1}}), Rows::insert(altered, {{2, 2}})});
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refused_, RowsRefusal::Kind::kEndsEpoch);
  EXPECT_EQ(*refusal, "the key of table shop.orders changed: it was (`c0` BIGINT), and is (`c0` BIGINT UNSIGNED)");
  send_all();
  EXPECT_THAT(all(), ::testing::UnorderedElementsAre(Seen{1, "t:1", 0, "insert 1 1 last"},
                                                     ::testing::Field(&Seen::what, HasSubstr("insert 1 1 1"))));
}

TEST_F(Numbering, ARowOfTheOldShapeAgainDoesNotPassTheNewOne) {
  start(rules());
  const auto altered = with_unsigned_key(orders_);
  ASSERT_FALSE(transaction("t:1", {Rows::insert(altered, {{1, 1}})}));
  EXPECT_TRUE(transaction("t:2", {Rows::insert(orders_, {{2, 2}})}));
  EXPECT_TRUE(transaction("t:2", {Rows::insert(orders_, {{2, 2}})})) << "asked once more, it says the same";
}

TEST_F(Numbering, AnotherShapeOfWhatIsNoKeyPasses) {
  start(rules());
  test::Table wider = bigint_table("shop", "orders", 3, 1);
  ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, {{1, 1}})}));
  EXPECT_FALSE(transaction("t:2", {Rows::insert(wider, {{2, 2, 2}})}));
}

TEST_F(Numbering, TheShapesAreKeptInGroupsAndWithEntitiesToo) {
  for (const change::TableRule& rule :
       {change::TableRule{.match = "shop.*", .stream = "", .group = "g", .entity = ""},
        change::TableRule{.match = "shop.*", .stream = "", .group = "", .entity = "c0"}}) {
    shapes_ = KeyShapes({});
    start(rules({rule}));
    ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, {{1, 1}})}));
    EXPECT_TRUE(transaction("t:2", {Rows::insert(with_unsigned_key(orders_), {{2, 2}})}));
  }
}

TEST_F(Numbering, ARestartAtAnyPlaceDecidesTheSame) {
  const auto altered = with_unsigned_key(orders_);
  const std::vector<Rows> transactions = {Rows::insert(orders_, {{1, 1}}), Rows::insert(items_, {{1, 1, 1}}),
                                          Rows::update(orders_, {1, 1}, {1, 2}), Rows::insert(altered, {{2, 2}})};
  for (std::size_t restart = 0; restart < transactions.size(); ++restart) {
    shapes_ = KeyShapes({});
    start(rules());
    for (std::size_t i = 0; i < transactions.size(); ++i) {
      if (i == restart) {  // what a checkpoint holds, and nothing else
        shapes_ = KeyShapes(shapes_.known());
        start(rules());
      }
      const auto refusal = transaction("t:" + std::to_string(i), {transactions[i]});
      ASSERT_EQ(refusal.has_value(), i + 1 == transactions.size()) << "restart at " << restart;
      EXPECT_THAT(refusal.value_or("the key of table shop.orders changed"),
                  HasSubstr("the key of table shop.orders changed"));
    }
  }
}

TEST_F(Numbering, ANumberingOfBeforeTheShapesWereKeptGoesOnAsItDid) {
  start(rules());
  router_ = std::make_unique<RowRouter>(*rules_, partitions_, ServerKind::kMysql, nullptr);
  numberer_ = std::make_unique<Numberer>(writers_, Numberer::Limits{}, [this](Slot slot) { send(slot); });
  ASSERT_FALSE(transaction("t:1", {Rows::insert(orders_, {{1, 1}})}));
  EXPECT_FALSE(transaction("t:2", {Rows::insert(with_unsigned_key(orders_), {{2, 2}})}));
}

TEST(KnownShapes, AreBounded) {
  change::KnownKeys known;
  for (std::uint64_t i = 0; i < change::kKnownKeysMax; ++i) known.push_back({.table = i, .key = i});
  KeyShapes shapes(known);
  EXPECT_EQ(shapes.take(5, 5), KeyShapes::Taken::kSame);
  EXPECT_EQ(shapes.take(5, 6), KeyShapes::Taken::kOther);
  EXPECT_EQ(shapes.take(change::kKnownKeysMax, 1), KeyShapes::Taken::kFull);
  EXPECT_EQ(shapes.known(), known);
}

}  // namespace
}  // namespace farshore::capture
