#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metric.hpp"
#include "base/mutex.hpp"

namespace farshore::service {

/// The metrics of one process: the lists that somebody shows. Thread safe.
class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// A list, which is lent, and the values of its labels, in their order.
  struct Labelled {
    const MetricList& list;
    std::vector<std::string> values = {};
  };

  /// While it lives, what was shown is exported; destroying it waits for a running scrape.
  class Shown {
   public:
    Shown() = default;
    Shown(Shown&&) noexcept = default;
    Shown& operator=(Shown&& other) noexcept;
    ~Shown();

   private:
    friend class Metrics;
    struct Entry;
    explicit Shown(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    std::shared_ptr<Entry> entry_;
  };
  /// No series may be in two lists. `before` runs before each scrape, on the HTTP thread: set there what depends on
  /// when somebody looks. It may show more, which that scrape exports already.
  [[nodiscard]] Shown show(std::vector<Labelled> lists, std::function<void()> before = {});

  /// Prometheus' text format.
  [[nodiscard]] std::string scrape();

 private:
  std::vector<std::shared_ptr<Shown::Entry>> entries();

  Mutex mutex_;
  std::vector<std::weak_ptr<Shown::Entry>> shown_ GUARDED_BY(mutex_);
};

}  // namespace farshore::service
