#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "apply/key_map.hpp"
#include "apply/parked_change.hpp"
#include "apply/read_back.hpp"
#include "apply/row_op.hpp"
#include "apply/target_catalog.hpp"
#include "apply/work_set.hpp"
#include "base/table_name.hpp"
#include "mysql/connection.hpp"
#include "store/mismatch.hpp"

namespace farshore::apply {

/// A change found another row at the target than its before-image says: somebody else writes the row too, or the tables
/// were never equal. The change is written all the same. Even one that finds its row as it leaves it says that somebody
/// else wrote it, and so that what each side got from the other may have come in another order: changes are never
/// applied a second time. Or it has left another row than its after-image says: see ReadBack.
using store::kMismatches;
using store::Mismatch;
using MismatchCounts = std::array<std::uint64_t, kMismatches>;

/// How many rows a statement says that it has touched (with CLIENT_FOUND_ROWS), when it finds what it should.
struct RowsExpected {
  std::uint64_t least = 0;
  std::uint64_t most = 0;

  [[nodiscard]] bool holds(std::uint64_t rows) const { return least <= rows && rows <= most; }
};
/// Of one change in a DELETE, or in an INSERT ... ON DUPLICATE KEY UPDATE, which counts 1 for a row that is new or as
/// it was, and 2 for one that it has changed.
[[nodiscard]] RowsExpected rows_expected(const RowOp& op, std::vector<Value>& scratch);

/// One row a second and table, for a closer look.
class Samples {
 public:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] bool takes(const TargetTable& target);
  /// What was taken since is looked at again, or was committed.
  void begin();
  void committed() { taken_.clear(); }

 private:
  std::map<TableName, Clock::time_point> next_at_;
  std::vector<TableName> taken_;
  TableName name_;  ///< reused: it is asked for each statement
};

/// Watches whether changes find the rows that they should: each row is compared before it is written, by one query more
/// for each statement. Or, without `all`, at next to no cost: what the server says of each statement is compared with
/// what was expected, and a row a second and table is compared whole. When a statement's count is not as expected, the
/// transaction is made again with a look at each row; but looking takes no more than about a tenth of the time in the
/// long run, and what is beyond that is only counted, where the number tells. Two updates of one row in two regions
/// pass so. Likewise whether they leave the rows that they should, see read_back(). Notes what it finds in the open
/// transaction. One thread.
class RowLook {
 public:
  using Clock = std::chrono::steady_clock;
  /// `all`: looks at every row, always. `catalog`: in its round while rows are looked at.
  RowLook(std::string region, bool all, TargetCatalog& catalog);

  /// Before each try of a work set.
  void begin();
  /// Whether every row is to be looked at before it is written.
  [[nodiscard]] bool is_looking() const { return all_ || looking_; }
  /// Whether this work set's first row of the table is to be looked at.
  [[nodiscard]] bool takes_sample(const TargetTable& target);
  /// A statement's count is not as expected. True: the work set is to be written again, looking.
  [[nodiscard]] bool wants_again();
  /// Compares the row that is there with what the change expects, before it is written, and locks it. Afterwards it
  /// is_known() what the server says of it, but of an INSERT that found no row.
  [[nodiscard]] std::expected<void, mysql::SqlError> look(mysql::Connection& connection,
                                                          const store::PartitionKey& partition, const RowOp& op);
  /// Changes that keep their order, cut where one does not follow the change of its key before it: that one is to be
  /// looked at when the other is written. One past the last of each stretch; good until the next call.
  [[nodiscard]] std::span<const std::size_t> stretches(std::span<const RowOp> ops);
  /// Likewise the rows of changes of one table, by a query; and by one each those that it does not show to be as
  /// expected. Of several changes of a key, which are of one stretch, the first.
  [[nodiscard]] std::expected<void, mysql::SqlError> look(mysql::Connection& connection, std::span<const Slice> slices,
                                                          std::span<const RowOp> ops);
  /// The server has compared the row with the change, and what was found is noted: the number of rows that the change
  /// touches tells nothing more.
  [[nodiscard]] bool is_known(const RowOp& op) const { return known_.contains(op.change); }
  /// rows_expected(), of what is_known() whatever may be.
  [[nodiscard]] RowsExpected expected(const RowOp& op, std::vector<Value>& scratch) const;
  /// Reads rows of one table back that were written, see ReadBack: of each what is generated here, and of one a second
  /// every column.
  [[nodiscard]] std::expected<void, mysql::SqlError> read_back(mysql::Connection& connection,
                                                               std::span<const Slice> slices,
                                                               std::span<const RowOp> ops);
  /// A row that is not as a change that was held back expects it, as it stands here.
  struct Sighting {
    Mismatch kind = Mismatch::kBeforeDiffers;
    std::string image;              ///< SQL; empty: no row
    bool leaves_image_out = false;  ///< it is large, or there are many: an example without it would read as no row
  };
  struct Held {
    bool has_first = false;  ///< of a key of the change, what was held back is known
    std::vector<Sighting> seen;
  };
  /// The row of a key that is parked or in conflict (or both, of a change that moves it), before `op`, the change that
  /// is held back or a newer one, is written: compares it with what the first that was held back expects, and locks it.
  /// In the columns that both that one and the table have by now; where the table has another key, nobody can say that
  /// the row is as it was. Nothing is noted before add().
  [[nodiscard]] std::expected<Held, mysql::SqlError> look_held(mysql::Connection& connection, const std::string& origin,
                                                               const RowOp& op, bool with_images = true);
  [[nodiscard]] std::expected<void, mysql::SqlError> add(mysql::Connection& connection,
                                                         const store::PartitionKey& partition, const RowOp& op,
                                                         const Sighting& sighting);
  /// So many changes of the table were seen, by number alone or by look(). Returns how many of the kind there are now.
  std::uint64_t count(const store::PartitionKey& partition, const RowOp& op, Mismatch kind, std::uint64_t changes);
  /// Writes down what was found, as part of the transaction.
  [[nodiscard]] std::expected<void, mysql::SqlError> note(mysql::Connection& connection);
  /// Likewise that the tables are not known to be equal any more. After note().
  [[nodiscard]] std::expected<void, mysql::SqlError> doubt_equality(mysql::Connection& connection);
  /// The transaction was committed. Sentences for the log, and what was found by partition.
  struct Found {
    store::PartitionKey partition;
    MismatchCounts counts{};
    std::string sentence;  ///< empty: it was said not long ago
  };
  [[nodiscard]] std::vector<Found> committed();

