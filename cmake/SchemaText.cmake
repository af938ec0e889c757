# Joins content/schemas/*.txt into one file that src/store/schema_text.c puts into the program.
file(GLOB schema_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/content/schemas/*.txt)
set(schema_text ${CMAKE_BINARY_DIR}/schemas.txt)
add_custom_command(OUTPUT ${schema_text} COMMAND cat ${schema_files} > ${schema_text} DEPENDS ${schema_files} VERBATIM)
add_custom_target(schema_text DEPENDS ${schema_text})
add_dependencies(vedette_store schema_text)
set_source_files_properties(src/store/schema_text.c PROPERTIES
  COMPILE_DEFINITIONS SCHEMA_TEXT_FILE="${schema_text}" OBJECT_DEPENDS ${schema_text})
