"""Queries that are made to exhaust the server: each gets an answer, and the server lives on."""
from vedette import Server, contains, equal


def doubling(n, function):
    """n definitions, each of which uses the one before twice."""
    return "".join(function(i) for i in range(1, n))


def test_queries_that_grow_without_bound():
    queries = [
        "let f0 = (x:long) { x + 1 };" + doubling(
            30, lambda i: "let f%d = (x:long) { f%d(x) + f%d(x) };" % (i, i - 1, i - 1)) + "print f29(1)",
        "let t0 = datatable(x:long)[1];" + doubling(
            30, lambda i: "let t%d = t%d | union t%d;" % (i, i - 1, i - 1)) + "t29 | count",
        "let t0 = datatable(x:long)[1];" + doubling(
            30, lambda i: "let t%d = t%d | join t%d on x;" % (i, i - 1, i - 1)) + "t29 | count",
    ]
    with Server() as s:
        for query in queries:
            answer = s.ask(query)
            equal(answer.status, 400)
            contains(answer.message(), "once its functions are put in")
        equal(s.query("print x = 1"), [{"x": 1}])


def test_queries_that_are_deep_long_or_wide():
    with Server() as s:
        for query in ("print " + "(" * 100_000 + "1" + ")" * 100_000,
                      "print " + "-" * 100_000 + "1",
                      "print x = " + "1+" * 100_000 + "1",
                      "print " + ",".join("c%d = 1" % i for i in range(20_000)),
                      "Heartbeat " + "| where true " * 20_000,
                      "print x = '" + "x" * 1_900_000 + "'",
                      "print dynamic(" + "[" * 10_000 + "]" * 10_000 + ")",
                      "print x = 'a' matches regex '" + "(a*)*" * 200 + "b'",
                      "range x from 1 to 10000000000 step 1 | summarize make_list(x, 10000000)"):
            answer = s.ask(query, prefer="wait=5")
            assert answer.status in (200, 400, 413, 504), answer
        equal(s.query("print x = 1"), [{"x": 1}])
