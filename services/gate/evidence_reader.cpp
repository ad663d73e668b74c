#include "services/gate/evidence_reader.hpp"

#include <utility>

#include "store/progress_store.hpp"

namespace farshore::gate {
namespace {

// Shorter than what makes evidence stale by default: a hanging server is noticed, and tried again, soon.
constexpr std::chrono::seconds kTimeout{2};

}  // namespace

EvidenceReader::EvidenceReader(DatabaseEndpoint endpoint, std::string region, Counter& reconnects)
    : endpoint_(std::move(endpoint)), region_(std::move(region)), reconnects_(reconnects) {}

std::expected<Evidence, mysql::SqlError> EvidenceReader::read() {
  if (!connection_) {
    mysql::SessionSettings settings;
    settings.connect_timeout = kTimeout;
    settings.read_timeout = kTimeout;
    settings.program_name = "farshore gate";
    auto opened = mysql::Connection::open(endpoint_, settings);
    if (!opened) return std::unexpected(std::move(opened.error()));
    connection_ = std::move(*opened);
    if (was_open_) reconnects_.add();
    was_open_ = true;
  }
  auto evidence = read_all();
  if (!evidence) connection_.reset();
  return evidence;
}

std::expected<Evidence, mysql::SqlError> EvidenceReader::read_all() {
  auto rows = store::ProgressStore(*connection_, region_).load();
  if (!rows) return std::unexpected(std::move(rows.error()));
  auto pending = store::count_pending(*connection_, region_);
  if (!pending) return std::unexpected(std::move(pending.error()));
  Evidence evidence{
      .rows = std::move(*rows), .pending = std::move(*pending), .equality = std::nullopt, .block = std::nullopt};
  auto equality = store::read_equality(*connection_, region_);
  // A schema of an earlier version: the verdict says what to do.
  if (!equality && equality.error().kind != mysql::SqlErrorKind::kMissingTable)
    return std::unexpected(std::move(equality.error()));
  auto told = store::read_told(*connection_, region_);
  if (!told && told.error().kind != mysql::SqlErrorKind::kMissingTable) return std::unexpected(std::move(told.error()));
  if (equality && told) {
    evidence.equality = std::move(*equality);
    evidence.told = std::move(*told);
  }
  auto comparisons = store::read_comparisons(*connection_, region_);
  if (!comparisons && comparisons.error().kind != mysql::SqlErrorKind::kMissingTable)
    return std::unexpected(std::move(comparisons.error()));
  if (comparisons) evidence.comparisons = std::move(*comparisons);
  // It only explains; a server without such locks has none.
  if (const auto block = store::read_block(*connection_, region_)) evidence.block = *block;
  return evidence;
}

}  // namespace farshore::gate
