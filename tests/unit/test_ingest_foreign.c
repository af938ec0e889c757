/* Files of foreign formats: cutting them changes nothing, a retry stores nothing twice, limits
 * hold, and values of event logs are what Windows shows. */
#include "store_fixture.h"

#include "ingest/evtx.h"
#include "ingest/foreign.h"
#include "ingest/ingest_priv.h"

/* ---- cutting ---- */

struct sample {
    const char *file; /* of the fuzz target's seeds: two bytes, then the text */
    enum ingest_format format;
};
static const struct sample samples[] = {
    {"windows_xml", INGEST_WINDOWS},
    {"windows_json", INGEST_WINDOWS},
    {"cloudtrail", INGEST_CLOUDTRAIL},
    {"vpcflow", INGEST_VPCFLOW},
    {"vpcflow_custom", INGEST_VPCFLOW},
    {"guardduty", INGEST_GUARDDUTY},
    {"azure", INGEST_AZURE},
    {"zeek", INGEST_ZEEK},
    {"auditd", INGEST_AUDITD},
};

/* The sample again and again, so that it is longer than what tells its shape. */
static struct str load(struct arena *a, const struct sample *s)
{
    char path[512], one[8192];
    snprintf(path, sizeof(path), SOURCE_DIR "/tests/fuzz/corpus/ingest_foreign/%s", s->file);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(one, 1, sizeof(one), f);
    fclose(f);
    assert_true(n > 2 && n < sizeof(one));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    while (b.n < 200000) {
        sbuf_addmem(&b, one + 2, n - 2);
        sbuf_addz(&b, b.p[b.n - 1] == '\n' ? "" : "\n");
    }
    return arena_str(a, sbuf_str(&b));
}

/* Rows of all tables and the number of dead letters, appended to out and counted. */
static void read_body(enum ingest_format format, struct str body, struct sbuf *out, size_t *bad)
{
    struct ingest in = {.limits = {.max_depth = 64}};
    struct ingest_request r = {.format = format, .body = body};
    const struct ingest_reject *list = NULL;
    struct foreign *f = foreign_new(&in, &r);
    struct str table, lines;
    foreign_read(f);
    for (size_t i = 0; foreign_lines(f, &i, &table, &lines);)
        if (!str_eqz(table, "Event") && !str_eqz(table, "AzureActivity") &&
            !str_eqz(table, "AzureDiagnostics") && !str_eqz(table, "Zeek_x_CL"))
            sbuf_add(out, lines); /* of one table alone: pieces keep its order */
    *bad += foreign_rejects(f, &list);
    foreign_free(f);
}

static void read_in_pieces(enum ingest_format format, struct str rest, size_t step,
                           struct sbuf *out, size_t *bad)
{
    AUTO(sbuf_fini) struct sbuf header = sbuf_make(0), body = sbuf_make(0);
    struct ingest_cut c = {.format = format};
    struct err e = {0};
    size_t have = step, taken = 0;
    for (;;) {
        bool last = have >= rest.n;
        sbuf_clear(&body);
        if (!ingest_cut_next(&c, str_sub(rest, 0, have), last, &header, &body, &taken, &e))
            fail_msg("%s", e.msg);
        if (body.n > 0)
            read_body(format, sbuf_str(&body), out, bad);
        if (last && taken == 0)
            return;
        rest = str_sub(rest, taken, rest.n);
        have = taken == 0 ? have + step : have - taken > step ? have - taken : step;
    }
}

static void compare(const char *name, enum ingest_format format, struct str text)
{
    static const size_t steps[] = {70000, 8191, 100};
    AUTO(sbuf_fini) struct sbuf whole = sbuf_make(0);
    size_t bad = 0;
    read_body(format, text, &whole, &bad);
    assert_true(whole.n > 0);
    for (size_t k = 0; k < COUNTOF(steps); k++) {
        AUTO(sbuf_fini) struct sbuf pieces = sbuf_make(0);
        size_t bad_pieces = 0;
        read_in_pieces(format, text, steps[k], &pieces, &bad_pieces);
        if (!str_eq(sbuf_str(&pieces), sbuf_str(&whole)) || bad != bad_pieces)
            fail_msg("%s in pieces of %zu differs (%zu and %zu bytes, %zu and %zu bad)", name,
                     steps[k], pieces.n, whole.n, bad_pieces, bad);
    }
}

