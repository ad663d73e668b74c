#include "apply/mismatch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

#include "apply/parked_change.hpp"
#include "apply/parked_key.hpp"
#include "apply/row_query.hpp"
#include "apply/write_plan.hpp"
#include "change/key.hpp"
#include "mysql/literal.hpp"
#include "store/equality.hpp"
#include "store/parked_first.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::text_literal;
using namespace std::chrono_literals;

constexpr std::uint64_t kExamples = 20;             // of a partition's table and kind
constexpr std::size_t kExampleBytes = 1024 * 1024;  // larger ones are only counted: no packet of ours may be refused
constexpr auto kSampleEvery = 1s;
constexpr RowLook::Clock::duration kBudget = 3s;
constexpr int kBudgetShare = 10;  // a tenth of the time

std::size_t index_of(Mismatch kind) { return static_cast<std::size_t>(kind); }

std::string what(const MismatchCounts& counts) {
  constexpr std::array<std::string_view, kMismatches> kWords{
      "INSERTs that found another row here",
      "UPDATEs that found no row here",
      "UPDATEs or DELETEs that found a row that was not as before",
      "DELETEs that found no row here",
      "changes that found their row as they leave it",
      "rows that have another value in a column that is generated here",
      "rows that are not as they were written"};
  std::string out;
  for (std::size_t i = 0; i < kMismatches; ++i) {
    if (counts[i] > 0) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", kWords[i], counts[i]);
  }
  return out;
}

}  // namespace

RowsExpected rows_expected(const RowOp& op, std::vector<Value>& scratch) {
  const change::ChangeView& first = op.first_change();
  const bool was_there = change::had_row(first.op);
  if (op.is_delete()) return was_there ? RowsExpected{1, 1} : RowsExpected{0, 0};
  if (!was_there) return {1, 1};
  if (&first == op.change) return first.before_columns.empty() ? RowsExpected{1, 1} : RowsExpected{2, 2};
  row_before(first, scratch);
  return std::ranges::equal(scratch, op.change->after) ? RowsExpected{1, 1} : RowsExpected{2, 2};
}

RowLook::RowLook(std::string region, bool all, TargetCatalog& catalog)
    : region_(std::move(region)), all_(all), catalog_(catalog), budget_(kBudget) {}

bool Samples::takes(const TargetTable& target) {
  const auto now = Clock::now();
  name_.schema = target.schema();
  name_.table = target.name();
  const auto at = next_at_.find(name_);
  if (at != next_at_.end() && now < at->second) return false;
  next_at_.insert_or_assign(name_, now + kSampleEvery);
  taken_.push_back(name_);
  return true;
}

void Samples::begin() {
  for (const TableName& name : taken_) next_at_.erase(name);
  taken_.clear();
}

void RowLook::begin() {
  found_.clear();
  known_.clear();
  found_samples_.begin();
  left_samples_.begin();
}

bool RowLook::takes_sample(const TargetTable& target) { return !is_looking() && found_samples_.takes(target); }

bool RowLook::wants_again() {
  const auto now = Clock::now();
  budget_ = std::min(kBudget, budget_ + (now - budget_at_) / kBudgetShare);
  budget_at_ = now;
  if (budget_ <= 0s) return false;
  looking_ = true;
  looking_since_ = now;
  return true;
}

std::expected<void, SqlError> RowLook::look(mysql::Connection& connection, const store::PartitionKey& partition,
                                            const RowOp& op) {
  const auto kind = compare(connection, op);
  if (!kind) return std::unexpected(kind.error());
  if (*kind || change::had_row(op.first_change().op)) known_.insert(op.change);
  if (!*kind || count(partition, op, **kind, 1) > kExamples) return {};
  row_before(op.first_change(), before_);
  auto image = image_of(connection, *op.target, before_);
  if (!image) return std::unexpected(image.error());
  return add_example(connection, partition, op, {.kind = **kind, .image = std::move(*image)});
}

