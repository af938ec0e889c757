/* What routes are, in words (routes.txt), and the shapes of bodies (schemas.json). */
#pragma once
extern const char openapi_routes_begin[], openapi_routes_end[];
extern const char openapi_schemas_begin[], openapi_schemas_end[];
