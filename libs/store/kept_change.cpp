#include "store/kept_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "mysql/literal.hpp"
#include "store/progress_store.hpp"

namespace farshore::store {

using mysql::text_literal;

ParkedKey parked_key(std::string schema, std::string table, std::string_view hash) {
  ParkedKey key{.schema = std::move(schema), .table = std::move(table), .hash = {}};
  std::memcpy(key.hash.data(), hash.data(), std::min(hash.size(), key.hash.size()));
  return key;
}

KeptChange kept_change(const mysql::Rows& rows, std::size_t row) {
  return {.partition = {.origin = rows.text(row, 8),
                        .stream = rows.text(row, 9),
                        .partition = PartitionId(static_cast<std::int32_t>(rows.integer(row, 10)))},
          .key = parked_key(rows.text(row, 0), rows.text(row, 1), rows.text(row, 2)),
          .epoch = {Epoch(static_cast<std::uint32_t>(rows.unsigned_integer(row, 3))),
                    Incarnation(rows.unsigned_integer(row, 4))},
          .seq = Seq(rows.unsigned_integer(row, 5)),
          .gtid = rows.text(row, 6),
          .bytes = rows.text(row, 7),
          .reason = rows.text(row, 11)};
}

std::string binary_literal(std::string_view bytes) {
  std::string out;
  mysql::append_binary_literal(bytes, out);
  return out;
}

std::string hash_literal(const ParkedKey& key) { return binary_literal({key.hash.data(), key.hash.size()}); }

std::string key_condition(const ParkedKey& key) {
  return fmt::format("schema_name={} AND table_name={} AND key_hash={}", text_literal(key.schema),
                     text_literal(key.table), hash_literal(key));
}

std::string key_condition(std::string_view region, std::string_view origin, const ParkedKey& key) {
  return fmt::format("region={} AND origin={} AND schema_name={} AND table_name={} AND key_hash={}",
                     text_literal(region), text_literal(origin), text_literal(key.schema), text_literal(key.table),
                     hash_literal(key));
}

std::string key_condition(std::string_view region, const PartitionKey& partition, const ParkedKey& key) {
  std::string out;
  append_partition_condition(region, partition, out);
  return out + " AND " + key_condition(key);
}

}  // namespace farshore::store
