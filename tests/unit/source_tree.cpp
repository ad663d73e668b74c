#include "unit/source_tree.hpp"

namespace farshore::test {

std::string source_path(std::string_view relative) { return std::string(FARSHORE_SOURCE_DIR "/").append(relative); }

}  // namespace farshore::test