 private:
  struct Name {
    store::PartitionKey partition;
    std::string schema;
    std::string table;
    friend auto operator<=>(const Name&, const Name&) = default;
  };
  struct Counted {
    MismatchCounts counts{};
    bool closes = true;
    std::set<std::string> generated;  ///< columns that were other: of kGeneratedOther
    std::set<std::string> written;    ///< of kWrittenOther
  };
  /// Of the table's doubt, for people.
  [[nodiscard]] static std::string why(const Counted& counted);
  void count_other(const store::PartitionKey& partition, const RowOp& op, const ReadBack::Other& other);
  enum class State : std::uint8_t {
    kUnseen,      ///< no row of this key was shown
    kSeen,        ///< one, or it cannot be told: the server has to compare
    kAsExpected,  ///< one, as it should be
    kFollows,     ///< the change of the key before this one
  };
  void note_keys(std::span<const RowOp> ops);
  [[nodiscard]] State state_of(const RowOp& op, std::span<const mysql::Rows::Field> shown);
  [[nodiscard]] std::expected<std::optional<Mismatch>, mysql::SqlError> compare(mysql::Connection& connection,
                                                                                const RowOp& op);
  [[nodiscard]] std::expected<std::optional<Sighting>, mysql::SqlError> compare_held(mysql::Connection& connection,
                                                                                     const RowOp& op,
                                                                                     const ParkedChange& first,
                                                                                     bool with_image);
  [[nodiscard]] std::expected<std::string, mysql::SqlError> image_of(mysql::Connection& connection,
                                                                     const TargetTable& target,
                                                                     std::span<const Value> key_row);
  [[nodiscard]] std::expected<void, mysql::SqlError> add_example(mysql::Connection& connection,
                                                                 const store::PartitionKey& partition, const RowOp& op,
                                                                 const Sighting& sighting);

  const std::string region_;
  const bool all_;
  TargetCatalog& catalog_;
  change::TableCache tables_;  ///< of what was held back
  bool looking_ = false;
  Clock::time_point looking_since_;
  Clock::duration budget_;  ///< time that looking may take yet
  Clock::time_point budget_at_ = Clock::now();
  Samples found_samples_;
  Samples left_samples_;
  ReadBack read_back_;
  std::map<Name, Counted> found_;                        ///< by the open transaction
  std::unordered_set<const change::ChangeView*> known_;  ///< likewise
  std::map<Name, MismatchCounts> total_;                 ///< since this process began, for the log
  std::vector<Value> before_;                            ///< reused
  std::string sql_;                                      ///< reused
  KeyMap keys_;                                          ///< reused
  std::string key_;                                      ///< reused
  std::vector<State> states_;                            ///< reused; by change of the statement at hand
  std::vector<std::size_t> stretches_;                   ///< reused
  RowForm::Scratch scratch_;                             ///< reused
};

}  // namespace farshore::apply
