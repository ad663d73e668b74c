#include "capture/source/transaction_digest.hpp"

#include <xxhash.h>

#include "base/check.hpp"

namespace farshore::capture {

namespace {

constexpr char kStatementMark = 'S';

}  // namespace

TransactionDigest::TransactionDigest() : state_(XXH3_createState()) {
  FARSHORE_CHECK(state_ != nullptr);
  reset();
}

TransactionDigest::~TransactionDigest() { XXH3_freeState(state_); }

void TransactionDigest::reset() { XXH3_64bits_reset(state_); }

void TransactionDigest::add_rows(std::uint8_t operation, std::string_view body_after_table_id) {
  XXH3_64bits_update(state_, &operation, 1);
  XXH3_64bits_update(state_, body_after_table_id.data(), body_after_table_id.size());
}

void TransactionDigest::add_statement(std::string_view sql) {
  XXH3_64bits_update(state_, &kStatementMark, 1);
  XXH3_64bits_update(state_, sql.data(), sql.size());
}

std::uint64_t TransactionDigest::value() const { return XXH3_64bits_digest(state_); }

}  // namespace farshore::capture
