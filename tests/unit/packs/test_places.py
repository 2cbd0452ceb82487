"""Hosts and secrets, which a pack may not hold."""

from __future__ import annotations

import pytest

from datahub.packs.contents import Contents
from datahub.packs.places import places_named

HEAD = b"pack acme.core 1.0.0\n"


def told(name: str, text: str) -> list[str]:
    return [one.message for one in places_named(Contents("p", {"pack.dhm": HEAD, name: text.encode()}))]


@pytest.mark.parametrize(
    "text",
    [
        'fn f(x: text) = "https://api.acme.fr/v1/" & x',
        'fn f(x: text) = "sftp://files.acme.fr"',
        'fn f(x: text) = "at http://10.0.0.1:80/{x}"',
        'fn f(x: text) = "10.0.0.1"',
        'fn f(x: text) = "2001:4860:4860::8888"',
        'fn f(x: text) = "[2a01:4f8::1]:21"',
        'fn f(x: text) = "fd00:12:34::1"',
        'param u: text = "jdbc:oracle:thin:@db1:1521:ORCL"',
        'param u: text = "jdbc:sqlserver://db1;databaseName=x"',
        'source s: csv { delimiter "https://acme.fr" columns { a: text } }',
        "lookup l (a: text) -> text {\n  | a | b |\n  | x | ftp://acme.fr/x |\n}",
        'checks E { C001 error: a = "x" "see https://acme.fr" }',
        'test "t" {\n  given s\n    | a |\n    | https://acme.fr/x.jpg |\n}',
        'param url: text = "https://example.com"',
        'param u: text = "sftp.acme.fr"',
        'param u: text = "get it from www2.acme.de"',
        r'param u: text = "\\\\server\\share"',
    ],
)
def test_hosts_in_scripts_are_told(text):
    assert ["a pack names the host"] == [one.partition(" `")[0] for one in told("a.dhm", text)]


@pytest.mark.parametrize(
    "text",
    [
        'fn f(x: text) = starts_with(x, "https://")',
        "type Url = text matches /https?:\\/\\/acme.fr\\/.*/",
        "# see https://docs.acme.fr/orders\nfn f(x: text) = x",
        "## Told at https://docs.acme.fr\nfn f(x: text) = x",
        'test "t" {\n  given s\n    | a |\n    | https://cdn.example.com/x.jpg |\n    | http://shop.test/y |\n}',
        'fn f(x: text) = "1.2.3"',
        'fn f(x: text) = "12:30:45"',
        'fn f(x: text) = "192.0.2.1"',
        'fn f(x: text) = "a::b"',
        'fn f(x: text) = "2001:db8::1"',
        'fn f(x: text) = "[::]"',
        'fn f(x: text) = "a:b:c:d"',
        'fn f(x: text) = "00:1A:2B:3C:4D:5E"',
        'fn f(x: text) = "jdbc:{x}"',
        'fn f(x: text) = "name.fr"',
        'fn f(x: text) = "mailto:ada@nord.fr"',
        'fn f(x: text) = "password={x}"',
        'fn f(x: text) = "the Bearer of it"',
        r'fn f(x: text) = "\\n\\t"',
        'test "t" {\n  given s\n    | a |\n    | ftp.example.com |\n}',
        "entity E {\n  password : text?\n}\nmap E from s in s {\n  password : s.x\n}",
    ],
)
def test_what_names_no_place_is_not_told(text):
    assert [] == told("a.dhm", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.dhm", 'map E from s in s {\n  api_key : "abc"\n}'),
        ("a.dhm", 'param token: text = "abc"'),
        ("a.dhm", "# the key is AKIAABCDEFGHIJKLMNOP\nfn f(x: text) = x"),
        ("a.dhm", 'fn f(x: text) = "https://me:hunter2@example.com/"'),
        ("a.dhm", 'param u: text = "user:pa55@sftp.acme.fr"'),
        ("a.dhm", 'param u: text = "password=hunter2"'),
        ("a.dhm", 'param u: text = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123456"'),
        ("a.dhm", 'param u: text = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123456"'),
        ("keys.txt", "-----BEGIN RSA PRIVATE KEY-----\n"),
        ("README.md", "log in at https://me:hunter2@acme.fr/"),
        ("rows.csv", "a\nghp_" + "a" * 36 + "\n"),
    ],
)
def test_secrets_are_told_wherever_they_stand(name, text):
    assert ["a pack holds a secret"] == told(name, text)


def test_a_namespace_is_a_name_and_no_place():
    text = 'source a: xml { namespaces ["x=http://vendor.acme.com/ns"], columns { b: text at "x:b" } }'
    assert [] == told("a.dhm", text)
    assert ["a pack names the host `vendor.acme.com`"] == told("a.dhm", text.replace("namespaces", "rows"))


def test_words_about_a_pack_may_link_and_its_data_may_name_nobodys_hosts():
    assert [] == told("README.md", "See https://docs.acme.fr.")
    assert [] == told("rows.csv", "image\nhttps://img.example.org/1.jpg\n")
    assert [] == told("rows.xml", '<a xmlns="http://www.w3.org/2001/XMLSchema"/>')
    assert ["a pack names the host `acme.fr`"] == told("rows.csv", "image\nhttps://acme.fr/1.jpg\n")


@pytest.mark.parametrize(
    "said", ["password: Hunter2-geheim9", "**Password**: `Hunter2-geheim9`", "api key = q8Zt21xv90Lk", "Bearer q8Zt21xv90Lkq8Zt21"]
)
@pytest.mark.parametrize("name", ["README.md", "notes.txt", "a.dhm"])
def test_secrets_in_words_about_a_pack_are_told(name, said):
    assert ["a pack holds a secret"] == told(name, f"# About it: {said}\n")


@pytest.mark.parametrize("said", ["password: required", "the token: see below", "secret = `param secret`", "api key: {key12345}"])
@pytest.mark.parametrize("name", ["README.md", "a.dhm"])
def test_words_about_secrets_are_none(name, said):
    assert [] == told(name, f"# About it: {said}\n")
