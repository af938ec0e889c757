# src/api/openapi/text.c puts the descriptions of routes into the program.
set(openapi_dir ${CMAKE_SOURCE_DIR}/src/api/openapi)
set_source_files_properties(src/api/openapi/text.c PROPERTIES
  COMPILE_DEFINITIONS OPENAPI_DIR="${openapi_dir}"
  OBJECT_DEPENDS "${openapi_dir}/routes.txt;${openapi_dir}/schemas.json")
