// Preloaded into one process, it shifts that process's wall clock by the nanoseconds that the first eight bytes of the
// file FARSHORE_TEST_CLOCK hold; whoever writes the file sets the clock. Monotonic clocks stay as they are, and what
// waits until a time of the shifted clock waits as long as it meant to.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t kSecond = 1000000000;
static const time_t kNoUptime = 1000000000;  // seconds: a deadline behind it is of the wall clock ...
static const time_t kNever = 1000000000000;  // ... and one behind this is none (InnoDB's is the largest number)
static volatile int64_t no_shift;
static volatile int64_t* shift = &no_shift;

static int (*real_clock_gettime)(clockid_t, struct timespec*);
static int (*real_timedwait)(pthread_cond_t*, pthread_mutex_t*, const struct timespec*);

__attribute__((constructor)) static void begin(void) {
  real_clock_gettime = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  real_timedwait = (int (*)(pthread_cond_t*, pthread_mutex_t*, const struct timespec*))dlvsym(
      RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  const char* name = getenv("FARSHORE_TEST_CLOCK");
  if (!name) return;
  int file = open(name, O_RDONLY);
  if (file < 0) return;
  void* mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) shift = mapped;
}

static void add(struct timespec* moment, int64_t nanoseconds) {
  int64_t rest = moment->tv_nsec + nanoseconds % kSecond;
  moment->tv_sec += nanoseconds / kSecond;
  if (rest < 0) {
    rest += kSecond;
    --moment->tv_sec;
  } else if (rest >= kSecond) {
    rest -= kSecond;
    ++moment->tv_sec;
  }
  moment->tv_nsec = rest;
}

int clock_gettime(clockid_t clock, struct timespec* result) {
  if (!real_clock_gettime) begin();
  int answer = real_clock_gettime(clock, result);
  if (answer == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) add(result, *shift);
  return answer;
}

int gettimeofday(struct timeval* restrict result, void* restrict zone) {
  (void)zone;
  struct timespec now;
  int answer = clock_gettime(CLOCK_REALTIME, &now);
  if (answer != 0) return answer;
  result->tv_sec = now.tv_sec;
  result->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict until) {
  struct timespec real = *until;
  if (until->tv_sec > kNoUptime && until->tv_sec < kNever) add(&real, -*shift);
  return real_timedwait(condition, mutex, &real);
}
