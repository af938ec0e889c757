/* Requests to the running server, or to the same routes in this process. */
#include "cli/client.h"
#include "base/log.h"
#include "cli/complain.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_SERVER_FILE = 64 << 10 };

/* ---- finding it ---- */

static bool read_server_file(struct client *c, const char *data)
{
    struct json v = {0};
    FILE *f = fopen(arena_fmt(c->a, "%s/server.json", data).p, "re");
    if (f == NULL)
        return false;
    char *text = arena_alloc(c->a, MAX_SERVER_FILE);
    size_t n = fread(text, 1, MAX_SERVER_FILE, f);
    (void)fclose(f);
    if (!json_parse(c->a, (struct str){text, n}, NULL, &v, NULL))
        return false;
    c->url = arena_strz(c->a, json_text(json_get(&v, "url"), STR("")));
    c->ca_file = arena_strz(c->a, json_text(json_get(&v, "ca"), STR("")));
    c->token = arena_strz(c->a, json_text(json_get(&v, "token"), STR("")));
    return c->url[0] != '\0' && c->token[0] != '\0';
}

/* A file that a crash left behind names a server that does not answer, or not to its token. */
static bool answers(struct client *c)
{
    int status = 0;
    struct json v = {0};
    return client_call_any(c, "GET", "/vedette/v1/workspaces", NULL, STR(""), &status, &v, NULL) &&
           status == 200;
}

static bool open_here(struct client *c, const char *data, bool make, struct err *e)
{
    struct stat st;
    c->url = NULL;
    if (!make && stat(data, &st) != 0) {
        err_set(e, ERR_NOT_FOUND, "there is no data folder '%s'", data);
        err_hint(e, "'vedette serve --data %.100s' makes one", data);
        return false;
    }
    log_setup(LOG_WARN, 2);
    c->clock = clock_new_system();
    struct vedette_options o = {.data_dir = data,
                                .clock = c->clock,
                                .rule_delay = -1,
                                .requests_per_second = 1e9,
                                .lake = {.by_hand = true},
                                .min_free_bytes = (uint64_t)1 << 30,
                                .min_free_percent = 1};
    c->own = vedette_open(&o, e);
    return c->own != NULL;
}

bool client_open(struct client *c, const char *data, const char *url, bool make, struct err *e)
{
    *c = (struct client){.a = arena_new(0), .ca_file = "", .token = ""};
    data = data != NULL ? data : getenv("VEDETTE_DATA");
    url = url != NULL ? url : data == NULL ? getenv("VEDETTE_URL") : NULL;
    bool ok = true;
    if (url != NULL) {
        const char *ca = getenv("VEDETTE_CA"), *token = getenv("VEDETTE_TOKEN");
        c->url = url;
        c->ca_file = ca != NULL ? ca : "";
        c->token = token != NULL ? token : "";
    } else if (data == NULL) {
        ok = err_set(e, ERR_INVALID,
                     "which server? give --data DIR, or set VEDETTE_DATA or VEDETTE_URL");
    } else if (!read_server_file(c, data) || !answers(c)) {
        ok = open_here(c, data, make, e);
    }
    if (!ok)
        client_close(c);
    return ok;
}

void client_close(struct client *c)
{
    vedette_close(c->own);
    if (c->clock != NULL)
        clock_free(c->clock);
    arena_free(c->a);
    memset(c, 0, sizeof(*c));
}

/* ---- requests ---- */

static bool over_http(struct client *c, const char *method, const char *target,
                      const char *content_type, struct str body, int *out_status, struct sbuf *out,
                      struct err *e)
{
    int retry = 0;
    struct http_call call = {.method = method,
                             .url = arena_fmt(c->a, "%s%s", c->url, target).p,
                             .ca_file = c->ca_file[0] != '\0' ? c->ca_file : NULL,
                             .bearer = c->token[0] != '\0' ? c->token : NULL,
                             .content_type =
                                 content_type != NULL ? content_type : "application/json",
                             .body = body,
                             .timeout_s = 600};
    return http_call(&call, out_status, out, &retry, e);
}

bool client_call_any(struct client *c, const char *method, const char *target,
                     const char *content_type, struct str body, int *out_status, struct json *out,
                     struct err *e)
{
    AUTO(sbuf_fini) struct sbuf answer = sbuf_make(0);
    *out = (struct json){.type = JSON_NULL};
    bool ok = c->own != NULL
                  ? vedette_call(c->own, method, target, content_type, body, out_status, &answer, e)
                  : over_http(c, method, target, content_type, body, out_status, &answer, e);
    if (!ok || answer.n == 0)
        return ok;
    struct str text = arena_str(c->a, sbuf_str(&answer));
    if (json_parse(c->a, text, NULL, out, e))
        return true;
    err_prefix(e, "the server's answer is not JSON");
    return false;
}

