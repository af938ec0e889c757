/* Certificates that people register, keys of this server as a client, and scopes of assignments:
 * each is refused with words; a certificate that was read reads the same from its own text, a scope
 * lies inside of the path. */
#include "http/http.h"
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
/* link: http */

static void certificate(struct str text)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct certificate c = {0}, again = {0};
    struct http_certificate told = {0};
    struct err e = {0};
    bool ok = certificate_read(a, text, &c, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (!ok)
        return;
    size_t at = 0;
    CHECK(!str_find(c.pem, STR("PRIVATE KEY"), &at));
    CHECK(c.sha1.n == 40 && c.sha256.n == 64 && c.not_before <= c.not_after);
    CHECK(certificate_read(a, c.pem, &again, &e) && str_eq(again.sha256, c.sha256));
    CHECK(http_certificate_read(a, c.pem, &told, &e) && str_eq(told.sha256, c.sha256));
}

/* Keys that this server signs with. */
static void client_key(struct str text)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct oidc_client_key k;
    struct err e = {0};
    bool ok = oidc_client_key_read(a, text, &k, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    CHECK(!ok || k.key != NULL);
}

static void scope(struct str text)
{
    struct identity_scope x = {0};
    struct err e = {0};
    bool ok = identity_scope_read(text, &x, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (!ok)
        return;
    CHECK(x.path.n > 0 && x.path.n <= text.n && x.workspace.n < text.n && x.table.n < text.n);
    CHECK((x.reach == IDENTITY_REACH_TABLE) == (x.table.n > 0));
    CHECK(x.reach != IDENTITY_REACH_WORKSPACE || x.workspace.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    certificate(text);
    client_key(text);
    scope(text);
    return 0;
}
