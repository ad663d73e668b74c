#include "binlog/crc32.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace farshore::binlog {
namespace {

TEST(Crc32, has_the_known_check_value) { EXPECT_EQ(crc32_of("123456789"), 0xCBF43926U); }

TEST(Crc32, is_zlibs_at_every_length_and_alignment) {
  std::mt19937 random(5);
  std::string bytes(3000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (std::size_t size = 0; size < 2900; ++size) {
    const std::string_view part = std::string_view(bytes).substr(size % 17, size);
    ASSERT_EQ(crc32_of(part), crc32_z(0, reinterpret_cast<const Bytef*>(part.data()), part.size())) << size;
  }
}

}  // namespace
}  // namespace farshore::binlog
