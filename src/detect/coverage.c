/* Which techniques of ATT&CK a set of rules looks for. */
#include "detect/coverage.h"
#include "detect/rule_priv.h"
#include <stdio.h>

/* In the order of the matrix; the last ones are of the matrix of industrial systems. */
static const struct {
    const char *name, *title, *short_name;
} tactics[] = {
    {"Reconnaissance", "Reconnaissance", "reconnaissance"},
    {"ResourceDevelopment", "Resource Development", "resource-development"},
    {"InitialAccess", "Initial Access", "initial-access"},
    {"Execution", "Execution", "execution"},
    {"Persistence", "Persistence", "persistence"},
    {"PrivilegeEscalation", "Privilege Escalation", "privilege-escalation"},
    {"DefenseEvasion", "Defense Evasion", "defense-evasion"},
    {"CredentialAccess", "Credential Access", "credential-access"},
    {"Discovery", "Discovery", "discovery"},
    {"LateralMovement", "Lateral Movement", "lateral-movement"},
    {"Collection", "Collection", "collection"},
    {"CommandAndControl", "Command and Control", "command-and-control"},
    {"Exfiltration", "Exfiltration", "exfiltration"},
    {"Impact", "Impact", "impact"},
    {"PreAttack", "Pre-Attack", NULL},
    {"ImpairProcessControl", "Impair Process Control", NULL},
    {"InhibitResponseFunction", "Inhibit Response Function", NULL},
};
enum { SUBS = 32 };

struct rules_of { /* indexes of rules */
    size_t *p, n, cap;
};
/* Rules by tactic, technique and sub-technique, while they are counted. */
struct tally {
    struct arena *a;
    struct rules_of *cells; /* COUNTOF(tactics) × techniques × SUBS */
    size_t n_techniques;
};

static struct rules_of *cell_at(struct tally *t, size_t tactic, size_t technique, unsigned sub)
{
    return &t->cells[(tactic * t->n_techniques + technique) * SUBS + sub];
}

static void count(struct tally *t, size_t tactic, size_t technique, unsigned sub, size_t rule)
{
    struct rules_of *c = cell_at(t, tactic, technique, sub);
    if (c->n == 0 || c->p[c->n - 1] != rule)
        VEC_PUSH(t->a, c, rule);
}

static bool names_tactic(const struct rule *r, const char *tactic)
{
    for (size_t i = 0; i < r->tactics.n; i++)
        if (str_eqz(r->tactics.p[i], tactic))
            return true;
    return false;
}

static bool has_technique(size_t tactic, struct str technique)
{
    return tactics[tactic].short_name != NULL &&
           mitre_technique_in(str_sub(technique, 0, 5), str_from(tactics[tactic].name));
}

bool coverage_has(const struct coverage_tactic *t, const struct mitre_technique *x)
{
    char text[32];
    snprintf(text, sizeof(text), "T%04u", x->id);
    return t->short_name != NULL && mitre_technique_in(str_from(text), str_from(t->name));
}

static void count_technique(struct tally *t, const struct rule *r, size_t rule, struct str text)
{
    unsigned sub = 0;
    const struct mitre_technique *x = mitre_technique_find(text, &sub);
    size_t at = (size_t)(x - mitre_technique_at(0));
    bool named = false;
    for (size_t i = 0; i < COUNTOF(tactics); i++)
        named = named || (names_tactic(r, tactics[i].name) && has_technique(i, text));
    for (size_t i = 0; i < COUNTOF(tactics); i++) {
        if (!has_technique(i, text) || (named && !names_tactic(r, tactics[i].name)))
            continue;
        count(t, i, at, 0, rule);
        if (sub != 0)
            count(t, i, at, sub, rule);
    }
}

static void note_unknown(struct arena *a, struct coverage *out, struct str technique)
{
    for (size_t i = 0; i < out->n_unknown; i++)
        if (str_eq(out->unknown[i], technique))
            return;
    struct str *list = arena_array(a, struct str, out->n_unknown + 1);
    if (out->n_unknown > 0)
        memcpy(list, out->unknown, out->n_unknown * sizeof(*list));
    list[out->n_unknown++] = technique;
    out->unknown = list;
}

