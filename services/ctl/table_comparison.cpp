#include "services/ctl/table_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "apply/row_query.hpp"

namespace farshore::ctl {
namespace {

constexpr std::size_t kChunkRowsMax = 5'000;
constexpr std::size_t kChunkRowsFirst = 500;
constexpr std::size_t kChunkBytes = 4UL * 1024 * 1024;  // about, of both sides
/// A row that is written all the time may differ each time it is looked at.
constexpr int kLooksMax = 20;
/// Looks in a row that find a row as it was before, all that was on its way then being here. One that goes to and fro
/// between two values, as a row that is made and deleted over and over, may be met so by chance, but hardly each time.
constexpr int kLooksAlike = 3;

std::size_t size_of(const Cells& row) {
  std::size_t bytes = 0;
  for (const auto& cell : row) bytes += cell ? cell->size() : 0;
  return bytes;
}

/// Of the rows as the two sides have them; that of others is another, but for one in 2^64.
std::size_t digest_of(const std::optional<Cells>& here, const std::optional<Cells>& peer) {
  std::size_t digest = 0;
  const auto add = [&](std::size_t hash) { digest = (digest ^ hash) * 0x9E3779B97F4A7C15 + (digest >> 29); };
  for (const std::optional<Cells>* const row : {&here, &peer}) {
    add(row->has_value() ? 1 : 0);
    if (!row->has_value()) continue;
    for (const auto& cell : **row) add(cell ? std::hash<std::string>()(*cell) : 2);
  }
  return digest;
}

/// A text of characters that the key column's character set lacks: no row there has it.
bool is_foreign_text(const mysql::SqlError& error) { return apply::cannot_be_compared(error) || error.code == 3854; }

class Run {
 public:
  Run(const ComparedTable& table, mysql::Connection& here, mysql::Connection& peer, const ComparisonCalls& calls)
      : table_(table), here_(here), peer_(peer), calls_(calls) {}

  std::expected<TableComparison, ComparisonFailure> compare() {
    if (auto done = scan_rows(); !done) return std::unexpected(done.error());
    if (auto done = scan_keys(); !done) return std::unexpected(done.error());
    if (auto done = settle(); !done) return std::unexpected(done.error());
    return std::move(found_);
  }

 private:
  using Done = std::expected<void, ComparisonFailure>;
  using RowsByKey = std::map<std::string, Cells>;
  /// A row that was not alike.
  struct Suspect {
    Cells key;
    std::size_t digest = 0;  ///< of the rows when they were looked at last
    int alike = 0;           ///< settled looks in a row that found them as they were
  };
  using Suspects = std::map<std::string, Suspect>;

  std::expected<mysql::Rows, ComparisonFailure> query(Place place, const std::string& sql) {
    auto rows = (place == Place::kHere ? here_ : peer_).query(sql);
    if (!rows) return std::unexpected(ComparisonFailure{place, rows.error()});
    return std::move(*rows);
  }

  /// Calls take(rows) for the table's rows, chunk by chunk, until there are no more, or the comparison is stopped.
  template <typename Take>
  Done for_chunks(Place place, bool only_keys, const Take& take) {
    std::size_t rows_at_once = kChunkRowsFirst;
    for (std::optional<Cells> behind; found_.stopped.empty();) {
      auto answer = query(place, table_.chunk_query(place, only_keys, behind, rows_at_once));
      if (!answer && behind && is_foreign_text(answer.error().error)) {
        found_.stopped =
            fmt::format("key {} has bytes that its character set has not, so what lies behind was not read",
                        table_.key_for_people(*behind));
        break;
      }
      if (!answer) return std::unexpected(answer.error());
      const std::vector<Cells> rows = table_.rows_of(std::move(*answer));
      if (rows.empty()) break;
      if (!only_keys) note_unread(place, rows);
      std::size_t bytes = 1;
      for (const Cells& row : rows) bytes += size_of(row);
      behind = table_.key_of(rows.back());
      if (Done taken = take(rows); !taken) return taken;
      if (Done bounded = bound_suspects(); !bounded) return bounded;
      calls_.show(found_.rows_here + found_.rows_at_peer, suspects_.size());
      rows_at_once = std::clamp<std::size_t>(rows.size() * kChunkBytes / bytes, 1, kChunkRowsMax);
    }
    return {};
  }

  /// All rows of here, each beside the peer's.
  Done scan_rows() {
    return for_chunks(Place::kHere, false, [&](const std::vector<Cells>& rows) -> Done {
      found_.rows_here += rows.size();
      const auto there = look_up(Place::kPeer, false, keys_of(rows));
      if (!there) return std::unexpected(there.error());
      for (const Cells& row : rows) {
        const auto other = there->find(table_.key_bytes(row));
        if (other != there->end() && table_.differing(row, other->second).empty()) continue;
        suspects_.try_emplace(table_.key_bytes(row), Suspect{table_.key_of(row)});
      }
      return {};
    });
  }

  /// The keys of the peer: those that are not here.
  Done scan_keys() {
    return for_chunks(Place::kPeer, true, [&](const std::vector<Cells>& keys) -> Done {
      found_.rows_at_peer += keys.size();
      const auto there = look_up(Place::kHere, true, keys);
      if (!there) return std::unexpected(there.error());
      for (const Cells& key : keys) {
        if (!there->contains(table_.key_bytes(key))) suspects_.try_emplace(table_.key_bytes(key), Suspect{key});
      }
      return {};
    });
  }

  std::vector<Cells> keys_of(const std::vector<Cells>& rows) const {
    std::vector<Cells> keys;
    keys.reserve(rows.size());
    for (const Cells& row : rows) keys.push_back(table_.key_of(row));
    return keys;
  }

