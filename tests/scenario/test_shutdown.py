"""Stopping while work is under way."""
import json
import signal
import threading

from vedette import Server, equal, until


def test_everything_acknowledged_survives_a_stop():
    with Server() as s:
        acknowledged = []
        started = threading.Event()

        def send(worker):
            connection = s.connect()
            for batch in range(10_000):
                records = [{"Computer": "w%d-%d-%d" % (worker, batch, i)} for i in range(20)]
                try:
                    status = s.post_logs("Microsoft-Heartbeat", records, connection=connection).status
                except OSError:
                    return
                except Exception:  # a connection that the server closed between two requests
                    return
                if status != 204:
                    return
                acknowledged.extend(r["Computer"] for r in records)
                if batch == 5:
                    started.set()

        s.workspace()
        s.post_logs("Microsoft-Heartbeat", [{"Computer": "first"}])
        workers = [threading.Thread(target=send, args=(n,)) for n in range(4)]
        for w in workers:
            w.start()
        started.wait(30)
        s.process.send_signal(signal.SIGTERM)
        for w in workers:
            w.join(60)
        equal(s.process.wait(60), 0)
        s.process = None
        s.start()
        rows = s.query("Heartbeat | where Computer != 'first' | summarize make_set(Computer, 1000000)")
        kept = set(json.loads(list(rows[0].values())[0]))
        missing = set(acknowledged) - kept
        equal(len(missing), 0)
        equal(s.count("Heartbeat"), len(kept) + 1)


def test_a_stop_waits_for_a_running_query():
    with Server() as s:
        answers = []
        slow = ("range a from 1 to 3000000 step 1 | extend k = a % 1000 "
                "| summarize n = dcount(tostring(a)) by k | summarize sum(n)")
        s.ask("print 1")
        before = s.metrics()["vedette_http_bytes_in_total"]
        asking = threading.Thread(target=lambda: answers.append(s.ask(slow)))
        asking.start()
        until(lambda: s.metrics()["vedette_http_bytes_in_total"] > before)
        s.process.send_signal(signal.SIGTERM)
        equal(s.process.wait(60), 0)
        s.process = None
        asking.join(30)
        equal(answers[0].status, 200)
        s.start()
