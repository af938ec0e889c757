/* Identity providers: people who sign in with OpenID Connect (Core 1.0, Discovery 1.0, PKCE by
 * RFC 7636), and access tokens of other issuers on this server's API.
 *
 * Who somebody is is (iss, sub), for Entra ID (tid, oid), never an e-mail address or a name. Such
 * people and applications are principals as all others are. */
#pragma once
#include "identity/identity.h"
#include "state/providers.h"
#include "text/json.h"

/* ---- reaching an issuer ---- */
struct identity_exchange {
    const char *method;       /* "GET", "POST" */
    struct str url;           /* of a host that is in hosts */
    struct str hosts;         /* "a.example, b.example:8443" */
    const char *content_type; /* NULL: none */
    struct str authorization; /* the header's value; empty: none */
    struct str body;
    size_t max_bytes;
};
/* One exchange; true: there was an answer. Set by whoever has a network. */
struct identity_outbound {
    void *self;
    bool (*call)(void *self, const struct identity_exchange *x, int *out_status, struct sbuf *out,
                 struct err *e);
};

/* ---- settings ---- */
enum { PROVIDERS_MAX = 50, PROVIDER_MAX_RULES = 500 };
struct identity_mapping { /* who has value in the claim has the role */
    struct str claim, value;
    struct str role, workspace; /* empty: in all */
};
struct identity_provider {
    struct str name;   /* in paths: letters, digits, '-', '_' */
    struct str title;  /* on the button */
    struct str tenant; /* whose people come through it; empty: the first one's */
    bool enabled, sign_in;
    struct str issuer;       /* exactly; Entra ID's of several tenants has "{tenantid}" in it */
    struct str metadata_url; /* where discovery is */
    struct str client_id;
    /* "client_secret_basic", "client_secret_post", "private_key_jwt" (the secret is a private key
     * in PEM, and its certificate), "none"; empty: by the provider's documents */
    struct str client_auth;
    struct str client_key_id;                /* "kid" of what that key signs; empty: none */
    struct str secret_file, secret_variable; /* instead of one that is kept here, sealed */
    struct str scope;                        /* of the request, words */
    struct str hosts;                        /* that may be asked, the issuer's first */
    struct str name_claim, login_claim, email_claim;
    const struct str *tenants, *domains; /* that are let in; none: all */
    size_t n_tenants, n_domains;
    bool entra;                /* (tid, oid) is who it is */
    bool create_users;         /* at their first sign-in; else an administrator does */
    bool user_info;            /* claims are asked for there, too */
    struct str groups_overage; /* a token that leaves groups out: "refuse", or "ignore" them */
    const struct identity_mapping *mappings;
    size_t n_mappings;
    struct str default_roles;          /* JSON array of {"role", "workspace"} for everybody */
    const struct str *audiences;       /* of access tokens that are taken; none: no tokens are */
    const struct str *issuers;         /* more of them, for access tokens */
    const struct str *required_scopes; /* a token for a person needs one; none: any will do */
    size_t n_audiences, n_issuers, n_required_scopes;
};
/* Checks and keeps the settings (JSON, docs/single-sign-on.md). A secret that is not given stays as
 * it is; by must have the right to give the roles in the tenant (id). Those of other tenants than
 * the first keep their secret here: files and variables are the server's own. Errors: ERR_INVALID,
 * with the member's name; ERR_CONFLICT: one of another tenant has the name; ERR_FORBIDDEN,
 * ERR_LIMIT. */
struct identity_provider_wish {
    struct str name, tenant;
    const struct json *settings;
    const struct identity_caller *by;
};
bool identity_provider_put(struct identity *id, struct arena *a,
                           const struct identity_provider_wish *x, struct err *e) MUST_USE;
/* Errors: ERR_NOT_FOUND. */
bool identity_provider_get(struct identity *id, struct arena *a, struct str name,
                           struct identity_provider *out, struct err *e) MUST_USE;
bool identity_provider_list(struct identity *id, struct arena *a, struct identity_provider **out,
                            size_t *n, struct err *e) MUST_USE;
bool identity_provider_delete(struct identity *id, struct str name, bool *out_was_there,
                              struct err *e) MUST_USE;
/* Fetches discovery and keys anew and tells what they say, as JSON, for who sets one up. Errors:
 * also when the client's secret or key is not there, or of no use. */
bool identity_provider_check(struct identity *id, struct arena *a, struct str name, struct str *out,
                             struct err *e) MUST_USE;
