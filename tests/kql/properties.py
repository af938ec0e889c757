#!/usr/bin/env python3
"""Properties of KQL over random tables: each query's rows are compared with what a few lines of
Python say, or with those of another query that has to agree.

properties.py [SEED [ROUNDS]]: the same seed makes the same queries. $VEDETTE is the program. The
last line is 'N passed, N failed'; a failure prints its query.
"""
import itertools
import json
import random
import subprocess
import sys

from properties_values import VALUES
from run import LIMIT_S, NOW, PROGRAM

SEED, ROUNDS = 20260115, 60
WORDS = ["", "alpha", "Alpha", "beta gamma", "gamma", "al", "alphabet", "beta-alpha", "ä", "x1"]
COLUMNS = [("id", "long"), ("k", "string"), ("a", "long"), ("b", "long"), ("r", "real"), ("f", "bool")]
NAMES = [name for name, _ in COLUMNS]


# ---- tables ----

def random_row(rng, number):
    def maybe(value):
        return None if rng.random() < 0.2 else value
    return [number, rng.choice(WORDS), maybe(rng.randint(-3, 5)), maybe(rng.randint(-3, 5)),
            maybe(rng.randint(-8, 8) / 4), maybe(rng.random() < 0.5)]


def literal(value, kind):
    if kind == "string":
        return json.dumps(value, ensure_ascii=False)
    if value is None:
        return "%s(null)" % kind
    if kind == "bool":
        return "true" if value else "false"
    return "%s(%s)" % (kind, value) if value < 0 or kind == "real" else str(value)


def table_text(rows):
    cells = ", ".join(literal(v, t) for row in rows for v, (_, t) in zip(row, COLUMNS))
    return "datatable(%s)[%s]" % (", ".join("%s:%s" % c for c in COLUMNS), cells)


# ---- predicates: text, and a function of a row as a dictionary that gives True, False or None ----

def equality(sign, left, right):
    def value(row):
        x, y = left(row), right(row)
        if x is None and y is None:
            return None
        same = x is not None and y is not None and x == y
        return same if sign == "==" else not same
    return value


def order(sign, left, right):
    compare = {"<": lambda x, y: x < y, "<=": lambda x, y: x <= y,
               ">": lambda x, y: x > y, ">=": lambda x, y: x >= y}[sign]

    def value(row):
        x, y = left(row), right(row)
        return None if x is None or y is None else compare(x, y)
    return value


def both(left, right):
    def value(row):
        x, y = left(row), right(row)
        return False if x is False or y is False else None if x is None or y is None else True
    return value


def either(left, right):
    def value(row):
        x, y = left(row), right(row)
        return True if x is True or y is True else None if x is None or y is None else False
    return value


def negated(inner):
    def value(row):
        x = inner(row)
        return None if x is None else not x
    return value


def number(rng):
    """An operand of a comparison: (text, function)."""
    kind = rng.randrange(4)
    if kind == 0:
        constant = rng.randint(-3, 5)
        return literal(constant, "long"), lambda row: constant
    name = rng.choice(["a", "b", "r"])
    if kind < 3:
        return name, lambda row: row[name]
    other = rng.choice(["a", "b"])

    def total(row):
        return None if row[name] is None or row[other] is None else row[name] + row[other]
    return "(%s + %s)" % (name, other), total


def text_test(rng):
    word = rng.choice([w for w in WORDS if w])
    tests = {"startswith": lambda s, w: s.lower().startswith(w), "contains": lambda s, w: w in s.lower(),
             "endswith": lambda s, w: s.lower().endswith(w), "=~": lambda s, w: s.lower() == w}
    sign = rng.choice(sorted(tests))
    not_sign = {"=~": "!~"}.get(sign, "!" + sign)
    if rng.random() < 0.3:
        return ("k %s %s" % (not_sign, literal(word, "string")),
                lambda row: not tests[sign](row["k"], word.lower()))
    return "k %s %s" % (sign, literal(word, "string")), lambda row: tests[sign](row["k"], word.lower())


