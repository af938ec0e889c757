/* Properties: the order in which alerts arrive does not matter, no alert is lost or doubled by
 * merging and undoing, and undoing everything gives every incident its own alert back. And what
 * workspaces, indicators and deleted incidents change. */
#include "store_fixture.h"

#include "correlate/correlate_priv.h"

enum { ALERTS = 12, TRIALS = 4, ORDERS = 3 };

struct world {
    struct state *state;
    struct incidents *incidents;
    struct correlate *c;
};

static bool knows_one_address(void *ctx, struct workspace *w, struct str type, struct str value)
{
    (void)w;
    return *(bool *)ctx && str_eqz(type, "ip") && str_eqz(value, "203.0.113.1");
}

static void world_open_as(struct fixture *f, struct world *x, struct str primary, bool *known)
{
    struct err e = {0};
    struct arm_scope scope = {0};
    x->state = state_open(NULL, &e);
    assert_non_null(x->state);
    x->incidents = incidents_open(f->store, x->state, f->clock, &scope);
    struct correlate_options o = {.store = f->store,
                                  .state = x->state,
                                  .clock = f->clock,
                                  .incidents = x->incidents,
                                  .enabled = true,
                                  .primary = primary,
                                  .known = known != NULL ? knows_one_address : NULL,
                                  .known_ctx = known};
    x->c = correlate_open(&o);
}

static void world_open(struct fixture *f, struct world *x)
{
    world_open_as(f, x, STR(""), NULL);
}

static void world_close(struct world *x)
{
    correlate_close(x->c);
    incidents_close(x->incidents);
    state_close(x->state);
}

/* ---- random alerts ---- */

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static unsigned below(uint64_t *seed, unsigned n)
{
    return (unsigned)(next(seed) >> 33) % n;
}

static struct str entities(struct arena *a, uint64_t *seed)
{
    struct str out = arena_fmt(a, "[{\"Type\":\"account\",\"Name\":\"p%u\",\"UPNSuffix\":\"x.y\"}",
                               below(seed, 5));
    if (below(seed, 2) == 0)
        out = arena_fmt(a, "%.*s,{\"Type\":\"host\",\"HostName\":\"h%u.x.y\"}", STR_ARG(out),
                        below(seed, 4));
    if (below(seed, 2) == 0)
        out = arena_fmt(a, "%.*s,{\"Type\":\"ip\",\"Address\":\"203.0.113.%u\"}", STR_ARG(out),
                        below(seed, 4));
    return arena_fmt(a, "%.*s]", STR_ARG(out));
}

static void make(struct arena *a, uint64_t *seed, struct state_alert *out)
{
    static const char *const tactics[] = {"InitialAccess", "Execution", "LateralMovement",
                                          "Impact"};
    for (unsigned i = 0; i < ALERTS; i++) {
        int64_t start = T0 - below(seed, 60 * 60) * TICKS_PER_MINUTE;
        out[i] = (struct state_alert){
            .workspace = STR(WS_ID),
            .id = arena_fmt(a, "alert-%016llx-%02u", (unsigned long long)next(seed), i),
            .rule_id = arena_fmt(a, "rule-%u", below(seed, 6)),
            .name = arena_fmt(a, "Alert %u", i),
            .severity = below(seed, 2) == 0 ? STR("Low") : STR("High"),
            .product = STR("Azure Sentinel"),
            .start = start,
            .end = start + below(seed, 90) * TICKS_PER_MINUTE,
            .generated = T0,
            .tactics = arena_fmt(a, "[\"%s\"]", tactics[below(seed, COUNTOF(tactics))]),
            .techniques = STR("[]"),
            .entities = entities(a, seed),
            .row = STR("{}"),
        };
    }
}

/* ---- arriving ---- */

static void arrive(struct fixture *f, struct world *x, struct arena *a,
                   const struct state_alert *alert, bool at_once)
{
    const struct incident_grouping own = {.create = true};
    struct err e = {0};
    struct str incident = STR("");
    assert_true(state_begin(x->state, &e));
    bool ok = state_alert_put(x->state, alert, &e) &&
              incident_from_alert(x->incidents, a, f->w, alert, &own, &incident, &e);
    assert_true(state_end(x->state, ok, &e));
    if (at_once && !correlate_run_due(x->c, NULL, &e))
        fail_msg("%s", e.msg);
}

static void settings(struct fixture *f, struct world *x, struct arena *a)
{
    struct err e = {0};
    struct json body = {0};
    assert_true(json_parse(a,
                           STR("{\"rareIncidents\":1000,\"commonIncidentsLeast\":1000,"
                               "\"commonIncidentsMost\":1000}"),
                           NULL, &body, &e));
    if (!correlate_settings_put(x->c, a, f->w, &body, STR("test"), &e))
        fail_msg("%s", e.msg);
}

