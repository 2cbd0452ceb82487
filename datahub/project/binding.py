"""Where the files of a job come from and go to: what binds a script's source or target to a connection."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from datahub.project.model import Config, Length, mistake
from datahub.project.slots import OF_FILE, OF_RUN, check_done_file, check_name, check_slots

_ANY = "\0.\0"
"""The name of a file of which nothing is known: no other name is written so."""


class Ready(Config):
    """When a file counts as whole. All that is set must hold."""

    stable: Length = timedelta(seconds=5)
    """How long size and time of the file must not change between two looks; 0 looks once."""
    min_age: Length = timedelta(0)
    """How old the file must be, by the time that its host tells of it."""
    done_file: str = ""
    """A file that must be there too, such as `{{NAME}}.done` or `{{STEM}}.ok`; it is disposed of with the file."""
    wait: Length = timedelta(0)
    """How long to wait for files that are not ready yet; 0 leaves them for the next run."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        check_slots("done_file", self.done_file, OF_FILE)
        check_done_file(_ANY, self.done_file)
        return self


class After(Config):
    """What becomes of a file at its source once a run is done with it."""

    action: Literal["keep", "move", "delete", "mark"] = "keep"
    """`keep` leaves it, and the ledger knows that it was read; `mark` puts an empty file `<name>.done` beside it."""
    folder: str = ""
    """Where `move` puts it; a name that is taken there is never overwritten."""

    @model_validator(mode="after")
    def _folder_where_moved(self) -> Self:
        if (self.action == "move") != bool(self.folder):
            raise mistake("after_folder", "`move` needs a `folder`, and nothing else takes one", key="action")
        return self


class Bound(Config):
    """An end of a job, bound to a connection."""

    connection: str
    """The name of the connection."""


class From(Bound):
    """A source of a script; each kind of connection says what more it is told (`Connection.reads`)."""

    @property
    def gives(self) -> tuple[str, ...]:
        """The kinds of source that can read what comes; empty where files come as they are."""
        return ()


class To(Bound):
    """A target of a script; each kind of connection says what more it is told (`Connection.writes`)."""


class EntityFrom(From):
    """A source of a script bound to what the project remembers of an entity: all rows, or where a trigger of the job waits for
    a status of it, those that entered one since the last run."""

    connection: str = ""
    """None: the rows are those that jobs of the project have delivered."""
    entity: str
    """The entity, by the name that the script which delivers it has for it."""


class FilesFrom(From):
    """A source of a script bound to files of a connection: one file by its `path`, or those of a `folder`."""

    path: str = ""
    """The one file that is read (single-file mode). Over HTTP, what stands behind a `?` is the query, and `%` with two digits of base 16 a
    character: the `?` of a name is `%3F`."""
    folder: str = ""
    """The folder whose files are read (folder mode); `""` is where paths of the connection start."""
    pattern: str = "*"
    """Which files of the folder: `*.csv`, `products-*.csv`, `{a,b}*.json`. Hidden and temporary names are never taken."""
    recursive: bool = False
    """Whether files of folders below are taken too."""
    order: Literal["name", "modified"] = "name"
    """In which order files are read; `modified` goes by the server's time, then by name."""
    limit: int = Field(default=10_000, ge=1)
    """How many files one run takes at most; those that wait then are for a run that follows it at once."""
    largest: int = Field(default=10 << 30, ge=1)
    """How many bytes a file may have."""
    ready: Ready = Ready()
    after: After = After()
    """What becomes of a file after a run that succeeded."""
    on_failure: After = After()
    """… and after one that failed."""
    same_content: Literal["read", "skip"] = "read"
    """What becomes of a file whose content was read before under another name: `read` reads it, with a warning, since things may be as they
    were before; `skip` does not, and says so. What has its last content is not read again; what has an earlier one, is."""

    @model_validator(mode="after")
    def _one_mode(self) -> Self:
        # An empty folder that is written is the root of the connection, or the folder of the login.
        if bool(self.path and self.folder) or not (self.path or "folder" in self.model_fields_set):
            raise mistake("one_mode", "a source has either a `path` (one file) or a `folder`", key="path")
        check_done_file(self.path.rpartition("/")[2] if self.path else self.pattern, self.ready.done_file, key=("ready", "done_file"))
        for key, after in (("after", self.after), ("on_failure", self.on_failure)):
            if after.action == "mark" and re.fullmatch(r"\{\{\s*NAME\s*\}\}\.done", self.ready.done_file, re.IGNORECASE):
                message = "`mark` puts `<name>.done` beside what was read, and that is what files wait for: none would ever be read"
                raise mistake("marked", message, key=("ready", "done_file"), help='let it be another, such as `done_file = "{{NAME}}.ok"`')
            if not self.path and after.action == "move" and lies_in(after.folder, self.folder, self.recursive):
                message = f"a file that is moved to `{after.folder}` is still where the source looks, and would be read again in each run"
                raise mistake("moved_back", message, key=(key, "folder"), help="name a folder that is not read")
        return self


def lies_in(folder: str, looked: str, recursive: bool) -> bool:
    """Whether files of a folder are among those of another that is looked at; folders with hidden names are not entered."""
    inner, outer = ([one[:1] == "/", *(part for part in one.split("/") if part not in ("", "."))] for one in (folder, looked))
    below = inner[len(outer) :]
    return inner[: len(outer)] == outer and (not below or (recursive and not any(str(part).startswith(".") for part in below)))


class DocumentsTo(To):
    """A target that can take one document for each row of an entity, with all that the row owns."""

    template: str = ""
    """What makes the document of a row, from the folder of `dhm.toml`: `templates/order.xml`, in the small part of Jinja that
    `docs/how-to/write-documents.md` tells of."""
    document: Literal["", "json", "xml", "text"] = ""
    """What a document is; the template's name says it too. Without a template, all of the row as JSON or XML."""

    @property
    def documents(self) -> bool:
        """Whether each row goes as a document."""
        return bool(self.template or self.document)

    @model_validator(mode="after")
    def _made_of_something(self) -> Self:
        if self.document == "text" and not self.template:
            raise mistake("text_template", "a document of text needs a `template`", key="document")
        return self


class FilesTo(DocumentsTo):
    """A target of a script bound to files of a connection."""

    folder: str = ""
    """The folder that takes the files; it must exist unless `create_folders` is true."""
    name: str = ""
    """The name of each file: `stock-{{TIMESTAMP}}.csv`; the target's own name where it is empty. Documents have the fields of their row
    too: `{{ORDERID}}.{{FORMAT}}` takes `order_id`; without a name they are called by its key."""
    create_folders: bool = False
    """Whether folders that are missing are made; a typing mistake then makes a new folder."""
    exists: Literal["fail", "replace", "number"] = "fail"
    """What happens where a file of that name is there: nothing is sent, it is replaced, or `-1`, `-2` … is put behind the name."""
    done_file: str = ""
    """An empty file that tells the other side that the file is whole, such as `{{NAME}}.done`."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        check_slots("done_file", self.done_file, OF_FILE)
        check_name("name", self.name)
        check_done_file(self.name or _ANY, self.done_file)
        if not self.documents:
            # What names of documents can say of their row, the script knows.
            check_slots("name", self.name, (*OF_RUN, *OF_FILE, "FORMAT"))
        return self
