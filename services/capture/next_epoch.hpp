#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "capture/publish/touched_tables.hpp"
#include "capture/resume/resume.hpp"
#include "capture/source/cascade_groups.hpp"
#include "services/capture/pipeline_parts.hpp"

namespace farshore::capture {

/// What the next epoch has to begin with, gathered until it can begin, and how the one under way ends for it. Belongs
/// to the pipeline's thread.
class NextEpoch {
 public:
  static constexpr std::size_t kReasonBytesMax = 1000;  ///< for people: a statement may name very many tables

  /// Both outlive it.
  NextEpoch(const EpochParts& parts, const PipelineSettings& settings) : parts_(parts), settings_(settings) {}

  /// The numbering does not know them.
  void note_ties(const std::vector<Cascade>& ties);
  void note_tie(const Cascade& tie) { due_.ties.push_back(tie); }
  /// Rows of the child may have changed, and nothing that is published says of it. `why`: for people.
  void note_missed(const TableName& child, std::string why);
  /// Its child's rows change so until the key is gone.
  void note_outside(const Cascade& tie);
  [[nodiscard]] bool tells_of_missed() const { return !due_.missed.empty(); }
  /// Of the first of them: for people.
  [[nodiscard]] const std::string& why_missed() const { return due_.why; }
  /// The session has read a transaction that its checkpoint did not hold.
  void note_advanced() { has_advanced_ = true; }
  /// Rows of the transaction under way are numbered.
  void note_rows(std::string_view schema, std::string_view table) { touched_.add(schema, table); }
  /// Rows of it that may be published never came to be, and nothing says which: an epoch right behind it names all of
  /// its tables.
  void note_rollback(std::string_view gtid);
  /// It is whole, and in the history's position.
  void note_end();

  /// Begins what is due, as soon as all that is published is read again. Ends the session then.
  void begin_due();
  /// Everything published under the old numbering is read again: ends its epoch with what tells_of_missed().
  void begin_missed();
  /// Ends the epoch, and the session, before the transaction under way.
  void begin(EpochReason reason, const change::Numbering& numbering);
  /// Of a transaction that was published in part, what cannot be carried stops whoever reads the rest under the
  /// numbering it was published by. Where the configuration has another one by now, which may leave the table out, the
  /// old epoch ends right there. False: nothing is handed over, and it stops.
  ///
  /// Under the other numbering the transaction's rows have other ordinals, and who has applied a part of it would take
  /// some of the rest for applied. So the epoch ends with all of the transaction's tables named: the rest is read for
  /// their names alone, and is_handing_over() until hand_over(). `reads_on`: it can be read.
  [[nodiscard]] bool hands_over(std::string_view why, bool reads_on = true);
  [[nodiscard]] bool is_handing_over() const { return !hand_over_.empty(); }
  /// The transaction under way is read to its end: ends the epoch, and the session, before it.
  void hand_over();

 private:
  struct Due {
    std::vector<Cascade> ties;
    std::string why;  ///< the first of `missed` is
    std::set<TableName> missed;
    std::set<TableName> changed_unseen;  ///< of `missed`, as in Checkpoint
  };

  void warn_of_missed() const;
  [[nodiscard]] std::vector<std::string> split_tables() const;

  const EpochParts& parts_;
  const PipelineSettings& settings_;
  Due due_;
  TouchedTables touched_;     ///< by the transaction under way, as far as it is read
  std::string rolled_back_;   ///< why the tables are missed at its end; empty: they are not
  std::string hand_over_;     ///< why
  bool touched_all_ = false;  ///< touched_ is all that the transaction touches
  bool has_advanced_ = false;
};

}  // namespace farshore::capture