static void shuffle(uint64_t *seed, unsigned *order)
{
    for (unsigned i = ALERTS; i > 1; i--) {
        unsigned k = below(seed, i), kept = order[k];
        order[k] = order[i - 1];
        order[i - 1] = kept;
    }
}

/* ---- what came of it ---- */

static int compare(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* A line for each incident that has alerts: their ids in order; lines in order, too. Each alert has
 * to be in one incident, which has to say how many it has. */
static struct str partition(struct world *x, struct arena *a)
{
    struct err e = {0};
    struct state_incident *list = NULL;
    size_t n = 0, total = 0, lines = 0;
    assert_true(state_incident_list(x->state, a, STR(WS_ID), &list, &n, &e));
    struct str *all = arena_array(a, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct str *ids = NULL;
        size_t m = 0;
        assert_true(state_incident_alert_ids(x->state, a, STR(WS_ID), list[i].id, &ids, &m, &e));
        assert_int_equal(list[i].alerts, m);
        assert_int_equal(list[i].merged_into != 0, m == 0);
        assert_int_equal(str_eqz(list[i].status, "Closed"), m == 0);
        total += m;
        if (m == 0)
            continue;
        qsort(ids, m, sizeof(*ids), compare);
        all[lines] = STR("");
        for (size_t k = 0; k < m; k++)
            all[lines] = arena_fmt(a, "%.*s %.*s", STR_ARG(all[lines]), STR_ARG(ids[k]));
        lines++;
    }
    assert_int_equal(total, ALERTS);
    qsort(all, lines, sizeof(*all), compare);
    struct str out = STR("");
    for (size_t i = 0; i < lines; i++)
        out = arena_fmt(a, "%.*s%.*s\n", STR_ARG(out), STR_ARG(all[i]));
    return out;
}

/* Takes merges back, the last ones first, until none is left. */
static void undo_all(struct fixture *f, struct world *x, struct arena *a)
{
    struct err e = {0};
    struct state_merge *all = NULL, done = {0};
    size_t n = 0;
    assert_true(state_merge_list(x->state, a, STR(WS_ID), STR(""), 1000, &all, &n, &e));
    for (bool any = true; any;) {
        any = false;
        for (size_t i = n; i-- > 0;) {
            struct err why = {0};
            if (all[i].undone != 0)
                continue;
            if (correlate_unmerge(x->c, a, f->w, all[i].source, STR("test"), &done, &why)) {
                all[i].undone = 1;
                any = true;
                (void)partition(x, a);
            } else {
                assert_int_equal(why.code, ERR_CONFLICT);
            }
        }
    }
    for (size_t i = 0; i < n; i++)
        assert_true(all[i].undone != 0);
}

static struct str one_order(struct fixture *f, struct arena *a, const struct state_alert *alerts,
                            const unsigned *order, bool at_once)
{
    struct world x = {0};
    struct err e = {0};
    size_t n = 0;
    world_open(f, &x);
    settings(f, &x, a);
    for (unsigned i = 0; i < ALERTS; i++)
        arrive(f, &x, a, &alerts[order[i]], at_once);
    if (!correlate_run_due(x.c, &n, &e))
        fail_msg("%s", e.msg);
    struct str out = partition(&x, a);
    undo_all(f, &x, a);
    struct state_incident *list = NULL;
    assert_true(state_incident_list(x.state, a, STR(WS_ID), &list, &n, &e));
    assert_int_equal(n, ALERTS);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(list[i].alerts, 1);
        assert_true(str_eqz(list[i].status, "New"));
        assert_true(str_starts(list[i].title, STR("Alert ")));
    }
    /* Nothing that was taken back comes again. */
    assert_true(correlate_run_due(x.c, NULL, &e));
    world_close(&x);
    return out;
}

static void order_of_arrival_does_not_matter(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    size_t merged = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct state_alert alerts[ALERTS];
        unsigned order[ALERTS];
        struct str first = STR("");
        make(a, &seed, alerts);
        for (unsigned i = 0; i < ALERTS; i++)
            order[i] = i;
        for (int k = 0; k < ORDERS; k++) {
            struct str now = one_order(f, a, alerts, order, k != 1);
            if (k == 0)
                first = now;
            else if (!str_eq(first, now))
                fail_msg("trial %d, order %d:\n%.*s\nis not\n%.*s", trial, k, STR_ARG(now),
                         STR_ARG(first));
            shuffle(&seed, order);
        }
        size_t lines = 0;
        for (size_t i = 0; i < first.n; i++)
            lines += first.p[i] == '\n';
        merged += ALERTS - lines;
    }
    assert_true(merged > TRIALS); /* they do say something */
}

