/* The order of tactics in the kill chain, and the titles of incidents that go along it. */
#include "correlate/correlate_priv.h"

/* ATT&CK's own order; the two of industrial control systems are kinds of impact. */
static const struct {
    const char *name, *words;
    int stage;
} tactics[] = {
    {"PreAttack", "Pre-attack", 1},
    {"Reconnaissance", "Reconnaissance", 1},
    {"ResourceDevelopment", "Resource development", 2},
    {"InitialAccess", "Initial access", 3},
    {"Execution", "Execution", 4},
    {"Persistence", "Persistence", 5},
    {"PrivilegeEscalation", "Privilege escalation", 6},
    {"DefenseEvasion", "Defense evasion", 7},
    {"CredentialAccess", "Credential access", 8},
    {"Discovery", "Discovery", 9},
    {"LateralMovement", "Lateral movement", 10},
    {"Collection", "Collection", 11},
    {"CommandAndControl", "Command and control", 12},
    {"Exfiltration", "Exfiltration", 13},
    {"Impact", "Impact", 14},
    {"ImpairProcessControl", "Impair process control", 14},
    {"InhibitResponseFunction", "Inhibit response function", 14},
};

int tactic_stage(struct str tactic)
{
    for (size_t i = 0; i < COUNTOF(tactics); i++)
        if (str_ieqz(tactic, tactics[i].name))
            return tactics[i].stage;
    return 0;
}

#define MULTI_STAGE "Multi-stage incident involving "

bool is_multi_stage_title(struct str title)
{
    return str_starts(title, STR(MULTI_STAGE));
}

/* The first and the last of a list by stage; false: there are not two. */
static bool ends(struct arena *a, struct str list, const char **first, const char **last)
{
    struct json v = {0};
    int low = 0, high = 0;
    if (list.n == 0 || !json_parse(a, list, NULL, &v, NULL))
        return false;
    for (size_t i = 0; i < v.n; i++)
        for (size_t k = 0; k < COUNTOF(tactics); k++) {
            if (!str_ieqz(json_text(&v.items[i], STR("")), tactics[k].name))
                continue;
            if (low == 0 || tactics[k].stage < low) {
                low = tactics[k].stage;
                *first = tactics[k].words;
            }
            if (tactics[k].stage > high) {
                high = tactics[k].stage;
                *last = tactics[k].words;
            }
        }
    return low < high;
}

struct str multi_stage_title(struct arena *a, const struct title_facts *f)
{
    const char *first = NULL, *last = NULL, *where = "";
    if (f->rules < 2 || !ends(a, f->tactics, &first, &last))
        return STR("");
    if (f->hosts > 0)
        where = f->hosts == 1 ? " on one endpoint" : " on multiple endpoints";
    else if (f->accounts > 0)
        where = f->accounts == 1 ? " of one user" : " of multiple users";
    return arena_fmt(a, MULTI_STAGE "%s & %s%s%s", first, last, where,
                     f->products > 1 ? " reported by multiple sources" : "");
}
