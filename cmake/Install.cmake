# bin/vedette, lib/vedette/libduckdb.so (found by rpath), share/vedette/content and portal, documentation, systemd unit.
include(GNUInstallDirs)

install(TARGETS vedette RUNTIME DESTINATION bin)
install(PROGRAMS ${DUCKDB_DIR}/libduckdb.so DESTINATION lib/vedette)
install(DIRECTORY content DESTINATION share/vedette)
# ./dev build leaves it there; a build by CMake alone may have none.
install(DIRECTORY build/portal DESTINATION share/vedette OPTIONAL)
install(DIRECTORY docs/ DESTINATION share/doc/vedette)
install(FILES README.md LICENSE NOTICE DESTINATION share/doc/vedette)
install(FILES packaging/vedette.sysusers DESTINATION lib/sysusers.d RENAME vedette.conf)
install(FILES packaging/vedette.tmpfiles DESTINATION lib/tmpfiles.d RENAME vedette.conf)

# The unit names the program by its full path, which is known only when the prefix is.
install(CODE "
  set(VEDETTE_BIN \"\${CMAKE_INSTALL_PREFIX}/bin/vedette\")
  configure_file(\"${CMAKE_SOURCE_DIR}/packaging/vedette.service.in\"
    \"${CMAKE_BINARY_DIR}/vedette.service\" @ONLY)
  file(INSTALL \"${CMAKE_BINARY_DIR}/vedette.service\"
    DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")
")
file(GLOB example_configs CONFIGURE_DEPENDS packaging/*.conf packaging/*.yaml packaging/*.json)
if(example_configs)
  install(FILES ${example_configs} DESTINATION share/doc/vedette/examples)
endif()