std::expected<RowLook::Held, SqlError> RowLook::look_held(mysql::Connection& connection, const std::string& origin,
                                                          const RowOp& op, bool with_images) {
  Held held;
  for (const ParkedKey& key : keys_of(op)) {
    auto first = store::lock_first(connection, region_, origin, key);
    if (!first) return std::unexpected(std::move(first.error()));
    if (!*first) continue;
    held.has_first = true;
    auto sighting = compare_held(connection, op, parked_change(std::move(**first)), with_images);
    if (!sighting) return std::unexpected(sighting.error());
    if (*sighting) held.seen.push_back(std::move(**sighting));
  }
  return held;
}

std::expected<std::optional<RowLook::Sighting>, SqlError> RowLook::compare_held(mysql::Connection& connection,
                                                                                const RowOp& op,
                                                                                const ParkedChange& first,
                                                                                bool with_image) {
  using Result = std::expected<std::optional<Sighting>, SqlError>;
  change::Batch batch;
  std::shared_ptr<const TargetTable> target;
  if (change::read_batch(first.header, first.bytes, tables_, batch) && batch.changes().size() == 1) {
    const auto bound = catalog_.find(connection, batch.tables().front(), kind_of_source(batch), BoundFor::kComparing);
    if (!bound && bound.error().error) return std::unexpected(*bound.error().error);
    if (bound) target = *bound;
  }
  Sighting sighting;
  std::span<const Value> row = op.change->row();
  if (target != nullptr) {
    const RowOp held{
        .change = &batch.changes().front(), .first = nullptr, .batch = &batch, .target = target.get(), .slice = 0};
    const auto kind = compare(connection, held);
    if (!kind) return std::unexpected(kind.error());
    if (!*kind) return Result();
    sighting.kind = **kind;
    row = held.change->row();
  }
  if (!with_image) {
    sighting.leaves_image_out = true;
    return sighting;
  }
  auto image = image_of(connection, target == nullptr ? *op.target : *target, row);
  if (!image) return std::unexpected(image.error());
  if (image->size() > kExampleBytes) {
    sighting.leaves_image_out = true;
  } else {
    sighting.image = std::move(*image);
  }
  return sighting;
}

std::expected<void, SqlError> RowLook::add(mysql::Connection& connection, const store::PartitionKey& partition,
                                           const RowOp& op, const Sighting& sighting) {
  if (count(partition, op, sighting.kind, 1) > kExamples || sighting.leaves_image_out) return {};
  return add_example(connection, partition, op, sighting);
}

std::expected<std::optional<Mismatch>, SqlError> RowLook::compare(mysql::Connection& connection, const RowOp& op) {
  using Result = std::expected<std::optional<Mismatch>, SqlError>;
  const change::ChangeView& first = op.first_change();
  if (!expects_a_row(op.target->merge().expects)) return Result();
  enum class There : std::uint8_t { kAsGiven, kOther, kNone, kCannotBe };
  const auto look_for = [&](std::span<const Value> row) -> std::expected<There, SqlError> {
    sql_.clear();
    if (!op.target->append_compare(row, TargetTable::Written::kByAnybody, sql_))
      return There::kCannotBe;  // see unfit()
    sql_ += " FOR UPDATE";
    const auto rows = connection.query(sql_);
    if (!rows && cannot_be_compared(rows.error())) return There::kCannotBe;  // likewise
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return There::kNone;
    if (rows->text(0, 0) != "1") return There::kOther;
    const bool is_as_given = op.target->has_documents(row, std::span(rows->rows[0]).subspan(1));
    return is_as_given ? There::kAsGiven : There::kOther;
  };
  const bool was_there = change::had_row(first.op);
  const auto after = op.change->row();
  if (!was_there) {
    const auto there = look_for(after);
    if (!there) return std::unexpected(there.error());
    if (*there == There::kNone || *there == There::kCannotBe) return Result();
    const bool leaves_it = *there == There::kAsGiven && !op.is_delete();
    return leaves_it ? Mismatch::kAlreadyAsAfter : Mismatch::kInsertExists;
  }
  row_before(first, before_);
  const auto there = look_for(before_);
  if (!there) return std::unexpected(there.error());
  if (*there == There::kAsGiven || *there == There::kCannotBe) return Result();
  if (*there == There::kNone) return op.is_delete() ? Mismatch::kDeleteMissing : Mismatch::kUpdateMissing;
  if (op.target->has_generated()) {
    const auto other = read_back_.compare(connection, *op.target, before_);
    if (!other) return std::unexpected(other.error());
    if (*other && (*other)->kind == Mismatch::kGeneratedOther) return Mismatch::kGeneratedOther;
  }
  if (op.is_delete()) return Mismatch::kBeforeDiffers;
  const auto as_after = look_for(after);
  if (!as_after) return std::unexpected(as_after.error());
  return *as_after == There::kAsGiven ? Mismatch::kAlreadyAsAfter : Mismatch::kBeforeDiffers;
}

