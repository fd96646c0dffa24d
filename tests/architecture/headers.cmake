# Compiles every header of ROOT/LAYER by itself: a header that needs another one first says so here.
# Run as: cmake -DROOT=… -DLAYER=… -DCXX=… "-DFLAGS=…" -P headers.cmake
cmake_minimum_required(VERSION 3.22)

file(GLOB_RECURSE headers RELATIVE ${ROOT} ${ROOT}/${LAYER}/*.h)
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
set(wrong "")
foreach(header ${headers})
  execute_process(COMMAND ${CXX} -std=c++20 -fsyntax-only -I${ROOT} ${flags} -x c++ -include ${header} /dev/null
                  WORKING_DIRECTORY ${ROOT} RESULT_VARIABLE code ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    string(SUBSTRING "${output}" 0 600 head)
    string(APPEND wrong "${header}:\n${head}\n")
  endif()
endforeach()
if(NOT headers)
  message(FATAL_ERROR "no header below ${ROOT}/${LAYER}")
endif()
if(wrong)
  message(FATAL_ERROR "headers that do not compile by themselves:\n${wrong}")
endif()
