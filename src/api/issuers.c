/* Reaching identity providers: their own hosts only, over TLS. */
#include "api/api_priv.h"

enum { ISSUER_TIMEOUT_S = 15 };

bool issuer_call(void *vedette, const struct identity_exchange *x, int *out_status,
                 struct sbuf *out, struct err *e)
{
    struct vedette *v = vedette;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct http_pair headers[] = {{STR("Accept"), STR("application/json")},
                                        {STR("Authorization"), x->authorization}};
    const char *ca = v->o.identity_ca_file;
    const char *url = arena_strz(a, x->url);
    const struct http_call call = {.method = x->method,
                                   .url = url,
                                   .label = arena_strz(a, str_sub(x->url, 0, strcspn(url, "?#"))),
                                   .ca_file = ca != NULL && ca[0] != '\0' ? ca : NULL,
                                   .content_type = x->content_type,
                                   .body = x->body,
                                   .timeout_s = ISSUER_TIMEOUT_S,
                                   .max_response = x->max_bytes,
                                   .headers = headers,
                                   .n_headers = x->authorization.n > 0 ? 2 : 1};
    return http_is_allowed(a, x->hosts, x->url,
                           "the provider's setting 'hosts' allows beside its issuer's", e) &&
           http_call(&call, out_status, out, NULL, e);
}
