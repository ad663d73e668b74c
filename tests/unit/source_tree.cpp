#include "unit/source_tree.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace farshore::test {

std::string source_path(std::string_view relative) { return std::string(FARSHORE_SOURCE_DIR "/").append(relative); }

std::string content_of(std::string_view relative) {
  std::ifstream in(source_path(relative), std::ios::binary);
  EXPECT_TRUE(in) << relative << " is missing";
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace farshore::test
