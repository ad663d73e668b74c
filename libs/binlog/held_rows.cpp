#include "binlog/held_rows.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "binlog/query_event.hpp"
#include "binlog/sql_dialect.hpp"

namespace farshore::binlog {
namespace {

// As the servers write them themselves, whatever was typed.
constexpr std::string_view kBegin = "BEGIN";
constexpr std::string_view kCommit = "COMMIT";
constexpr std::string_view kRollback = "ROLLBACK";
constexpr std::string_view kRollbackTo = "ROLLBACK TO ";
constexpr std::string_view kSavepoint = "SAVEPOINT ";

bool begins_transaction(EventType type) {
  return type == EventType::kGtid || type == EventType::kMariadbGtid || type == EventType::kGtidTagged ||
         type == EventType::kAnonymousGtid;
}

/// It belongs behind the end of a transaction, which never came.
bool breaks_off(EventType type) {
  return type == EventType::kFormatDescription || type == EventType::kStop || type == EventType::kIncident ||
         begins_transaction(type);
}

bool ends_transaction(EventType type) {
  return type == EventType::kXid || type == EventType::kXaPrepare || breaks_off(type);
}

/// Written in one way: quoted as by default, in ASCII.
bool is_plain_name(std::string_view name) { return name.starts_with('`') && is_ascii(name); }

/// For people alone: the decoder reads nothing of it, and whether it is there depends on settings.
bool is_annotation(EventType type) {
  return type == EventType::kRowsQuery || type == EventType::kMariadbAnnotateRows || is_heartbeat(type);
}

std::string in_one_case(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

void HeldRows::take(const RawEvent& raw) {
  FARSHORE_CHECK(!passing_ && (is_holding() || empty()));
  if (state_ == State::kHolding) return hold(raw);
  events_.clear();
  bodies_.clear();
  given_ = 0;
  if (begins_transaction(raw.header.type)) {
    state_ = State::kBefore;
    savepoints_.clear();
  }
  if (state_ == State::kBefore && raw.header.type == EventType::kTableMap) {
    state_ = State::kHolding;
    bytes_ = 0;
    return hold(raw);
  }
  // Most of them: MySQL begins each transaction with it.
  const bool begins = raw.body.ends_with(kBegin);
  if (state_ == State::kBefore && raw.header.type == EventType::kQuery && !begins) note_statement(raw);
  passing_ = raw;
}

std::optional<RawEvent> HeldRows::give() {
  if (is_holding()) return std::nullopt;
  if (given_ < events_.size()) {
    const Event& event = events_[given_++];
    rolled_back_ = event.rolled_back;
    return RawEvent{event.header, std::string_view(bodies_).substr(event.begin, event.size)};
  }
  rolled_back_ = false;
  return std::exchange(passing_, std::nullopt);
}

void HeldRows::hold(const RawEvent& raw) {
  const EventType type = raw.header.type;
  const std::string_view body = is_annotation(type) ? std::string_view() : raw.body;
  if (type != EventType::kTableMap) bytes_ += body.size();
  if (bytes_ > kBytesMax) {
    state_ = State::kPassing;
    for (Event& event : events_) event.rolled_back = false;  // what is rolled back beside it is not known
    passing_ = raw;
    return;
  }
  // A server that crashed has rolled back what its file breaks off with.
  if (breaks_off(type)) roll_back_from(0);
  events_.push_back({raw.header, bodies_.size(), body.size(), false});
  bodies_ += body;
  if (type == EventType::kQuery) note_statement(raw);
  if (ends_transaction(type)) state_ = State::kPassing;
}

void HeldRows::note_statement(const RawEvent& raw) {
  const auto query = parse_query(kind_, raw);
  if (!query) return;  // the decoder says so
  if (query->sql == kCommit || query->sql == kRollback) state_ = State::kPassing;
  if (query->sql == kRollback) roll_back_from(0);
  if (query->sql.starts_with(kSavepoint))
    savepoints_.push_back({in_one_case(query->sql.substr(kSavepoint.size())), events_.size()});
  if (query->sql.starts_with(kRollbackTo)) roll_back_to(query->sql.substr(kRollbackTo.size()));
}

/// A function's savepoints are its own, and may have the name of one outside.
void HeldRows::roll_back_to(std::string_view name) {
  const std::string wanted = in_one_case(name);
  const auto is_wanted = [&](const Savepoint& one) { return one.name == wanted; };
  const auto is_plain = [](const Savepoint& one) { return is_plain_name(one.name); };
  if (std::ranges::count_if(savepoints_, is_wanted) != 1 || !std::ranges::all_of(savepoints_, is_plain)) return;
  const auto found = std::ranges::find_if(savepoints_, is_wanted);
  roll_back_from(found->at);
  savepoints_.erase(std::next(found), savepoints_.end());
}

void HeldRows::roll_back_from(std::size_t first) {
  for (std::size_t i = first; i < events_.size(); ++i) events_[i].rolled_back = true;
}

}  // namespace farshore::binlog
