"""What runs by itself reads other workspaces with the rights that its author has when it runs."""
from test_rights import arm_scope, assign
from test_rights_tables import LOG_CONTRIBUTOR, SENTINEL_CONTRIBUTOR
from vedette import Server, contains, equal, until

START = "2026-01-02T10:00:00Z"
QUERY = "union isfuzzy=true Heartbeat, workspace('other').Heartbeat"


def at(hours, minutes=0):
    return "2026-01-%02dT%02d:%02d:00Z" % (2 + (10 + hours) // 24, (10 + hours) % 24, minutes)


class Two:
    """A server with a second workspace, and an application that works in both."""

    def __init__(self, s):
        self.s = s
        self.scope = arm_scope(s).rsplit("/", 1)[0] + "/other"
        s.move_clock(at(0, 1))  # the one that was made first is the one that is meant
        equal(s.request("PUT", self.scope + "?api-version=2023-09-01", {"location": "local"}).status, 201)
        self.app, secret = s.application()
        self.given = [assign(s, self.app, role, scope).json()["id"] for scope in (self.scope, arm_scope(s))
                      for role in (SENTINEL_CONTRIBUTOR, LOG_CONTRIBUTOR)]
        self.token = s.token(self.app, secret)
        self.beat()

    def beat(self):
        equal(self.s.post_logs("Microsoft-Heartbeat", [{"Computer": "here"}]).status, 204)

    def rule(self, name="cross", query=QUERY, token=None, period="PT1H"):
        made = self.s.arm("PUT", "/alertRules/" + name, {"kind": "Scheduled", "properties": {
            "displayName": name, "enabled": True, "severity": "Low", "query": query, "queryFrequency": period,
            "queryPeriod": period, "triggerOperator": "GreaterThan", "triggerThreshold": 0,
            "suppressionDuration": "PT1H", "suppressionEnabled": False}}, token=token or self.token)
        assert made.status in (200, 201), made

    def lose(self):
        for assignment in self.given[:2]:
            equal(self.s.request("DELETE", assignment + "?api-version=2022-04-01").status, 200)

    def last(self, name="cross"):
        rows = self.s.query("SentinelHealth | where SentinelResourceId endswith '/%s' | top 1 by TimeGenerated desc" % name)
        return (rows[0]["Status"], rows[0]["Description"]) if rows else None


def test_rules_fail_when_their_author_lost_the_right():
    with Server(clock=START) as s:
        two = Two(s)
        two.rule()
        two.rule("own", "Heartbeat")
        s.move_clock(at(2))
        equal((two.last()[0], two.last("own")[0]), ("Success", "Success"))
        two.lose()
        s.move_clock(at(3, 30))
        status, why = two.last()
        equal(status, "Failure")
        contains(why, "the table 'Heartbeat' of the workspace 'other' with the rights of its author 'test'")
        equal(two.last("own")[0], "Success")
        # Somebody who may saves it again: the author is another one.
        two.rule(token="operator")
        s.move_clock(at(5))
        equal(two.last()[0], "Success")


def test_they_are_disabled_in_the_end():
    with Server(clock=START) as s:
        two = Two(s)
        two.rule()
        two.rule("own", "Heartbeat")
        equal(s.request("DELETE", "/vedette/v1/applications/" + two.app).status, 200)
        for hours in range(2, 40, 2):
            s.move_clock(at(hours))
        rule = s.arm("GET", "/alertRules/cross").json()["properties"]
        equal((rule["enabled"], rule["displayName"]), (False, "AUTO DISABLED cross"))
        contains(rule["description"], "who is disabled or does not exist any more")
        equal(s.arm("GET", "/alertRules/own").json()["properties"]["enabled"], True)
        equal(two.last("own")[0], "Success")
        # The program's change made it nobody else's: switching it on takes somebody who may read both.
        reader, secret = s.application()
        equal(assign(s, reader, SENTINEL_CONTRIBUTOR, arm_scope(s)).status, 201)
        refused = s.post("/vedette/v1/workspaces/%s/rules/cross/enable" % s.workspace()["id"], {}, token=s.token(reader, secret))
        equal(refused.status, 400, refused)
        equal(s.post("/vedette/v1/workspaces/%s/rules/cross/enable" % s.workspace()["id"], {}).status, 200)
        s.move_clock(at(42))
        equal(two.last()[0], "Success")


def test_rules_that_run_together_are_asked_one_by_one():
    with Server(clock=START) as s:
        two = Two(s)
        for i in range(4):
            two.rule("r%d" % i, token="operator" if i % 2 else None, period="PT5M")
        s.move_clock(at(0, 30))
        equal([two.last("r%d" % i)[0] for i in range(4)], ["Success"] * 4)
        two.lose()
        s.move_clock(at(1))
        equal([two.last("r%d" % i)[0] for i in range(4)], ["Failure", "Success"] * 2)


def test_jobs_and_summaries_do_the_same():
    with Server(clock=START) as s:
        two = Two(s)
        job = {"properties": {"query": QUERY + " | project Computer", "destinationTable": "Job_KQL_CL"}}
        run = lambda: s.post(arm_scope(s, "kqlJobs", "Both") + "/run?api-version=1", {})
        equal(s.request("PUT", arm_scope(s, "kqlJobs", "Both") + "?api-version=1", job, token=two.token).status, 201)
        equal(s.request("PUT", arm_scope(s, "savedSearches", "Both") + "?api-version=2020-08-01", {"properties": {
            "category": "x", "displayName": "Both", "functionAlias": "Both", "query": QUERY}}).status, 200)
        summary = {"properties": {"ruleType": "User", "ruleDefinition": {
            "query": "Both | summarize count() by Computer", "binSize": 60, "destinationTable": "Sum_CL"}}}
        equal(s.request("PUT", arm_scope(s, "summaryLogs", "Both") + "?api-version=2025-07-01", summary, token=two.token).status, 201)
        assert run().status in (200, 202), run()
        s.move_clock(at(3))
        equal({r["Status"] for r in s.query("LASummaryLogs")}, {"Succeeded"})
        before = len(s.query("Job_KQL_CL"))
        assert before > 0
        two.lose()
        assert run().status in (200, 202)
        s.move_clock(at(6))
        failed = s.query("LASummaryLogs | where Status == 'Failed'")
        contains(failed[0]["Message"], "with the rights of its author 'test'")
        listed = s.get(arm_scope(s, "kqlJobs", "Both") + "/runs?api-version=1")
        contains(listed.text, "with the rights of its author 'test'")
        equal(len(s.query("Job_KQL_CL")), before)


def test_rules_of_an_older_data_folder_have_no_author():
    import sqlite3
    with Server(clock=START) as s:
        two = Two(s)
        two.rule()
        s.stop()
        db = sqlite3.connect(s.data + "/state.db")
        equal(db.execute("DELETE FROM workspace_settings WHERE name LIKE 'author/%'").rowcount, 1)
        db.commit()
        db.close()
        s.start(clock=START)
        two.lose()
        s.move_clock(at(2))
        equal(two.last()[0], "Success")
