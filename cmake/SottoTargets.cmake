# Helpers that give every target of Sotto the same language, warnings and sanitizers.

add_library(sotto_options INTERFACE)
target_compile_features(sotto_options INTERFACE cxx_std_20)
target_compile_options(sotto_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(SOTTO_WERROR)
  target_compile_options(sotto_options INTERFACE -Werror)
endif()
if(SOTTO_SANITIZE)
  target_compile_options(sotto_options INTERFACE -fsanitize=${SOTTO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sotto_options INTERFACE -fsanitize=${SOTTO_SANITIZE})
endif()

# sotto_add_library(ntt SOURCES a.cc … LIBS sotto::base …): target sotto_ntt, alias sotto::ntt.
# LIBS are public; PRIVATE_LIBS are used by the sources only, and those of headers alone leave no trace in an install tree.
set(sotto_header_only nlohmann_json::nlohmann_json Eigen3::Eigen)
function(sotto_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS;PRIVATE_LIBS" ${ARGN})
  add_library(sotto_${name} ${ARG_SOURCES})
  add_library(sotto::${name} ALIAS sotto_${name})
  set_target_properties(sotto_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_include_directories(sotto_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/sotto>)
  target_compile_features(sotto_${name} PUBLIC cxx_std_20)
  target_link_libraries(sotto_${name} PUBLIC ${ARG_LIBS} PRIVATE $<BUILD_INTERFACE:sotto_options>)
  foreach(library ${ARG_PRIVATE_LIBS})
    if(library IN_LIST sotto_header_only)
      set(library $<BUILD_INTERFACE:${library}>)
    endif()
    target_link_libraries(sotto_${name} PRIVATE ${library})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY SOTTO_LIBRARIES sotto_${name})
endfunction()

# sotto_add_test(NAME ntt_plan SOURCES plan_test.cc LIBS sotto::ntt LABEL unit [TIMEOUT seconds]): one GoogleTest program; ctest runs each
# program once, so that fixtures (keys, plans) are shared between its tests.
function(sotto_add_test)
  cmake_parse_arguments(ARG "" "NAME;LABEL;TIMEOUT" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(test_${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(test_${ARG_NAME} PRIVATE ${ARG_LIBS} sotto_options GTest::gtest GTest::gmock GTest::gtest_main)
  target_include_directories(test_${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(test_${ARG_NAME} PRIVATE SOTTO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${ARG_NAME} COMMAND test_${ARG_NAME} --gtest_brief=1)
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# sotto_add_bench(NAME ntt SOURCES ntt.cc LIBS sotto::ntt): one Google Benchmark program, bench_ntt.
function(sotto_add_bench)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LIBS" ${ARGN})
  add_executable(bench_${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(bench_${ARG_NAME} PRIVATE ${ARG_LIBS} sotto_options benchmark::benchmark)
  target_include_directories(bench_${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()
