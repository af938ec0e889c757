/* Who, among the people of the server, has a right in a workspace. */
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
#include "identity/users.h"
#include "state/people.h"
#include "state/providers.h"

/* Rights are looked at of so many for one page: a search that few fit is no long request. */
enum { MAX_ASKED = 1000 };

static bool holds(struct arena *a, struct str text, struct str lower)
{
    size_t at = 0;
    return str_find(user_login(a, text), lower, &at);
}

static bool fits(struct arena *a, const struct state_user *u, struct str lower)
{
    return lower.n == 0 || holds(a, u->login, lower) || holds(a, u->display_name, lower) ||
           holds(a, u->email, lower);
}

/* *out: has the user the right? A disabled one has none. */
static bool may(struct identity *id, struct arena *a, const struct identity_people_wish *x,
                const struct state_user *u, struct identity_caller *c, bool *out, struct err *e)
{
    struct err why = {0};
    if (caller_load(id, a, u->id, c, &why)) {
        *out = identity_allows(c, x->right, x->workspace);
        return true;
    }
    *out = false;
    if (why.code == ERR_UNAUTHENTICATED)
        return true;
    *e = why;
    return false;
}

/* What is told of one who fits. */
static bool person_of(struct identity *id, struct arena *a, const struct state_user *u,
                      const struct identity_caller *c, struct identity_person *out, struct err *e)
{
    struct state_member *m = NULL;
    size_t n = 0;
    if (!state_member_of(id->state, a, u->id, &m, &n, e))
        return false;
    *out =
        (struct identity_person){.id = u->id,
                                 .name = c->name,
                                 .login = n > 0 && m[0].login.n > 0 ? m[0].login : c->name,
                                 .display_name = u->display_name.n > 0 ? u->display_name : c->name,
                                 .email = u->email};
    return true;
}

bool identity_people_find(struct identity *id, struct arena *a,
                          const struct identity_people_wish *x, struct identity_people_page *out,
                          struct err *e)
{
    struct state_user *all = NULL;
    size_t n = 0, i, asked = 0;
    struct str lower = user_login(a, x->search);
    *out = (struct identity_people_page){0};
    if (!state_user_list(id->state, a, &all, &n, e))
        return false;
    out->people = arena_array(a, struct identity_person, x->top + 1);
    for (i = x->skip; i < n && out->n < x->top && asked < MAX_ASKED; i++) {
        struct identity_caller c = {0};
        bool allowed = false;
        if (!fits(a, &all[i], lower))
            continue;
        asked++;
        if (!may(id, a, x, &all[i], &c, &allowed, e) ||
            (allowed && !person_of(id, a, &all[i], &c, &out->people[out->n], e)))
            return false;
        out->n += allowed ? 1 : 0;
    }
    out->next = i < n ? i : 0;
    return true;
}
