#include "mysql/charset_text.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>

namespace farshore::mysql {
namespace {

struct Name {
  std::string_view mysql;
  const char* iconv;
};

// Source: MySQL manual, "Supported Character Sets and Collations"; `iconv --list`.
constexpr std::array kNames = {
    Name{"latin1", "CP1252"},      Name{"latin2", "ISO-8859-2"}, Name{"latin5", "ISO-8859-9"},
    Name{"latin7", "ISO-8859-13"}, Name{"greek", "ISO-8859-7"},  Name{"hebrew", "ISO-8859-8"},
    Name{"cp1250", "CP1250"},      Name{"cp1251", "CP1251"},     Name{"cp1256", "CP1256"},
    Name{"cp1257", "CP1257"},      Name{"cp850", "CP850"},       Name{"cp852", "CP852"},
    Name{"cp866", "CP866"},        Name{"koi8r", "KOI8-R"},      Name{"koi8u", "KOI8-U"},
    Name{"tis620", "TIS-620"},     Name{"gbk", "GBK"},           Name{"gb2312", "GB2312"},
    Name{"gb18030", "GB18030"},    Name{"big5", "BIG5"},         Name{"sjis", "CP932"},
    Name{"cp932", "CP932"},        Name{"ujis", "EUC-JP"},       Name{"eucjpms", "EUC-JP-MS"},
    Name{"euckr", "EUC-KR"},       Name{"ucs2", "UCS-2BE"},      Name{"utf16", "UTF-16BE"},
    Name{"utf16le", "UTF-16LE"},   Name{"utf32", "UTF-32BE"},
};

struct Close {
  void operator()(void* converter) const { iconv_close(converter); }
};

}  // namespace

bool is_charset_name(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && std::ranges::all_of(name, is_plain);
}

bool is_part_of_utf8mb4(std::string_view charset) {
  return charset == "utf8mb4" || charset == "utf8mb3" || charset == "utf8" || charset == "ascii";
}

std::optional<std::string> utf8_text(std::string_view text, std::string_view charset) {
  if (charset == "utf8mb4" || charset == "utf8mb3" || charset == "utf8" || charset == "ascii") return std::string(text);
  // All others, and bytes, have ASCII where it is.
  const bool is_wide = charset.starts_with("ucs") || charset.starts_with("utf");
  if (!is_wide && charset != "swe7" && std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; })) {
    return std::string(text);
  }
  const auto* const name = std::ranges::find(kNames, charset, &Name::mysql);
  if (name == kNames.end()) return std::nullopt;
  const iconv_t opened = iconv_open("UTF-8", name->iconv);
  if (std::bit_cast<std::intptr_t>(opened) == -1) return std::nullopt;
  const std::unique_ptr<void, Close> converter(opened);
  constexpr std::size_t kBytesACharacterMax = 4;
  std::string from(text);
  std::string out(kBytesACharacterMax * text.size() + kBytesACharacterMax, '\0');
  char* read = from.data();
  char* write = out.data();
  std::size_t left = from.size();
  std::size_t room = out.size();
  if (iconv(converter.get(), &read, &left, &write, &room) == static_cast<std::size_t>(-1)) return std::nullopt;
  out.resize(out.size() - room);
  return out;
}

}  // namespace farshore::mysql