static enum err_code code_of(int status)
{
    switch (status) {
    case 401:
        return ERR_UNAUTHENTICATED;
    case 403:
        return ERR_FORBIDDEN;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 429:
    case 503:
        return ERR_BUSY;
    default:
        return status < 500 ? ERR_INVALID : ERR_INTERNAL;
    }
}

/* The innermost message says what to do; its place comes along. */
bool client_refused(int status, const struct json *answer, struct err *e)
{
    const struct json *at = json_get(answer, "error");
    struct str message = json_text(json_get(at, "message"), STR(""));
    for (const struct json *in = at; (in = json_get(in, "innererror")) != NULL; at = in)
        message = json_text(json_get(in, "message"), message);
    err_set(e, code_of(status), "%.*s", STR_ARG(message));
    if (message.n == 0)
        err_set(e, code_of(status), "the server answered %d %s", status, http_status_text(status));
    const struct json *line = json_get(at, "line"), *col = json_get(at, "pos");
    if (e != NULL && line != NULL && col != NULL) {
        e->pos.line = (uint32_t)line->i;
        e->pos.col = (uint32_t)col->i;
    }
    return false;
}

bool client_call(struct client *c, const char *method, const char *target, const char *content_type,
                 struct str body, struct json *out, struct err *e)
{
    int status = 0;
    struct json answer = {0};
    if (!client_call_any(c, method, target, content_type, body, &status, &answer, e))
        return false;
    if (status < 200 || status > 299)
        return client_refused(status, &answer, e);
    if (out != NULL)
        *out = answer;
    return true;
}

struct str client_encoded(struct arena *a, struct str s)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     c == '-' || c == '_' || c == '.' || c == '~';
        if (plain)
            sbuf_addc(&b, (char)c);
        else
            sbuf_addf(&b, "%%%02X", c);
    }
    return arena_str(a, sbuf_str(&b));
}

static void take_workspace(struct client *c, const struct json *x, struct client_workspace *out)
{
    out->id = arena_strz(c->a, json_text(json_get(x, "id"), STR("")));
    out->name = arena_strz(c->a, json_text(json_get(x, "name"), STR("")));
    out->dcr = arena_strz(c->a, json_text(json_get(x, "dataCollectionRule"), STR("")));
    out->tenant = arena_strz(c->a, json_text(json_get(x, "tenant"), STR("")));
    out->arm = arena_strz(c->a, json_text(json_get(x, "resourceId"), STR("")));
    out->insights = arena_fmt(c->a, "%s/providers/Microsoft.SecurityInsights", out->arm).p;
}

bool client_workspace(struct client *c, const char *name, struct client_workspace *out,
                      struct err *e)
{
    struct json answer = {0};
    const struct json *found = NULL;
    bool any = name == NULL || name[0] == '\0';
    if (!client_call(c, "GET", "/vedette/v1/workspaces", NULL, STR(""), &answer, e))
        return false;
    const struct json *list = json_get(&answer, "value");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        const struct json *x = &list->items[i];
        bool by_id = !any && str_ieqz(json_text(json_get(x, "id"), STR("")), name);
        if (!any && !by_id && !str_ieqz(json_text(json_get(x, "name"), STR("")), name))
            continue;
        if (found != NULL && !any && !by_id)
            return err_set(e, ERR_CONFLICT,
                           "several tenants have a workspace '%s': name it by its id "
                           "(vedette workspaces list)",
                           name);
        found = x;
        if (any || by_id)
            break;
    }
    if (found == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no workspace '%s'", name != NULL ? name : "");
    take_workspace(c, found, out);
    return true;
}

int client_run(const char *command, const struct client_place *p, bool make, client_fn *fn,
               const void *arg)
{
    struct err e = {0};
    struct client c = {0};
    struct client_workspace w = {0};
    bool ok = client_open(&c, p->data, p->url, make, &e);
    if (ok) {
        ok = client_workspace(&c, p->workspace, &w, &e) && fn(&c, &w, arg, &e);
        client_close(&c);
    }
    if (!ok)
        complain(command, &e);
    return ok ? 0 : 1;
}
