"""What a document is made of: a row of one entity, with the rows that it owns as lists below it, by the entities' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from datahub.project.failures import TerminalError
from datahub.records import record
from datahub.semantic.ir import EntityShape
from datahub.types.model import Type


@record(frozen=True, slots=True)
class Owned:
    """Rows of `rows` that belong to one row: their columns `by` are equal to its key."""

    rows: RowShape
    by: tuple[str, ...]


@record(frozen=True, slots=True)
class RowShape:
    """A row as documents see it: its fields, and what it owns."""

    entity: str
    key: tuple[str, ...]
    fields: tuple[tuple[str, Type], ...]
    owned: tuple[Owned, ...]

    @property
    def name(self) -> str:
        """What templates call it: the entity's name without that of its pack."""
        return short(self.entity)

    def field(self, name: str) -> Type | None:
        return next((kind for one, kind in self.fields if one == name), None)

    def list_of(self, name: str) -> Owned | None:
        return next((one for one in self.owned if one.rows.name == name), None)


def short(entity: str) -> str:
    return entity.rpartition(".")[2]


def row_shape(target: str, entities: Sequence[str], shapes: Iterable[EntityShape]) -> RowShape:
    """The row that each document of `target` is about; `TerminalError` where the entities written there have no common owner."""
    known = {shape.name: shape for shape in shapes if shape.name in entities}
    owned = {child for shape in known.values() for child, _ in shape.owns}
    owners = [name for name in entities if name not in owned]
    if len(owners) != 1:
        raise TerminalError(
            f"`{target}` gets {' and '.join(f'`{name}`' for name in entities)}, and none of them owns the others",
            "a document is one row with all that it owns: write `owns` in the entity that the documents are about",
        )
    found = _shape(known[owners[0]], known)
    missing = [name for name in entities if name not in _within(found)]
    if missing:
        raise TerminalError(
            f"`{target}` gets `{missing[0]}`, which `{owners[0]}` does not own", "write `owns` in the entity that the documents are about"
        )
    return found


def _shape(shape: EntityShape, known: Mapping[str, EntityShape]) -> RowShape:
    owned = tuple(Owned(_shape(known[child], known), by) for child, by in shape.owns if child in known)
    fields = tuple((one.name, one.type) for one in shape.fields)
    return RowShape(shape.name, shape.key, fields, owned)


def _within(shape: RowShape) -> list[str]:
    return [shape.entity, *(name for one in shape.owned for name in _within(one.rows))]
