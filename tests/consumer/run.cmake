# Installs the build BUILD into a fresh prefix, then builds and runs consumer.cc and c/consumer.c against it twice: with find_package
# and with pkg-config. Run as: cmake -DBUILD=… -DWORK=… -DCC=… -DCXX=… -DLIBDIR=… [-DPKG_CONFIG=…] -P run.cmake
cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    string(REPLACE ";" " " line "${ARGN}")
    message(FATAL_ERROR "${line}\nexit code ${code}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
set(prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
if(EXISTS ${prefix}/bin/sotto)
  run(${prefix}/bin/sotto --help)
endif()

# The build tree must play no part: it moves out of reach of the installed files as soon as the prefix moves.
file(RENAME ${prefix} ${WORK}/moved)
set(prefix ${WORK}/moved)

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/find_package -G Ninja
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${WORK}/find_package)
run(${WORK}/find_package/consumer)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/c -B ${WORK}/find_package_c -G Ninja
    -DCMAKE_C_COMPILER=${CC} -DCMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${WORK}/find_package_c)
run(${WORK}/find_package_c/consumer)
message(STATUS "find_package: all right")

if(NOT PKG_CONFIG)
  message(STATUS "pkg-config: skipped, the program is not here (Debian: apt-get install pkg-config)")
  return()
endif()
set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
set(ENV{LD_LIBRARY_PATH} ${prefix}/${LIBDIR})
function(run_with_pkg_config package)  # and the compiler's line without the flags of the package
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs ${package} RESULT_VARIABLE code OUTPUT_VARIABLE flags)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "pkg-config does not know ${package} in $ENV{PKG_CONFIG_PATH}")
  endif()
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run(${ARGN} -o ${WORK}/consumer ${flags})
  run(${WORK}/consumer)
endfunction()
run_with_pkg_config(sotto ${CXX} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/consumer.cc)
run_with_pkg_config(sotto_capi ${CC} -std=c99 ${CMAKE_CURRENT_LIST_DIR}/c/consumer.c)
message(STATUS "pkg-config: all right")
