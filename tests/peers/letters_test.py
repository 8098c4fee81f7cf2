"""pypdf and joserfc: a letter's PDF read, and its seal checked, by somebody else's
programs with nothing but the portal's published keys."""

import hashlib
import io
import json
import os
import unittest
import urllib.request

from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet
from pypdf import PdfReader

with open(os.path.join(os.environ["WST_PEERS_DATA"], "demo.json"), encoding="utf-8") as file:
    SHEET = json.load(file)
PORTAL = SHEET["base_url"]
WHO = "second_resident@mini_program"
ANSWERS = {
    "pay_by": "social_security_card",
    "account_number": "621700000000000001",
    "no_duplicate": True,
    "truth": True,
}


def fetch(path, body=None, who=WHO):
    request = urllib.request.Request(f"{PORTAL}{path}", json.dumps(body).encode() if body is not None else None)
    request.add_header("Content-Type", "application/json")
    if who:
        request.add_header("Authorization", f"Bearer {SHEET['tokens'][who]}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def ask(path, body=None, who=WHO):
    return json.loads(fetch(path, body, who))


def allowance():
    """The guide of the old-age allowance, which is granted as soon as it is handed in."""
    for code in SHEET["guides"]:
        if "高龄津贴" in ask(f"/api/v1/guides/{code}")["item"]["name"]["zh"]:
            return code
    raise AssertionError("there is no old-age allowance")


class Letters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        case = ask("/api/v1/cases", {"guide_code": allowance(), "facts": ANSWERS})["id"]
        ask(f"/api/v1/cases/{case}/submit", {})
        cls.at = f"/api/v1/cases/{case}/letters"
        cls.letters = [ask(f"{cls.at}/{letter['id']}") for letter in ask(cls.at)["items"]]
        cls.pdfs = {letter["id"]: fetch(f"{cls.at}/{letter['id']}/pdf") for letter in cls.letters}

    def reader(self, letter):
        return PdfReader(io.BytesIO(self.pdfs[letter["id"]]), strict=True)

    def test_the_text_of_every_letter_comes_out_as_it_went_in(self):
        self.assertEqual(len(self.letters), 5)
        for letter in self.letters:
            text = "".join("".join(page.extract_text() for page in self.reader(letter).pages).split())
            said = [letter["title"], *letter["paragraphs"]]
            for words in [letter["number"], letter["addressee"], *(one[tongue] for one in said for tongue in ("zh", "en"))]:
                with self.subTest(letter["kind"], words=words):
                    self.assertIn("".join(words.split()), text)

    def test_the_file_says_what_it_is_and_carries_its_font(self):
        for letter in self.letters:
            reader = self.reader(letter)
            self.assertIn(letter["number"], reader.metadata.title)
            catalog = reader.trailer["/Root"]
            self.assertEqual(catalog["/Lang"], "zh-CN")
            self.assertTrue(catalog["/MarkInfo"]["/Marked"])
            for page in reader.pages:
                for font in page["/Resources"]["/Font"].values():
                    descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
                    self.assertIn("/FontFile3", descriptor)
                self.assertNotIn("/AA", page)
            self.assertNotIn("/OpenAction", catalog)

    def test_the_seal_is_checked_without_the_portal(self):
        keys = KeySet.import_key_set(ask("/.well-known/seal-keys.json", who=None))
        for letter in self.letters:
            seal = ask(f"{self.at}/{letter['id']}/seal")["seal"]
            sealed = jws.deserialize_compact(seal, keys, algorithms=["ES256"])
            self.assertEqual(sealed.headers()["typ"], "letter+jwt")
            said = json.loads(sealed.payload)
            digest = hashlib.sha256(self.pdfs[letter["id"]]).hexdigest()
            self.assertEqual((said["sha256"], said["number"]), (digest, letter["number"]))
            head, body, signature = seal.split(".")
            with self.assertRaises(BadSignatureError):
                jws.deserialize_compact(f"{head}.{body}.{signature[::-1]}", keys, algorithms=["ES256"])
            outcome = ask("/api/v1/letters/verify", {"seal": seal, "sha256": digest}, who=None)["outcome"]
            self.assertEqual(outcome, "genuine")


if __name__ == "__main__":
    unittest.main()
