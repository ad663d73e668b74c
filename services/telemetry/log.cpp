#include "services/telemetry/log.hpp"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

namespace farshore::service {
namespace {

/// Set by start_log() before there are threads; constant from then on.
struct Log {
  std::string service;
  LogFormat format = LogFormat::kText;
  std::shared_ptr<spdlog::logger> logger = make_logger();

  static std::shared_ptr<spdlog::logger> make_logger() {
    auto logger = std::make_shared<spdlog::logger>("farshore", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::trace);
    return logger;
  }
};

Log& the_log() {
  static Log log;
  return log;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warn";
    case LogLevel::kError: return "error";
  }
  return "info";
}

/// "2026-01-31T12:00:00.123456Z"
std::string timestamp() {
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

std::string json_line(const Log& log, LogLevel level, std::string_view message, LogFields fields) {
  nlohmann::ordered_json line{
      {"ts", timestamp()}, {"level", name_of(level)}, {"service", log.service}, {"msg", message}};
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.key)] = value; }, field.value);
  }
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string text_line(const Log& log, LogLevel level, std::string_view message, LogFields fields) {
  std::string line =
      fmt::format("{} {:5} {}{}{}", timestamp(), name_of(level), log.service, log.service.empty() ? "" : ": ", message);
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { fmt::format_to(std::back_inserter(line), " {}={}", field.key, value); },
               field.value);
  }
  return line;
}

}  // namespace

void start_log(const std::string& service, const LogConfig& settings) {
  Log& log = the_log();
  log.service = service;
  log.format = settings.format;
  log.logger->set_level(spdlog_level(settings.level));
}

void log(LogLevel level, std::string_view message, LogFields fields) {
  const Log& log = the_log();
  const auto at = spdlog_level(level);
  if (!log.logger->should_log(at)) return;
  log.logger->log(at, log.format == LogFormat::kJson ? json_line(log, level, message, fields)
                                                     : text_line(log, level, message, fields));
}

}  // namespace farshore::service
