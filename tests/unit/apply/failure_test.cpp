#include "apply/failure.hpp"

#include <gtest/gtest.h>

namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::SqlErrorKind;
using store::PartitionState;

const SqlError kDeadlock{.kind = SqlErrorKind::kDeadlock, .code = 1213, .sqlstate = "40001", .message = "Deadlock"};
const SqlError kDenied{.kind = SqlErrorKind::kAccessDenied, .code = 1142, .sqlstate = "42000", .message = "denied"};

TEST(Failure, OfAStatementIsTriedAgainWhereThatMayHelp) {
  const Failure failure = Failure::of_statement(3, "its progress cannot be written", kDeadlock);
  ASSERT_NE(failure.try_again(), nullptr);
  EXPECT_EQ(failure.try_again()->error.code, 1213);
  EXPECT_EQ(failure.slice_stops(), nullptr);
}

TEST(Failure, OfAStatementStopsItsSliceElse) {
  const Failure failure = Failure::of_statement(3, "its progress cannot be written", kDenied);
  ASSERT_NE(failure.slice_stops(), nullptr);
  EXPECT_EQ(failure.slice_stops()->slice, 3U);
  EXPECT_EQ(failure.slice_stops()->state, PartitionState::kStopped);
  EXPECT_EQ(failure.slice_stops()->reason, "its progress cannot be written: 1142 denied");
}

TEST(Failure, NamesTheTableOfTheStatementThatIsTriedAgain) {
  const Failure failure = Failure::again(kDeadlock).at("farshore", "progress");
  EXPECT_EQ(failure.try_again()->schema, "farshore");
  EXPECT_EQ(failure.try_again()->table, "progress");
  EXPECT_EQ(Failure::of_slice(0, PartitionState::kStopped, "full").at("farshore", "parked").to_string(), "full");
}

TEST(Failure, ALostCompareAndSetIsNoErrorOfTheServers) {
  const Failure failure{ProgressMoved()};
  EXPECT_EQ(failure.try_again(), nullptr);
  EXPECT_EQ(failure.slice_stops(), nullptr);
  EXPECT_EQ(failure.to_string(), "another writer has moved the progress");
}

}  // namespace
}  // namespace farshore::apply