def leaf(rng):
    kind = rng.randrange(8)
    left, right = number(rng), number(rng)
    if kind < 2:
        sign = rng.choice(["==", "!="])
        return "%s %s %s" % (left[0], sign, right[0]), equality(sign, left[1], right[1])
    if kind < 4:
        sign = rng.choice(["<", "<=", ">", ">="])
        return "%s %s %s" % (left[0], sign, right[0]), order(sign, left[1], right[1])
    if kind == 4:
        low, high = sorted([rng.randint(-3, 5), rng.randint(-3, 5)])
        texts = (left[0], literal(low, "long"), literal(high, "long"))
        return ("%s between (%s .. %s)" % texts,
                both(order(">=", left[1], lambda row: low), order("<=", left[1], lambda row: high)))
    if kind == 5:
        name = rng.choice(["a", "b", "r", "f"])
        return "isnull(%s)" % name, lambda row: row[name] is None
    if kind == 6:
        return "f", lambda row: row["f"]
    return text_test(rng)


def predicate(rng, depth=3):
    if depth == 0 or rng.random() < 0.25:
        return leaf(rng)
    left = predicate(rng, depth - 1)
    if rng.random() < 0.25:
        return "not(%s)" % left[0], negated(left[1])
    right = predicate(rng, depth - 1)
    if rng.random() < 0.5:
        return "(%s and %s)" % (left[0], right[0]), both(left[1], right[1])
    return "(%s or %s)" % (left[0], right[0]), either(left[1], right[1])


# ---- properties: each yields (query, wanted rows, whether their order counts) ----

def dictionaries(rows):
    return [dict(zip(NAMES, row)) for row in rows]


def filters(rng, rows, table):
    text, value = predicate(rng)
    outcomes = [value(row) for row in dictionaries(rows)]
    wanted = [[row[0]] for row, x in zip(rows, outcomes) if x is True]
    yield "%s | where %s | project id" % (table, text), wanted, False
    yield "%s | extend x = %s | where x | project id" % (table, text), wanted, False
    yield ("%s | project id, x = %s" % (table, text),
           [[row[0], x] for row, x in zip(rows, outcomes)], False)
    yield "%s | project id, x = iff(%s, 1, 0) | where x == 1 | project id" % (table, text), wanted, False
    parts = ["where %s" % text, "where not(%s)" % text, "where isnull(%s)" % text]
    yield ("let T = %s; union %s | count" % (table, ", ".join("(T | %s)" % p for p in parts)),
           [[len(rows)]], False)
    yield ("%s | summarize countif(%s), countif(not(%s)), countif(isnull(%s))" % (table, text, text, text),
           [[outcomes.count(True), outcomes.count(False), outcomes.count(None)]], False)


def split_filters(rng, rows, table):
    (x, xv), (y, yv) = predicate(rng, 2), predicate(rng, 2)
    wanted = [[d["id"]] for d in dictionaries(rows) if xv(d) is True and yv(d) is True]
    yield "%s | where %s and %s | project id" % (table, x, y), wanted, False
    yield "%s | where %s | where %s | project id" % (table, x, y), wanted, False
    other = [[d["id"]] for d in dictionaries(rows) if xv(d) is True or yv(d) is True]
    yield "%s | where %s or %s | project id" % (table, x, y), other, False


def sort_key(value, descending, nulls_first):
    if value is None:
        return (0 if nulls_first else 2, 0)
    if isinstance(value, str):
        value = [-c for c in value.encode()] + [1] if descending else list(value.encode())
        return (1, value)
    return (1, -value if descending else value)


def sorting(rng, rows, table):
    keys = rng.sample(["a", "b", "r", "k"], rng.randint(1, 3)) + ["id"]
    parts, rules = [], []
    for name in keys:
        descending = rng.random() < 0.5
        nulls = rng.choice(["", " nulls first", " nulls last"])
        first = nulls == " nulls first" if nulls else not descending
        parts.append("%s %s%s" % (name, "desc" if descending else "asc", nulls))
        rules.append((NAMES.index(name), descending, first))
    ordered = sorted(rows, key=lambda row: [sort_key(row[i], d, n) for i, d, n in rules])
    wanted = [[row[0]] for row in ordered]
    by = ", ".join(parts)
    yield "%s | sort by %s | project id" % (table, by), wanted, True
    n = rng.randint(0, len(rows) + 1)
    yield "%s | top %d by %s | project id" % (table, n, by), wanted[:n], True
    yield "%s | sort by %s | take %d | project id" % (table, by, n), wanted[:n], True
    numbered = [[row[0], i + 1] for i, row in enumerate(ordered)]
    yield "%s | sort by %s | serialize n = row_number() | project id, n" % (table, by), numbered, True
    previous = [[None]] + wanted[:-1] if wanted else []
    yield "%s | sort by %s | project p = prev(id)" % (table, by), previous, True


