"""The lines of docs/history.md, exactly as they stand there: a receipt and a history
checked by another program, with nothing of the portal's but its answers."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request

with open(os.path.join(os.environ["WST_PEERS_DATA"], "demo.json"), encoding="utf-8") as file:
    SHEET = json.load(file)
PORTAL = SHEET["base_url"]
PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "history.md"
FACTS = {
    "pay_by": "social_security_card",
    "account_number": "621700000000000001",
    "no_duplicate": True,
    "truth": True,
}


def ask(path, body=None):
    request = urllib.request.Request(PORTAL + path, json.dumps(body).encode() if body else None)
    request.add_header("Authorization", "Bearer " + SHEET["tokens"]["second_resident@web"])
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class History(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
        guide = next(code for code in SHEET["guides"] if "553001000" in code)
        case = ask("/api/v1/cases", {"guide_code": guide, "facts": FACTS, "submit": True})
        cls.case_no = case["case_no"]
        cls.receipt = ask(f"/api/v1/cases/{case['id']}/receipt")
        cls.events = ask(f"/api/v1/cases/{case['id']}/events")
        cls.keys = ask("/.well-known/seal-keys.json")

    def run_lines(self, receipt, events):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name, content in (("receipt", receipt), ("keys", self.keys), ("events", events)):
                files.append(os.path.join(folder, name + ".json"))
                with open(files[-1], "w", encoding="utf-8") as file:
                    json.dump(content, file)
            return subprocess.run([sys.executable, "-c", self.lines, *files], capture_output=True, text=True)

    def test_they_are_thirty_lines(self):
        lines = [line for line in self.lines.splitlines() if line.strip() and not line.startswith("#")]
        self.assertLessEqual(len(lines), 30)

    def test_they_find_a_genuine_receipt_and_its_history_to_be_so(self):
        told = self.run_lines(self.receipt, self.events)
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn(self.case_no, told.stdout)

    def test_they_find_whatever_was_changed(self):
        changed = json.loads(json.dumps(self.events))
        changed["items"][1]["event"]["guide_version"] = 99
        self.assertIn("record 2 was changed", self.run_lines(self.receipt, changed).stderr)
        papers = next(record for record in self.events["items"] if "papers" in record)
        changed = json.loads(json.dumps(self.events))
        changed["items"][papers["seq"] - 1]["papers"][0]["sha256"] = "00"
        self.assertIn(f"record {papers['seq']} was changed", self.run_lines(self.receipt, changed).stderr)
        shorter = {"items": self.events["items"][:-1]}
        self.assertIn("another history", self.run_lines(self.receipt, shorter).stderr)
        header, claims, signature = self.receipt["receipt"].split(".")
        forged = {"receipt": ".".join([header, claims, signature[::-1]])}
        self.assertNotEqual(self.run_lines(forged, self.events).returncode, 0)


if __name__ == "__main__":
    unittest.main()
