#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "batch_support.hpp"
#include "change/decode_json.hpp"
#include "unit/source_tree.hpp"

/// The example batch, byte by byte. These files change only with the format's version: older readers and writers stand
/// on them. FARSHORE_WRITE_GOLDEN=1 writes them.
namespace farshore::change {
namespace {

std::string hex_lines(std::string_view bytes) {
  constexpr std::size_t kBytesOfLine = 16;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
    out.push_back((i + 1) % kBytesOfLine == 0 || i + 1 == bytes.size() ? '\n' : ' ');
  }
  return out;
}

void expect_golden(const std::string& file, const std::string& content) {
  const std::string path = test::source_path("tests/golden/" + file);
  if (std::getenv("FARSHORE_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << content;
  std::ifstream in(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_EQ(content, golden) << path;
}

TEST(Golden, ExampleBatch) {
  BatchBuilder builder = example::paid_order_batch();
  const OwnedRecord record(builder.finish(example::kPublishedAt));
  expect_golden("example_batch.header.hex", hex_lines(record.header));
  expect_golden("example_batch.value.hex", hex_lines(record.value));
  TableCache tables;
  Batch batch;
  ASSERT_TRUE(read_batch(record.header, record.value, tables, batch).has_value());
  std::string json;
  append_json_lines(batch, json);
  expect_golden("example_batch.json", json);
}

}  // namespace
}  // namespace farshore::change
