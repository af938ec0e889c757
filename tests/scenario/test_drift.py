"""Records whose fields change: new ones, ones that are gone, ones that hold something else."""
import datetime

from vedette import Server, contains, equal

NEWS = ("SentinelHealth | where OperationName == 'Data schema change' | sort by TimeGenerated asc, Reason asc "
        "| project Reason, Status, Description, Table = tostring(ExtendedProperties.DestinationTable), "
        "Fields = tostring(ExtendedProperties.Fields)")


def at(hours, minutes=1):
    t = datetime.datetime(2026, 1, 1) + datetime.timedelta(hours=hours, minutes=minutes)
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


def send(s, hours, record, n=50):
    """n records at that hour, and the look that follows."""
    s.move_clock(at(hours))
    equal(s.post_logs("Microsoft-Syslog", [record] * n).status, 204)
    s.move_clock(at(hours, 3))


def news(s):
    return [(r["Reason"], r["Fields"]) for r in s.query(NEWS)]


def test_fields_that_come_go_and_change():
    usual = {"Computer": "a", "SyslogMessage": "m", "ProcessID": 7, "HostIP": "192.0.2.1"}
    with Server(clock="2026-01-01T00:00:00Z") as s:
        for day in range(4):
            send(s, day * 24, usual)
            send(s, day * 24 + 12, usual)
        equal(news(s), [], "the same every day")

        send(s, 100, {**usual, "Facility": "auth", "Colour": "red", "ProcessID": "seven"})
        equal(news(s), [("FieldsNew", '["Facility"]'), ("FieldsRetyped", '["ProcessID"]'),
                        ("FieldsUnknown", '["Colour"]')])
        row = s.query(NEWS)[0]
        equal((row["Status"], row["Table"]), ("Informational", "Syslog"))
        contains(row["Description"], "1 field(s) of Syslog got values for the first time")

        # Known by now: nothing more is said of them.
        send(s, 101, {**usual, "Facility": "auth", "Colour": "blue", "ProcessID": "eight"})
        equal(len(news(s)), 3)

        # HostIP stops; it takes a day, and a lot of records, to be sure; a restart in between changes nothing.
        without = {k: v for k, v in usual.items() if k != "HostIP"}
        send(s, 110, without, n=150)
        equal(len(news(s)), 3)
        s.stop()
        s.start(clock=at(111))
        send(s, 126, without, n=600)
        equal(news(s)[3:], [("FieldsGone", '["HostIP"]')])
        send(s, 127, without, n=600)
        equal(len(news(s)), 4)
        send(s, 128, usual)
        equal(news(s)[4:], [("FieldsBack", '["HostIP"]')])
        assert "a table's records have changed" in s.read_log()


def test_rare_fields_are_not_missed():
    usual = {"Computer": "a", "SyslogMessage": "m"}
    with Server(clock="2026-01-01T00:00:00Z") as s:
        for day in range(4):
            send(s, day * 24, usual, n=2000)
            send(s, day * 24 + 6, {**usual, "ProcessID": 1}, n=1)
        send(s, 4 * 24 + 7, usual, n=2000)
        send(s, 4 * 24 + 8, usual, n=2000)
        equal(news(s), [])


def test_the_first_day_is_there_to_learn():
    with Server(clock="2026-01-01T00:00:00Z") as s:
        send(s, 0, {"Computer": "a"})
        send(s, 5, {"Computer": "a", "ProcessID": 1, "Colour": "red"})
        equal(news(s), [])


def test_a_retyped_field_of_a_custom_table_says_how_to_keep_it():
    schema = {"name": "App_CL", "columns": [{"name": "TimeGenerated", "type": "dateTime"}, {"name": "Code", "type": "int"}]}
    with Server(clock="2026-01-01T00:00:00Z") as s:
        equal(s.arm("PUT", "/tables/App_CL", {"properties": {"schema": schema}}, provider=False).status, 200)
        for hours, code in ((0, 7), (30, "E7")):
            s.move_clock(at(hours))
            equal(s.post_logs("Custom-App_CL", [{"Code": code}] * 50).status, 204)
            s.move_clock(at(hours, 3))
        equal([r["Description"] for r in s.query(NEWS) if r["Reason"] == "FieldsRetyped"],
              ["1 field(s) of App_CL hold values that don't fit the column: they become null; a column becomes text, with "
               "the values that it has, by .alter column ['App_CL'].['Code'] type=string or by the Tables API"])
        equal(s.post("/v1/rest/mgmt", {"db": "default", "csl": ".alter column ['App_CL'].['Code'] type=string"}).status, 200)
        s.move_clock(at(31))
        equal(s.post_logs("Custom-App_CL", [{"Code": "E8"}]).status, 204)
        equal(s.query("App_CL | where isnotempty(Code) | summarize n = count() by Code | sort by Code asc"),
              [{"Code": "7", "n": 50}, {"Code": "E8", "n": 1}])
