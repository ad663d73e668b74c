#include "store/channel_offset.hpp"

#include <fmt/format.h>

#include "mysql/literal.hpp"

namespace farshore::store {

using mysql::SqlError;
using mysql::text_literal;

std::expected<std::optional<KafkaOffset>, SqlError> ChannelOffsetStore::find(const PartitionKey& key,
                                                                             std::string_view topic_id) {
  const auto rows = connection_.query(fmt::format(
      "SELECT kafka_offset FROM farshore.channel_offset WHERE region={} AND channel={} AND origin={} AND stream={} AND "
      "part={} AND topic_id={}",
      text_literal(region_), text_literal(channel_), text_literal(key.origin), text_literal(key.stream),
      key.partition.raw(), text_literal(topic_id)));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<KafkaOffset>();
  return std::optional<KafkaOffset>(KafkaOffset(rows->integer(0, 0)));
}

std::expected<void, SqlError> ChannelOffsetStore::write(std::span<const ChannelOffset> offsets) {
  std::string sql;
  for (const ChannelOffset& offset : offsets)
    sql += fmt::format("{}({},{},{},{},{},{},{})", sql.empty() ? "" : ",", text_literal(region_),
                       text_literal(channel_), text_literal(offset.key->origin), text_literal(offset.key->stream),
                       offset.key->partition.raw(), text_literal(offset.topic_id), offset.offset.raw());
  if (sql.empty()) return {};
  const auto written = connection_.execute(
      "INSERT INTO farshore.channel_offset (region, channel, origin, stream, part, topic_id, kafka_offset) VALUES " +
      sql + " ON DUPLICATE KEY UPDATE topic_id=VALUES(topic_id), kafka_offset=VALUES(kafka_offset)");
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace farshore::store