static void pieces_of_any_size_give_the_same_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(samples); i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        compare(samples[i].file, samples[i].format, load(a, &samples[i]));
    }
}

/* Documents that are longer than what is looked at: their arrays are taken apart. */
static void pieces_of_long_documents_give_the_same_rows(void **state)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    (void)state;
    for (int document = 0; document < 4; document++) {
        sbuf_addz(&b, document % 2 == 0 ? "{ \"records\" : [ " : "[");
        for (int i = 0; i < 3000; i++)
            sbuf_addf(&b, "%s{\"category\":\"SignInLogs\",\"properties\":{\"id\":\"%d]}\\\"\"}}\n",
                      i > 0 ? "," : "", i);
        sbuf_addz(&b, document % 2 == 0 ? "],\n\"more\":[{\"a\":\"}]\"}]}" : "]\n");
    }
    compare("long", INGEST_AZURE, sbuf_str(&b));
}

static void headers_of_files_that_grow(void **state)
{
    static const struct {
        enum ingest_format format;
        const char *start;
        int header; /* bytes; -1: it may go on */
    } cases[] = {
        {INGEST_ZEEK, "#fields\tts\n#types\ttime\n1.5\n#close\n", 23},
        {INGEST_ZEEK, "#fields\tts\n#types\ttime\n", -1},
        {INGEST_ZEEK, "#fields\tts\n#ty", -1},
        {INGEST_ZEEK, "{\"ts\":1}\n", 0},
        {INGEST_ZEEK, "", -1},
        {INGEST_VPCFLOW, "version account-id\n2 1\n", 19},
        {INGEST_VPCFLOW, "version account-id\n", 19},
        {INGEST_VPCFLOW, "version acc", -1},
        {INGEST_VPCFLOW, "2 123", 0},
        {INGEST_VPCFLOW, "", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        size_t n = 0;
        bool whole = ingest_cut_header(cases[i].format, str_from(cases[i].start), &n);
        if ((whole ? (int)n : -1) != cases[i].header)
            fail_msg("case %zu: %d, %zu", i, whole, n);
    }
    assert_false(ingest_cut_has_header(INGEST_AUDITD));
}

static void what_has_no_lines_is_refused(void **state)
{
    struct err e = {0};
    (void)state;
    assert_false(ingest_cut_by_lines(INGEST_WINDOWS, STR("ElfFile\0"), &e));
    assert_int_equal(e.code, ERR_UNSUPPORTED);
    assert_false(ingest_cut_by_lines(INGEST_AZURE, STR("\xff\xfe{\0"), &e));
    assert_true(ingest_cut_by_lines(INGEST_WINDOWS, STR("<Event>"), &e));
    assert_true(ingest_cut_by_lines(INGEST_AUDITD, STR("ElfFile"), &e));
}

/* ---- storing ---- */

struct ingest_fixture {
    struct fixture *f;
    struct ingest *in;
};

static int setup(void **state)
{
    struct ingest_fixture *x = xcalloc(1, sizeof(*x));
    void *inner = NULL;
    fixture_setup(&inner);
    x->f = inner;
    struct ingest_options o = {
        .store = x->f->store, .clock = x->f->clock, .limits = {.max_records = 2}};
    x->in = ingest_open(&o);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct ingest_fixture *x = *state;
    void *inner = x->f;
    ingest_close(x->in);
    fixture_teardown(&inner);
    xfree(x);
    return 0;
}

#define SIGNIN "{\"category\":\"SignInLogs\",\"time\":\"2026-01-01T00:00:00Z\"}\n"
#define AUDIT "{\"category\":\"AuditLogs\",\"time\":\"2026-01-01T00:00:00Z\"}\n"

static bool send(struct ingest_fixture *x, const char *stream, struct str body,
                 struct ingest_result *out, struct err *e)
{
    struct ingest_request r = {.workspace = x->f->w, .stream = str_from(stream), .body = body};
    r.format = INGEST_AZURE;
    r.source = STR("test");
    r.client_request_id = STR("again");
    return ingest_logs(x->in, &r, out, e);
}

static void all_tables_are_stored_once(void **state)
{
    struct ingest_fixture *x = *state;
    struct ingest_result first = {0}, second = {0};
    struct str body = STR(SIGNIN AUDIT SIGNIN "nonsense\n" SIGNIN AUDIT "{}");
    assert_true(send(x, "", body, &first, NULL)); /* more records than one call may have */
    assert_int_equal(first.received, 7);
    assert_int_equal(first.stored, 5);
    assert_int_equal(first.rejected, 2);
    assert_true(send(x, "", body, &second, NULL));
    assert_int_equal(second.stored, 0);
    assert_true(second.duplicate);
    assert_true(send(x, "", STR("bad"), &first, NULL)); /* one id, other bodies */
    assert_true(send(x, "", STR("worse"), &second, NULL));
    assert_false(first.duplicate || second.duplicate);
}

static void an_unknown_stream_and_a_long_body_are_refused_and_counted(void **state)
{
    struct ingest_fixture *x = *state;
    struct ingest_result result = {0};
    struct err e = {0};
    struct store_count *c;
    uint64_t rejected = 0;
    assert_false(send(x, "Microsoft-NoSuch", STR(SIGNIN), &result, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    while (body.n <= 1 << 20)
        sbuf_addz(&body, SIGNIN);
    assert_false(send(x, "", sbuf_str(&body), &result, &e));
    assert_int_equal(e.code, ERR_TOO_LARGE);
    size_t n = store_counts(x->f->w, x->f->a, &c);
    for (size_t i = 0; i < n; i++)
        rejected += c[i].rejected;
    assert_int_equal(rejected, 2);
}

/* ---- values of event logs ---- */

static void check_value(uint8_t type, struct str bytes, const char *wanted)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    bool ok = evtx_value(&b, type, bytes);
    if (ok != (wanted != NULL) || (ok && !str_eqz(sbuf_str(&b), wanted)))
        fail_msg("type %x: %s, wanted %s", type, ok ? sbuf_str(&b).p : "refused",
                 wanted != NULL ? wanted : "refused");
}

static void values_are_what_windows_shows(void **state)
{
    (void)state;
    check_value(0x00, STR(""), "");
    check_value(0x01, STR("a\0\x3d\xd8\x00\xde\x00\xd8z\0"), "a\xf0\x9f\x98\x80\xef\xbf\xbdz");
    check_value(0x02, STR("\xe4z\0more"), "\xc3\xa4z");
    check_value(0x03, STR("\xff"), "-1");
    check_value(0x04, STR("\xff"), "255");
    check_value(0x05, STR("\x00\x80"), "-32768");
    check_value(0x08, STR("\xff\xff\xff\xff"), "4294967295");
    check_value(0x09, STR("\xfe\xff\xff\xff\xff\xff\xff\xff"), "-2");
    check_value(0x0a, STR("\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615");
    check_value(0x0d, STR("\1\0\0\0"), "true");
    check_value(0x0e, STR("\x0f\xa0"), "0FA0");
    check_value(0x0f, STR("\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"),
                "{03020100-0504-0706-0809-0a0b0c0d0e0f}");
    check_value(0x11, STR("\0\0\0\0\0\0\0\0"), "1601-01-01T00:00:00.0000000Z");
    check_value(0x11, STR("\xff\xff\xff\xff\xff\xff\xff\xff"), NULL);
    check_value(0x12, STR("\xea\x07\1\0\4\0\2\0\3\0\4\0\5\0\6\0"), "2026-01-02T03:04:05.0060000Z");
    check_value(0x12, STR("\xea\x07\x0d\0\4\0\2\0\3\0\4\0\5\0\6\0"), NULL);
    check_value(0x13, STR("\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0"), "S-1-5-32-544");
    check_value(0x13, STR("\1\3\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0"), NULL);
    check_value(0x14, STR("\x1f\0\0\0"), "0x1f");
    check_value(0x15, STR("\0\0\0\0\0\0\x20\x80"), "0x8020000000000000");
    check_value(0x08, STR("\1"), NULL);
    check_value(0x22, STR("\1"), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_size_give_the_same_rows),
        cmocka_unit_test(pieces_of_long_documents_give_the_same_rows),
        cmocka_unit_test(headers_of_files_that_grow),
        cmocka_unit_test(what_has_no_lines_is_refused),
        cmocka_unit_test_setup_teardown(all_tables_are_stored_once, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_stream_and_a_long_body_are_refused_and_counted,
                                        setup, teardown),
        cmocka_unit_test(values_are_what_windows_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
