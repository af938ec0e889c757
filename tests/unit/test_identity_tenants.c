/* Tenants, their workspaces, and what one delegates to principals of another: what is taken, what
 * is refused and with which code, and what names mean. */
#include "store_fixture.h"

#include "identity/identity_priv.h"
#include "identity/tenants.h"

#define OTHER_ID "99999999-2222-4333-8444-555555555555"

struct set {
    struct fixture *f;
    struct state *state;
    struct identity *id;
};

static int setup(void **state)
{
    struct set *s = xcalloc(1, sizeof(*s));
    struct err e = {0};
    void *f = NULL;
    if (fixture_setup(&f) != 0)
        return 1;
    s->f = f;
    s->state = state_open(NULL, &e);
    assert_non_null(s->state);
    struct identity_options o = {.state = s->state, .clock = s->f->clock, .store = s->f->store};
    s->id = identity_open(&o, &e);
    assert_non_null(s->id);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct set *s = *state;
    void *f = s->f;
    identity_close(s->id);
    state_close(s->state);
    xfree(s);
    return fixture_teardown(&f);
}

static struct json parsed(struct arena *a, const char *text)
{
    struct json v = {0};
    assert_true(json_parse(a, str_from(text), NULL, &v, NULL));
    return v;
}

static bool create(struct set *s, const char *body, const char *id, struct state_tenant *out,
                   struct err *e)
{
    struct json v = parsed(s->f->a, body);
    struct identity_tenant_wish x = {.body = &v, .id = str_from(id), .who = STR("ann")};
    return identity_tenant_create(s->id, s->f->a, &x, out, e);
}

static struct state_tenant made(struct set *s, const char *name)
{
    struct state_tenant t = {0};
    struct err e = {0};
    if (!create(s, arena_fmt(s->f->a, "{\"name\":\"%s\"}", name).p, "", &t, &e))
        fail_msg("%s: %s", name, e.msg);
    return t;
}

/* ---- tenants ---- */

static void the_first_tenant_stays_the_same(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    struct state_tenant t = {0};
    char before[64];
    snprintf(before, sizeof(before), "%.*s", STR_ARG(identity_tenant(s->id)));
    identity_close(s->id);
    struct identity_options o = {.state = s->state, .clock = s->f->clock, .store = s->f->store};
    s->id = identity_open(&o, &e); /* with a key of its own */
    assert_non_null(s->id);
    assert_true(str_eqz(identity_tenant(s->id), before));
    assert_true(identity_tenant_find(s->id, s->f->a, str_from(before), &t, &e) && t.first);
    assert_false(identity_tenant_delete(s->id, s->f->a, str_from(before), &e));
    assert_int_equal(e.code, ERR_CONFLICT);
}

static void names_and_limits_are_checked(void **state)
{
    static const struct {
        const char *body, *id;
        enum err_code code;
    } cases[] = {
        {"{\"name\":\"\"}", "", ERR_INVALID},
        {"{}", "", ERR_INVALID},
        {"{\"name\":\" x\"}", "", ERR_INVALID},
        {"{\"name\":\"a/b\"}", "", ERR_INVALID},
        {"{\"name\":\"" OTHER_ID "\"}", "", ERR_INVALID},
        {"{\"name\":5}", "", ERR_INVALID},
        {"{\"name\":\"x\"}", "no guid", ERR_INVALID},
        {"{\"name\":\"x\",\"limits\":[]}", "", ERR_INVALID},
        {"{\"name\":\"x\",\"limits\":{\"queries\":0}}", "", ERR_INVALID},
        {"{\"name\":\"x\",\"limits\":{\"workspaces\":1000001}}", "", ERR_INVALID},
        {"{\"name\":\"x\",\"limits\":{\"dailyMegabytes\":\"5\"}}", "", ERR_INVALID},
        {"{\"name\":\"x\",\"primaryWorkspace\":\"none\"}", "", ERR_INVALID},
        {"{\"name\":\"Contoso\"}", "", ERR_OK},
        {"{\"name\":\"contoso\"}", "", ERR_CONFLICT},
        {"{\"name\":\"Fabrikam\",\"limits\":{\"workspaces\":1000000,\"queries\":null}}", OTHER_ID,
         ERR_OK},
        {"{\"name\":\"Third\"}", OTHER_ID, ERR_CONFLICT},
    };
    struct set *s = *state;
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct state_tenant t = {0};
        struct err e = {0};
        bool ok = create(s, cases[i].body, cases[i].id, &t, &e);
        if (ok != (cases[i].code == ERR_OK) || e.code != cases[i].code)
            fail_msg("%s: %d, %s", cases[i].body, (int)e.code, e.msg);
    }
}

