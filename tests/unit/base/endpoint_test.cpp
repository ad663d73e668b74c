#include "base/endpoint.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace farshore {
namespace {

TEST(ThePassword, IsThatOfTheFileAtEachTime) {
  const auto file = std::filesystem::temp_directory_path() / ("farshore_endpoint_" + std::to_string(::getpid()));
  DatabaseEndpoint endpoint;
  endpoint.user = "farshore_apply";
  endpoint.password = "of the environment";
  EXPECT_EQ(current_password(endpoint), "of the environment");
  endpoint.password_file = file;
  std::ofstream(file) << "first\n";
  EXPECT_EQ(current_password(endpoint), "first");
  std::ofstream(file) << "second\n";
  EXPECT_EQ(current_password(endpoint), "second");
  std::filesystem::remove(file);
  const auto gone = current_password(endpoint);
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().find("password_file of account farshore_apply: " + file.string() + " cannot be read"),
            std::string::npos);
}

}  // namespace
}  // namespace farshore
