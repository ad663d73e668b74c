#include "binlog/crc32.hpp"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace farshore::binlog {
namespace {

std::uint32_t crc32_by_zlib(std::uint32_t before, std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

#if defined(__x86_64__)

constexpr std::size_t kBlock = 16;
constexpr std::size_t kFoldedAtOnce = 4 * kBlock;

__attribute__((target("pclmul,sse4.1"))) inline __m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

/// Moves `value` over the distance that `constants` stand for, and adds `next`.
__attribute__((target("pclmul,sse4.1"))) inline __m128i fold(__m128i value, __m128i constants, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(value, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// Folds four blocks at a time, then one, then reduces (Barrett). Takes at least kFoldedAtOnce bytes and a multiple of
/// kBlock; `state` is the inverted CRC. Constants are x^n mod P, bit-reflected. Source: Gopal and others, "Fast CRC
/// Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009.
__attribute__((target("pclmul,sse4.1"))) std::uint32_t fold_blocks(std::uint32_t state, std::string_view bytes) {
  const __m128i by_four = _mm_set_epi64x(0x01C6E41596, 0x0154442BD4);
  const __m128i by_one = _mm_set_epi64x(0x00CCAA009E, 0x01751997D0);
  const char* at = bytes.data();
  const char* end = at + bytes.size();

  __m128i x0 = _mm_xor_si128(load(at), _mm_cvtsi32_si128(static_cast<int>(state)));
  __m128i x1 = load(at + kBlock);
  __m128i x2 = load(at + 2 * kBlock);
  __m128i x3 = load(at + 3 * kBlock);
  for (at += kFoldedAtOnce; end - at >= static_cast<std::ptrdiff_t>(kFoldedAtOnce); at += kFoldedAtOnce) {
    x0 = fold(x0, by_four, load(at));
    x1 = fold(x1, by_four, load(at + kBlock));
    x2 = fold(x2, by_four, load(at + 2 * kBlock));
    x3 = fold(x3, by_four, load(at + 3 * kBlock));
  }
  x0 = fold(fold(fold(x0, by_one, x1), by_one, x2), by_one, x3);
  for (; at < end; at += kBlock) x0 = fold(x0, by_one, load(at));

  // 128 bits to 64, 64 to 32.
  const __m128i low_half = _mm_setr_epi32(-1, 0, -1, 0);
  x0 = _mm_xor_si128(_mm_srli_si128(x0, 8), _mm_clmulepi64_si128(x0, by_one, 0x10));
  const __m128i to_32 = _mm_set_epi64x(0, 0x0163CD6124);
  x0 = _mm_xor_si128(_mm_srli_si128(x0, 4), _mm_clmulepi64_si128(_mm_and_si128(x0, low_half), to_32, 0x00));
  const __m128i barrett = _mm_set_epi64x(0x01F7011641, 0x01DB710641);
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(x0, low_half), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_half), barrett, 0x00);
  return static_cast<std::uint32_t>(_mm_extract_epi32(_mm_xor_si128(x0, quotient), 1));
}

bool can_fold() {
  static const bool can = __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
  return can;
}

#endif

}  // namespace

std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0;
#if defined(__x86_64__)
  if (bytes.size() >= kFoldedAtOnce && can_fold()) {
    const std::size_t folded = bytes.size() / kBlock * kBlock;
    crc = ~fold_blocks(0xFFFFFFFF, bytes.substr(0, folded));
    bytes.remove_prefix(folded);
  }
#endif
  return crc32_by_zlib(crc, bytes);
}

}  // namespace farshore::binlog
