#include "services/ctl/decision.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/environment_error.hpp"
#include "services/ctl/ctl_database.hpp"
#include "store/progress_store.hpp"

namespace farshore::ctl {
namespace {

constexpr int kCutOffAfterS = 30;
constexpr int kTriesMax = 10;
constexpr std::chrono::seconds kTryFor{60};
constexpr std::chrono::milliseconds kPause{20};  // longer with each try

/// The person behind sudo, if there is one.
std::string user_name() {
  // NOLINTBEGIN(concurrency-mt-unsafe): a command has one thread
  if (const char* const user = std::getenv("SUDO_USER"); user != nullptr && *user != '\0') return user;
  const passwd* const entry = getpwuid(getuid());
  // NOLINTEND(concurrency-mt-unsafe)
  return entry == nullptr ? std::to_string(getuid()) : entry->pw_name;
}

/// Without commit() it is rolled back.
class MarkedTransaction {
 public:
  MarkedTransaction(mysql::Connection& connection, const service::Config& config)
      : connection_(connection), config_(config) {
    if (const auto begun = connection_.execute("START TRANSACTION"); !begun) fail_database(config_, begun.error());
    const auto marked = store::write_self_test(connection_, config_.region, "farshorectl");
    if (marked) return;
    roll_back();
    fail_database(config_, marked.error());
  }
  ~MarkedTransaction() {
    if (is_open_) roll_back();
  }
  MarkedTransaction(const MarkedTransaction&) = delete;
  MarkedTransaction& operator=(const MarkedTransaction&) = delete;

  void commit() {
    if (const auto done = connection_.commit(); !done) fail_database(config_, done.error());
    is_open_ = false;
  }

 private:
  void roll_back() {
    if (!connection_.lost()) (void)connection_.rollback();
  }
  mysql::Connection& connection_;
  const service::Config& config_;
  bool is_open_ = true;
};

}  // namespace

std::string operator_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {'?'};
  std::string name = fmt::format("{}@{}", user_name(), host.data()).substr(0, 128);
  std::ranges::replace_if(name, [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

bool is_applied(const service::Config& config, std::string_view origin) {
  return std::ranges::find(config.apply.origins, origin) != config.apply.origins.end();
}

void require_applied_origin(const service::Config& config, const std::string& origin) {
  if (is_applied(config, origin)) return;
  throw EnvironmentError(
      fmt::format("--origin {} is not in apply.origins of {}: region {} applies {}.", origin, config.file.string(),
                  config.region,
                  config.apply.origins.empty() ? "none" : fmt::format("{}", fmt::join(config.apply.origins, ", "))),
      ExitCode::kUsage);
}

void end_when_cut_off(mysql::Connection& connection, const service::Config& config) {
  const auto set = connection.execute(fmt::format("SET SESSION wait_timeout={}", kCutOffAfterS));
  if (!set) fail_database(config, set.error());
}

void write_marked(mysql::Connection& connection, const service::Config& config, const std::function<void()>& write) {
  const auto deadline = std::chrono::steady_clock::now() + kTryFor;
  for (int tries = 1;; ++tries) {
    try {
      MarkedTransaction transaction(connection, config);
      write();
      return transaction.commit();
    } catch (const LockedOut&) {
      if (tries == kTriesMax || std::chrono::steady_clock::now() > deadline) throw;
    }
    std::this_thread::sleep_for(kPause * tries);
  }
}

}  // namespace farshore::ctl
