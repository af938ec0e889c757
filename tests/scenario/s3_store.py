"""A small store that speaks S3, for tests: checks signatures, lists by pages, and fails when it is told to."""
import datetime
import email.utils
import hashlib
import hmac
import http.server
import threading
import time
import urllib.parse
import xml.sax.saxutils

KEY, SECRET = "AKIDTEST", "test/secret+KEY"


def signature(secret, method, path, query, headers, names, payload, when, region):
    """AWS Signature Version 4, from Amazon's documentation."""
    pairs = sorted((urllib.parse.quote(k, safe="-_.~"), urllib.parse.quote(v, safe="-_.~")) for k, v in query)
    canonical = "\n".join([method, path, "&".join("%s=%s" % p for p in pairs),
                           "".join("%s:%s\n" % (n, headers[n].strip()) for n in names), ";".join(names), payload])
    scope = "%s/%s/s3/aws4_request" % (when[:8], region)
    text = "\n".join(["AWS4-HMAC-SHA256", when, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (when[:8], region, "s3", "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    spoil = None

    def answer(self, status, body=b"", **headers):
        self.send_response(status)  # with Date
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            sent = self.spoil(body) if self.spoil else body
            self.wfile.write(sent)
            self.close_connection = self.close_connection or len(sent) < len(body)

    def fail(self, status, code):
        self.answer(status, ("<Error><Code>%s</Code><Message>as told</Message></Error>" % code).encode())

    def signed(self, query, body):
        words = dict(w.strip().split("=", 1) for w in
                     self.headers.get("authorization", " x=").split(" ", 1)[1].split(","))
        headers = {k.lower(): v for k, v in self.headers.items()}
        names = words.get("SignedHeaders", "").split(";")
        payload = headers.get("x-amz-content-sha256", "")
        if not words.get("Credential", "").startswith(KEY + "/") or "host" not in names:
            return False
        region = words["Credential"].split("/")[2]
        wanted = signature(SECRET, self.command, self.path.split("?")[0], query, headers, names, payload,
                           headers["x-amz-date"], region)
        return wanted == words["Signature"] and payload == hashlib.sha256(body).hexdigest()

    def do(self):
        store = self.server.store
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qsl(split.query, keep_blank_values=True)
        with store.lock:
            store.requests.append((self.command, split.path, dict(query)))
            fault = store.faults.pop(0) if store.faults else None
        fault = fault or store.hook(self.command, urllib.parse.unquote(split.path), dict(query))
        if fault == "drop":
            self.close_connection = True
            return
        if fault and not callable(fault):
            self.fail(*fault)
            return
        self.spoil = fault  # what becomes of the bytes that are sent
        if not self.signed(query, body):
            self.fail(403, "SignatureDoesNotMatch")
            return
        path = urllib.parse.unquote(split.path[1:])
        if self.headers["Host"].startswith(store.bucket + "."):
            path = store.bucket + "/" + path
        bucket, _, key = path.partition("/")
        if bucket != store.bucket:
            self.fail(404, "NoSuchBucket")
        elif not key:
            self.list(store, dict(query))
        else:
            getattr(self, "object_" + self.command.lower())(store, key, dict(query), body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do

    def list_uploads(self, store, prefix):
        with store.lock:
            found = ["<Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>%s</Initiated></Upload>"
                     % (xml.sax.saxutils.escape(key), name, when) for name, (key, when) in store.begun.items()
                     if name in store.uploads and key.startswith(prefix)]
        self.answer(200, ("<ListMultipartUploadsResult>%s</ListMultipartUploadsResult>" % "".join(found)).encode())

    def list(self, store, q):
        if "uploads" in q:
            self.list_uploads(store, q.get("prefix", ""))
            return
        prefix, delimiter = q.get("prefix", ""), q.get("delimiter", "")
        start = q.get("continuation-token", q.get("start-after", ""))
        items, n = [], min(int(q.get("max-keys", "1000")), store.page)
        with store.lock:
            keys = sorted(store.objects, key=lambda k: k.encode())
            for key in keys:
                if not key.startswith(prefix):
                    continue
                at = key.find(delimiter, len(prefix)) if delimiter else -1
                name = key[:at + len(delimiter)] if at >= 0 else key
                if name.encode() > start.encode() and (not items or items[-1][0] != name):
                    items.append((name, at >= 0))
            more, items = len(items) > n, items[:n]
            parts = []
            for name, is_prefix in items:
                quoted = urllib.parse.quote(name, safe="")
                if is_prefix:
                    parts.append("<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>" % quoted)
                    continue
                data, modified, etag = store.objects[name]
                when = datetime.datetime.fromtimestamp(modified, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                parts.append("<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>&quot;%s&quot;</ETag>"
                             "<Size>%d</Size></Contents>" % (quoted, when, etag, len(data)))
        token = "<NextContinuationToken>%s</NextContinuationToken>" % xml.sax.saxutils.escape(items[-1][0]) if more else ""
        self.answer(200, ("<?xml version='1.0'?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>%s"
                          "</IsTruncated>%s%s</ListBucketResult>" % (str(more).lower(), token, "".join(parts))).encode())

    def object_get(self, store, key, _query, _body):
        if key not in store.objects:
            self.fail(404, "NoSuchKey")
            return
        data, _, etag = store.objects[key]
        if key in store.archived:
            self.fail(403, "InvalidObjectState")
        elif self.headers.get("If-Match", '"%s"' % etag) != '"%s"' % etag:
            self.fail(412, "PreconditionFailed")
        else:
            first, last = self.headers["Range"].split("=")[1].split("-")
            if int(first) >= len(data):
                self.fail(416, "InvalidRange")
                return
            self.answer(206, data[int(first):int(last) + 1], ETag='"%s"' % etag, Content_Encoding="gzip")

    def object_head(self, store, key, _query, _body):
        if key not in store.objects:
            self.answer(404)
            return
        data, modified, etag = store.objects[key]
        when = email.utils.formatdate(modified, usegmt=True)
        self.answer(200, ETag='"%s"' % etag, Content_Length=str(len(data)), Last_Modified=when)

    def object_put(self, store, key, query, body):
        with store.lock:
            if "uploadId" in query:
                store.uploads[query["uploadId"]][int(query["partNumber"])] = body
                etag = hashlib.md5(body).hexdigest()
            else:
                etag = store.put(key, body)
        self.answer(200, ETag='"%s"' % etag)

    def object_post(self, store, key, query, _body):
        with store.lock:
            if "uploads" in query:
                name = "u/%d+=" % len(store.begun)
                store.uploads[name] = {}
                store.begun[name] = (key, datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"))
                self.answer(200, ("<InitiateMultipartUploadResult><UploadId>%s</UploadId>"
                                  "</InitiateMultipartUploadResult>" % name).encode())
                return
            parts = store.uploads.pop(query["uploadId"])
            etag = store.put(key, b"".join(parts[i] for i in sorted(parts)))
        self.answer(200, ("<CompleteMultipartUploadResult><ETag>&quot;%s&quot;</ETag>"
                          "</CompleteMultipartUploadResult>" % etag).encode())

    def object_delete(self, store, key, query, _body):
        with store.lock:
            if "uploadId" in query:
                store.uploads.pop(query["uploadId"], None)
            else:
                store.objects.pop(key, None)
        self.answer(204)


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Servers that are killed leave connections behind."""


class Store:
    """Objects of one bucket on 127.0.0.1; tls: an SSLContext. faults: what the next requests get, (status, code) or "drop".
    hook: asked with method, path and query of each request that no fault is for; it may wait, and returns the same, or a
    function from the bytes of the answer to those that are sent, or None."""

    def __init__(self, bucket="logs", page=1000, tls=None):
        self.bucket, self.page = bucket, page
        self.objects, self.uploads, self.requests, self.faults, self.archived = {}, {}, [], [], set()
        self.hook = lambda method, path, query: None
        self.begun = {}  # uploads: id → key, time
        self.lock = threading.RLock()
        self.server = Listener(("127.0.0.1", 0), Handler)
        self.server.store = self
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]
        self.endpoint = "%s:%d" % ("https://localhost" if tls else "http://127.0.0.1", self.port)

    def put(self, key, data, age=0):
        """age: seconds that the object seems to be old."""
        etag = hashlib.md5(data).hexdigest()
        with self.lock:
            self.objects[key] = (data, int(time.time()) - age, etag)
        return etag

    def asked(self, method, **query):
        """Requests of that method whose query has these values."""
        with self.lock:
            return [r for r in self.requests if r[0] == method
                    and all(r[2].get(k.replace("_", "-")) == v for k, v in query.items())]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