/* Its rule would group the alert into an incident that was merged into one that is gone. */
static void what_was_merged_into_a_deleted_incident_is_passed_over(void **state)
{
    struct fixture *f = *state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct incident_grouping g = {
        .create = true, .grouping = true, .match = MATCH_ANY_ALERT, .lookback = TICKS_PER_DAY};
    uint64_t seed = 7;
    struct world x = {0};
    struct err e = {0};
    struct state_merge done = {0};
    struct state_alert alerts[ALERTS];
    struct str incident[3];
    world_open(f, &x);
    make(a, &seed, alerts);
    for (unsigned i = 0; i < COUNTOF(incident); i++) {
        alerts[i].rule_id = arena_fmt(a, "rule-%u", i > 0);
        if (i == 2 && (!correlate_merge(x.c, a, f->w, incident[0], &incident[1], 1, STR(""),
                                        STR("test"), &e) ||
                       !state_incident_delete(x.state, STR(WS_ID), incident[0], &e)))
            fail_msg("%s", e.msg);
        if (!state_alert_put(x.state, &alerts[i], &e) ||
            !incident_from_alert(x.incidents, a, f->w, &alerts[i], &g, &incident[i], &e))
            fail_msg("%s", e.msg);
    }
    assert_false(str_eq(incident[2], incident[0]) || str_eq(incident[2], incident[1]));
    assert_false(correlate_unmerge(x.c, a, f->w, incident[1], STR("test"), &done, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    world_close(&x);
}

/* Two alerts of a product, a step of the kill chain apart, with these entities: are they merged? */
static bool merges(struct fixture *f, const char *product, const char *primary, bool *known,
                   const char *entities)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    uint64_t seed = 7;
    struct world x = {0};
    struct state_alert alerts[ALERTS];
    make(a, &seed, alerts);
    world_open_as(f, &x, str_from(primary), known);
    for (unsigned i = 0; i < 2; i++) {
        alerts[i].product = str_from(product);
        alerts[i].rule_id = STR("");
        alerts[i].entities = str_from(entities);
        alerts[i].start = alerts[i].end = T0 + i * TICKS_PER_MINUTE;
        alerts[i].tactics = i == 0 ? STR("[\"InitialAccess\"]") : STR("[\"Impact\"]");
        arrive(f, &x, a, &alerts[i], true);
    }
    bool merged = correlate_counts(x.c).merges == 1;
    assert_int_equal(correlate_counts(x.c).alerts, 2);
    world_close(&x);
    return merged;
}

static void other_products_count_in_the_primary_workspace(void **state)
{
    static const char account[] = "[{\"Type\":\"account\",\"AadUserId\":\"u\"}]";
    struct err e = {0};
    struct fixture *f = *state;
    assert_non_null(store_workspace_create(f->store, STR("22222222-2222-4333-8444-555555555555"),
                                           STR("other"), &e));
    assert_true(merges(f, "Azure Security Center", "", NULL, account));
    assert_true(merges(f, "Azure Security Center", "main", NULL, account));
    assert_false(merges(f, "Azure Security Center", "other", NULL, account));
    assert_true(merges(f, "Azure Sentinel", "other", NULL, account));
}

static void known_indicators_count_more(void **state)
{
    static const char one[] = "[{\"Type\":\"ip\",\"Address\":\"203.0.113.1\"}]";
    static const char two[] = "[{\"Type\":\"ip\",\"Address\":\"203.0.113.2\"}]";
    bool known = true, none = false;
    assert_false(merges(*state, "Azure Sentinel", "", &none, one));
    assert_true(merges(*state, "Azure Sentinel", "", &known, one));
    assert_false(merges(*state, "Azure Sentinel", "", &known, two));
}

/* The rows of incidents are not what this is about: on a disk that has no room they wait. */
static int setup(void **state)
{
    if (fixture_setup(state) != 0)
        return 1;
    struct fixture *f = *state;
    struct err e = {0};
    fixture_stop(f);
    struct store_options o = {.data_dir = f->dir,
                              .clock = f->clock,
                              .lake = f->lake,
                              .min_free_bytes = UINT64_C(1) << 60};
    f->store = store_open(&o, &e);
    f->w = f->store != NULL ? store_workspace_at(f->store, 0) : NULL;
    return f->w == NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(order_of_arrival_does_not_matter, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_was_merged_into_a_deleted_incident_is_passed_over,
                                        setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(other_products_count_in_the_primary_workspace, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(known_indicators_count_more, setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
