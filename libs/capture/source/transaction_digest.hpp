#pragma once

#include <cstdint>
#include <string_view>

struct XXH3_state_s;

namespace farshore::capture {

/// XXH3-64 over what a transaction's events say, in their order: for each rows event its operation (one byte) and its
/// body after the table id, for each statement its text. So that the same GTID with another content is told apart.
/// Table ids are left out: they differ from one run of the source to the next. Does not allocate after construction.
/// Not thread safe.
class TransactionDigest {
 public:
  TransactionDigest();
  ~TransactionDigest();
  TransactionDigest(const TransactionDigest&) = delete;
  TransactionDigest& operator=(const TransactionDigest&) = delete;

  /// Begins a transaction.
  void reset();
  void add_rows(std::uint8_t operation, std::string_view body_after_table_id);
  void add_statement(std::string_view sql);
  [[nodiscard]] std::uint64_t value() const;

 private:
  XXH3_state_s* const state_;
};

}  // namespace farshore::capture
