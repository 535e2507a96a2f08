"""The PyPI client Authlib against a running server: a program that shows its own keys (SMART Backend Services)."""

import json
import os
import sys
import time
from urllib.parse import urljoin

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey

base = os.environ["BASE"]
origin = base.rsplit("/", 1)[0]
failed = 0


def page_field(text, name):
    """The value of a hidden field."""
    return text.split(f'name="{name}" value="')[1].split('"')[0]


def register(keys):
    """Registers the program as an administrator would, by the pages."""
    browser = requests.Session()
    page = browser.get(urljoin(origin, "/sign-in")).text
    form = {"csrf": page_field(page, "csrf"), "next": "/home", "name": "admin", "password": "demonstration"}
    browser.post(urljoin(origin, "/sign-in"), data=form, headers={"origin": origin}).raise_for_status()
    page = browser.get(urljoin(origin, "/apps/register")).text
    name = f"Authlib {time.time_ns()}"
    form = {
        "csrf": page_field(page, "csrf"),
        "request": page_field(page, "request"),
        "name": name,
        "scopes": "system/*.rs",
        "keys": json.dumps(keys),
        "role": "extract",
    }
    text = browser.post(urljoin(origin, "/apps/register"), data=form, headers={"origin": origin}).text
    return text.split(f">{name}</strong>")[1].split("<code>")[1].split("</code>")[0]


key = RSAKey.generate_key(2048, {"use": "sig", "kid": "a"})
client_id = register({"keys": [key.as_dict(private=False)]})
token_url = requests.get(f"{base}/.well-known/smart-configuration").json()["token_endpoint"]
session = OAuth2Session(client_id, key.as_pem(private=True), token_endpoint_auth_method="private_key_jwt")
session.register_client_auth_method(
    PrivateKeyJWT(token_url, claims={"exp": int(time.time()) + 200}, headers={"kid": "a"}, alg="RS384")
)
token = session.fetch_token(token_url, grant_type="client_credentials", scope="system/Patient.rs")
found = session.get(f"{base}/Patient?_count=1")
refused = session.get(f"{base}/Observation?_count=1")
if (token["scope"], found.status_code, refused.status_code) != ("system/Patient.rs", 200, 403):
    failed = 1
    print(f"FAIL backend: {token['scope']} {found.status_code} {refused.status_code}")
print(f"authlib: {1 - failed} passed, {failed} failed")
sys.exit(failed)