std::expected<void, SqlError> RowLook::look(mysql::Connection& connection, std::span<const Slice> slices,
                                            std::span<const RowOp> ops) {
  const TargetTable& target = *ops.front().target;
  if (!expects_a_row(target.merge().expects)) return {};
  note_keys(ops);
  bool meets_other_keys = false;  // of rows that the target's collation may hold equal to one of ours
  for (std::size_t at = 0; at < ops.size();) {
    const std::size_t begin = at;
    const auto is_unseen = [&](std::size_t i) { return states_[i] == State::kUnseen; };
    const auto leave = [&](std::size_t i) { states_[i] = State::kSeen; };
    if (!make_query(target, target.look_head(), ops, at, sql_, is_unseen, leave)) continue;
    const auto rows = connection.query(sql_);
    if (!rows && cannot_be_compared(rows.error())) {
      std::replace(states_.begin() + static_cast<std::ptrdiff_t>(begin),
                   states_.begin() + static_cast<std::ptrdiff_t>(at), State::kUnseen, State::kSeen);
      continue;
    }
    if (!rows) return std::unexpected(rows.error());
    for (const auto& row : rows->rows) {
      key_.clear();
      const bool is_whole = row.size() == target.shown().size();
      if (is_whole) target.shown().append_key(row, key_, scratch_);
      const std::uint32_t i = is_whole ? keys_.find_or_add(kShownKeys, key_, UINT32_MAX) : UINT32_MAX;
      if (i == UINT32_MAX) {
        meets_other_keys = true;
      } else {
        states_[i] = state_of(ops[i], row);
      }
    }
  }
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const bool was_there = change::had_row(ops[i].first_change().op);
    if (states_[i] == State::kFollows || states_[i] == State::kAsExpected) continue;
    if (!was_there && states_[i] == State::kUnseen && !meets_other_keys) continue;
    if (auto looked = look(connection, slices[ops[i].slice].key, ops[i]); !looked) return looked;
  }
  return {};
}

RowsExpected RowLook::expected(const RowOp& op, std::vector<Value>& scratch) const {
  if (!is_known(op)) return rows_expected(op, scratch);
  return op.is_delete() ? RowsExpected{0, 1} : RowsExpected{1, 2};
}

std::expected<void, SqlError> RowLook::read_back(mysql::Connection& connection, std::span<const Slice> slices,
                                                 std::span<const RowOp> ops) {
  const TargetTable& target = *ops.back().target;
  const bool is_sample = !ops.back().is_delete() && left_samples_.takes(target);
  if (!is_sample && !target.has_generated()) return {};
  const auto others = read_back_.read(connection, ops, is_sample);
  if (!others) return std::unexpected(others.error());
  for (const ReadBack::Other& other : *others) {
    const RowOp& op = ops[other.op];
    const store::PartitionKey& partition = slices[op.slice].key;
    count_other(partition, op, other);
    if (count(partition, op, other.kind, 1) > kExamples) continue;
    auto image = image_of(connection, *op.target, op.change->after);
    if (!image) return std::unexpected(image.error());
    const Sighting sighting{.kind = other.kind, .image = std::move(*image)};
    if (auto added = add_example(connection, partition, op, sighting); !added) return added;
  }
  return {};
}