  /// Those that are there, by their keys.
  std::expected<RowsByKey, ComparisonFailure> look_up(Place place, bool only_keys, std::span<const Cells> keys) {
    RowsByKey found;
    for (; !keys.empty(); keys = keys.subspan(std::min(apply::kKeysMax, keys.size()))) {
      if (Done looked = look_up_some(place, only_keys, keys.first(std::min(apply::kKeysMax, keys.size())), found);
          !looked)
        return std::unexpected(looked.error());
    }
    return found;
  }

  Done look_up_some(Place place, bool only_keys, std::span<const Cells> keys, RowsByKey& found) {
    auto answer = query(place, table_.lookup_query(place, only_keys, keys));
    if (!answer && is_foreign_text(answer.error().error)) {
      if (keys.size() == 1) return {};
      const std::size_t half = keys.size() / 2;
      if (Done first = look_up_some(place, only_keys, keys.first(half), found); !first) return first;
      return look_up_some(place, only_keys, keys.subspan(half), found);
    }
    if (!answer) return std::unexpected(answer.error());
    std::vector<Cells> rows = table_.rows_of(std::move(*answer));
    if (!only_keys) note_unread(place, rows);
    for (Cells& row : rows) {
      std::string key = table_.key_bytes(row);
      found.insert_or_assign(std::move(key), std::move(row));
    }
    return {};
  }

  /// Once for each column and side.
  void note_unread(Place place, const std::vector<Cells>& rows) {
    for (const Cells& row : rows) {
      const auto column = table_.unread(place, row);
      if (!column || !unread_.emplace(place, *column).second) continue;
      found_.unread.push_back(
          fmt::format("{}: of the row with the key {} its text is longer than max_allowed_packet {}: set it higher "
                      "there (1 GiB at most), and compare again",
                      table_.column(*column).name(), table_.key_for_people(row), at(place)));
    }
  }

  /// Where many differ since changes are on their way, most of them are alike by now.
  Done bound_suspects() {
    if (suspects_.size() <= kSuspectsMax) return {};
    if (Done looked = look_again(false); !looked) return looked;
    if (suspects_.size() > kSuspectsMax / 2) {
      found_.stopped = fmt::format("more than {} rows differ at once, so the rest was not read",
                                   suspects_.size() > kSuspectsMax ? kSuspectsMax : suspects_.size() - 1);
    }
    return {};
  }

  Done settle() {
    if (Done looked = look_again(false); !looked) return looked;
    for (int looks = 0; !suspects_.empty() && looks < kLooksMax && calls_.wait_for_the_way(); ++looks) {
      if (Done looked = look_again(true); !looked) return looked;
    }
    found_.undecided = suspects_.size();
    return {};
  }

  /// Drops suspects that are alike now. `is_settled`: all that was on its way when they were looked at last has
  /// arrived, so those that are as they were, kLooksAlike times, differ, and are counted.
  Done look_again(bool is_settled) {
    for (auto at = suspects_.begin(); at != suspects_.end();) {
      std::vector<Cells> keys;
      auto end = at;
      for (; end != suspects_.end() && keys.size() < apply::kKeysMax; ++end) keys.push_back(end->second.key);
      auto here = look_up(Place::kHere, false, keys);
      if (!here) return std::unexpected(here.error());
      auto peer = look_up(Place::kPeer, false, keys);
      if (!peer) return std::unexpected(peer.error());
      while (at != end) at = judge(at, *here, *peer, is_settled);
    }
    return {};
  }

  /// The suspect behind.
  Suspects::iterator judge(Suspects::iterator at, RowsByKey& all_here, RowsByKey& all_peer, bool is_settled) {
    const auto take = [&](RowsByKey& rows) -> std::optional<Cells> {
      const auto row = rows.find(at->first);
      return row == rows.end() ? std::nullopt : std::optional(std::move(row->second));
    };
    const std::optional<Cells> here = take(all_here);
    const std::optional<Cells> peer = take(all_peer);
    const std::vector<std::size_t> which = here && peer ? table_.differing(*here, *peer) : std::vector<std::size_t>();
    if (here.has_value() == peer.has_value() && which.empty()) return suspects_.erase(at);
    Suspect& suspect = at->second;
    const std::size_t digest = digest_of(here, peer);
    suspect.alike = is_settled && digest == suspect.digest ? suspect.alike + 1 : 0;
    suspect.digest = digest;
    if (suspect.alike < kLooksAlike) return std::next(at);
    count(suspect.key, here.has_value(), peer.has_value(), which);
    return suspects_.erase(at);
  }

  void count(const Cells& key, bool is_here, bool is_at_peer, const std::vector<std::size_t>& which) {
    ++found_.differing;
    if (found_.differences.size() >= kDifferencesShown) return;
    RowDifference difference{
        .key = table_.key_for_people(key), .columns = {}, .is_here = is_here, .is_at_peer = is_at_peer};
    for (const std::size_t index : which) difference.columns.push_back(table_.column(index).name());
    found_.differences.push_back(std::move(difference));
  }

  const ComparedTable& table_;
  mysql::Connection& here_;
  mysql::Connection& peer_;
  const ComparisonCalls& calls_;
  Suspects suspects_;
  std::set<std::pair<Place, std::size_t>> unread_;  ///< columns that found_ names
  TableComparison found_;
};

}  // namespace

std::expected<TableComparison, ComparisonFailure> compare_rows(const ComparedTable& table, mysql::Connection& here,
                                                               mysql::Connection& peer, const ComparisonCalls& calls) {
  return Run(table, here, peer, calls).compare();
}

}  // namespace farshore::ctl
