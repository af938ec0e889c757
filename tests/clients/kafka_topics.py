#!/usr/bin/env python3
"""Topics of a real Apache Kafka (Java) that a client we did not write (kafka-python) fills.

Installs what requirements-kafka.txt pins into build/clients/kafka (once), fetches the broker by Maven,
then runs itself with that Python. Without Java, Maven, venv or pip all checks are skipped with the
reason. $VEDETTE is the program; words on the command line choose checks. The last line is
'N passed, N failed[, N skipped]'.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import python_checks

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PLACE = os.path.join(ROOT, "build", "clients", "kafka")
LIST = os.path.join(HERE, "requirements-kafka.txt")
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))

from kafka_broker import Broker, fetch  # noqa: E402  (found through the line above)
from vedette import Server, contains, equal, until  # noqa: E402


class Reading:
    """A server that reads topics; its configuration is one list of sources."""

    def __init__(self, *sources, **more):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".yaml", prefix="vedette-kafka-")
        json.dump({"kafka": sources, "min_free": 0, "min_free_percent": 0}, self.file)  # JSON is YAML
        self.file.flush()
        self.server = Server("--config", self.file.name, **more)

    def __enter__(self):
        return self.server.__enter__()

    def __exit__(self, *what):
        if what[0] is not None and self.server.process is not None:
            print(self.server.read_log()[-3000:])
        self.server.__exit__(*what)
        self.file.close()


def source(broker, topic, **more):
    return {"name": topic, "brokers": broker.address, "topics": topic, "table": "Kafka_CL", **more}


def stored(server, table="Kafka_CL"):
    """How many rows; 0 while the table is not there yet."""
    answer = server.ask("union isfuzzy=true %s, (print gone = 1 | take 0) | count" % table)
    return answer.json()["tables"][0]["rows"][0][0] if answer.status == 200 else 0


def produce(broker, topic, numbers, pause=0, **more):
    producer = broker.producer(**more)
    for i in numbers:
        value = {"Number": i, "Text": "event %d of the topic" % i, "Nested": {"a": [i, i + 1]}}
        producer.send(topic, json.dumps(value).encode(), partition=i % 3)
        if pause and i % 200 == 0:
            time.sleep(pause)
    producer.flush()
    producer.close()


def sums(server):
    row = server.query("VedetteIngestion | where Source startswith 'kafka:' "
                       "| summarize r = sum(Received), s = sum(Stored), x = sum(Rejected)")[0]
    return row["r"], row["s"], row["x"]


def check_records(broker):
    topic = broker.topic("plain")
    with Reading(source(broker, topic)) as s:
        produce(broker, topic, range(300), compression_type="gzip")
        until(lambda: stored(s) == 300)
        row = s.query("Kafka_CL | where Number == 7")[0]
        equal((row["Text"], json.loads(row["Nested"])), ("event 7 of the topic", {"a": [7, 8]}))
        until(lambda: sums(s) == (300, 300, 0))
        until(lambda: s.metrics().get('vedette_kafka_partitions{source="plain"}') == 3)
        until(lambda: s.metrics()['vedette_kafka_lag{source="plain"}'] == 0)
        equal(s.metrics()['vedette_kafka_messages_total{source="plain"}'], 300)
        until(lambda: s.metrics()['vedette_kafka_brokers_up{source="plain"}'] >= 1)
        s.stop()
        produce(broker, topic, range(300, 310))
        s.start()
        until(lambda: stored(s) == 310)
        equal(s.query("Kafka_CL | summarize dcount(Number, 4)")[0]["dcount_Number"], 310)


def check_connection_string(broker):
    """As Event Hubs have it: user $ConnectionString, and the topic in the string."""
    topic = broker.topic("hub", 3)
    produce(broker, topic, range(30))
    with Reading({"name": "hub", "connection_string_env": "HUB", "brokers": broker.secure, "ca": broker.ca,
                  "table": "Hub_CL"}, env={"HUB": broker.connection}) as s:
        until(lambda: stored(s, "Hub_CL") == 30, 30)
        equal("c2VjcmV0IQ" in s.read_log(), False, "a secret in the log")


def check_hosts(broker):
    """The broker calls itself 127.0.0.1: who only allows localhost is not led there."""
    topic = broker.topic("hosts", 3)
    produce(broker, topic, range(30))
    known = {"brokers": broker.address.replace("127.0.0.1", "localhost"), "topics": topic}
    with Reading({"name": "strict", "group": "strict", "table": "Strict_CL", **known},
                 {"name": "open", "group": "open", "table": "Open_CL", "hosts": ["*.example", "127.0.0.1"], **known}) as s:
        until(lambda: stored(s, "Open_CL") == 30, 30)
        until(lambda: s.metrics()['vedette_kafka_refused_hosts_total{source="strict"}'] > 0)
        contains(s.read_log(), "a broker names a host that is neither in brokers nor in hosts")
        equal(stored(s, "Strict_CL"), 0)


def check_full_disk(broker):
    """While the disk is full messages wait at the broker; once it has room all are stored, once."""
    topic, small = broker.topic("full", 3), tempfile.mkdtemp(prefix="vedette-kafka-")
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", small], stderr=subprocess.DEVNULL, check=False)
    if mount.returncode != 0:
        os.rmdir(small)
        raise python_checks.Skip("mounting a tmpfs is not allowed here")
    try:
        with Reading(source(broker, topic), data=small) as s:
            produce(broker, topic, range(300))
            until(lambda: stored(s) == 300)
            with open(os.path.join(small, "filler"), "wb", 0) as f:
                try:
                    while f.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
            produce(broker, topic, range(300, 30000))
            until(lambda: s.metrics()['vedette_kafka_waiting{source="full"}'] == 1, 30)
            contains(s.read_log(), "messages wait: they cannot be stored")
            equal(s.metrics()['vedette_kafka_partitions{source="full"}'], 3)
            os.unlink(os.path.join(small, "filler"))
            until(lambda: stored(s) >= 30000, 60)
            equal(s.query("Kafka_CL | summarize n = count(), d = count_distinct(Number)")[0], {"n": 30000, "d": 30000})
    finally:
        subprocess.run(["umount", "-l", small], check=False)
        os.rmdir(small)


def check_exactly_once(broker):
    """Killed again and again while 20,000 messages come in; and the broker restarts in between."""
    topic, wanted, kills = broker.topic("once"), 20000, 4
    feed = threading.Thread(target=produce, args=(broker, topic, range(wanted), 0.05), kwargs={"retries": 1000})
    with Reading(source(broker, topic)) as s:
        feed.start()
        for i in range(kills):
            before = stored(s)
            until(lambda: stored(s) > before or stored(s) == wanted, 60)
            time.sleep(0.13 * i)
            s.kill()
            if i == kills // 2:
                broker.stop(signal.SIGKILL)
                broker.start()
            s.start()
        feed.join()
        until(lambda: stored(s) >= wanted, 60)
        until(lambda: s.metrics()['vedette_kafka_lag{source="%s"}' % topic] == 0, 60)  # nothing is left to come
        row = s.query("Kafka_CL | summarize n = count(), low = min(Number), high = max(Number), d = count_distinct(Number)")[0]
        equal(row, {"n": wanted, "low": 0, "high": wanted - 1, "d": wanted})
        received, kept, rejected = sums(s)
        equal((kept, received), (wanted, kept + rejected))
        print("         20,000 messages, %d kills, a broker's restart; told twice and known: %d" % (kills, rejected))


def check_broker_restart(broker):
    topic = broker.topic("restart")
    with Reading(source(broker, topic)) as s:
        produce(broker, topic, range(100))
        until(lambda: stored(s) == 100)
        broker.stop(signal.SIGKILL)
        until(lambda: "no broker can be reached" in s.read_log(), 30)
        began = time.monotonic()
        s.stop()
        equal(time.monotonic() - began < 10, True, "a stop without the broker takes seconds")
        s.start()  # the broker need not be there
        until(lambda: "no broker can be reached" in s.read_log(), 30)
        broker.start()
        until(lambda: "a broker is found again" in s.read_log(), 60)
        produce(broker, topic, range(100, 200))
        until(lambda: stored(s) == 200, 60)
        equal(s.query("Kafka_CL | summarize d = count_distinct(Number)")[0]["d"], 200)


def check_dead_letters(broker):
    topic = broker.topic("broken", 1)
    producer = broker.producer()
    values = [b'{"Number": 1}', b'{"Number": ', b"", None, b"[1, {\"Number\": 2}]", b"\xff\xfe",
              json.dumps({"Number": 3, "Text": "x" * 2000000}).encode(), b'{\n "Number": 4\n}\n', b"[" * 200]
    for value in values:
        producer.send(topic, value, key=b"k")
    producer.flush()
    with Reading(source(broker, topic)) as s:
        until(lambda: stored(s) == 3 and s.count("VedetteDeadLetter") == 6)
        equal(sorted(r["Number"] for r in s.query("Kafka_CL")), [1, 2, 4])
        dead = {r["ClientRequestId"]: r for r in s.query("VedetteDeadLetter")}
        equal({k: (r["Reason"], r["RawBytes"], r["RecordIndex"]) for k, r in dead.items()}, {
            "broken/0/1": ("malformed", 11, 0), "broken/0/2": ("malformed", 0, 0),
            "broken/0/4": ("not_an_object", 1, 0), "broken/0/5": ("malformed", 2, 0),
            "broken/0/6": ("record_too_large", len(values[6]), 0), "broken/0/8": ("limit", 200, 0)})
        contains(dead["broken/0/6"]["Detail"], "topic broken, partition 0, offset 6: it has 20000")
        equal((dead["broken/0/1"]["Source"], dead["broken/0/1"]["TableName"]), ("kafka:broken", "Kafka_CL"))
        until(lambda: sums(s) == (10, 3, 7))
        equal(s.query("VedetteIngestion | where Reason == 'tombstone' | summarize n = sum(Rejected)")[0]["n"], 1)


def check_formats(broker):
    lines, records, syslog = broker.topic("lines", 1), broker.topic("records", 1), broker.topic("syslog", 1)
    producer = broker.producer()
    producer.send(lines, b'{"Number": 1}\r\n\n{"Number": 2}\nnope\n')
    producer.send(records, b'{"records": [\n{"category": "SignInLogs", "Number": 5},\n{"Number": 6}]}')
    producer.send(syslog, b"<34>Jan  2 03:00:00 fw1 su[7]: over kafka")
    producer.flush()
    with Reading(source(broker, lines, format="ndjson"), source(broker, records, format="records"),
                 {"name": "s", "brokers": [broker.address], "topics": [syslog], "format": "syslog"}) as s:
        until(lambda: stored(s) == 4 and s.count("Syslog") == 1)
        equal(sorted(r["Number"] for r in s.query("Kafka_CL")), [1, 2, 5, 6])
        row = s.query("Syslog")[0]
        equal((row["Computer"], row["SyslogMessage"], row["Facility"]), ("fw1", "over kafka", "auth"))
        equal(s.query("VedetteDeadLetter")[0]["RecordIndex"], 2)


def check_start_and_gone(broker):
    """start: end passes over what is there, also after a restart; what the broker deleted is told."""
    topic = broker.topic("tail", 3)
    produce(broker, topic, range(30))
    with Reading(source(broker, topic, start="end")) as s:
        until(lambda: "partitions are read" in s.read_log())
        s.stop()
        produce(broker, topic, range(30, 60))
        s.start()
        until(lambda: stored(s) == 30)
        equal(s.query("Kafka_CL | summarize min(Number)")[0]["min_Number"], 30)
        s.stop()
        produce(broker, topic, range(60, 120))
        from kafka import TopicPartition
        admin = broker.admin()
        admin.delete_records({TopicPartition(topic, p): 35 for p in range(3)})
        admin.close()
        s.start()
        until(lambda: stored(s) == 45, 30)
        contains(s.read_log(), "the broker no longer has messages that were not read yet")
        until(lambda: s.query("VedetteIngestion | where Reason == 'gone_at_broker' | summarize n = sum(Rejected)")[0]["n"] == 45)


def check_rebalance(broker):
    """A member that comes and goes takes partitions away and gives them back."""
    from kafka import KafkaConsumer
    topic = broker.topic("shared")
    with Reading(source(broker, topic, group="shared")) as s:
        produce(broker, topic, range(300))
        until(lambda: stored(s) == 300)
        other = KafkaConsumer(topic, bootstrap_servers=broker.address, group_id="shared", auto_offset_reset="latest",
                              enable_auto_commit=False, partition_assignment_strategy=range_only())
        until(lambda: other.poll(200) is not None and 0 < len(other.assignment()) < 3, 30)
        produce(broker, topic, range(300, 600))
        until(lambda: stored(s) >= 400, 30)
        other.close()  # without a commit
        until(lambda: stored(s) == 600, 30)
        equal(s.query("Kafka_CL | summarize d = count_distinct(Number)")[0]["d"], 600)


def range_only():
    from kafka.coordinator.assignors.range import RangePartitionAssignor
    return [RangePartitionAssignor]


def check_security(broker):
    """SASL over TLS: the password from a file, a wrong one, a CA that is not the broker's, a wrong name."""
    topic = broker.topic("secret", 3)
    produce(broker, topic, range(30))
    folder = tempfile.mkdtemp(prefix="vedette-kafka-")
    good, bad = os.path.join(folder, "good"), os.path.join(folder, "bad")
    for path, text in ((good, broker.password + "\n"), (bad, "wrong-secret\n")):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    def secure(name, **more):
        return {"name": name, "brokers": broker.secure, "topics": topic, "security": "sasl_ssl", "ca": broker.ca,
                "user": "siem", "table": "%s_CL" % name, "group": name, **more}
    with Reading(secure("Right", password_file=good), secure("Env", password_env="KAFKA_TEST"),
                 secure("Wrong", password_file=bad),
                 {k: v for k, v in secure("NoCa", password_file=good).items() if k != "ca"},
                 secure("Name", password_file=good, brokers=broker.secure_by_address),
                 env={"KAFKA_TEST": broker.password}) as s:
        until(lambda: stored(s, "Right_CL") == 30 and stored(s, "Env_CL") == 30, 30)
        until(lambda: all(part in s.read_log() for part in (
            "Authentication failed", "certificate verify failed", "\"source\":\"Name\"")), 30)
        for name in ("Wrong", "NoCa", "Name"):
            equal(stored(s, name + "_CL"), 0)
        for secret in (broker.password, "wrong-secret"):
            equal(secret in s.read_log(), False, "a secret in the log")
    shutil.rmtree(folder)


CHECKS = [check_records, check_formats, check_dead_letters, check_start_and_gone, check_rebalance, check_security,
          check_connection_string, check_hosts, check_full_disk,
          check_exactly_once, check_broker_restart]


if __name__ == "__main__":
    sys.exit(python_checks.main(CHECKS, PLACE, LIST, lambda: contextlib.closing(Broker()), fetch))