static void no_more_tenants_than_the_setting_says(void **state)
{
    struct set *s = *state;
    struct state_tenant t = {0};
    struct err e = {0};
    identity_limits(s->id, 0, 2);
    (void)made(s, "second");
    assert_false(create(s, "{\"name\":\"third\"}", "", &t, &e));
    assert_int_equal(e.code, ERR_LIMIT);
}

static void a_change_keeps_what_it_does_not_name(void **state)
{
    struct set *s = *state;
    struct state_tenant t = {0}, after = {0};
    struct err e = {0};
    assert_true(
        create(s, "{\"name\":\"A\",\"limits\":{\"queries\":3,\"workspaces\":2}}", "", &t, &e));
    struct json body = parsed(s->f->a, "{\"limits\":{\"queries\":null}}");
    struct identity_tenant_wish x = {.body = &body, .if_match = t.etag, .who = STR("bob")};
    assert_true(identity_tenant_change(s->id, s->f->a, STR("a"), &x, &after, &e));
    assert_true(str_eqz(after.name, "A") && str_eqz(after.modified_by, "bob"));
    assert_int_equal(after.max_queries, 0);
    assert_int_equal(after.max_workspaces, 2);
    assert_false(str_eq(after.etag, t.etag));
    assert_false(identity_tenant_change(s->id, s->f->a, STR("A"), &x, &after, &e));
    assert_int_equal(e.code, ERR_CONFLICT); /* the etag is an old one */
    assert_false(identity_tenant_change(s->id, s->f->a, STR("nobody"), &x, &after, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* ---- workspaces ---- */

static struct workspace *workspace_in(struct set *s, struct str tenant, const char *name,
                                      struct err *e)
{
    bool recovered = false;
    struct store_place p = {.tenant = tenant, .name = str_from(name)};
    return identity_workspace_make(s->id, s->f->a, &p, &recovered, e);
}

/* A reader of everything in the tenant (empty: in all), whose home it is. */
static struct identity_caller reader(struct set *s, struct str home, struct str tenant)
{
    struct identity_caller c = {.in = s->id, .tenant = home};
    struct identity_grant g = {.role = identity_role_find(STR("Reader")),
                               .scope = {.reach = IDENTITY_REACH_ALL, .path = STR("/")},
                               .tenant = tenant};
    assert_non_null(g.role);
    grant_add(s->f->a, &c, &g);
    return c;
}

static void a_tenant_has_no_more_workspaces_than_it_may(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    struct state_tenant t = {0};
    assert_true(create(s, "{\"name\":\"small\",\"limits\":{\"workspaces\":1}}", "", &t, &e));
    struct workspace *w = workspace_in(s, t.id, "one", &e);
    assert_non_null(w);
    assert_null(workspace_in(s, t.id, "two", &e));
    assert_int_equal(e.code, ERR_LIMIT);
    assert_false(identity_tenant_delete(s->id, s->f->a, t.id, &e));
    assert_int_equal(e.code, ERR_CONFLICT); /* it has one */
    assert_true(identity_workspace_delete(s->id, w, false, &e));
    assert_false(identity_tenant_delete(s->id, s->f->a, t.id, &e)); /* which can be recovered */
    assert_null(workspace_in(s, STR("no such tenant"), "x", &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void deleted_workspaces_come_back_for_a_while(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    struct state_tenant t = made(s, "other");
    struct workspace *w = workspace_in(s, t.id, "logs", &e);
    struct str gone = arena_str(s->f->a, workspace_id(w));
    assert_true(identity_workspace_delete(s->id, w, false, &e));
    assert_null(store_workspace_find(s->f->store, gone));
    struct workspace *back = workspace_in(s, t.id, "LOGS", &e); /* by name, whatever its case */
    assert_non_null(back);
    assert_true(str_eq(workspace_id(back), gone));
    assert_true(identity_workspace_delete(s->id, back, false, &e));
    clock_set(s->f->clock, T0 + IDENTITY_RECOVERY - 1);
    identity_workspaces_expire(s->id);
    assert_non_null(identity_workspace_recover(s->id, gone, &e));
    assert_true(
        identity_workspace_delete(s->id, store_workspace_find(s->f->store, gone), false, &e));
    clock_set(s->f->clock, T0 + 2 * IDENTITY_RECOVERY);
    identity_workspaces_expire(s->id);
    assert_null(identity_workspace_recover(s->id, gone, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_true(identity_tenant_delete(s->id, s->f->a, t.id, &e));
}

static void the_last_workspace_of_the_first_tenant_stays(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    assert_false(identity_workspace_delete(s->id, s->f->w, true, &e));
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_non_null(workspace_in(s, identity_tenant(s->id), "second", &e));
    assert_true(identity_workspace_delete(s->id, s->f->w, true, &e));
}

static void names_mean_the_workspace_that_the_caller_sees(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    struct str first = identity_tenant(s->id);
    struct state_tenant two = made(s, "two"), three = made(s, "three");
    struct workspace *in_two = workspace_in(s, two.id, "main", &e),
                     *in_three = workspace_in(s, three.id, "main", &e);
    struct identity_caller all = reader(s, first, STR_NONE), of_two = reader(s, two.id, two.id);
    struct identity_caller guest = reader(s, STR(OTHER_ID), STR_NONE);
    assert_ptr_equal(identity_workspace_find(&of_two, STR("MAIN"), STR_NONE), in_two);
    assert_null(identity_workspace_find(&of_two, workspace_id(in_three), STR_NONE));
    assert_ptr_equal(identity_workspace_find(&all, STR("main"), STR_NONE),
                     s->f->w); /* its home's */
    assert_ptr_equal(identity_workspace_find(&all, STR("main"), three.id), in_three);
    assert_ptr_equal(identity_workspace_find(&all, workspace_id(in_two), STR_NONE), in_two);
    assert_null(identity_workspace_find(&guest, STR("main"), STR_NONE)); /* it could be any */
    assert_ptr_equal(identity_workspace_named(&all, identity_resource_id(s->f->a, in_two)), in_two);
    assert_ptr_equal(
        identity_workspace_named(&all, arena_fmt(s->f->a, "%.*s/any/main", STR_ARG(three.id))),
        in_three);
    assert_ptr_equal(identity_workspace_named(&of_two, STR("main")), in_two);
    assert_null(identity_workspace_named(&all, STR("/subscriptions/x/workspaces/main")));
    assert_true(identity_sees(&of_two, in_two) && !identity_sees(&of_two, in_three));
    assert_true(identity_sees_tenant(&of_two, two.id) && !identity_sees_tenant(&of_two, first));
}

static void the_primary_workspace_is_the_chosen_one_or_the_first(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    struct state_tenant t = made(s, "other"), after = {0};
    assert_null(identity_primary(s->id, t.id));
    struct workspace *one = workspace_in(s, t.id, "one", &e);
    clock_advance(s->f->clock, 1); /* which of them is the older one */
    struct workspace *two = workspace_in(s, t.id, "two", &e);
    assert_ptr_equal(identity_primary(s->id, t.id), one);
    struct json body = parsed(s->f->a, "{\"primaryWorkspace\":\"two\"}");
    struct identity_tenant_wish x = {.body = &body, .who = STR("ann")};
    assert_true(identity_tenant_change(s->id, s->f->a, t.id, &x, &after, &e));
    assert_ptr_equal(identity_primary(s->id, t.id), two);
    assert_true(identity_workspace_delete(s->id, two, true, &e));
    assert_ptr_equal(identity_primary(s->id, t.id), one);
    assert_ptr_equal(identity_primary(s->id, identity_tenant(s->id)), s->f->w);
}

/* ---- delegations ---- */

static bool offer(struct set *s, struct str by, const char *body, struct state_delegation *out,
                  struct err *e)
{
    struct json v = parsed(s->f->a, body);
    struct identity_offer x = {.by = by, .body = &v, .who = STR("ann")};
    return identity_delegation_offer(s->id, s->f->a, &x, out, e);
}

static bool decide(struct set *s, struct str delegation, struct str by, enum identity_decision what,
                   struct err *e)
{
    struct state_delegation d = {0};
    struct identity_decide x = {
        .delegation = delegation, .by = by, .who = STR("bob"), .what = what};
    *e = (struct err){0};
    return identity_delegation_decide(s->id, s->f->a, &x, &d, e);
}

#define SIDES "\"managingTenant\":\"soc\",\"managedTenant\":\"customer\""

static void offers_are_checked(void **state)
{
    static const struct {
        const char *body;
        enum err_code code;
    } cases[] = {
        {"{\"principalId\":\"g\",\"role\":\"Reader\"}", ERR_INVALID},
        {"{\"managingTenant\":\"soc\",\"managedTenant\":\"soc\",\"principalId\":\"g\",\"role\":"
         "\"Reader\"}",
         ERR_INVALID},
        {"{\"managingTenant\":\"soc\",\"managedTenant\":\"nobody\",\"principalId\":\"g\",\"role\":"
         "\"Reader\"}",
         ERR_NOT_FOUND},
        {"{" SIDES ",\"role\":\"Reader\"}", ERR_INVALID},
        {"{" SIDES ",\"principalId\":\"g\",\"role\":\"Owner\"}", ERR_INVALID},
        {"{" SIDES ",\"principalId\":\"g\",\"role\":\"Tenant Administrator\"}", ERR_INVALID},
        {"{" SIDES ",\"principalId\":\"g\",\"role\":\"none\"}", ERR_INVALID},
        {"{" SIDES ",\"principalId\":\"g\",\"role\":\"Reader\",\"workspace\":\"main\"}",
         ERR_INVALID}, /* that of another tenant */
        {"{" SIDES ",\"principalId\":\"g\",\"role\":\"Reader\",\"expires\":\"soon\"}", ERR_INVALID},
        {"{" SIDES ",\"principalId\":\"g\",\"role\":\"Reader\",\"expires\":\"2020-01-01\"}",
         ERR_INVALID},
        {"{" SIDES ",\"principalId\":\"g\",\"role\":\"reader\",\"workspace\":\"logs\"}", ERR_OK},
    };
    struct set *s = *state;
    struct err e = {0};
    struct state_tenant soc = made(s, "soc"), customer = made(s, "customer");
    assert_non_null(workspace_in(s, customer.id, "logs", &e));
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct state_delegation d = {0};
        e = (struct err){0};
        bool ok = offer(s, soc.id, cases[i].body, &d, &e);
        if (ok != (cases[i].code == ERR_OK) || e.code != cases[i].code)
            fail_msg("%s: %d, %s", cases[i].body, (int)e.code, e.msg);
    }
    struct state_delegation d = {0};
    assert_false(offer(s, identity_tenant(s->id), cases[COUNTOF(cases) - 1].body, &d, &e));
    assert_int_equal(e.code, ERR_INVALID); /* by neither side */
}

static void each_side_decides_what_is_its_own(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    struct state_tenant soc = made(s, "soc"), customer = made(s, "customer"),
                        other = made(s, "other");
    static const char *const body = "{" SIDES ",\"principalId\":\"g\",\"role\":\"Reader\"}";
    struct state_delegation d = {0};
    bool admitted = true;
    assert_true(offer(s, soc.id, body, &d, &e));
    assert_false(decide(s, d.id, soc.id, IDENTITY_APPROVE, &e)); /* its own offer */
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_false(decide(s, d.id, other.id, IDENTITY_REVOKE, &e)); /* no side at all */
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_true(
        identity_tenant_admits(s->id, s->f->a, customer.id, STR("g"), soc.id, &admitted, &e));
    assert_false(admitted);
    assert_true(decide(s, d.id, customer.id, IDENTITY_APPROVE, &e));
    assert_true(
        identity_tenant_admits(s->id, s->f->a, customer.id, STR("g"), soc.id, &admitted, &e));
    assert_true(admitted);
    assert_false(decide(s, d.id, customer.id, IDENTITY_REFUSE, &e)); /* too late */
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_true(decide(s, d.id, soc.id, IDENTITY_REVOKE, &e));
    assert_false(decide(s, d.id, customer.id, IDENTITY_REVOKE, &e)); /* twice */
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_true(
        identity_tenant_admits(s->id, s->f->a, customer.id, STR("g"), soc.id, &admitted, &e));
    assert_false(admitted);
    assert_true(offer(s, customer.id, body, &d, &e));
    assert_true(decide(s, d.id, soc.id, IDENTITY_REFUSE, &e));
    assert_false(decide(s, d.id, soc.id, IDENTITY_APPROVE, &e));
    assert_int_equal(e.code, ERR_CONFLICT);
}

static void a_delegation_ends_by_the_clock(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    struct state_tenant soc = made(s, "soc"), customer = made(s, "customer");
    struct state_delegation d = {0}, late = {0};
    bool admitted = false;
    static const char *const body = "{" SIDES ",\"principalId\":\"g\",\"role\":\"Reader\","
                                    "\"expires\":\"2026-01-02T00:00:00Z\"}";
    assert_true(offer(s, soc.id, body, &d, &e) && offer(s, soc.id, body, &late, &e));
    assert_true(decide(s, d.id, customer.id, IDENTITY_APPROVE, &e));
    clock_set(s->f->clock, T0 + TICKS_PER_DAY - 1);
    assert_true(
        identity_tenant_admits(s->id, s->f->a, customer.id, STR("g"), soc.id, &admitted, &e));
    assert_true(admitted);
    clock_set(s->f->clock, T0 + TICKS_PER_DAY);
    assert_true(
        identity_tenant_admits(s->id, s->f->a, customer.id, STR("g"), soc.id, &admitted, &e));
    assert_false(admitted);
    assert_false(decide(s, late.id, customer.id, IDENTITY_APPROVE, &e)); /* the offer is over */
    assert_int_equal(e.code, ERR_CONFLICT);
}

static void delegated_grants_reach_one_tenant_alone(void **state)
{
    struct set *s = *state;
    struct err e = {0};
    struct state_tenant soc = made(s, "soc"), customer = made(s, "customer");
    struct workspace *logs = workspace_in(s, customer.id, "logs", &e),
                     *more = workspace_in(s, customer.id, "more", &e);
    struct state_delegation d = {0};
    const struct str principals[] = {STR("g")};
    assert_true(offer(s, customer.id,
                      "{" SIDES ",\"principalId\":\"g\",\"role\":\"Reader\",\"workspace\":"
                      "\"logs\"}",
                      &d, &e));
    assert_true(decide(s, d.id, soc.id, IDENTITY_APPROVE, &e));
    struct identity_caller c = {.in = s->id, .tenant = soc.id}, stranger = {.in = s->id};
    assert_true(delegated_grants_load(s->id, s->f->a, principals, 1, &c, &e));
    assert_true(identity_sees(&c, logs) && !identity_sees(&c, more) && !identity_sees(&c, s->f->w));
    assert_true(identity_allows(&c, "incidents/read", workspace_id(logs)));
    assert_false(identity_allows(&c, "incidents/write", workspace_id(logs)));
    /* The same principal's id with another home is somebody else. */
    stranger.tenant = customer.id;
    assert_true(delegated_grants_load(s->id, s->f->a, principals, 1, &stranger, &e));
    assert_int_equal(stranger.n_grants, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_first_tenant_stays_the_same),
        TEST(names_and_limits_are_checked),
        TEST(no_more_tenants_than_the_setting_says),
        TEST(a_change_keeps_what_it_does_not_name),
        TEST(a_tenant_has_no_more_workspaces_than_it_may),
        TEST(deleted_workspaces_come_back_for_a_while),
        TEST(the_last_workspace_of_the_first_tenant_stays),
        TEST(names_mean_the_workspace_that_the_caller_sees),
        TEST(the_primary_workspace_is_the_chosen_one_or_the_first),
        TEST(offers_are_checked),
        TEST(each_side_decides_what_is_its_own),
        TEST(a_delegation_ends_by_the_clock),
        TEST(delegated_grants_reach_one_tenant_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
