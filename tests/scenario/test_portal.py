"""What is served below /portal/: the files of the build, pages, and nothing else."""
import gzip
import os
import tempfile

from vedette import Server, contains, equal

SCRIPT = "console.log('portal');\n" * 100


def built():
    """A folder as the portal's build leaves one."""
    folder = tempfile.TemporaryDirectory(prefix="vedette-test-portal-")
    os.mkdir(os.path.join(folder.name, "assets"))
    for name, text in (("index.html", "<!doctype html><title>Portal</title>"), ("icon.svg", "<svg/>"),
                       ("assets/main-1a2b.js", SCRIPT)):
        with open(os.path.join(folder.name, name), "w", encoding="utf-8") as f:
            f.write(text)
    with gzip.open(os.path.join(folder.name, "assets/main-1a2b.js.gz"), "w") as f:
        f.write(SCRIPT.encode())
    return folder


def test_portal_is_served_to_everybody():
    with built() as folder, Server(env={"VEDETTE_PORTAL_DIR": folder}) as s:
        moved = s.get("/", token=None)
        equal((moved.status, moved.headers["location"]), (302, "/portal/"))
        for path in ("/portal", "/portal/", "/portal/incidents/7", "/portal/a/b/c", "/portal/apiary"):
            page = s.get(path, token=None)
            equal(page.status, 200, path)
            contains(page.text, "<title>Portal</title>")
            equal(page.headers["content-type"], "text/html; charset=utf-8")
            equal(page.headers["cache-control"], "no-store")
            policy = page.headers["content-security-policy"]
            contains(policy, "default-src 'none'; script-src 'self';")
            contains(policy, "frame-ancestors 'none'")
            equal(page.headers["x-content-type-options"], "nosniff")


def test_portal_files_are_cached_by_their_names():
    with built() as folder, Server(env={"VEDETTE_PORTAL_DIR": folder}) as s:
        plain = s.get("/portal/assets/main-1a2b.js", token=None)
        equal((plain.status, plain.text), (200, SCRIPT))
        equal(plain.headers["content-type"], "text/javascript; charset=utf-8")
        equal(plain.headers["cache-control"], "public, max-age=31536000, immutable")
        packed = s.get("/portal/assets/main-1a2b.js", token=None, headers={"Accept-Encoding": "gzip"})
        equal(packed.headers["content-encoding"], "gzip")
        equal(packed.headers["etag"], plain.headers["etag"])
        again = s.get("/portal/assets/main-1a2b.js", token=None, headers={"If-None-Match": plain.headers["etag"]})
        equal((again.status, again.text), (304, ""))
        head = s.request("HEAD", "/portal/assets/main-1a2b.js", token=None)
        equal((head.status, head.text, head.headers["content-length"]), (200, "", str(len(SCRIPT))))
        equal(s.get("/portal/icon.svg", token=None).headers["cache-control"], "no-cache")


def test_portal_gives_no_other_files_and_no_pages_for_calls():
    with built() as folder, Server(env={"VEDETTE_PORTAL_DIR": folder}) as s:
        for path in ("/portal/../../etc/passwd", "/portal/%2e%2e/%2e%2e/etc/passwd", "/portal/..%2f..%2fetc%2fpasswd",
                     "/portal//etc/passwd", "/portal/assets/../index.html/.."):
            answer = s.get(path, token=None)
            assert "root:" not in answer.text, path
        for path in ("/portal/api", "/portal/api/nothing/here", "/portal/oidc/x/y", "/portal/assets/gone-0000.js"):
            answer = s.get(path, token=None)
            equal(answer.status, 404, path)
            equal(answer.message(), "The requested path does not exist.")
        equal(s.post("/portal/incidents", {}, token=None).status, 405)


def test_server_without_a_built_portal_says_how_to_build_it():
    with tempfile.TemporaryDirectory() as empty, Server(env={"VEDETTE_PORTAL_DIR": empty}) as s:
        page = s.get("/portal/", token=None)
        equal((page.status, page.headers["content-type"]), (503, "text/html; charset=utf-8"))
        contains(page.text, "./dev build")
        equal(s.query("print x = 1"), [{"x": 1}])


def test_portal_can_be_turned_off():
    with built() as folder, Server("--portal", "false", env={"VEDETTE_PORTAL_DIR": folder}) as s:
        for path in ("/", "/portal", "/portal/", "/portal/index.html"):
            equal(s.get(path, token=None).status, 404, path)
