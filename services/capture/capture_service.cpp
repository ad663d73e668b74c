#include "services/capture/capture_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/environment_error.hpp"
#include "base/pause.hpp"
#include "services/capture/capture_metrics.hpp"
#include "services/capture/capture_settings.hpp"
#include "services/capture/session.hpp"
#include "services/telemetry/health.hpp"
#include "services/telemetry/log.hpp"

namespace farshore::capture {

namespace {

using std::chrono::milliseconds;

constexpr const char* kComponent = "capture";
/// What the longest step of a session may take without a beat, when the source answers at all.
constexpr std::chrono::seconds kLoopSilence{120};
/// An event is read without a beat: from the slowest link that is thought of.
constexpr std::uint32_t kLinkBytesPerSecond = 1U << 20;
constexpr milliseconds kBeatInterval{500};
constexpr milliseconds kBackoffFirst{200};
constexpr milliseconds kBackoffMax{5'000};
constexpr milliseconds kStoppedPause{10'000};
/// A new numbering takes two or three sessions, one right after the other. More of them, none of which reads on, get
/// nowhere.
constexpr int kRenumberingsAtOnce = 5;
/// A session that captured for so long was a good one: the next failure is a new one.
constexpr milliseconds kGoodSession{10'000};

/// What the service shows of its sessions.
class Face {
 public:
  Face(service::ServiceContext& context, Counts& counts, std::string origin)
      : health_(context.health), counts_(counts), origin_(std::move(origin)) {}

  SessionEvents events() {
    return {.standby = [this] { standby(); },
            .capturing = [this](Epoch epoch) { capturing(epoch); },
            .kafka_silent = [this](bool silent) { kafka_silent(silent); },
            .withheld = [this](const std::string& why) { withheld(why); },
            .warning = [this](const std::string& text) { warn(text); },
            .information = [this](const std::string& text) { service::log_info(text, {{"origin", origin_}}); },
            .beat = [this] { beat(); }};
  }
  /// As often as anybody likes.
  void beat() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_beat_ < kBeatInterval) return;
    last_beat_ = now;
    health_.beat(kComponent);
  }
  [[nodiscard]] bool is_capturing() const { return is_capturing_; }
  void ended(const SessionEnd& end) {
    counts_.active.set(0);
    // A session that got nowhere did not look at everything: what was warned of may still be so.
    if (is_capturing_) warned_before_.clear();
    warned_before_.merge(warned_);
    warned_.clear();
    is_capturing_ = false;
    is_kafka_silent_ = false;
    withheld_because_.clear();
    switch (end.kind) {
      case EndKind::kShutdown: return;
      case EndKind::kRetry:
        health_.ready(kComponent, false, end.sentence);
        // Once, not for each session that comes to nothing for the same reason.
        if (end.sentence != retried_because_)
          service::log_warn("session ended; a new one follows", {{"origin", origin_}, {"reason", end.sentence}});
        retried_because_ = end.sentence;
        return;
      case EndKind::kRenumber:
        health_.ready(kComponent, false, end.sentence);
        service::log_info("session ended for a new numbering", {{"origin", origin_}, {"reason", end.sentence}});
        return;
      case EndKind::kStop: return stopped(end.sentence, "");
      case EndKind::kStopRetried:
      case EndKind::kMisconfigured: return stopped(end.sentence, "; looked at again every 10 s");
    }
  }

 private:
  /// A session looks at the source and the topics as the one before did: what it warned of too is known.
  void warn(const std::string& text) {
    if (!warned_.insert(text).second || warned_before_.contains(text)) return;
    service::log_warn(text, {{"origin", origin_}});
  }
  void standby() {
    health_.ready(kComponent, true, "standby: another capture holds the lease at the source");
    service::log_info("standby: another capture holds the lease at the source", {{"origin", origin_}});
    retried_because_.clear();
    not_stopped();
  }
  void capturing(Epoch epoch) {
    service::log_info("capturing", {{"origin", origin_}, {"epoch", epoch.raw()}});
    counts_.active.set(1);
    retried_because_.clear();
    not_stopped();
    is_capturing_ = true;
    show_capturing();
  }
  void show_capturing() {
    std::string text = "capturing";
    if (is_kafka_silent_)
      text += ", but Kafka acknowledges nothing: reading waits for it";
    else if (!withheld_because_.empty())
      text += ", but no watermark is given, so the other regions' gates close: " + withheld_because_;
    health_.ready(kComponent, !is_kafka_silent_ && withheld_because_.empty(), text);
  }
  void withheld(const std::string& why) {
    withheld_because_ = why;
    if (is_capturing_) show_capturing();
    if (why.empty())
      service::log_info("watermarks are given again", {{"origin", origin_}});
    else
      service::log_warn("no watermark is given, so the other regions' gates close",
                        {{"origin", origin_}, {"reason", why}});
  }
  /// May come before capturing().
  void kafka_silent(bool silent) {
    is_kafka_silent_ = silent;
    if (is_capturing_) show_capturing();
    if (silent)
      service::log_warn("Kafka acknowledges nothing; nothing is lost, reading waits for it", {{"origin", origin_}});
    else
      service::log_info("Kafka acknowledges again", {{"origin", origin_}});
  }
  void stopped(const std::string& sentence, const std::string& what_follows) {
    const std::string text = "stopped: " + sentence + what_follows;
    health_.ready(kComponent, false, text);
    // Once, not each time that it is looked at again.
    if (text != stopped_because_) service::log_error(text, {{"origin", origin_}});
    stopped_because_ = text;
    counts_.stopped.set(1);
  }
  void not_stopped() {
    stopped_because_.clear();
    counts_.stopped.set(0);
  }

  service::Health& health_;
  Counts& counts_;
  const std::string origin_;
  std::chrono::steady_clock::time_point last_beat_;
  bool is_capturing_ = false;
  bool is_kafka_silent_ = false;
  std::string withheld_because_;         ///< empty: watermarks are given
  std::string stopped_because_;          ///< as it was logged; empty: not stopped
  std::string retried_because_;          ///< likewise, since a session last got somewhere
  std::set<std::string> warned_;         ///< by the session at hand
  std::set<std::string> warned_before_;  ///< by the one before, and by those since that got nowhere
};

/// How long to wait before the next session.
class Pauses {
 public:
  /// Nothing: there is no next one. `was_good`: the session lasted for kGoodSession.
  std::optional<milliseconds> after(const SessionEnd& end, bool was_good) {
    if (was_good) *this = {};
    switch (end.kind) {
      case EndKind::kShutdown:
      case EndKind::kStop: return std::nullopt;
      case EndKind::kStopRetried:
      case EndKind::kMisconfigured: return kStoppedPause;
      case EndKind::kRenumber:
        // One after another, as of an evening of schema changes in a backlog, but each further on.
        if (end.advanced) *this = {};
        if (++renumberings_ <= kRenumberingsAtOnce) return milliseconds(0);
        break;
      case EndKind::kRetry: break;
    }
    const milliseconds now = backoff_;
    backoff_ = std::min(backoff_ * 2, kBackoffMax);
    return now;
  }

 private:
  milliseconds backoff_ = kBackoffFirst;
  int renumberings_ = 0;  ///< since the last session that read on
};

}  // namespace

int run_capture(const service::Config& config, const service::CaptureArguments& arguments,
                service::ServiceContext& context) {
  CaptureSettings settings = capture_settings(config, arguments);
  Counts counts;
  const auto shown = show_counts(context.metrics, settings.origin, config, counts);
  context.health.require(kComponent);
  // A read of the binlog may block for the source's timeout.
  context.health.expect_beat(kComponent, kLoopSilence + settings.source_timeout +
                                             std::chrono::seconds(settings.event_bytes_max / kLinkBytesPerSecond));
  Face face(context, counts, settings.origin);
  const SessionEvents events = face.events();
  Pauses pauses;
  bool is_first = true;
  while (!context.stop.stop_requested()) {
    face.beat();
    const auto began = std::chrono::steady_clock::now();
    Session session(settings, events, counts);
    const SessionEnd end = session.run(context.stop);
    if (is_first && end.kind == EndKind::kMisconfigured) throw EnvironmentError(end.sentence);
    if (end.kind == EndKind::kRetry) counts.reconnects.add(end.by);
    // Asked for once: a checkpoint that is lost again is for a person to see.
    if (face.is_capturing()) settings.rebuild_checkpoint = settings.from_is_asked_for = false;
    face.ended(end);
    is_first = false;
    const auto wait = pauses.after(end, std::chrono::steady_clock::now() - began > kGoodSession);
    if (!wait) break;
    pause_for(*wait, context.stop);
  }
  // Stopped for good: the process stays, to say why.
  while (!context.stop.stop_requested()) {
    face.beat();
    pause_for(kStoppedPause, context.stop);
  }
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace farshore::capture
