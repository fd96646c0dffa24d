# The worked example stays below 80 lines, and the document that quotes it by path knows where it lies.
# Run as: cmake -DFILE=… -DDOCUMENT=… -P short_example.cmake
cmake_minimum_required(VERSION 3.22)

file(READ ${FILE} text)
string(REGEX MATCHALL "\n" ends "${text}")
list(LENGTH ends lines)
if(lines GREATER_EQUAL 80)
  message(FATAL_ERROR "${FILE} has ${lines} lines; the document promises fewer than 80")
endif()

file(READ ${DOCUMENT} document)
get_filename_component(name ${FILE} NAME)
if(NOT document MATCHES "tests/ntt/${name}")
  message(FATAL_ERROR "${DOCUMENT} does not quote tests/ntt/${name}")
endif()
message(STATUS "${lines} lines")