std::span<const std::size_t> RowLook::stretches(std::span<const RowOp> ops) {
  keys_.clear();
  stretches_.clear();
  std::vector<const TargetTable*> tables;
  std::uint32_t table = 0;
  std::size_t begin = 0;
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const TargetTable& target = *ops[i].target;
    if (i == 0 || ops[i - 1].target != &target) {
      const auto same = std::ranges::find_if(tables, [&](const TargetTable* one) {
        return one == &target || (one->name() == target.name() && one->schema() == target.schema());
      });
      table = static_cast<std::uint32_t>(same - tables.begin());
      if (same == tables.end()) tables.push_back(&target);
    }
    key_.clear();
    target.append_key(ops[i].change->row(), key_);
    const std::uint32_t before = std::exchange(keys_.find_or_add(table, key_, i), i);
    if (before == i || before < begin || follows(ops[i], ops[before])) continue;
    stretches_.push_back(i);
    begin = i;
  }
  stretches_.push_back(ops.size());
  return stretches_;
}

// Which change is a key's first, and where the row that is shown with that key belongs. One whose key has no form in
// which it could be found again is for the server to compare.
void RowLook::note_keys(std::span<const RowOp> ops) {
  keys_.clear();
  states_.assign(ops.size(), State::kUnseen);
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const TargetTable& target = *ops[i].target;
    key_.clear();
    target.append_key(ops[i].change->row(), key_);
    if (keys_.find_or_add(kKeys, key_, i) != i) {
      states_[i] = State::kFollows;
      continue;
    }
    key_.clear();
    const bool has_form = target.shown().append_key(ops[i].change->row(), key_, scratch_);
    if (!has_form || keys_.find_or_add(kShownKeys, key_, i) != i) states_[i] = State::kSeen;
  }
}

// Of a row that is there.
RowLook::State RowLook::state_of(const RowOp& op, std::span<const mysql::Rows::Field> shown) {
  const change::ChangeView& first = op.first_change();
  if (!change::had_row(first.op)) return State::kSeen;
  row_before(first, before_);
  return op.target->shown().is_shown(before_, shown, scratch_) ? State::kAsExpected : State::kSeen;
}

std::uint64_t RowLook::count(const store::PartitionKey& partition, const RowOp& op, Mismatch kind,
                             std::uint64_t changes) {
  const TableShape& shape = op.change->table->shape;
  Counted& counted = found_[{partition, shape.schema, shape.name}];
  counted.closes = op.target->closes_on_mismatch();
  return counted.counts[index_of(kind)] += changes;
}

void RowLook::count_other(const store::PartitionKey& partition, const RowOp& op, const ReadBack::Other& other) {
  const TableShape& shape = op.change->table->shape;
  Counted& counted = found_[{partition, shape.schema, shape.name}];
  std::set<std::string>& columns = other.kind == Mismatch::kGeneratedOther ? counted.generated : counted.written;
  columns.insert(other.columns.begin(), other.columns.end());
}

// SQL of the row that stands here; empty: none, or its key is no key here.
std::expected<std::string, SqlError> RowLook::image_of(mysql::Connection& connection, const TargetTable& target,
                                                       std::span<const Value> key_row) {
  sql_.clear();
  if (!target.append_image(key_row, sql_)) return std::string();
  const auto rows = connection.query(sql_);
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::string() : text_literal(rows->text(0, 0));
}

std::expected<void, SqlError> RowLook::add_example(mysql::Connection& connection, const store::PartitionKey& partition,
                                                   const RowOp& op, const Sighting& sighting) {
  const ParkedKey key = keys_of(op).front();
  return store::add_mismatch_example(
      connection, region_,
      change_to_keep(partition, op, key, change::key_text(op.change->row(), op.change->table->shape),
                     single_change_bytes(partition, op)),
      sighting.kind, sighting.image, {.examples = kExamples, .sql_bytes = kExampleBytes});
}

std::expected<void, SqlError> RowLook::note(mysql::Connection& connection) {
  if (found_.empty()) return {};
  std::vector<store::MismatchCount> counts;
  for (const auto& [name, counted] : found_) {
    for (std::size_t i = 0; i < kMismatches; ++i) {
      if (counted.counts[i] == 0) continue;
      counts.push_back({.partition = &name.partition,
                        .schema = name.schema,
                        .table = name.table,
                        .kind = static_cast<Mismatch>(i),
                        .changes = counted.counts[i],
                        .closes = counted.closes});
    }
  }
  return store::add_mismatches(connection, region_, counts);
}

