"""How fast an API of ten thousand pages is read, beside the bare client that asks for the same pages in a row."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import httpx
import pytest

from datahub.connectors.declare import Place
from datahub.connectors.kinds.rest import Rest
from datahub.connectors.rest.session import Session
from datahub.connectors.rest.source import RestIn
from datahub.connectors.rest.told_source import RestFrom

pytestmark = pytest.mark.bench
PAGES, SIZE = 10_000, 100
BUDGET = 0.5
"""Of the pages a second of a loop of `httpx.get` that looks at nothing."""
SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

pages, size = map(int, sys.argv[1:])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_GET(self):
        number = int(dict(parse_qsl(urlsplit(self.path).query)).get("cursor", 0))
        rows = [{"sku": f"S-{number * size + one}", "price": 12.5, "stock": one, "at": f"2026-01-01T00:{one % 60:02}:00Z"} for one in range(size)]
        data = json.dumps({"rows": rows, "next": number + 1 if number + 1 < pages else None}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *told):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@pytest.fixture
def server():
    with subprocess.Popen([sys.executable, "-c", SERVER, str(PAGES), str(SIZE)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def test_ten_thousand_pages_are_read(server, tmp_path, capsys):
    begun, used = time.perf_counter(), time.process_time()
    place = Place(tmp_path, tmp_path)
    session = Session(Rest.model_validate({"url": server, "insecure": True}), place, None)
    paging = {"kind": "cursor", "parameter": "cursor", "next": "$.next"}
    told = RestFrom.model_validate(
        {"connection": "x", "calls": [{"path": "rows", "paging": paging}], "rows": "$.rows", "cursor": {"value": "$.at"}}
    )
    source = RestIn(session, told, place)
    source.start(None)
    (landed,) = [source.land(split, tmp_path) for split in source.splits()]
    source.close()
    ours, cpu = time.perf_counter() - begun, time.process_time() - used
    lines = landed.path.read_bytes().count(b"\n")
    assert PAGES * SIZE == lines

    begun, used = time.perf_counter(), time.process_time()
    count = PAGES // 10
    with httpx.Client(trust_env=False) as client:
        for number in range(count):
            assert SIZE == len(json.loads(client.get(f"{server}/rows", params={"cursor": number}).content)["rows"])
    bare, bare_cpu = (time.perf_counter() - begun) * 10, (time.process_time() - used) * 10
    with capsys.disabled():
        print(
            f"\n{PAGES:,} pages of {SIZE} rows: {ours:.1f} s ({cpu:.1f} CPU s), {PAGES / ours:,.0f} pages/s; "
            f"a bare loop of httpx {bare:.1f} s ({bare_cpu:.1f} CPU s): {bare_cpu / cpu:.2f} of its speed by CPU"
        )
    assert bare_cpu / cpu > BUDGET
