/* Alerts and incidents: joining, leaving, being made again, and what the log says of it. */
/* link: store */
#include "store_fixture.h"

#include "incident/work.h"

struct scene {
    struct fixture *f;
    struct state *state;
    struct incidents *in;
};

static struct scene open_scene(void **state)
{
    struct err e = {0};
    struct arm_scope scope = {0};
    struct scene s = {.f = *state, .state = state_open(NULL, &e)};
    assert_non_null(s.state);
    s.in = incidents_open(s.f->store, s.state, s.f->clock, &scope);
    return s;
}

static void close_scene(struct scene *s)
{
    incidents_close(s->in);
    state_close(s->state);
}

static struct state_alert make_alert(struct scene *s, const char *id, int64_t start, int64_t end)
{
    struct err e = {0};
    struct state_alert al = {.workspace = STR(WS_ID),
                             .id = str_from(id),
                             .rule_id = STR("rule"),
                             .name = STR("Rule"),
                             .severity = STR("Low"),
                             .product = STR("Azure Sentinel"),
                             .start = start,
                             .end = end,
                             .generated = end,
                             .tactics = STR("[\"Impact\"]")};
    if (!state_alert_put(s->state, &al, &e))
        fail_msg("%s", e.msg);
    return al;
}

static struct str place(struct scene *s, const struct state_alert *al, bool grouping)
{
    struct incident_grouping g = {
        .create = true, .grouping = grouping, .match = MATCH_ANY_ALERT, .lookback = TICKS_PER_DAY};
    struct str incident = STR("");
    struct err e = {0};
    assert_true(state_begin(s->state, &e));
    if (!state_end(s->state, incident_from_alert(s->in, s->f->a, s->f->w, al, &g, &incident, &e),
                   &e))
        fail_msg("%s", e.msg);
    return incident;
}

static struct state_incident stored(struct scene *s, struct str id)
{
    struct state_incident i = {0};
    struct err e = {0};
    if (!state_incident_get(s->state, s->f->a, STR(WS_ID), id, &i, &e))
        fail_msg("%s", e.msg);
    return i;
}

static void an_alert_that_is_made_again_stays_where_it_is(void **state)
{
    for (int grouping = 0; grouping < 2; grouping++) {
        struct scene s = open_scene(state);
        struct state_alert al = make_alert(&s, "a", T0, T0 + 5);
        struct str first = place(&s, &al, grouping == 1);
        assert_true(str_eq(place(&s, &al, grouping == 1), first));
        struct state_incident i = stored(&s, first);
        assert_int_equal(i.alerts, 1);
        assert_int_equal(i.number, 1);
        close_scene(&s);
    }
}

static void what_follows_from_an_alert_goes_with_it(void **state)
{
    struct scene s = open_scene(state);
    struct err e = {0};
    struct state_alert one = make_alert(&s, "a", T0, T0 + 5),
                       two = make_alert(&s, "b", T0 - 7, T0 + 9);
    struct str id = place(&s, &one, true);
    assert_true(str_eq(place(&s, &two, true), id));
    struct state_incident i = stored(&s, id);
    assert_true(i.alerts == 2 && i.first_activity == T0 - 7 && i.last_activity == T0 + 9);
    assert_int_equal(i.first_modified, 0); /* nobody has touched it */
    assert_true(incident_alert_remove(s.in, s.f->a, s.f->w, &i, STR("b"), STR("ann"), &e));
    i = stored(&s, id);
    assert_true(i.alerts == 1 && i.first_activity == T0 && i.last_activity == T0 + 5);
    assert_true(i.first_modified != 0 && str_eqz(i.modified_by, "ann"));
    assert_false(incident_alert_remove(s.in, s.f->a, s.f->w, &i, STR("b"), STR("ann"), &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_true(incident_alert_remove(s.in, s.f->a, s.f->w, &i, STR("a"), STR("ann"), &e));
    i = stored(&s, id);
    assert_true(i.alerts == 0 && i.last_activity == 0 && i.tactics.n == 0);
    close_scene(&s);
}

static void the_log_has_each_change_once_and_in_order(void **state)
{
    static const char *const wanted[] = {"Created", "AlertAdded", "Changed", "AlertAdded"};
    struct scene s = open_scene(state);
    struct err e = {0};
    struct state_activity *list = NULL;
    size_t n = 0;
    struct state_alert one = make_alert(&s, "a", T0, T0 + 5), two = make_alert(&s, "b", T0, T0 + 6);
    struct str id = place(&s, &one, true);
    struct incident_change change = {.severity = STR("High"), .etag = STR("*")};
    struct state_incident i = {0};
    assert_true(incident_update(s.in, s.f->a, s.f->w, id, &change, STR("ann"), &i, &e));
    assert_true(str_eq(place(&s, &two, true), id));
    assert_true(state_activity_list(s.state, s.f->a, STR(WS_ID), SUBJECT_INCIDENT, id, 0, 100,
                                    &list, &n, &e));
    assert_int_equal(n, COUNTOF(wanted));
    for (size_t k = 0; k < n; k++)
        assert_true(str_eqz(list[k].kind, wanted[k]));
    assert_true(str_eqz(list[2].old_value, "Low") && str_eqz(list[2].new_value, "High"));
    assert_true(str_eqz(list[3].who, "Alert Grouping"));
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_alert_that_is_made_again_stays_where_it_is,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_follows_from_an_alert_goes_with_it, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_log_has_each_change_once_and_in_order, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
