# vedette_module(NAME DEPS …): src/NAME/**.c becomes the static library vedette_NAME. DEPS are other modules or targets.
function(vedette_flags target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C>:${VEDETTE_WARNINGS}>"
    "$<$<COMPILE_LANGUAGE:CXX>:${VEDETTE_CXX_WARNINGS}>")
  # Where a program that runs from the build directory finds content/ and the portal; an installed one looks beside itself.
  target_compile_definitions(${target} PRIVATE VEDETTE_VERSION="${PROJECT_VERSION}"
    VEDETTE_SOURCE_CONTENT="${CMAKE_SOURCE_DIR}/content"
    VEDETTE_SOURCE_PORTAL="${CMAKE_SOURCE_DIR}/build/portal")
  if(SANITIZE MATCHES address)
    # Each arena allocation is a malloc of its own, so that an overrun inside an arena is seen.
    target_compile_definitions(${target} PRIVATE BASE_ARENA_EMULATION)
  endif()
  if(FUZZ)
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C>:-fsanitize=fuzzer-no-link>")
  endif()
  if(SANITIZE)
    # C alone: the containers that S2's headers bring have another layout under a sanitizer, and its library has none.
    target_compile_options(${target} PRIVATE
      "$<$<COMPILE_LANGUAGE:C>:-fsanitize=${SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>")
    target_link_options(${target} PUBLIC -fsanitize=${SANITIZE})
  endif()
endfunction()

function(vedette_module name)
  cmake_parse_arguments(M "" "" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(deps)
  foreach(dep ${M_DEPS})
    if(TARGET vedette_${dep})
      list(APPEND deps vedette_${dep})
    else()
      list(APPEND deps ${dep})
    endif()
  endforeach()
  if(sources)
    add_library(vedette_${name} STATIC ${sources})
    target_link_libraries(vedette_${name} PUBLIC ${deps})
    vedette_flags(vedette_${name})
  else()
    add_library(vedette_${name} INTERFACE)
    target_link_libraries(vedette_${name} INTERFACE ${deps})
  endif()
endfunction()
