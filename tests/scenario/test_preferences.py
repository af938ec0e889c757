"""What people keep for themselves, and to whom incidents may be given."""
from test_tenants import Tenant
from vedette import Server, contains, equal, until

OWN = "/vedette/v1/preferences"


def put(browser, key, value):
    return browser.call("PUT", OWN + "/" + key, {"value": value})


def test_preferences_are_ones_own():
    with Server() as s:
        s.user("ann", "Microsoft Sentinel Reader")
        s.user("ben", "Owner")
        ann, ben = s.browser("ann"), s.browser("ben")
        view = {"name": "mine", "filter": {"severity": ["High"]}, "n": 1.50, "none": None}
        made = put(ann, "views.incidents", view)
        equal((made.status, made.json()["value"]), (200, view))
        equal(put(ann, "appearance", "dark").status, 200)
        equal(ann.get(OWN + "/views.incidents").json()["value"], view)
        equal([(x["key"], x["value"]) for x in ann.get(OWN).json()["value"]],
              [("appearance", "dark"), ("views.incidents", view)])
        equal(ben.get(OWN + "/views.incidents").status, 404)
        equal(ben.get(OWN).json()["value"], [])
        equal(ben.call("DELETE", OWN + "/views.incidents").status, 204)
        equal(ann.call("DELETE", OWN + "/views.incidents").status, 200)
        equal(ann.get(OWN + "/views.incidents").status, 404)


def test_preferences_are_for_people():
    with Server() as s:
        app = s.token(*s.application("Owner"))
        equal(s.request("PUT", OWN + "/x", {"value": 1}, token=app).status, 403)
        equal(s.request("GET", OWN + "/x", token=app).status, 403)
        equal(s.request("GET", OWN, token=None).status, 401)
        browser = s.browser()
        equal(browser.call("PUT", OWN + "/x", {"value": 1}, csrf=False).status, 403)


def test_preferences_have_limits():
    with Server("--preferences-max", "2", "--preference-bytes", "1KiB") as s:
        browser = s.browser()
        equal(put(browser, "k" * 64, 1).status, 200)
        equal(put(browser, "k" * 65, 1).status, 400)
        equal(put(browser, "a%2Fb", 1).status, 400)
        equal(put(browser, "a%20b", 1).status, 400)
        equal(browser.call("PUT", OWN + "/x", {"other": 1}).status, 400)
        equal(browser.call("PUT", OWN + "/x", "{").status, 400)
        equal(put(browser, "b", "x" * 1022).status, 200)
        large = put(browser, "b", "x" * 1023)
        equal(large.status, 400)
        contains(large.message(), "at most 1024 bytes")
        full = put(browser, "c", 1)
        equal(full.status, 400)
        contains(full.message(), "as many as one may have")
        equal(put(browser, "b", 2).status, 200)  # one that is there changes


def test_preferences_go_with_their_user():
    with Server() as s:
        user = s.user("ann", "Owner")
        put(s.browser("ann"), "views", [1])
        equal(s.request("DELETE", "/vedette/v1/users/" + user["id"]).status, 200)
        s.user("ann", "Owner")
        equal(s.browser("ann").get(OWN).json()["value"], [])


def test_changes_of_taste_are_not_told():
    with Server() as s:
        browser = s.browser()
        put(browser, "columns.incidents", ["title"])
        put(browser, "appearance", "dark")
        put(browser, "views", [1])
        rows = until(lambda: s.ask("SentinelAudit | where OperationName has 'preferences'"
                                   " | project SentinelResourceName").json()["tables"][0]["rows"])
        equal(rows, [["views"]])


# ---- owners ----

def names(answer):
    equal(answer.status, 200)
    return [x["name"] for x in answer.json()["value"]]


def assignable(s, query="", token="operator"):
    return s.get("/vedette/v1/assignable?workspace=%s%s" % (s.workspace()["name"], query), token=token)


def test_owners_are_who_may_work_on_incidents():
    with Server() as s:
        s.user("ann", "Microsoft Sentinel Responder", displayName="Ann Other", email="ann@example.org")
        s.user("ben", "Microsoft Sentinel Reader")
        off = s.user("off", "Owner")
        s.request("PATCH", "/vedette/v1/users/" + off["id"], {"enabled": False})
        s.application("Owner")
        equal(names(assignable(s)), ["admin", "ann"])
        found = assignable(s, "&search=OTHER").json()["value"]
        equal([(x["displayName"], x["email"], x["userPrincipalName"], x["kind"]) for x in found],
              [("Ann Other", "ann@example.org", "ann", "user")])
        equal(names(assignable(s, "&search=example.org")), ["ann"])
        equal(names(assignable(s, "&search=%25")), [])
        reader = s.token(*s.application("Microsoft Sentinel Reader"))
        equal(names(assignable(s, token=reader)), ["admin", "ann"])
        equal(assignable(s, token=s.token(*s.application("Monitoring Metrics Publisher"))).status, 403)
        equal(s.get("/vedette/v1/assignable?workspace=nowhere").status, 404)
        equal(s.get("/vedette/v1/assignable").status, 404)
        for wrong in ("&$top=0", "&$top=201", "&$skipToken=x", "&$skipToken=-1", "&search=" + "x" * 201):
            equal(assignable(s, wrong).status, 400, wrong)


def test_owners_come_in_pages():
    with Server() as s:
        for i in range(5):
            s.user("u%d" % i, "Owner")
        found, answer = [], assignable(s, "&$top=2&search=u")
        while True:
            found += names(answer)
            link = answer.json().get("nextLink")
            if not link:
                break
            answer = s.get(link[link.index("/vedette"):])
        equal(found, ["u0", "u1", "u2", "u3", "u4"])


def test_owners_of_another_tenant_are_not_told():
    with Server() as s:
        north = Tenant(s, "north", workspace="ours")
        s.user("nora", "Owner", tenant=north.id)
        s.user("ann", "Owner")
        equal(names(s.get("/vedette/v1/assignable?workspace=ours", token=north.admin)), ["nora"])
        equal(s.get("/vedette/v1/assignable?workspace=" + s.workspace()["id"], token=north.admin).status, 404)
