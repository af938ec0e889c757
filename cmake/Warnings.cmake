set(VEDETTE_WARNINGS
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wcast-qual -Wcast-align -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wswitch-enum
  -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion -Wconversion -Wno-sign-conversion
  -fno-common -fno-strict-aliasing -fstack-protector-strong)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND VEDETTE_WARNINGS -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init)
endif()
set(VEDETTE_CXX_WARNINGS
  -Wall -Wextra -Wpedantic -Wshadow -Wcast-align -Wpointer-arith -Wundef -Wformat=2 -Wimplicit-fallthrough
  -Wno-sign-conversion -fno-common -fno-strict-aliasing -fstack-protector-strong)
# Templates of S2's headers, put into our functions, look uninitialised to gcc.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND VEDETTE_CXX_WARNINGS -Wno-maybe-uninitialized)
endif()
if(WERROR)
  list(APPEND VEDETTE_CXX_WARNINGS -Werror)
  list(APPEND VEDETTE_WARNINGS -Werror)
endif()
