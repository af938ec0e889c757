"""externaldata: off by default, from allowed hosts only, in the formats that feeds come in."""
import gzip
import http.server
import io
import threading
import urllib.parse
import zipfile

from vedette import Server, contains, equal



def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            z.writestr(name, content)
    return packed.getvalue()


FILES = {
    "/feed.csv": b'indicator,score,seen\n198.51.100.7,9,2026-01-02\n"bad, very",x,\n',
    "/feed.csv.gz": gzip.compress(b"198.51.100.8,3,2026-01-03T00:00:00Z\n"),
    "/lines.txt": b"\xef\xbb\xbfone\r\ntwo\n",
    "/records.json": b'{"a": {"list": [1, {"deep": true}]}, "n": 1}\n{"n": "2"}\n',
    "/array.json": b'[{"n": 1, "s": "x"}, {"n": 2}]',
    "/broken.csv": b'one,1\n"two,2\n',
    "/broken.json": b'{"n": 1}\n{"n": \n',
    "/feed.json.zip": zipped(records='{"n": 1, "s": "x"}\n{"n": 2}\n'),
    "/archive.zip": b"PK\x03\x04....",
    "/two.zip": zipped(a="1", b="2"),
    "/bomb.zip": zipped(a=b"\0" * 50_000_000),
    "/large.txt": b"x" * 3_000_000,
    "/bomb.gz": gzip.compress(b"\0" * 50_000_000),
}


class Files(http.server.BaseHTTPRequestHandler):
    asked = []

    def do_GET(self):
        Files.asked.append(self.path)
        path = urllib.parse.urlsplit(self.path).path
        if path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/lines.txt")
            self.end_headers()
            return
        body = FILES.get(path)
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


class Feed:
    """A web server on this machine."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        self.host = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def __call__(self, path):
        return '@"http://%s%s"' % (self.host, path)


def test_formats():
    with Feed() as at, Server("--external-hosts", at.host) as s:
        equal(s.query('externaldata(i:string, score:long, seen:datetime)[%s, %s] '
                      'with (format="csv", ignoreFirstRecord=true) | where i !startswith "bad"'
                      % (at("/feed.csv"), at("/feed.csv.gz"))),
              [{"i": "198.51.100.7", "score": 9, "seen": "2026-01-02T00:00:00.0000000Z"}])
        equal(s.query("externaldata(i:string, score:long)[%s] | where i startswith 'bad'"
                      % at("/feed.csv")), [{"i": "bad, very", "score": None}])
        equal(s.query("externaldata(i:string)[%s]" % at("/feed.csv.gz?x=1")), [{"i": "198.51.100.8"}])
        equal(s.query("externaldata(line:string)[%s]" % at("/lines.txt")),
              [{"line": "one"}, {"line": "two"}])
        equal(s.query("externaldata(n:int, s:string)[%s] with (format=multijson)" % at("/array.json")),
              [{"n": 1, "s": "x"}, {"n": 2, "s": ""}])
        equal(s.query("externaldata(n:int, s:string)[%s]" % at("/feed.json.zip")),
              [{"n": 1, "s": "x"}, {"n": 2, "s": ""}])
        mapping = ('[{"Column":"deep","Properties":{"Path":"$.a.list[1].deep"}},'
                   '{"column":"number","path":"$[\'n\']"},{"column":"k","constvalue":"fixed"}]')
        equal(s.query("externaldata(number:long, deep:bool, k:string)[%s] "
                      "with (format='json', ingestionMapping=@\"%s\")"
                      % (at("/records.json"), mapping.replace('"', '""'))),
              [{"number": 1, "deep": True, "k": "fixed"}, {"number": 2, "deep": None, "k": "fixed"}])


def test_use_in_a_query():
    with Feed() as at, Server("--external-hosts", "other.example, " + at.host) as s:
        equal(s.query("let known = externaldata(w:string)[%s];"
                      "datatable(w:string)['two', 'three'] | where w in (known) "
                      "| join kind=inner (known) on w | project w, other = w1" % at("/lines.txt")),
              [{"w": "two", "other": "two"}])


def test_refusals():
    with Feed() as at, Server("--external-hosts", at.host, "--external-max", "1MiB") as s:
        def refused(address, properties=""):
            answer = s.ask("print 1 | union (externaldata(a:string, n:long)[%s] %s)"
                           % (address, properties))
            equal(answer.status, 400)
            return answer.message()

        contains(refused('"https://elsewhere.example/x"'), "elsewhere.example")
        contains(refused('"http://127.0.0.1:1/x"'), "external_hosts")
        contains(refused('"file:///etc/passwd"'), "https://")
        contains(refused('"http://%s@elsewhere.example/"' % at.host), "no address")
        contains(refused(at("/none?sig=secret")), "404")
        assert "secret" not in refused(at("/none?sig=secret"))
        contains(refused(at("/moved")), "302")
        contains(refused(at("/broken.csv")), "line 2")
        contains(refused(at("/broken.json")), "line 3")
        contains(refused(at("/archive.zip")), "zip archive is damaged")
        contains(refused(at("/two.zip")), "2 files")
        contains(refused(at("/bomb.zip")), "larger")
        contains(refused(at("/large.txt")), "larger than")
        contains(refused(at("/bomb.gz"), "with (format='txt')"), "larger")
        contains(refused(at("/lines.txt"), "with (format='parquet')"), "parquet")
        contains(refused(at("/lines.txt"), "with (format='nonsense')"), "nonsense")
        contains(refused(at("/lines.txt"), "with (ingestionMapping='{')"), "ingestionMapping")
        contains(refused(at("/lines.txt"), "with (color='x')"), "color")
        Files.asked.clear()
        s.query("externaldata(a:string)[%s]" % at("/lines.txt;managed_identity=system"))
        equal(Files.asked, ["/lines.txt"])


def test_off_by_default():
    with Feed() as at, Server() as s:
        Files.asked.clear()
        answer = s.ask("externaldata(a:string)[%s]" % at("/lines.txt"))
        equal(answer.status, 400)
        contains(answer.message(), "switched off")
        equal(Files.asked, [])

