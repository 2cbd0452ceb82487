"""Real servers for the tests of transports: one of each kind for all tests of a worker, its folder emptied before each test."""

from __future__ import annotations

import shutil

import pytest

from tests.servers.ftp import pyftpd, vsftpd
from tests.servers.ssh import openssh, plain_sftp
from tests.servers.web import nginx


def pytest_collection_modifyitems(items):
    """What hangs is what these tests look for: none may take long."""
    for item in items:
        if "/transports/" in item.nodeid:
            item.add_marker(pytest.mark.timeout(60))


def _emptied(server):
    for one in server.folder.iterdir():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink()
    return server


@pytest.fixture(scope="session")
def _openssh(tmp_path_factory):
    with openssh(tmp_path_factory.mktemp("openssh")) as server:
        yield server


@pytest.fixture
def sshd(_openssh):
    return _emptied(_openssh)


@pytest.fixture(scope="session")
def _plain_sftp(tmp_path_factory):
    with plain_sftp(tmp_path_factory.mktemp("plain-sftp")) as server:
        yield server


@pytest.fixture
def plain(_plain_sftp):
    return _emptied(_plain_sftp)


def _ftp_server(*arguments):
    @pytest.fixture(scope="session")
    def server(tmp_path_factory):
        with pyftpd(tmp_path_factory.mktemp("ftp"), *arguments) as one:
            yield one

    return server


_ftp_plain = _ftp_server("none", "mlsd")
_ftp_unix = _ftp_server("none", "unix")
_ftp_windows = _ftp_server("none", "windows")
_ftp_explicit = _ftp_server("explicit", "mlsd")
_ftp_implicit = _ftp_server("implicit", "unix")


@pytest.fixture(scope="session")
def _ftp_vsftpd(tmp_path_factory):
    with vsftpd(tmp_path_factory.mktemp("vsftpd")) as one:
        yield one


FTP_SERVERS = ["plain", "unix", "windows", "explicit", "implicit", "vsftpd"]


@pytest.fixture
def ftp_server(request):
    """The FTP server that a test asks for by its name."""
    return lambda name: _emptied(request.getfixturevalue(f"_ftp_{name}"))


@pytest.fixture(scope="session")
def _nginx(tmp_path_factory):
    with nginx(tmp_path_factory.mktemp("nginx")) as both:
        yield both


@pytest.fixture
def web(_nginx):
    return _emptied(_nginx[0])


@pytest.fixture
def secure_web(_nginx):
    return _emptied(_nginx[1])
