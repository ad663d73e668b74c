#pragma once

#include "base/numbers.hpp"
#include "change/batch_header.hpp"
#include "store/progress_row.hpp"

namespace farshore::ctl {

/// Looks through the headers of a partition at its origin's cluster, in their order, for the first record that a
/// region needs which has applied the partition as far as `row` says. Everything from there on is what it lacks.
class RefillSearch {
 public:
  explicit RefillSearch(const store::ProgressRow& row) : applied_(row.epoch), next_(row.seq.raw() + 1) {}

  enum class Found : std::uint8_t {
    kNotYet,  ///< the record is behind what is applied, or names nothing new
    kHere,    ///< the record is the first that is needed
    kGone,    ///< the record lies beyond what is needed, and nothing before it was that: gone at the origin too
  };
  /// Not to be called again after kHere or kGone.
  [[nodiscard]] Found look(const change::BatchHeader& header);

 private:
  const EpochId applied_;
  const Seq next_;
};

}  // namespace farshore::ctl
