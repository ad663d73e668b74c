#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apply/partition_intake.hpp"
#include "apply/work_set_writer.hpp"
#include "fake_target.hpp"
#include "records.hpp"
#include "unit/manual_clock.hpp"

namespace farshore::apply::test {

// How the writer's statements begin and end, on shop.notes as a rule.
inline constexpr const char* kUpsert = "INSERT INTO `shop`.`notes` (`id`,`note`) VALUES ";
inline constexpr const char* kTail = " ON DUPLICATE KEY UPDATE `note`=VALUES(`note`)";
inline constexpr const char* kProgress = "UPDATE farshore.progress SET ";

template <class Kind>
[[nodiscard]] bool is(const Outcome& outcome) {
  return std::holds_alternative<Kind>(outcome);
}

/// A writer before a fake target, fed by a partition's records.
class Writing : public ::testing::Test {
 protected:
  Writing() { start(); }

  /// The fake target keeps no rows of applications, so nobody watches whether changes find theirs, unless asked to.
  void start(std::vector<change::TableRule> rules = {}, change::LookAt look_at = change::LookAt::kNone) {
    WriterSettings settings = writer_settings(target_, std::move(rules));
    settings.parked_rows_max = 2;
    settings.look_at = look_at;
    settings.clock = &clock_;
    writer_ = std::make_unique<WorkSetWriter>(
        std::move(settings), counts_,
        [this](NoticeLevel, const std::string& sentence) { notices_.push_back(sentence); });
  }

  /// The durable progress of a partition, as a process before this one left it.
  void stored(const ProgressRow& row) {
    target_.write_progress(row.key.partition.raw(), {{"epoch", std::to_string(row.epoch.epoch.raw())},
                                                     {"incarnation", std::to_string(row.epoch.incarnation.raw())},
                                                     {"seq", std::to_string(row.seq.raw())},
                                                     {"origin_position", row.origin_position},
                                                     {"row_ordinal", "-1"},
                                                     {"safe_time", "0"},
                                                     {"commit_time", "0"},
                                                     {"state", "applying"},
                                                     {"owner", "apply-0"}});
  }
  /// Takes the partition over and begins an intake where its progress stands.
  void load(int partition = 2) {
    store::PartitionKey key = partition_key();
    key.partition = PartitionId(partition);
    std::vector<Outcome> outcomes;
    writer_->load(std::vector<LoadRequest>{{.key = key, .topic_id = "topic"}}, outcomes, never_);
    ASSERT_EQ(outcomes.size(), 1U);
    ASSERT_TRUE(is<Loaded>(outcomes[0]));
    intake_.emplace(std::get<Loaded>(outcomes[0]).row, WholeTransaction{});
    (void)target_.take_writes();
  }
  void stored_and_loaded(const ProgressRow& row) {
    stored(row);
    load();
  }

  /// Likewise, as another origin's, with an intake of its own beside intake_.
  [[nodiscard]] std::unique_ptr<PartitionIntake> load_another(const ProgressRow& row) {
    stored(row);
    std::vector<Outcome> outcomes;
    writer_->load(std::vector<LoadRequest>{{.key = row.key, .topic_id = "topic"}}, outcomes, never_);
    return std::make_unique<PartitionIntake>(std::get<Loaded>(outcomes.at(0)).row, WholeTransaction{});
  }

  Intake::Step take(const std::shared_ptr<OwnedBatch>& record) { return intake_->take(record, tables_, set_).step; }
  /// Writes what was gathered. The statements are in writes_, what became of it in outcomes_.
  void write() {
    outcomes_.clear();
    writer_->write(set_, outcomes_, never_);
    set_.clear();
    writes_ = target_.take_writes();
  }
  /// A millisecond later.
  void tick() {
    clock_.pass(std::chrono::milliseconds(1));
    outcomes_.clear();
    writer_->tick(outcomes_, never_);
    writes_ = target_.take_writes();
  }
  /// Lets time pass until `done`; the writer has its own times for what it does in tick().
  bool eventually(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      clock_.pass(std::chrono::milliseconds(4));
      tick();
    }
    return true;
  }

  template <class Kind>
  [[nodiscard]] bool has_outcome() const {
    return std::ranges::count_if(outcomes_, is<Kind>) == 1;
  }
  /// The first one.
  template <class Kind>
  [[nodiscard]] const Kind& outcome() const {
    return std::get<Kind>(outcomes_.at(0));
  }
  [[nodiscard]] bool was_written(std::string_view beginning) const {
    return std::ranges::any_of(writes_, [&](const std::string& write) { return write.starts_with(beginning); });
  }
  /// What was written to applications' tables.
  [[nodiscard]] std::vector<std::string> data() const {
    std::vector<std::string> data;
    std::ranges::copy_if(writes_, std::back_inserter(data),
                         [](const std::string& write) { return write.contains("`shop`."); });
    return data;
  }

  const std::stop_token never_;
  ManualClock clock_;  ///< of the writer
  FakeTarget target_;
  std::vector<std::string> notices_;
  Counts counts_;
  std::unique_ptr<WorkSetWriter> writer_;
  change::TableCache tables_;
  WorkSet set_;
  std::optional<PartitionIntake> intake_;
  std::vector<Outcome> outcomes_;
  std::vector<std::string> writes_;
};

}  // namespace farshore::apply::test
