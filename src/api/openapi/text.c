/* routes.txt and schemas.json of this folder inside the program. */
#include "api/openapi/text.h"

__asm__(".pushsection .rodata\n"
        ".global openapi_routes_begin\n"
        "openapi_routes_begin:\n"
        ".incbin \"" OPENAPI_DIR "/routes.txt\"\n"
        ".global openapi_routes_end\n"
        "openapi_routes_end:\n"
        ".byte 0\n"
        ".global openapi_schemas_begin\n"
        "openapi_schemas_begin:\n"
        ".incbin \"" OPENAPI_DIR "/schemas.json\"\n"
        ".global openapi_schemas_end\n"
        "openapi_schemas_end:\n"
        ".byte 0\n"
        ".popsection\n");
