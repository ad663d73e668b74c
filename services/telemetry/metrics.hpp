#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "services/telemetry/metric_names.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace farshore::service {

/// Handles of one time series each. Cheap to copy; valid as long as the Metrics that gave them; thread safe.
class Counter {
 public:
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  void add(std::uint64_t count = 1) const;
  /// For totals that a library keeps: brings the series up to `total`. A total below the series changes nothing, so
  /// one series follows one total.
  void advance_to(double total) const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  void set(double value) const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  /// Takes a lock: once a batch or transaction, not once a row.
  void observe(double value) const;

 private:
  prometheus::Histogram* histogram_;
};

/// The metrics of one process, by the declarations of metric_names.hpp. Thread safe.
class Metrics {
 public:
  using LabelValues = std::initializer_list<std::string_view>;  ///< in the declaration's order, all of them

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The series with these label values, made at the first call (and exported from then on, as 0).
  [[nodiscard]] Counter counter(const CounterDeclaration& declaration, LabelValues labels);
  [[nodiscard]] Gauge gauge(const GaugeDeclaration& declaration, LabelValues labels);
  [[nodiscard]] Histogram histogram(const HistogramDeclaration& declaration, LabelValues labels);
  /// No longer exported; handles of this series must not be used any more.
  void remove(const GaugeDeclaration& declaration, LabelValues labels);

  /// Runs before each scrape, on the HTTP thread, while the returned object lives; destroying it waits for a running
  /// call. Copy what a library counts into series here.
  class Refresh {
   public:
    Refresh() = default;
    Refresh(Refresh&&) noexcept = default;
    Refresh& operator=(Refresh&& other) noexcept;
    ~Refresh();

   private:
    friend class Metrics;
    struct Entry;
    explicit Refresh(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    std::shared_ptr<Entry> entry_;
  };
  [[nodiscard]] Refresh before_scrape(std::function<void()> refresh);

  /// Prometheus' text format.
  [[nodiscard]] std::string scrape();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace farshore::service
