"""Keys, certificates and signed tokens for tests, made by the openssl command."""
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import tempfile


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def url64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unsigned(header, claims):
    return ".".join(url64(json.dumps(part).encode()) for part in (header, claims))


def der_numbers(der):
    """The two numbers of an ECDSA signature, 32 bytes each."""
    numbers, at = [], 2
    for _ in range(2):
        size = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + size], "big").to_bytes(32, "big"))
        at += 2 + size
    return b"".join(numbers)


def der_signature(raw):
    """The other way round."""
    numbers = b""
    for half in (raw[:32], raw[32:]):
        number = half.lstrip(b"\0") or b"\0"
        number = b"\0" + number if number[0] & 0x80 else number
        numbers += bytes([2, len(number)]) + number
    return bytes([0x30, len(numbers)]) + numbers


class Key:
    """A key pair in a folder: kind "RSA" or "EC"."""

    def __init__(self, folder, kid, kind="RSA"):
        self.kid, self.kind = kid, kind
        self.file = os.path.join(folder, kid + ".pem")
        option = "rsa_keygen_bits:2048" if kind == "RSA" else "ec_paramgen_curve:prime256v1"
        openssl("genpkey", "-algorithm", kind, "-pkeyopt", option, "-out", self.file)

    def pem(self):
        with open(self.file, encoding="ascii") as f:
            return f.read()

    def public_pem(self):
        return openssl("pkey", "-in", self.file, "-pubout")

    def jwk(self, **more):
        named = {"kid": self.kid, "use": "sig", **more}
        if self.kind == "RSA":
            text = openssl("rsa", "-in", self.file, "-noout", "-modulus").decode()
            return {"kty": "RSA", "n": url64(bytes.fromhex(text.strip().split("=")[1])), "e": "AQAB", **named}
        text = openssl("pkey", "-in", self.file, "-noout", "-text").decode()
        point = re.search(r"pub:\s*([0-9a-f:\s]+)", text).group(1)
        raw = bytes.fromhex(re.sub(r"[^0-9a-f]", "", point))
        return {"kty": "EC", "crv": "P-256", "x": url64(raw[1:33]), "y": url64(raw[33:65]), **named}

    def signature(self, alg, text):
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"] if alg == "PS256" else []
        raw = openssl("dgst", "-sha256", "-sign", self.file, *pss, data=text.encode())
        return der_numbers(raw) if self.kind == "EC" else raw

    def checked(self, token):
        """The header and the claims of a token, and whether this key has signed it."""
        head, body, signature = token.split(".")
        header, claims = (json.loads(base64.urlsafe_b64decode(x + "==")) for x in (head, body))
        raw = base64.urlsafe_b64decode(signature + "==")
        if self.kind == "EC":
            raw = der_signature(raw)
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if header["alg"] == "PS256" else []
        with tempfile.NamedTemporaryFile() as kept:
            kept.write(raw)
            kept.flush()
            done = subprocess.run(["openssl", "dgst", "-sha256", "-prverify", self.file, *pss, "-signature", kept.name],
                                  input=(head + "." + body).encode(), capture_output=True, check=False)
        return header, claims, done.returncode == 0

    def token(self, claims, alg=None, **header):
        alg = alg or ("RS256" if self.kind == "RSA" else "ES256")
        text = unsigned({"alg": alg, "kid": self.kid, "typ": "JWT", **header}, claims)
        return text + "." + url64(self.signature(alg, text))

    def certificate(self, days=30):
        """A self-signed certificate, as PEM."""
        return openssl("req", "-x509", "-new", "-key", self.file, "-subj", "/CN=" + self.kid, "-days", str(days)).decode()


def thumbprint(pem, kind="sha256"):
    """Of a certificate, as headers of tokens have it."""
    der = base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
    return url64(hashlib.new(kind, der).digest())


def hmac_token(secret, claims, **header):
    text = unsigned({"alg": "HS256", "typ": "JWT", **header}, claims)
    return text + "." + url64(hmac.new(secret, text.encode(), hashlib.sha256).digest())
