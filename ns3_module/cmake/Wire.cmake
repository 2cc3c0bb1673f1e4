# SPDX-License-Identifier: GPL-2.0-only
# Adds the library llmac-wire on top of the module: frames, messages, the connection to Python.
#
#   LLMAC_ROOT     folder with proto/, tests/vectors/ and pyproject.toml of llmac
#   OFDMA_MAC      target of the module
#   NS3_VERSION    what it is linked with

find_package(Protobuf REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZeroMQ REQUIRED IMPORTED_TARGET libzmq)
find_path(CPPZMQ_INCLUDE_DIR zmq.hpp REQUIRED)

# Both sides compare the digest of the wire contract when they meet.
set(proto_folder "${LLMAC_ROOT}/proto")
file(GLOB protos CONFIGURE_DEPENDS "${proto_folder}/llmac/v1/*.proto")
list(SORT protos)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${protos})
set(proto_text "")
foreach(proto IN LISTS protos)
  file(READ "${proto}" text)
  string(APPEND proto_text "${text}")
endforeach()
string(SHA256 schema_digest "${proto_text}")

set(generated_sources "")
foreach(proto IN LISTS protos ITEMS "${proto_folder}/ns3opengym/messages.proto")
  file(RELATIVE_PATH name "${proto_folder}" "${proto}")
  string(REGEX REPLACE "proto$" "pb" name "${name}")
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  add_custom_command(
    OUTPUT "${generated}.cc" "${generated}.h"
    COMMAND ${Protobuf_PROTOC_EXECUTABLE} "-I${proto_folder}" "--cpp_out=${CMAKE_CURRENT_BINARY_DIR}" "${proto}"
    DEPENDS ${protos} "${proto}" VERBATIM)
  list(APPEND generated_sources "${generated}.cc")
endforeach()

if(NOT LLMAC_VERSION)
  file(STRINGS "${LLMAC_ROOT}/pyproject.toml" version_line REGEX "^version = ")
  string(REGEX REPLACE "^version = \"(.*)\"$" "\\1" LLMAC_VERSION "${version_line}")
endif()

file(GLOB wire_sources CONFIGURE_DEPENDS wire/*.cc)
list(REMOVE_ITEM wire_sources "${CMAKE_CURRENT_SOURCE_DIR}/wire/main.cc")
add_library(llmac-wire STATIC ${wire_sources} ${generated_sources})
target_include_directories(llmac-wire PUBLIC wire)
target_include_directories(llmac-wire SYSTEM PUBLIC "${CMAKE_CURRENT_BINARY_DIR}" "${CPPZMQ_INCLUDE_DIR}")
target_link_libraries(llmac-wire PUBLIC ${OFDMA_MAC} protobuf::libprotobuf PkgConfig::ZeroMQ)
set_source_files_properties(wire/version.cc PROPERTIES COMPILE_DEFINITIONS
  "LLMAC_VERSION=\"${LLMAC_VERSION}\";LLMAC_SCHEMA_DIGEST=\"${schema_digest}\";LLMAC_NS3_VERSION=\"${NS3_VERSION}\"")
