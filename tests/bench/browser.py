"""A browser for measuring: signs people in on the real pages, or storms them.

  browser.py sessions BASE ACCOUNT PASSWORD COUNT   prints COUNT refresh tokens, each of a session of its own
  browser.py storm BASE ATTACKERS SECONDS           guesses passwords from as many networks; prints what was answered
"""
import base64
import collections
import hashlib
import html
import http.client
import json
import re
import sys
import threading
import time
import urllib.parse

VERIFIER = "a-verifier-of-forty-three-characters-or-more"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Browser:
    """Keeps cookies; comes from `source`, an address of the loopback network."""

    def __init__(self, base, source=None):
        self.base, self.cookies = urllib.parse.urlsplit(base), {}
        address = (source, 0) if source else None
        self.line = http.client.HTTPConnection(self.base.netloc, timeout=30, source_address=address)

    def ask(self, method, path, form=None):
        """The status, the address sent on to, and the body."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if form is not None:
            headers["Content-Type"], body = "application/x-www-form-urlencoded", urllib.parse.urlencode(form)
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location"), answer.read().decode()

    def authorize(self):
        return self.ask("GET", "/oauth2/authorize?" + urllib.parse.urlencode({
            "response_type": "code", "client_id": "web", "scope": "openid cases", "state": "s", "nonce": "n",
            "redirect_uri": self.base.geturl() + "/callback",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }))

    def guess(self, page, account, password):
        fields = re.findall(r'name="(request|form_token)" value="([^"]*)"', page)
        hidden = {name: html.unescape(value) for name, value in fields}
        return self.ask("POST", "/oauth2/sign_in",
                        {**hidden, "action": "password", "mobile": account, "password": password})

    def redeem(self, location):
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["code"][0]
        status, _, body = self.ask("POST", "/oauth2/token", {
            "grant_type": "authorization_code", "client_id": "web", "code": code,
            "redirect_uri": self.base.geturl() + "/callback", "code_verifier": VERIFIER,
        })
        assert status == 200, body
        return json.loads(body)


def sessions(base, account, password, count):
    browser = Browser(base)
    _, _, page = browser.authorize()
    status, location, page = browser.guess(page, account, password)
    assert location, f"signing in was answered {status}: {page}"
    for _ in range(int(count)):
        if not location:
            _, location, page = browser.authorize()
        print(browser.redeem(location)["refresh_token"])
        location = None


def storm(base, attackers, seconds):
    """Each attacker has a network of his own and goes from one number to the next,
    so that neither the account nor the network slows him before a hash is computed."""
    until, told, lock = time.monotonic() + float(seconds), collections.Counter(), threading.Lock()

    def attack(number):
        browser = Browser(base, f"127.1.{number // 250}.{number % 250 + 1}")
        tried = 0
        while time.monotonic() < until:
            tried += 1
            _, _, page = browser.authorize()
            status, _, _ = browser.guess(page, f"139{number:04}{tried:04}", "correct horse battery")
            with lock:
                told[status] += 1

    threads = [threading.Thread(target=attack, args=(number,)) for number in range(int(attackers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(told))


if __name__ == "__main__":
    {"sessions": sessions, "storm": storm}[sys.argv[1]](*sys.argv[2:])
