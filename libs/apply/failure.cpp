#include "apply/failure.hpp"

#include <fmt/format.h>

#include "apply/error_policy.hpp"

namespace farshore::apply {
namespace {

/// One sentence for each kind of failure.
struct Sentence {
  std::string operator()(const TryAgain& again) const { return again.error.to_string(); }
  std::string operator()(const LookFirst& /*look*/) const { return "rows are not as expected"; }
  std::string operator()(const KeepOrder& /*order*/) const { return "a merged row is refused"; }
  std::string operator()(const TargetMoved& moved) const { return std::string(moved.what); }
  std::string operator()(const SessionIsOld& /*old*/) const { return "the session is older than a right"; }
  std::string operator()(const ProgressMoved& /*moved*/) const { return "another writer has moved the progress"; }
  std::string operator()(const SliceStops& stops) const { return stops.reason; }
};

}  // namespace

Failure Failure::of_statement(std::uint32_t slice, std::string_view what, const mysql::SqlError& error) {
  if (action_for(error.kind) == Action::kRetry) return again(error);
  return of_slice(slice, store::PartitionState::kStopped, fmt::format("{}: {}", what, described(error)));
}

Failure Failure::at(std::string_view schema, std::string_view table) && {
  if (auto* const again = std::get_if<TryAgain>(&kind)) {
    again->schema = schema;
    again->table = table;
  }
  return std::move(*this);
}

std::string Failure::to_string() const { return std::visit(Sentence(), kind); }

}  // namespace farshore::apply