def joins(rng, rows, table):
    right = [random_row(rng, 100 + i) for i in range(rng.randint(0, 8))]
    keys = rng.choice([["a"], ["k"], ["a", "k"], ["f"]])
    at = [NAMES.index(name) for name in keys]

    def key(row):
        return [row[i] for i in at]
    pairs = [(x, y) for x in rows for y in right if key(x) == key(y)]
    left_found = {x[0] for x, _ in pairs}
    right_found = {y[0] for _, y in pairs}
    both_ids = [[x[0], y[0]] for x, y in pairs]
    left_only = [[x[0], None] for x in rows if x[0] not in left_found]
    right_only = [[None, y[0]] for y in right if y[0] not in right_found]
    wanted = {"inner": both_ids, "leftouter": both_ids + left_only, "rightouter": both_ids + right_only,
              "fullouter": both_ids + left_only + right_only}
    join = "%s | project id, %s | join kind=%%s (%s | project id, %s) on %s" % (
        table, ", ".join(keys), table_text(right), ", ".join(keys), ", ".join(keys))
    for kind, ids in wanted.items():
        yield join % kind + " | project id, id1", ids, False
    yield join % "leftsemi" + " | project id", [[x[0]] for x in rows if x[0] in left_found], False
    yield join % "leftanti" + " | project id", [[i] for i, _ in left_only], False
    yield join % "rightsemi" + " | project id", [[y[0]] for y in right if y[0] in right_found], False
    yield join % "rightanti" + " | project id", [[i] for _, i in right_only], False
    # innerunique takes some left row of each key: which one is open, how many are found is not
    distinct = [k for k, _ in itertools.groupby(sorted(json.dumps(key(x)) for x in rows))]
    matched = sum(1 for k in distinct for y in right if json.dumps(key(y)) == k)
    yield join % "innerunique" + " | count", [[matched]], False


def summaries(rng, rows, table):
    text, value = predicate(rng, 2)
    keys = rng.choice([["k"], ["a"], ["f", "k"], []])
    groups = {}
    for row in dictionaries(rows):
        groups.setdefault(json.dumps([row[name] for name in keys]), []).append(row)
    if not keys and not groups:
        groups["[]"] = []
    wanted = []
    for key, found in groups.items():
        numbers = [row["b"] for row in found if row["b"] is not None]
        wanted.append(json.loads(key) + [
            len(found), sum(1 for row in found if value(row) is True), len(numbers),
            min(numbers, default=None), max(numbers, default=None),
            sorted(numbers), sorted(set(numbers)), len({row["k"] for row in found})])
    yield ("%s | summarize count(), countif(%s), countif(isnotnull(b)), min(b), max(b), "
           "array_sort_asc(make_list(b)), array_sort_asc(make_set(b)), dcount(k)%s"
           % (table, text, " by " + ", ".join(keys) if keys else ""), wanted, False)
    some = [row for row in dictionaries(rows) if row["b"] is not None]
    sums = {}
    for row in some:
        sums.setdefault(row["k"], []).append(row["b"])
    yield ("%s | where isnotnull(b) | summarize sum(b), avg(b) by k" % table,
           [[k, sum(v), sum(v) / len(v)] for k, v in sums.items()], False)


def sets(rng, rows, table):
    pairs = [list(p) for p in dict.fromkeys((row[1], row[2]) for row in rows)]
    yield "%s | distinct k, a" % table, pairs, False
    yield "%s | summarize by k, a" % table, pairs, False
    text, value = predicate(rng, 2)
    keep = [row for row in dictionaries(rows) if value(row) is True]
    yield ("let T = %s; T | where id in ((T | where %s | project id)) | project id" % (table, text),
           [[row["id"]] for row in keep], False)
    yield ("let T = %s; T | where %s | summarize l = make_list(id) | mv-expand l to typeof(long)"
           % (table, text), [[row["id"]] for row in keep], False)


def same_values(rows, names):
    return {name: rows[0][name] for name in names if len({json.dumps(row[name]) for row in rows}) == 1}


