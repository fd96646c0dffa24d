// Numbers as people read them: "340 µs", "12.3 ms", "15.2 MB". Programs get plain numbers from --json
// instead.
#pragma once

#include <cstddef>
#include <string>

namespace sotto::app {

std::string format_seconds(double seconds);   // three digits and a unit; "2 min 05 s" from two minutes on
std::string format_bytes(std::size_t bytes);  // decimal units, as disks and networks count: 1 MB = 10^6 bytes
std::string format_count(std::size_t count, const std::string& noun);  // "1 image", "10 images"

}  // namespace sotto::app
