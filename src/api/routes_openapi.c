/* GET /openapi.json: all routes as an OpenAPI 3.1 document. Which routes there are, and which right
 * each needs, is the router's; what they are in words and which shapes their bodies have is in
 * openapi/routes.txt and openapi/schemas.json. */
#include "api/api_priv.h"
#include "api/openapi/text.h"
#include "text/json.h"

enum { FIELDS = 6 };
struct described {
    struct str method_path, tag, summary, body, answer, query;
};

struct writer {
    struct json_out o;
    struct arena *a;
    const struct http_router *router;
    struct json schemas;
};

/* The line of a route; false: there is none. */
static bool describe(const struct http_route *route, struct described *out)
{
    struct str *to[FIELDS] = {&out->method_path, &out->tag,    &out->summary,
                              &out->body,        &out->answer, &out->query};
    struct str rest = {openapi_routes_begin, (size_t)(openapi_routes_end - openapi_routes_begin)};
    struct str method = str_from(http_method_name(route->method));
    struct str pattern = str_from(route->pattern);
    while (rest.n > 0) {
        size_t end = rest.n;
        (void)str_find(rest, STR("\n"), &end);
        struct str line = str_sub(rest, 0, end);
        rest = str_sub(rest, end + 1, rest.n);
        for (size_t i = 0; i < FIELDS; i++) {
            end = line.n;
            (void)str_find(line, STR(" | "), &end);
            *to[i] = str_trim(str_sub(line, 0, end));
            line = str_sub(line, end + 3, line.n);
        }
        struct str name = out->method_path;
        if (name.n == method.n + 1 + pattern.n && str_starts(name, method) &&
            str_ends(name, pattern))
            return true;
    }
    return false;
}

static void write_ref(struct writer *w, struct str name)
{
    json_obj(&w->o);
    json_kv_str(&w->o, "$ref", arena_fmt(w->a, "#/components/schemas/%.*s", STR_ARG(name)));
    json_obj_end(&w->o);
}

/* NameList, where schemas.json has no schema of its own for it: an ARM list of Name. */
static void write_schema(struct writer *w, struct str name)
{
    if (json_get_str(&w->schemas, name) != NULL || !str_ends(name, STR("List"))) {
        write_ref(w, name);
        return;
    }
    json_obj(&w->o);
    json_kv_z(&w->o, "type", "object");
    json_key(&w->o, "required");
    json_raw(&w->o, STR("[\"value\"]"));
    json_key(&w->o, "properties");
    json_obj(&w->o);
    json_key(&w->o, "value");
    json_obj(&w->o);
    json_kv_z(&w->o, "type", "array");
    json_key(&w->o, "items");
    write_ref(w, str_sub(name, 0, name.n - 4));
    json_obj_end(&w->o);
    json_key(&w->o, "nextLink");
    json_raw(&w->o, STR("{\"type\":\"string\"}"));
    json_obj_end(&w->o);
    json_obj_end(&w->o);
}

/* Words of routes.txt for bodies that are no JSON. */
static const struct {
    const char *word, *type;
} media[] = {{"text", "text/plain"},
             {"bytes", "application/octet-stream"},
             {"events", "text/event-stream"},
             {"form", "application/x-www-form-urlencoded"}};

static void write_content(struct writer *w, struct str shape)
{
    if (str_ends(shape, STR("?")))
        shape = str_sub(shape, 0, shape.n - 1);
    const char *type = "application/json";
    bool plain = false;
    for (size_t i = 0; i < COUNTOF(media); i++)
        if (str_eqz(shape, media[i].word)) {
            type = media[i].type;
            plain = true;
        }
    json_key(&w->o, "content");
    json_obj(&w->o);
    json_key(&w->o, type);
    json_obj(&w->o);
    json_key(&w->o, "schema");
    if (plain)
        json_raw(&w->o, str_eqz(shape, "form") ? STR("{\"type\":\"object\"}")
                                               : STR("{\"type\":\"string\"}"));
    else
        write_schema(w, shape);
    json_obj_end(&w->o);
    json_obj_end(&w->o);
}

static void write_parameter(struct writer *w, struct str name, const char *in)
{
    json_obj(&w->o);
    json_kv_str(&w->o, "name", name);
    json_kv_z(&w->o, "in", in);
    if (in[0] == 'p')
        json_kv_bool(&w->o, "required", true);
    json_key(&w->o, "schema");
    json_raw(&w->o, STR("{\"type\":\"string\"}"));
    json_obj_end(&w->o);
}

/* {name...} of a pattern is {name} in the document. */
static struct str plain_path(struct arena *a, const char *pattern)
{
    struct str p = str_from(pattern);
    if (!str_ends(p, STR("...}")))
        return p;
    return arena_fmt(a, "%.*s}", (int)(p.n - 4), p.p);
}

static void write_parameters(struct writer *w, struct str path, struct str query)
{
    size_t at = 0, end = 0;
    json_key(&w->o, "parameters");
    json_arr(&w->o);
    while (str_find(path, STR("{"), &at)) {
        path = str_sub(path, at + 1, path.n);
        CHECK(str_find(path, STR("}"), &end));
        write_parameter(w, str_sub(path, 0, end), "path");
    }
    while (query.n > 0) {
        end = query.n;
        (void)str_find(query, STR(" "), &end);
        write_parameter(w, str_sub(query, 0, end), "query");
        query = str_trim(str_sub(query, end, query.n));
    }
    json_arr_end(&w->o);
}

