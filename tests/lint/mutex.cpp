// What the lint build has to refuse: scripts/lint looks whether clang's thread safety analysis complains of the lines
// that say so, and of no others. It is never built.
#include "base/mutex.hpp"

namespace {

class Guarded {
 public:
  int read() {
    const farshore::MutexLock lock(mutex_);
    return value_;
  }
  int read_without() {
    return value_;  // refused
  }
  void write_late() {
    {
      const farshore::MutexLock lock(mutex_);
    }
    value_ = 1;  // refused
  }
  void add() {
    const farshore::MutexLock lock(mutex_);
    add_while_held();
  }
  void add_without() {
    add_while_held();  // refused
  }
  void lock_twice() {
    const farshore::MutexLock lock(mutex_);
    const farshore::MutexLock again(mutex_);  // refused
  }
  void wait() {
    const farshore::MutexLock lock(mutex_);
    changed_.wait_for(mutex_, kTime, [this]() REQUIRES(mutex_) { return value_ != 0; });
  }
  void wait_without() {
    changed_.wait_for(mutex_, kTime, [this]() REQUIRES(mutex_) { return value_ != 0; });  // refused
  }

 private:
  static constexpr std::chrono::milliseconds kTime{1};

  void add_while_held() REQUIRES(mutex_) { value_ += 1; }

  farshore::Mutex mutex_;
  farshore::ConditionVariable changed_;
  int value_ GUARDED_BY(mutex_) = 0;
};

class Shared {
 public:
  int read() {
    const farshore::ReaderLock lock(mutex_);
    return value_;
  }
  void write() {
    const farshore::MutexLock lock(mutex_);
    value_ = 1;
  }
  void write_as_reader() {
    const farshore::ReaderLock lock(mutex_);
    value_ = 1;  // refused
  }

 private:
  farshore::SharedMutex mutex_;
  int value_ GUARDED_BY(mutex_) = 0;
};

}  // namespace
