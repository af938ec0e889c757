"""People who sign in: the browser's contract, and what attackers try against it."""
from vedette import PASSWORD, Browser, Server, contains, equal

START = "2026-03-01T00:00:00Z"


def new_password(s, browser):
    """Changes the password of the first start; returns the new one."""
    answer = browser.post("/portal/api/password", {"password": s.password, "newPassword": PASSWORD})
    equal(answer.status, 204, answer)
    return PASSWORD


def test_the_first_start_has_an_administrator_who_must_change_the_password():
    with Server() as s:
        browser = Browser(s)
        answer = browser.sign_in(s.user_name, s.password)
        equal(answer.status, 200, answer)
        equal(answer.json()["mustChangePassword"], True)
        equal(browser.get("/vedette/v1/workspaces").code(), "PasswordChangeRequired")
        equal(browser.get("/portal/api/session").status, 200)
        new_password(s, browser)
        equal(browser.get("/portal/api/session").json()["mustChangePassword"], False)
        equal(browser.get("/vedette/v1/workspaces").status, 200)
        equal(Browser(s).sign_in(s.user_name, s.password).status, 401)
        assert s.password not in s.read_log() and PASSWORD not in s.read_log()


def test_the_contract_of_the_session():
    with Server() as s:
        browser = Browser(s)
        equal(browser.get("/portal/api/session").status, 401)
        answer = browser.sign_in(s.user_name, s.password)
        cookie = answer.headers["set-cookie"]
        for part in ("__Host-vedette-session=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
            contains(cookie, part)
        assert "Domain" not in cookie
        equal(answer.headers["cache-control"], "no-store")
        new_password(s, browser)
        found = browser.get("/portal/api/session").json()
        equal(found["user"]["name"], "admin")
        equal(found["csrfToken"], browser.csrf)
        workspace = found["tenants"][0]["workspaces"][0]
        equal((workspace["name"], workspace["primary"]), ("default", True))
        for right in ("incidents/write", "query/read", "rules/write", "applications/write"):
            contains(workspace["rights"], right)
        equal(browser.get(workspace["resourceId"] + "/providers/Microsoft.SecurityInsights/incidents?api-version=2024-09-01").status, 200)
        equal(browser.post("/portal/api/signout").status, 204)
        equal(browser.cookie, None)
        equal(browser.get("/portal/api/session").status, 401)
