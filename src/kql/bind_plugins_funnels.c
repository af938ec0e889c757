/* funnel_sequence and funnel_sequence_completion as plain KQL: who went through a sequence of
 * states, how fast, and from where to where. Source: the plugins' own pages of the Kusto reference.
 */
#include "kql/bind_plugins_users.h"

/* Of the times of a state those to which a chain leads, with the latest start of one: the chain
 * through the last time before of the state before. So the times of each state are counted, and one
 * is joined to one only. What happens at the same time is no sequence. */
static void completion_states(const struct user_call *u, struct sbuf *out)
{
    size_t n = u->n_sequence;
    user_text(u,
              "let E = materialize(_T $W | extend _b = $B, _s = tostring(_state) | where _s in (",
              out);
    for (size_t i = 0; i < n; i++)
        sbuf_addf(out, "%stostring(_sequence[%zu])", i > 0 ? ", " : "", i);
    sbuf_addz(out, ") | summarize ");
    for (size_t i = 0; i < n; i++)
        sbuf_addf(out, "%s_h%zu = max(tolong(_s == tostring(_sequence[%zu])))", i > 0 ? ", " : "",
                  i, i);
    sbuf_addz(out, " by _id, _b, _t | sort by _id asc, _b asc, _t asc | extend _new = row_number() "
                   "== 1 or _id != prev(_id) or _b != prev(_b)");
    for (size_t i = 0; i < n; i++)
        sbuf_addf(out, "%s_g%zu = row_cumsum(_h%zu, _new)", i > 0 ? ", " : " | extend ", i, i);
    sbuf_addz(out, ");");
    for (size_t i = 0; i < n; i++) {
        sbuf_addf(out, "let C%zu = materialize(E | where _h%zu == 1", i, i);
        if (i > 0)
            sbuf_addf(out,
                      " | extend _q = _g%zu - _h%zu"
                      " | join kind=inner (C%zu | project _id, _b, _q = _g, _from) on _id, _b, _q",
                      i - 1, i - 1, i - 1);
        sbuf_addf(out, " | project _id, _b, _t, _from = %s, _g = _g%zu);", i > 0 ? "_from" : "_t",
                  i);
    }
}

void funnel_completion_text(const struct user_call *u, struct sbuf *out)
{
    enum kql_type t = u->time->type;
    const char *to = t == KQL_DATETIME || t == KQL_TIMESPAN ? "totimespan"
                     : t == KQL_REAL || t == KQL_DECIMAL    ? "toreal"
                                                            : "tolong";
    completion_states(u, out);
    for (size_t i = 0; i < u->n_sequence; i++)
        sbuf_addf(out, "%s(C%zu | project _id, _b, _d = _t - _from, _i = %zu)",
                  i > 0 ? ", " : "union ", i, i);
    sbuf_addf(out,
              " | summarize _d = min(_d) by _id, _b, _i | extend _k = range(0, %zu, 1)"
              " | mv-expand _k to typeof(long) | where _d <= %s(_periods[_k])"
              " | summarize ['dcount'] = count() by _b, _k, _i | sort by _b asc, _k asc, _i asc"
              " | project _b, _state = tostring(_sequence[_i]), Period = %s(_periods[_k]), "
              "['dcount']",
              u->n_periods - 1, to, to);
}

/* Each period on its own, in a user's own order: the sequence, what stands before it and what
 * behind it. Events of one state in a row are one event that lasts, unless the sequence itself
 * repeats a state. */
void funnel_sequence_text(const struct user_call *u, struct sbuf *out)
{
    size_t n = u->n_sequence;
    user_text(
        u,
        "_T $W | extend _b = $B, _s = tostring(_state)"
        " | sort by _id asc, _b asc, _t asc, _s asc | extend _same = row_number() > 1 and _id "
        "== prev(_id) and _b == prev(_b)",
        out);
    sbuf_addf(out,
              " | extend _g = row_cumsum(iff(_same%s, 0, 1))"
              " | summarize _t0 = min(_t), _t1 = max(_t) by _id, _b, _s, _g"
              " | sort by _id asc, _b asc, _g asc"
              " | extend _near = row_number() > 1 and _id == prev(_id) and _b == prev(_b) and _t0 "
              "- prev(_t1) <= _window",
              u->repeats ? " and false" : " and _s == prev(_s)");
    sbuf_addf(out, " | extend _hit = _s == tostring(_sequence[%zu])", n - 1);
    for (size_t i = 1; i < n; i++) {
        if (i > 1)
            sbuf_addf(out, " and prev(_near, %zu)", i - 1);
        sbuf_addf(out, "%s and prev(_s, %zu) == tostring(_sequence[%zu])",
                  i > 1 ? "" : " and _near", i, n - 1 - i);
    }
    if (n > 1)
        sbuf_addf(out, ", ['prev'] = iff(prev(_near, %zu), prev(_s, %zu), '')", n - 1, n);
    else
        sbuf_addz(out, ", ['prev'] = iff(_near, prev(_s), '')");
    sbuf_addz(out, ", ['next'] = iff(next(_near), next(_s), '') | where _hit | fork ");
    static const char *const by[] = {"['prev'], ['next']", "['prev']", "['next']"};
    for (size_t i = 0; i < COUNTOF(by); i++)
        sbuf_addf(
            out,
            "(summarize ['dcount'] = count_distinct(_id), samples = make_set(_id, 128) by _b, "
            "%s | project _b, %s, ['dcount'], samples | sort by _b asc, ['dcount'] desc) ",
            by[i], by[i]);
}