def baskets(rng, rows, table):
    """Values that enough rows share, and with them all that these rows have in common."""
    names, least, dimensions = ["k", "a", "b", "f"], rng.choice([0.1, 0.25, 0.5, 1]), rng.randint(1, 4)
    weighted = rng.random() < 0.5
    found = [(row, row["id"] if weighted else 1) for row in dictionaries(rows)]
    found = [(row, weight) for row, weight in found if weight > 0]
    total, wanted = sum(weight for _, weight in found), {}
    for size in range(dimensions + 1):
        for chosen in itertools.combinations(names, size):
            groups = {}
            for row, weight in found:
                groups.setdefault(json.dumps([row[name] for name in chosen]), []).append((row, weight))
            for group in groups.values():
                weight, shared = sum(w for _, w in group), same_values([row for row, _ in group], names)
                if shared and weight >= least * total - 1e-9:
                    cells = [shared.get(name, "" if name == "k" else None) for name in names]
                    wanted[json.dumps(shared)] = [weight] + cells
    yield ("%s | project k, a, b, f%s | evaluate basket(%s, %s, %d) | project Count, k, a, b, f"
           % (table, ", id" if weighted else "", least, "id" if weighted else "'~'", dimensions), list(wanted.values()), False)


def lookups(rng, rows, table):
    """Each left row with each right row of its key, or with nothing; sides may have keys that are null."""
    right = [random_row(rng, 100 + i) for i in range(rng.randint(0, 6))]
    name = rng.choice(["a", "k", "f"])
    at = NAMES.index(name)
    pairs = [(x, y) for x in rows for y in right if x[at] == y[at]]
    found = {x[0] for x, _ in pairs}
    lookup = "%s | lookup kind=%%s (%s | project %s, other = id) on %s | project id, other" % (
        table, table_text(right), name, name)
    inner = [[x[0], y[0]] for x, y in pairs]
    yield lookup % "inner", inner, False
    yield lookup % "leftouter", inner + [[x[0], None] for x in rows if x[0] not in found], False


def membership(rng, rows, table):
    """The same list in each way in which a query may have one."""
    name, kind = rng.choice(COLUMNS[1:3])
    pool = WORDS if kind == "string" else list(range(-3, 6))
    chosen = rng.sample(pool, rng.randint(1, 4))
    texts = ", ".join(literal(v, kind) for v in chosen)
    values = "datatable(v: %s)[%s]" % (kind, texts)
    lists = [texts, "dynamic(%s)" % json.dumps(chosen, ensure_ascii=False),
             "(%s)" % values, "toscalar(%s | summarize make_list(v))" % values,
             "toscalar(%s | summarize make_set(v))" % values]
    inside = [[row["id"]] for row in dictionaries(rows) if row[name] in chosen]
    outside = [[row["id"]] for row in dictionaries(rows) if row[name] not in chosen]
    for items in lists:
        yield "%s | where %s in (%s) | project id" % (table, name, items), inside, False
        yield "%s | where %s !in (%s) | project id" % (table, name, items), outside, False
    yield ("let l = toscalar(%s | summarize make_list(v)); %s | where %s in (l) | project id"
           % (values, table, name), inside, False)
    if kind == "string":
        folded = {v.lower() for v in chosen}
        close = [[row["id"]] for row in dictionaries(rows) if row[name].lower() in folded]
        for items in lists:
            yield "%s | where %s in~ (%s) | project id" % (table, name, items), close, False


def windows(rng, rows, table):
    """Running sums, neighbours and ranks in an order that is given."""
    ordered = sorted(dictionaries(rows), key=lambda row: (row["k"].encode(), row["id"]))
    n, wanted, total, rank, dense = rng.randint(1, 3), [], 0, 0, 0
    for i, row in enumerate(ordered):
        restart = i == 0 or row["k"] != ordered[i - 1]["k"]
        total = row["id"] if restart else total + row["id"]
        dense += restart
        rank = i + 1 if restart else rank
        before = ordered[i - n]["id"] if i >= n else -5
        behind = ordered[i + n]["id"] if i + n < len(ordered) else None
        wanted.append([row["id"], total, before, behind, rank, dense])
    yield ("%s | sort by k asc, id asc | extend total = row_cumsum(id, k != prev(k)), before = prev(id, %d, -5), "
           "behind = next(id, %d), rank = row_rank_min(k), dense = row_rank_dense(k) "
           "| project id, total, before, behind, rank, dense" % (table, n, n), wanted, True)


