#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/numbers.hpp"
#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

namespace farshore::store {

/// Where reading a partition's topic goes on after a restart. Borrows what it names.
struct ChannelOffset {
  const PartitionKey* key = nullptr;
  std::string_view topic_id;
  KafkaOffset offset;
};

/// The table farshore.channel_offset. Borrows the connection; takes part in its open transaction, and neither begins
/// nor commits one. What it holds is a hint: what is read again is dropped by its number.
class ChannelOffsetStore {
 public:
  ChannelOffsetStore(mysql::Connection& connection, std::string_view region, std::string_view channel)
      : connection_(connection), region_(region), channel_(channel) {}

  /// Returns nullopt if none is known of this topic.
  [[nodiscard]] std::expected<std::optional<KafkaOffset>, mysql::SqlError> find(const PartitionKey& key,
                                                                                std::string_view topic_id);
  /// All in one statement; in none if there are none.
  [[nodiscard]] std::expected<void, mysql::SqlError> write(std::span<const ChannelOffset> offsets);

 private:
  mysql::Connection& connection_;
  std::string region_;
  std::string channel_;
};

}  // namespace farshore::store
