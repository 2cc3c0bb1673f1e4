# SPDX-License-Identifier: GPL-2.0-only
# ns-3 as it is installed: Debian's libns3-dev, or the `ns3` wheel of the Python index, unpacked.
# (The CMake packages of both name files that are not installed.)
#
#   NS3_ROOT          where to look first: a prefix with include/ns3, or an unpacked wheel
#   Ns3_FIND_COMPONENTS  modules: core, network, ...
#
# Defines the target Ns3::<module> for each, Ns3::ns3 for all of them, NS3_VERSION and NS3_CXX_STANDARD.

set(NS3_ROOT "" CACHE PATH "Prefix of ns-3: a directory with include/ns3/core-module.h, or an unpacked ns3 wheel")

# In the wheel everything is below ns3/.
set(_ns3_prefixes "${NS3_ROOT}" "${NS3_ROOT}/ns3")
if(NS3_ROOT)
  set(_ns3_only NO_DEFAULT_PATH)
endif()
find_path(NS3_INCLUDE_DIR ns3/core-module.h HINTS ${_ns3_prefixes} PATH_SUFFIXES include ${_ns3_only})

# The wheel tells its version by the names of its libraries alone.
if(EXISTS "${NS3_INCLUDE_DIR}/ns3/version-defines.h")
  file(STRINGS "${NS3_INCLUDE_DIR}/ns3/version-defines.h" _ns3_lines REGEX "NS3_VERSION_(MAJOR|MINOR) ")
  string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*" "\\1.\\2" NS3_VERSION "${_ns3_lines}")
else()
  file(GLOB _ns3_core "${NS3_INCLUDE_DIR}/../lib*/libns3.*-core.so")
  string(REGEX REPLACE ".*/libns(3\\.[0-9]+)-core\\.so" "\\1" NS3_VERSION "${_ns3_core}")
endif()

# From 3.40 on the headers are C++20.
if(NS3_VERSION VERSION_GREATER_EQUAL 3.40)
  set(NS3_CXX_STANDARD 20)
else()
  set(NS3_CXX_STANDARD 17)
endif()

set(_ns3_required NS3_INCLUDE_DIR)
foreach(_module IN LISTS Ns3_FIND_COMPONENTS)
  find_library(NS3_${_module}_LIBRARY
    NAMES ns3-${_module} ns${NS3_VERSION}-${_module} ns${NS3_VERSION}-${_module}-default
    HINTS ${_ns3_prefixes} PATH_SUFFIXES lib lib64 ${_ns3_only})
  list(APPEND _ns3_required NS3_${_module}_LIBRARY)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Ns3 REQUIRED_VARS ${_ns3_required} VERSION_VAR NS3_VERSION)

if(Ns3_FOUND AND NOT TARGET Ns3::ns3)
  add_library(Ns3::ns3 INTERFACE IMPORTED)
  target_include_directories(Ns3::ns3 SYSTEM INTERFACE "${NS3_INCLUDE_DIR}")
  foreach(_module IN LISTS Ns3_FIND_COMPONENTS)
    add_library(Ns3::${_module} UNKNOWN IMPORTED)
    set_target_properties(Ns3::${_module} PROPERTIES IMPORTED_LOCATION "${NS3_${_module}_LIBRARY}")
    list(APPEND _ns3_targets Ns3::${_module})
  endforeach()
  get_filename_component(_ns3_libdir "${NS3_core_LIBRARY}" DIRECTORY)
  # TypeIds are found by name, so that a library counts as needed even if no symbol of it is used. The
  # wheel's libraries leave symbols of other packages undefined (config-store: gtk), which are never called.
  target_link_libraries(Ns3::ns3 INTERFACE -Wl,--no-as-needed ${_ns3_targets} -Wl,--as-needed)
  target_link_options(Ns3::ns3 INTERFACE "-Wl,-rpath-link,${_ns3_libdir}" -Wl,--allow-shlib-undefined)
endif()
