#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <utility>

/// Says which mutex a member is guarded by, or a function wants to be held: scripts/lint has clang check it, by the
/// rules and names of its thread safety analysis. Other compilers see nothing of it.
/// A predicate of ConditionVariable says REQUIRES too: [&]() REQUIRES(mutex_) { return is_given_; }.
#if defined(__clang__)
#define FARSHORE_CAPABILITY(attribute) __attribute__((attribute))
#else
#define FARSHORE_CAPABILITY(attribute)
#endif
#define GUARDED_BY(mutex) FARSHORE_CAPABILITY(guarded_by(mutex))
#define REQUIRES(mutex) FARSHORE_CAPABILITY(requires_capability(mutex))

namespace farshore {

class FARSHORE_CAPABILITY(capability("mutex")) Mutex {
 public:
  void lock() FARSHORE_CAPABILITY(acquire_capability()) { mutex_.lock(); }
  void unlock() FARSHORE_CAPABILITY(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Many may read at once what it guards.
class FARSHORE_CAPABILITY(capability("mutex")) SharedMutex {
 public:
  void lock() FARSHORE_CAPABILITY(acquire_capability()) { mutex_.lock(); }
  void unlock() FARSHORE_CAPABILITY(release_capability()) { mutex_.unlock(); }
  void lock_shared() FARSHORE_CAPABILITY(acquire_shared_capability()) { mutex_.lock_shared(); }
  void unlock_shared() FARSHORE_CAPABILITY(release_shared_capability()) { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

/// Holds a mutex of either kind while it lives.
template <typename AnyMutex>
class FARSHORE_CAPABILITY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(AnyMutex& mutex) FARSHORE_CAPABILITY(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() FARSHORE_CAPABILITY(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  AnyMutex& mutex_;
};

/// Holds a shared mutex beside others that read.
class FARSHORE_CAPABILITY(scoped_lockable) ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) FARSHORE_CAPABILITY(acquire_shared_capability(mutex)) : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~ReaderLock() FARSHORE_CAPABILITY(release_capability()) { mutex_.unlock_shared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mutex_;
};

/// Each wait lets the mutex go meanwhile, and returns what `is_so` says at its end.
class ConditionVariable {
 public:
  void notify_one() { waiting_.notify_one(); }
  void notify_all() { waiting_.notify_all(); }

  template <typename Predicate>
  [[nodiscard]] bool wait(Mutex& mutex, const std::stop_token& stop, Predicate is_so) REQUIRES(mutex) {
    return waiting_.wait(mutex, stop, std::move(is_so));
  }
  template <typename Predicate>
  bool wait_for(Mutex& mutex, std::chrono::milliseconds time, Predicate is_so) REQUIRES(mutex) {
    return waiting_.wait_for(mutex, time, std::move(is_so));
  }
  template <typename Predicate>
  bool wait_for(Mutex& mutex, const std::stop_token& stop, std::chrono::milliseconds time, Predicate is_so)
      REQUIRES(mutex) {
    return waiting_.wait_for(mutex, stop, time, std::move(is_so));
  }

 private:
  std::condition_variable_any waiting_;
};

}  // namespace farshore
