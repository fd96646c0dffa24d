# NTL::NTL — Shoup's number theory library, on top of GMP.
find_package(GMP QUIET)
find_package(Threads QUIET)
find_path(NTL_INCLUDE_DIR NTL/ZZ.h)
find_library(NTL_LIBRARY ntl)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NTL REQUIRED_VARS NTL_LIBRARY NTL_INCLUDE_DIR GMP_FOUND)
if(NTL_FOUND AND NOT TARGET NTL::NTL)
  add_library(NTL::NTL UNKNOWN IMPORTED)
  set_target_properties(NTL::NTL PROPERTIES IMPORTED_LOCATION "${NTL_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${NTL_INCLUDE_DIR}"
                        INTERFACE_LINK_LIBRARIES "GMP::GMP;Threads::Threads")
endif()
