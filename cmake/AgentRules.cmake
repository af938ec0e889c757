# uap-core's regexes.yaml, which src/text/agent_text.c puts into the program.
set(AGENT_RULES /usr/share/uap-core/regexes.yaml CACHE FILEPATH "regexes.yaml of uap-core")
if(NOT EXISTS ${AGENT_RULES})
  message(FATAL_ERROR "${AGENT_RULES} is missing: run ./dev setup, install uap-core, or set AGENT_RULES")
endif()
set_source_files_properties(src/text/agent_text.c PROPERTIES
  COMPILE_DEFINITIONS AGENT_RULES_FILE="${AGENT_RULES}" OBJECT_DEPENDS ${AGENT_RULES})
