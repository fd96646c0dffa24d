# What `cmake --install` writes below the prefix:
#   include/sotto/{base,ntt,ckks,approx,nn}/*.h     bin/sotto     lib/libsotto_*.{a,so}
#   include/sotto/capi/sotto.h                      lib/libsotto_capi.so for C, always shared
#   lib/cmake/sotto/sottoConfig.cmake               find_package(sotto CONFIG) gives sotto::ntt, sotto::ckks, …
#   lib/pkgconfig/sotto.pc                          pkg-config --cflags --libs sotto; sotto_capi for C
# Static libraries hand the libraries they are made of on to their users; shared ones keep them to themselves.
include(CMakePackageConfigHelpers)

get_property(sotto_libraries GLOBAL PROPERTY SOTTO_LIBRARIES)
install(TARGETS ${sotto_libraries} EXPORT sottoTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# Headers of ntt/backends, ckks/engines and nn/onnx are private: callers see the registry, Engine and import_onnx(). Those who write a
# backend of their own inherit the kernels of portable.
foreach(layer base ntt ckks approx nn)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sotto
          FILES_MATCHING PATTERN "*.h" PATTERN "backends" EXCLUDE PATTERN "engines" EXCLUDE PATTERN "onnx" EXCLUDE)
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/ntt/backends/portable.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sotto/ntt/backends)
install(FILES ${PROJECT_SOURCE_DIR}/capi/sotto.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sotto/capi)

if(TARGET sotto_app)
  install(TARGETS sotto_app RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  file(RELATIVE_PATH library_from_program /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(sotto_app PROPERTIES INSTALL_RPATH "$ORIGIN/${library_from_program}")
endif()
if(BUILD_SHARED_LIBS)
  set_target_properties(${sotto_libraries} PROPERTIES INSTALL_RPATH "$ORIGIN")
endif()

# What the archives of this build need, in the words of CMake and of pkg-config.
set(all_links "")
foreach(library ${sotto_libraries})
  get_target_property(links ${library} LINK_LIBRARIES)
  list(APPEND all_links ${links})
endforeach()
set(sotto_find "")
set(pc_requires "")
set(pc_libs "")
foreach(layer nn approx ckks ntt base)
  string(APPEND pc_libs " -lsotto_${layer}")
endforeach()
macro(sotto_link_dependency target find_arguments requires libs)
  if("${target}" IN_LIST all_links AND NOT BUILD_SHARED_LIBS)
    string(APPEND sotto_find "find_dependency(${find_arguments})\n")
    string(APPEND pc_requires " ${requires}")
    string(APPEND pc_libs " ${libs}")
  endif()
endmacro()
sotto_link_dependency(onnx_proto "Protobuf" "protobuf" "")
sotto_link_dependency(onnx_proto "ONNX CONFIG" "" "-lonnx_proto")
sotto_link_dependency(NTL::NTL "NTL" "gmp" "-lntl")
sotto_link_dependency(GMP::GMP "GMP" "gmp" "")
sotto_link_dependency(OpenSSL::Crypto "OpenSSL 3.0 COMPONENTS Crypto" "libcrypto" "")

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/sotto)
install(EXPORT sottoTargets NAMESPACE sotto:: DESTINATION ${config_folder})
configure_package_config_file(cmake/sottoConfig.cmake.in ${PROJECT_BINARY_DIR}/sottoConfig.cmake
                              INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sottoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sottoConfig.cmake ${PROJECT_BINARY_DIR}/sottoConfigVersion.cmake
              cmake/FindGMP.cmake cmake/FindNTL.cmake
        DESTINATION ${config_folder})

# pkg-config: the prefix is found from where the file lies, so that an install tree can be moved.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(package sotto sotto_capi)
  configure_file(cmake/${package}.pc.in ${PROJECT_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
