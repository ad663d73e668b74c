#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "capture/cascade_groups.hpp"
#include "capture/resume.hpp"
#include "services/capture/pipeline_parts.hpp"

namespace farshore::capture {

/// What the next epoch has to begin with, gathered until it can begin, and how the one under way ends for it. Belongs
/// to the pipeline's thread.
class NextEpoch {
 public:
  static constexpr std::size_t kReasonBytesMax = 1000;  ///< for people: a statement may name very many tables

  /// Both outlive it.
  NextEpoch(const PipelineParts& parts, const PipelineSettings& settings) : parts_(parts), settings_(settings) {}

  /// The numbering does not know them.
  void note_ties(const std::vector<Cascade>& ties);
  void note_tie(const Cascade& tie) { due_.ties.push_back(tie); }
  /// Rows of the child may have changed, and nothing that is published says of it. `why`: for people.
  void note_missed(const std::string& child, std::string why);
  /// Its child's rows change so until the key is gone.
  void note_outside(const Cascade& tie);
  [[nodiscard]] bool tells_of_missed() const { return !due_.missed.empty(); }
  /// The session has read a transaction that its checkpoint did not hold.
  void note_advanced() { has_advanced_ = true; }

  /// Begins what is due, as soon as all that is published is read again. Ends the session then.
  void begin_due();
  /// Ends the epoch, and the session, before the transaction under way.
  void begin(EpochReason reason, const change::Numbering& numbering);
  /// Of a transaction that was published in part, what cannot be carried stops whoever reads the rest under the
  /// numbering it was published by. Where the configuration has another one by now, which may leave the table out, the
  /// old epoch ends right there. False: nothing is handed over, and it stops.
  [[nodiscard]] bool hands_over(std::string_view why);

 private:
  struct Due {
    std::vector<Cascade> ties;
    std::string why;  ///< the first of `missed` is
    std::set<std::string> missed;
    std::set<std::string> changed_unseen;  ///< of `missed`, as in Checkpoint
  };

  const PipelineParts& parts_;
  const PipelineSettings& settings_;
  Due due_;
  bool has_advanced_ = false;
};

}  // namespace farshore::capture
