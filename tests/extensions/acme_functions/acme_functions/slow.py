"""What Acme has in Python of one row, and has not written over columns."""

from datahub.functions import Reject, example, function


@function(
    "acme.slogan(name: text, mark: text?, times: int! = 1) -> text",
    row_wise=True,
    rejects=("R603",),
    examples=[
        example('acme.slogan("shoe", null)', "Buy shoe."),
        example('acme.slogan("shoe", "!", 2)', "Buy shoe!!"),
        example('acme.slogan("", "!")', rejected="R603"),
    ],
)
def slogan(name, mark, times=1):
    """What Acme says of its goods; of goods without a name it says nothing (R603)."""
    return f"Buy {name}{(mark or '.') * times}" if name else Reject("R603")
