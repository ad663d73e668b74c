#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "writing.hpp"

namespace farshore::apply::test {

inline constexpr const char* kInsert = "INSERT INTO `shop`.`notes` (`id`,`note`) VALUES ";
inline constexpr const char* kUpdate = "UPDATE `shop`.`notes` SET ";

/// shop.notes has a unique key over note here. Some notes are taken by rows that are not this partition's.
class ParkedChanges : public Writing {
 protected:
  ParkedChanges() {
    target_.add_table("notes", FakeTarget::Shape::kUnique);
    target_.on_data([this](const std::string& statement) { return refuse_taken(statement); });
    stored_and_loaded(applied_up_to(0));
  }
  std::optional<Reply> refuse_taken(const std::string& statement) {
    const std::lock_guard lock(mutex_);
    if (statement.starts_with("DELETE")) return std::nullopt;
    for (const std::string& note : taken_) {
      if (statement.contains("'" + note + "'")) {
        return fails(1062, "Duplicate entry '" + note + "' for key 'notes.note'");
      }
    }
    // What is updated is not there yet, as long as nothing was inserted.
    if (statement.starts_with("UPDATE")) return ok(0);
    return std::nullopt;
  }
  void take_note(const std::string& note) {
    const std::lock_guard lock(mutex_);
    taken_.push_back(note);
  }
  void free_notes() {
    const std::lock_guard lock(mutex_);
    taken_.clear();
  }
  /// The service begins anew: what is in memory is gone.
  void restart() {
    start();
    load();
  }

  std::mutex mutex_;
  std::vector<std::string> taken_;  // guarded by mutex_
  Topic topic_;
};

}  // namespace farshore::apply::test