static void write_responses(struct writer *w, const struct described *d, const char *access)
{
    bool none = str_eqz(d->answer, "-");
    json_key(&w->o, "responses");
    json_obj(&w->o);
    json_key(&w->o, none ? "2XX" : "200");
    json_obj(&w->o);
    json_kv_z(&w->o, "description", none ? "Done; there is no body." : "The answer.");
    if (!none)
        write_content(w, d->answer);
    json_obj_end(&w->o);
    json_key(&w->o, "default");
    json_obj(&w->o);
    json_kv_z(&w->o, "description",
              access != NULL ? "A refusal: what is wrong, where, and what to do."
                             : "What is wrong.");
    write_content(w, STR("Error"));
    json_obj_end(&w->o);
    json_obj_end(&w->o);
}

/* What the caller's roles are asked for. */
static void write_action(struct writer *w, const struct http_route *route)
{
    json_kv_z(&w->o, "x-vedette-right", route->access);
    if (strcmp(route->access, RIGHT_ONESELF) == 0 || strcmp(route->access, RIGHT_SHARED_KEY) == 0)
        return;
    struct identity_right r = api_right(w->a, route);
    json_kv_z(&w->o, "x-vedette-action", r.action);
    if (r.also != NULL)
        json_kv_z(&w->o, "x-vedette-second-action", r.also);
    if (r.or_else != NULL)
        json_kv_z(&w->o, "x-vedette-data-action", r.or_else);
}

static void write_operation(struct writer *w, const struct http_route *route, struct str path)
{
    struct described d = {0};
    bool known = describe(route, &d);
    AUTO(sbuf_fini) struct sbuf method = sbuf_make(16);
    for (const char *p = http_method_name(route->method); *p != '\0'; p++)
        sbuf_addc(&method, (char)(*p | 0x20));
    json_key_str(&w->o, sbuf_str(&method));
    json_obj(&w->o);
    if (known) {
        json_kv_str(&w->o, "summary", d.summary);
        json_key(&w->o, "tags");
        json_arr(&w->o);
        json_str(&w->o, d.tag);
        json_arr_end(&w->o);
    }
    if (route->access != NULL)
        write_action(w, route);
    else
        json_key(&w->o, "security"), json_raw(&w->o, STR("[]"));
    write_parameters(w, path, known ? d.query : STR(""));
    if (known && !str_eqz(d.body, "-")) {
        json_key(&w->o, "requestBody");
        json_obj(&w->o);
        json_kv_bool(&w->o, "required", !str_ends(d.body, STR("?")));
        write_content(w, d.body);
        json_obj_end(&w->o);
    }
    write_responses(w, &d, route->access);
    json_obj_end(&w->o);
}

/* Routes of one pattern are one path, told where the first of them is. */
static void write_path(struct writer *w, size_t at)
{
    const struct http_route *first = http_router_at(w->router, at);
    struct str path = plain_path(w->a, first->pattern);
    for (size_t i = 0; i < at; i++)
        if (strcmp(http_router_at(w->router, i)->pattern, first->pattern) == 0)
            return;
    json_key_str(&w->o, path);
    json_obj(&w->o);
    for (size_t i = at; http_router_at(w->router, i) != NULL; i++)
        if (strcmp(http_router_at(w->router, i)->pattern, first->pattern) == 0)
            write_operation(w, http_router_at(w->router, i), path);
    json_obj_end(&w->o);
}

static const char SECURITY[] =
    "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"},"
    "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-vedette-session\"}}";

bool api_openapi(const struct http_router *router, struct arena *a, struct sbuf *out, struct err *e)
{
    struct json_opts opts = {.max_depth = 64};
    struct str schemas = {openapi_schemas_begin,
                          (size_t)(openapi_schemas_end - openapi_schemas_begin)};
    struct writer w = {.o = json_out_make(out), .a = a, .router = router};
    if (!json_parse(a, schemas, &opts, &w.schemas, e))
        return false;
    json_obj(&w.o);
    json_kv_z(&w.o, "openapi", "3.1.0");
    json_key(&w.o, "info");
    json_obj(&w.o);
    json_kv_z(&w.o, "title", "Vedette");
    json_kv_z(&w.o, "version", VEDETTE_VERSION);
    json_obj_end(&w.o);
    json_key(&w.o, "security");
    json_raw(&w.o, STR("[{\"bearer\":[]},{\"session\":[]}]"));
    json_key(&w.o, "paths");
    json_obj(&w.o);
    for (size_t i = 0; http_router_at(router, i) != NULL; i++)
        write_path(&w, i);
    json_obj_end(&w.o);
    json_key(&w.o, "components");
    json_obj(&w.o);
    json_key(&w.o, "securitySchemes");
    json_raw(&w.o, str_from(SECURITY));
    json_key(&w.o, "schemas");
    json_value(&w.o, &w.schemas);
    json_obj_end(&w.o);
    json_obj_end(&w.o);
    return true;
}

static void document(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    if (!api_openapi(v->router, q->arena, &r->body, &e))
        api_error(v, q, &e, r);
}

const struct http_route openapi_routes[] = {
    {HTTP_GET, "/openapi.json", document, NULL, 0, FAMILY_ARM},
};
const size_t n_openapi_routes = COUNTOF(openapi_routes);