static void count_list(struct tally *t, const struct rule *r, size_t rule, const struct strs *list,
                       struct coverage *out)
{
    unsigned sub;
    for (size_t i = 0; i < list->n; i++) {
        if (mitre_technique_find(list->p[i], &sub) != NULL)
            count_technique(t, r, rule, list->p[i]);
        else
            note_unknown(t->a, out, list->p[i]);
    }
}

static void take_tactic(struct tally *t, size_t i, struct coverage_tactic *out)
{
    *out = (struct coverage_tactic){
        .name = tactics[i].name, .title = tactics[i].title, .short_name = tactics[i].short_name};
    VEC(struct coverage_cell) cells = {0};
    for (size_t k = 0; k < t->n_techniques; k++) {
        char text[32];
        const struct mitre_technique *x = mitre_technique_at(k);
        snprintf(text, sizeof(text), "T%04u", x->id);
        bool here = has_technique(i, str_from(text));
        out->techniques += here;
        out->covered += here && cell_at(t, i, k, 0)->n > 0;
        for (unsigned sub = 0; sub < SUBS; sub++) {
            struct rules_of *c = cell_at(t, i, k, sub);
            if (c->n > 0)
                VEC_PUSH(t->a, &cells, ((struct coverage_cell){x, sub, c->p, c->n}));
        }
    }
    out->cells = cells.p;
    out->n_cells = cells.n;
}

static bool covered_somewhere(struct tally *t, size_t technique)
{
    for (size_t i = 0; i < COUNTOF(tactics); i++)
        if (cell_at(t, i, technique, 0)->n > 0)
            return true;
    return false;
}

void coverage_of(struct arena *a, const struct rule *const *rules, size_t n, struct coverage *out)
{
    struct tally t = {.a = a, .n_techniques = mitre_technique_count()};
    *out = (struct coverage){.n = COUNTOF(tactics), .rules = n, .techniques = t.n_techniques};
    t.cells = arena_array(a, struct rules_of, COUNTOF(tactics) * t.n_techniques * SUBS);
    for (size_t i = 0; i < n; i++) {
        const struct rule *r = rules[i];
        out->untagged += r->tactics.n + r->techniques.n + r->subtechniques.n == 0;
        count_list(&t, r, i, &r->techniques, out);
        count_list(&t, r, i, &r->subtechniques, out);
    }
    out->tactics = arena_array(a, struct coverage_tactic, COUNTOF(tactics));
    for (size_t i = 0; i < COUNTOF(tactics); i++) {
        take_tactic(&t, i, &out->tactics[i]);
        for (size_t k = 0; k < n; k++)
            out->tactics[i].rules += names_tactic(rules[k], tactics[i].name);
    }
    for (size_t k = 0; k < t.n_techniques; k++)
        out->covered += covered_somewhere(&t, k);
}

/* ---- as JSON ---- */

static void write_id(const struct coverage_cell *c, const char *key, struct json_out *out)
{
    char text[32];
    if (c->sub != 0)
        snprintf(text, sizeof(text), "T%04u.%03u", c->technique->id, c->sub);
    else
        snprintf(text, sizeof(text), "T%04u", c->technique->id);
    json_kv_z(out, key, text);
}

static void write_cell(const struct coverage_cell *c, const struct rule *const *rules,
                       struct json_out *out)
{
    json_obj(out);
    write_id(c, "id", out);
    json_kv_z(out, "name", c->technique->name);
    json_key(out, "rules");
    json_arr(out);
    for (size_t i = 0; i < c->n; i++)
        json_str(out, rules[c->rules[i]]->name);
    json_arr_end(out);
    json_obj_end(out);
}

