"""Real servers for the tests of transports: one of each kind for all tests of a worker, its folder emptied before each test."""

from __future__ import annotations

import shutil

import pytest

from tests.servers.ssh import openssh, plain_sftp


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