// The gate's word for it, and the way out, are those of tables that are not known to be equal.
std::expected<void, SqlError> RowLook::doubt_equality(mysql::Connection& connection) {
  const auto closes = [](const auto& one) { return one.second.closes; };
  if (std::ranges::none_of(found_, closes)) return {};
  // A person who declares them equal at this moment has not seen what is found: the one or the other comes first.
  std::set<std::pair<std::string_view, std::string_view>> streams;
  for (const auto& [name, counted] : found_ | std::views::filter(closes))
    streams.emplace(name.partition.origin, name.partition.stream);
  for (const auto& [origin, stream] : streams) {
    if (auto locked = store::lock_equality(connection, region_, origin, stream, false); !locked) return locked;
  }
  const auto said = store::read_equality(connection, region_);
  if (!said) return std::unexpected(said.error());
  for (const auto& [name, counted] : found_ | std::views::filter(closes)) {
    const std::string table = name.schema + "." + name.table;
    if (store::is_doubted(*said, name.partition.origin, name.partition.stream, table)) continue;
    const auto added = store::add_equality(connection, region_,
                                           {.id = 0,
                                            .origin = name.partition.origin,
                                            .stream = name.partition.stream,
                                            .table = table,
                                            .word = store::Word::kNotYetEqual,
                                            .why = why(counted),
                                            .who = "apply",
                                            .said_at = {}});
    if (!added) return std::unexpected(added.error());
  }
  return {};
}

std::string RowLook::why(const Counted& counted) {
  std::string out = what(counted.counts) + " (`farshorectl mismatches show` has both images): ";
  std::string separator;
  const auto counts = [&](Mismatch kind) { return counted.counts[index_of(kind)]; };
  if (counts(Mismatch::kGeneratedOther) > 0) {
    out += fmt::format(
        "{}is generated here, and its value is not the origin's: the session that writes decides it, or the expression "
        "is another one there. Make it a plain column here, or change the expression on both sides so that the row "
        "alone decides it",
        counted.generated.empty() ? "a column " : fmt::format("column {} ", store::some_of(counted.generated)));
    separator = ". And ";
  }
  if (counts(Mismatch::kWrittenOther) > 0) {
    out += fmt::format(
        "{}{} read back otherwise than apply wrote: a trigger here, or what the column's type here makes of it. Make "
        "the table here as the origin's, without the trigger",
        std::exchange(separator, ". And "),
        counted.written.empty() ? "rows" : fmt::format("column {}", store::some_of(counted.written)));
  }
  MismatchCounts found = counted.counts;
  found[index_of(Mismatch::kGeneratedOther)] = found[index_of(Mismatch::kWrittenOther)] = 0;
  if (found != MismatchCounts{}) out += separator + "two regions write the same rows, or the tables were not equal";
  return out;
}

std::vector<RowLook::Found> RowLook::committed() {
  found_samples_.committed();
  left_samples_.committed();
  if (looking_) {
    budget_ -= Clock::now() - looking_since_;
    looking_ = false;
  }
  std::vector<Found> out;
  for (const auto& [name, counted] : found_) {
    Found& found = out.emplace_back();
    found.partition = name.partition;
    found.counts = counted.counts;
    MismatchCounts& total = total_[name];
    bool is_news = false;
    for (std::size_t i = 0; i < kMismatches; ++i) {
      is_news |= std::bit_width(total[i] + counted.counts[i]) > std::bit_width(total[i]);
      total[i] += counted.counts[i];
    }
    if (is_news) {
      std::set<std::string> columns = counted.generated;
      columns.insert(counted.written.begin(), counted.written.end());
      found.sentence = fmt::format(
          "{}: table {}.{} is not as {} has it: {}{}; see `farshorectl mismatches list`", name.partition.to_string(),
          name.schema, name.table, name.partition.origin, what(total),
          columns.empty() ? "" : fmt::format(" (columns that read back otherwise: {})", store::some_of(columns)));
    }
  }
  found_.clear();
  return out;
}

}  // namespace farshore::apply