void coverage_write_json(const struct coverage *c, const struct rule *const *rules,
                         struct json_out *out)
{
    json_obj(out);
    json_kv_z(out, "attackVersion", MITRE_ATTACK_VERSION);
    json_kv_int(out, "rules", (int64_t)c->rules);
    json_kv_int(out, "untagged", (int64_t)c->untagged);
    json_kv_int(out, "techniques", (int64_t)c->techniques);
    json_kv_int(out, "covered", (int64_t)c->covered);
    json_key(out, "unknownTechniques");
    json_arr(out);
    for (size_t i = 0; i < c->n_unknown; i++)
        json_str(out, c->unknown[i]);
    json_arr_end(out);
    json_key(out, "tactics");
    json_arr(out);
    for (size_t i = 0; i < c->n; i++) {
        const struct coverage_tactic *t = &c->tactics[i];
        json_obj(out);
        json_kv_z(out, "tactic", t->name);
        json_kv_int(out, "rules", (int64_t)t->rules);
        json_kv_int(out, "techniques", (int64_t)t->techniques);
        json_kv_int(out, "covered", (int64_t)t->covered);
        json_key(out, "items");
        json_arr(out);
        for (size_t k = 0; k < t->n_cells; k++)
            write_cell(&t->cells[k], rules, out);
        json_arr_end(out);
        json_obj_end(out);
    }
    json_arr_end(out);
    json_obj_end(out);
}

/* ---- as a layer ---- */

static void write_comment(const struct coverage_cell *c, const struct rule *const *rules,
                          struct json_out *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < c->n; i++) {
        sbuf_addz(&b, i > 0 ? "\n" : "");
        sbuf_add(&b, rules[c->rules[i]]->name);
    }
    json_kv_str(out, "comment", sbuf_str(&b));
}

static size_t write_layer_cells(const struct coverage *c, const struct rule *const *rules,
                                struct json_out *out)
{
    size_t most = 1;
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; c->tactics[i].short_name != NULL && k < c->tactics[i].n_cells; k++) {
            const struct coverage_cell *x = &c->tactics[i].cells[k];
            bool open = x->sub == 0 && k + 1 < c->tactics[i].n_cells &&
                        c->tactics[i].cells[k + 1].technique == x->technique;
            most = x->n > most ? x->n : most;
            json_obj(out);
            write_id(x, "techniqueID", out);
            json_kv_z(out, "tactic", c->tactics[i].short_name);
            json_kv_int(out, "score", (int64_t)x->n);
            write_comment(x, rules, out);
            json_kv_bool(out, "enabled", true);
            json_kv_bool(out, "showSubtechniques", open);
            json_obj_end(out);
        }
    return most;
}

void coverage_write_layer(const struct coverage *c, const struct rule *const *rules,
                          struct str name, struct json_out *out)
{
    static const char *const colours[] = {"#e8f2fbff", "#1f77b4ff"};
    json_obj(out);
    json_kv_str(out, "name", name);
    json_key(out, "versions");
    json_obj(out);
    json_kv_z(out, "attack", MITRE_ATTACK_VERSION);
    json_kv_z(out, "navigator", "5.1.0");
    json_kv_z(out, "layer", "4.5");
    json_obj_end(out);
    json_kv_z(out, "domain", "enterprise-attack");
    json_kv_z(out, "description", "Analytics rules by technique; a score is a number of rules.");
    json_kv_int(out, "sorting", 3); /* by score, the highest first */
    json_kv_bool(out, "hideDisabled", false);
    json_key(out, "techniques");
    json_arr(out);
    size_t most = write_layer_cells(c, rules, out);
    json_arr_end(out);
    json_key(out, "gradient");
    json_obj(out);
    json_key(out, "colors");
    json_arr(out);
    for (size_t i = 0; i < COUNTOF(colours); i++)
        json_z(out, colours[i]);
    json_arr_end(out);
    json_kv_int(out, "minValue", 0);
    json_kv_int(out, "maxValue", (int64_t)most);
    json_obj_end(out);
    json_key(out, "metadata");
    json_arr(out);
    json_arr_end(out);
    json_obj_end(out);
}