def groups_by_row(rng, rows, table):
    """The last row of each group in four ways, and groups put together from parts."""
    last, sums = {}, {}
    for row in dictionaries(rows):
        last[row["k"]] = max(last.get(row["k"], -1), row["id"])
        sums.setdefault(row["k"], []).append(row["id"])
    wanted = [[k, i] for k, i in last.items()]
    for query in ("summarize arg_max(id, *) by k | project k, id", "summarize id = max(id) by k",
                  "partition by k (top 1 by id desc) | project k, id",
                  "sort by k asc, id desc | extend n = row_number(1, k != prev(k)) | where n == 1 | project k, id"):
        yield "%s | %s" % (table, query), wanted, False
    cut = rng.randint(-1, 20)
    yield ("let T = %s; union (T | where id < %d | summarize s = sum(id), n = count() by k), "
           "(T | where id >= %d | summarize s = sum(id), n = count() by k) | summarize sum(s), sum(n) by k"
           % (table, cut, cut), [[k, sum(v), len(v)] for k, v in sums.items()], False)
    yield ("%s | summarize l = make_list(id), m = make_list(r) by k | mv-expand l to typeof(long) | project k, l"
           % table, [[row["k"], row["id"]] for row in dictionaries(rows)], False)


def unions(rng, rows, table):
    """Columns by name, null where a side lacks one; a union counts what its sides count."""
    left, right = rng.sample(["a", "b", "r", "f"], 2)
    wanted = [[row["id"], row[left], None] for row in dictionaries(rows)]
    wanted += [[row["id"], None, row[right]] for row in dictionaries(rows)]
    yield ("let T = %s; union (T | project id, %s), (T | project id, %s) | project id, %s, %s"
           % (table, left, right, left, right), wanted, False)
    yield ("let T = %s; union kind=inner (T | project id, %s), (T | project id, %s)"
           % (table, left, right), [[row["id"]] for row in dictionaries(rows)] * 2, False)
    yield "let T = %s; union T, T, T | count" % table, [[3 * len(rows)]], False
    yield ("let T = %s; T | join kind=inner (T) on id | count" % table, [[len(rows)]], False)


def series(rng, rows, table):
    """A series has a cell for each step, also where there is no row."""
    start, step = rng.randint(-3, 2), rng.randint(1, 4)
    end = start + rng.randint(1, 20)
    axis = list(range(start, end, step))
    counts = [sum(1 for row in rows if x <= row[0] < min(x + step, end)) for x in axis]
    ids = [[row[0] for row in rows if x <= row[0] < min(x + step, end)] for x in axis]
    wanted = [[counts, [max(found, default=-1) for found in ids], axis]] if any(counts) else []
    yield ("%s | make-series n = count(), m = max(id) default=-1 on id from %d to %d step %d" % (table, start, end, step),
           wanted, False)


PROPERTIES = [filters, split_filters, sorting, joins, summaries, sets, baskets, lookups, membership, windows,
              groups_by_row, unions, series]


# ---- running ----

def batch(verb, queries, *options):
    lines = "".join(json.dumps({"id": i, "query": q}) + "\n" for i, q in enumerate(queries))
    done = subprocess.run([PROGRAM, "kql", verb, "--batch", *options], input=lines, text=True,
                          capture_output=True, timeout=LIMIT_S, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["id"] for a in answers] == list(range(len(queries))), done.stderr[-2000:]
    return answers


def plain(rows, ordered):
    texts = [json.dumps([float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in row],
                        sort_keys=True) for row in rows]
    return texts if ordered else sorted(texts)


def cases(seed, rounds):
    rng = random.Random(seed)
    for _ in range(rounds):
        rows = [random_row(rng, i) for i in range(rng.choice([0, 1, 3, 8, 20]))]
        for make in PROPERTIES:
            for query, wanted, ordered in make(rng, rows, table_text(rows)):
                yield make.__name__, query, wanted, ordered
        for make in VALUES:
            for query, wanted, ordered in make(rng):
                yield make.__name__, query, wanted, ordered


def trouble(answer, wanted, ordered):
    if "error" in answer:
        return str(answer["error"])
    got, want = plain(answer["rows"], ordered), plain(wanted, ordered)
    return None if got == want else "want %s\n  got  %s" % (want, got)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    passed = failed = 0
    made = list(cases(seed, rounds))
    texts = [query for _, query, _, _ in made]
    formatted = [a.get("formatted", a.get("error")) for a in batch("format", texts)]
    again = [a.get("formatted", a.get("error")) for a in batch("format", formatted)]
    answers = batch("eval", texts, "--now", NOW)
    after = batch("check", formatted, "--now", NOW)
    for (name, query, wanted, ordered), x, y, text, twice in zip(made, answers, after, formatted, again):
        why = trouble(x, wanted, ordered)
        if why is None and (text != twice or y.get("columns") != x["columns"]):
            why = "formatting changes it: %s" % text
        passed, failed = passed + (why is None), failed + (why is not None)
        if why is not None and failed <= 20:
            print("FAILED %s (seed %d):\n  %s\n  %s" % (name, seed, query, why))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
