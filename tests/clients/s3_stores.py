#!/usr/bin/env python3
"""Buckets of stores that we did not write: moto, which checks signatures as botocore makes them, filled by boto3.

Installs what requirements-s3.txt pins into build/clients/s3 (once), then runs itself with that Python. Without venv or
pip all checks are skipped with the reason. The calls of src/s3 are checked by the unit program test_s3_store, against moto
and against the scenarios' own store. $VEDETTE is the program; words on the command line choose checks. The last line is
'N passed, N failed[, N skipped]'.
"""
import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import python_checks

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PLACE = os.path.join(ROOT, "build", "clients", "s3")
LIST = os.path.join(HERE, "requirements-s3.txt")
PROGRAMS = [os.path.join(ROOT, "build", preset, "tests", "test_s3_store") for preset in ("dev", "asan")]
START_LIMIT_S = 60
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))

import s3_store  # noqa: E402  (found through the line above)
from vedette import Server, equal, until  # noqa: E402


class Moto:
    """A moto server that checks signatures, and a user who may do all."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        self.endpoint = "http://127.0.0.1:%d" % port
        self.log = tempfile.TemporaryFile()
        # The first three actions make the user; from then on nobody else may.
        self.process = subprocess.Popen([os.path.join(PLACE, "bin", "moto_server"), "-p", str(port)], stdout=self.log,
                                        stderr=self.log, env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "3"})
        end = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "moto does not start"
                time.sleep(0.2)
        iam = self.client("iam", "first", "none")
        iam.create_user(UserName="siem")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_user_policy(UserName="siem", PolicyName="all", PolicyDocument=json.dumps(policy))
        made = iam.create_access_key(UserName="siem")["AccessKey"]
        self.key, self.secret = made["AccessKeyId"], made["SecretAccessKey"]
        self.s3 = self.client("s3", self.key, self.secret)

    def client(self, name, key, secret):
        import boto3
        return boto3.client(name, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id=key,
                            aws_secret_access_key=secret)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.log.close()


def run_calls(endpoint, key, secret):
    """The unit program against a store that has the bucket "round"."""
    programs = [p for p in PROGRAMS if os.path.exists(p)]
    if not programs:
        raise python_checks.Skip("test_s3_store is not built")
    done = subprocess.run([programs[0]], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "VEDETTE_S3_ENDPOINT": endpoint, "VEDETTE_S3_KEY": key, "VEDETTE_S3_SECRET": secret})
    assert done.returncode == 0 and "SKIPPED" not in done.stdout + done.stderr, done.stdout + done.stderr


def check_calls_to_moto(moto):
    moto.s3.create_bucket(Bucket="round")
    run_calls(moto.endpoint, moto.key, moto.secret)


def check_calls_to_our_own_store(_moto):
    with s3_store.Store("round") as store:
        run_calls(store.endpoint, s3_store.KEY, s3_store.SECRET)


def some_are_there(server):
    answer = server.ask("AWSCloudTrail | take 1")
    return answer.status == 200 and len(answer.json()["tables"][0]["rows"]) > 0


def check_cloudtrail(moto):
    """What boto3 puts there is read once, over kill -9; keys come from a file."""
    moto.s3.create_bucket(Bucket="trail")
    def put(i):
        record = {"eventVersion": "1.08", "eventTime": "2026-01-02T03:04:05Z", "eventSource": "iam.amazonaws.com",
                  "eventName": "CreateUser", "awsRegion": "eu-west-1", "eventID": "event-%d" % i, "eventType": "AwsApiCall",
                  "userIdentity": {"type": "IAMUser", "userName": "alice"}}
        moto.s3.put_object(Bucket="trail", Key="AWSLogs/1/CloudTrail/eu-west-1/2026/01/02/1_CloudTrail_%03d.json.gz" % i,
                           Body=gzip.compress(json.dumps({"Records": [record]}).encode(), mtime=0),
                           ContentType="application/json", ContentEncoding="gzip")
    for i in range(30):
        put(i)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config, tempfile.NamedTemporaryFile("w") as keys:
        keys.write("[siem]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (moto.key, moto.secret))
        keys.flush()
        json.dump({"s3_sources": [{"name": "trail", "endpoint": moto.endpoint, "bucket": "trail", "prefix": "AWSLogs/",
                                   "format": "cloudtrail", "keys_file": keys.name, "profile": "siem", "poll": "1s",
                                   "full_listing": "10s"}]}, config)
        config.flush()
        with Server("--config", config.name) as s:
            count = "AWSCloudTrail | summarize n = count(), d = dcount(AwsEventId, 4)"
            until(lambda: some_are_there(s))
            s.kill()
            s.start()
            until(lambda: s.query(count)[0] == {"n": 30, "d": 30}, 40)
            put(30)
            put(5)  # the same content and tag again
            until(lambda: s.query(count)[0]["n"] == 31, 40)
            polls = s.metrics()['vedette_s3_polls_total{source="trail"}']
            until(lambda: s.metrics()['vedette_s3_polls_total{source="trail"}'] >= polls + 3, 40)
            equal(s.query(count)[0], {"n": 31, "d": 31})


def check_lake(moto):
    """Sealed rows are uploaded, in several parts when they are many, fetched, listed, and deleted."""
    moto.s3.create_bucket(Bucket="lake")

    def keys(end=".parquet"):
        found = moto.s3.list_objects_v2(Bucket="lake", Prefix="siem/").get("Contents", [])
        return sorted(o["Key"] for o in found if "/Own_CL/" in o["Key"] and o["Key"].endswith(end))

    with tempfile.NamedTemporaryFile("w") as file:
        file.write("[siem]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (moto.key, moto.secret))
        file.flush()
        with Server("--lake-store", "s3://lake/siem", "--lake-store-endpoint", moto.endpoint, "--lake-store-keys-file", file.name,
                    "--lake-store-profile", "siem", "--lake-cache", "1", "--max-past", "30d", clock="2026-01-20T00:00:00Z") as s:
            path = "/vedette/v1/workspaces/%s/" % s.workspace()["id"]
            for batch in range(30):
                lines = "".join('{"TimeGenerated": "2026-01-19T01:00:00Z", "N": %d, "Text": "%s"}\n' % (i, os.urandom(500).hex())
                                for i in range(batch * 1300, batch * 1300 + 1300))
                equal(s.post(path + "records/Own_CL?format=ndjson", lines).status, 200)
            equal(s.post(path + "seal?table=Own_CL").status, 200)
            until(lambda: s.metrics()['vedette_lake_away_parts{workspace="default"}'] == 1)
            size = moto.s3.head_object(Bucket="lake", Key=keys()[0])["ContentLength"]
            assert size > 17 << 20, "one request would have done: %d bytes" % size
            equal(s.query("Own_CL | summarize n = count(), d = count_distinct(N)"), [{"n": 39000, "d": 39000}])
            answer = s.post(path + "check?deep=true").json()
            equal((answer["inStore"], answer["damage"], answer["notRead"], answer["noAnswer"]), (1, [], 0, ""))
            moto.s3.put_object(Bucket="lake", Key=keys()[0].replace(".parquet", "")[:-4] + "0000.parquet", Body=b"left by a crash")
            s.restart("2026-01-20T00:00:00Z")
            until(lambda: len(keys()) == 1)
            equal(s.arm("DELETE", "/tables/Own_CL", provider=False).status, 200)
            until(lambda: not keys() and not keys(".terms"))


CHECKS = [check_calls_to_moto, check_calls_to_our_own_store, check_cloudtrail, check_lake]


if __name__ == "__main__":
    sys.exit(python_checks.main(CHECKS, PLACE, LIST, lambda: contextlib.closing(Moto())))
