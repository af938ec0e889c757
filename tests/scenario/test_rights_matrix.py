"""Every route asks for the action that rights.txt says, and each built-in role gets through where its actions let it
and nowhere else. A new route fails until it has a line."""
import os
import re

from test_rights import AUTH, VERSION, value
from vedette import Server, equal

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = os.path.join(HERE, "rights.txt")
METHODS = ("get", "post", "put", "patch", "delete")
NEVER_ENDS = ("/events",)  # only refused here


def lines_of(doc):
    """METHOD pattern | right | action [& action] [or data action]"""
    lines = []
    for path, item in doc["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            one = item[method]
            right = one.get("x-vedette-right", "open")
            action = one.get("x-vedette-action", "-")
            if "x-vedette-second-action" in one:
                action += " & " + one["x-vedette-second-action"]
            if "x-vedette-data-action" in one:
                action += " or " + one["x-vedette-data-action"]
            lines.append("%s %s | %s | %s" % (method.upper(), path, right, action))
    return sorted(lines)


def expected_lines():
    with open(EXPECTED, encoding="utf-8") as f:
        return sorted(line.rstrip("\n") for line in f if line.strip() and not line.startswith("#"))


def test_each_route_has_a_line():
    with Server() as s:
        found = lines_of(s.get("/openapi.json").json())
    expected = expected_lines()
    equal([x for x in found if x not in expected], [], "routes without a line in rights.txt")
    equal([x for x in expected if x not in found], [], "lines of rights.txt without a route")


def fits(pattern, action):
    """Azure's rule, written anew: '*' is any run; nothing may stand for '/*/'."""
    def one(p):
        return re.fullmatch(".*".join(re.escape(part) for part in p.split("*")), action, re.I) is not None
    return one(pattern) or ("/*/" in pattern and one(pattern.replace("/*/", "/")))


def grants(role, action, data):
    names = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    return any(any(fits(p, action) for p in permission[names[0]]) and
               not any(fits(p, action) for p in permission[names[1]])
               for permission in role["properties"]["permissions"])


def may(role, rule):
    if " or " in rule:
        rule, data = rule.split(" or ")
        if grants(role, data, True):
            return True
    return all(grants(role, action, False) for action in rule.split(" & "))


def concrete(path, workspace):
    def part(match):
        name = match.group(1)
        if name == "workspace":
            return workspace["name"]
        if name == "dcr":
            return workspace["dataCollectionRule"]
        if name == "stream":
            return "Microsoft-Heartbeat"
        return "00000000-0000-0000-0000-00000000000a" if name in ("role", "assignment") else "zz"
    return re.sub(r"\{([^}]*)\}", part, path)


def check_role(s, role, lines, workspace, token, connection):
    name, wrong, refused = role["properties"]["roleName"], [], 0
    for line in lines:
        head, right, rule = line.split(" | ")
        method, path = head.split(" ")
        if rule == "-" or right == "metrics/read":  # open, one's own, or local
            continue
        expected = may(role, rule)
        if expected and path.endswith(NEVER_ENDS):
            continue
        target = concrete(path, workspace)
        if "providers/{provider}" in path and "Authorization" in path:  # a scope: the workspace, or a table of it
            target = re.sub(r"/providers/zz/zz/zz", "/providers/Microsoft.OperationalInsights/workspaces/"
                            + workspace["name"], target).replace("/zz/zz/providers", "/tables/Heartbeat/providers")
        separator = "&" if "?" in target else "?"
        answer = s.request(method, target + separator + "api-version=2022-04-01",
                           None if method in ("GET", "DELETE") else {}, token=token, connection=connection)
        refused += answer.status == 403
        if (answer.status == 403) == expected or answer.status == 401:
            wrong.append("%s: %s answers %d" % (name, line, answer.status))
    return wrong, refused


def check_roles(part, parts):
    """Every parts-th role; the parts run beside one another."""
    lines = expected_lines()
    with Server("--requests-per-second", "100000") as s:
        workspace = s.workspace()
        roles = value(s.get(AUTH + "/roleDefinitions" + VERSION))
        assert len(roles) > 15, len(roles)
        wrong, connection = [], s.connect()
        for role in roles[part::parts]:
            name = role["properties"]["roleName"]
            found, refused = check_role(s, role, lines, workspace, s.token(*s.application(name)), connection)
            wrong += found
            assert name in ("Owner", "Tenant Administrator") or refused > 20, (name, refused)
        connection.close()
        equal(wrong, [])


def test_roles_on_each_route_1():
    check_roles(0, 4)


def test_roles_on_each_route_2():
    check_roles(1, 4)


def test_roles_on_each_route_3():
    check_roles(2, 4)


def test_roles_on_each_route_4():
    check_roles(3, 4)
