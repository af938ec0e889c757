"""vedette demo: what it promises at its end is so."""
import datetime
import os
import re
import shutil
import subprocess
import tempfile

from vedette import PROGRAM, Server, contains, equal, run


def last_working_day():
    day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)
    while day.weekday() >= 5:
        day -= datetime.timedelta(days=1)
    return day.isoformat()


def test_the_demo_ends_with_incidents_of_late_and_a_working_sign_in():
    folder = tempfile.mkdtemp(prefix="vedette-demo-")
    data, days = os.path.join(folder, "demo"), {last_working_day()}
    try:
        done = subprocess.run([PROGRAM, "demo", "--days", "2", "--data", data], capture_output=True, text=True, timeout=500, check=False)
        days.add(last_working_day())  # midnight may have been in between
        equal(done.returncode, 0, done.stderr)
        contains(done.stdout, "/portal/\n")
        count = int(re.search(r"^  all +\S+ s +(\d+) incidents$", done.stdout, re.MULTILINE).group(1))
        assert count >= 25, done.stdout[-3000:]
        name, password = (re.search(r"^  %s +(\S+)$" % what, done.stdout, re.MULTILINE).group(1) for what in ("user name", "password"))
        with Server(data=data) as s:
            b = s.browser(name, password)
            told = b.get("/vedette/v1/workspaces/%s/incidentCounts" % s.workspace()["id"])
            equal((told.status, told.json()["total"]), (200, count))
            made = {x["properties"]["createdTimeUtc"][:10] for x in s.arm("GET", "/incidents?$top=1000").json()["value"]}
            assert made <= days, (made, days)
    finally:
        shutil.rmtree(folder)


def test_a_day_that_is_none_is_refused_before_anything_is_made():
    folder = tempfile.mkdtemp(prefix="vedette-demo-")
    for day in ("yesterday", "2026-03-18T10:00:00Z", "2026-02-30"):
        equal(run("demo", "--last-day", day, data=os.path.join(folder, "demo"))[0], 2)
    equal(os.listdir(folder), [])
    os.rmdir(folder)
