"""The arrays of one npz, and the rules that join them."""

from dataclasses import dataclass, field

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats.members import Member
from visualnn_shared.datasets.formats.npy import Header
from visualnn_shared.datasets.schema import DType
from visualnn_shared.datasets.statistics import Statistics

_LOADED: dict[str, DType] = {
    "b1": "bool", "u1": "uint8", "i1": "int32", "i2": "int32", "u2": "int32", "i4": "int32",
    "u4": "int64", "i8": "int64", "u8": "int64", "f2": "float32", "f4": "float32", "f8": "float64",
}  # fmt: skip


@dataclass(slots=True)
class NpzArray:
    """One array as inspected."""

    member: Member
    header: Header
    seen: Statistics = field(default_factory=Statistics)
    texts: set[str] = field(default_factory=set)
    gaps: set[int] = field(default_factory=set)
    """Columns of a table that lack values."""

    @property
    def text(self) -> bool:
        return self.header.dtype.kind in "US"

    @property
    def sample(self) -> tuple[int, ...]:
        """Shape of one sample; a label column (n, 1) is a list of labels."""
        shape = self.header.shape[1:]
        return () if self.member.role == "label" and shape == (1,) else shape

    @property
    def dtype(self) -> DType:
        return _LOADED[self.header.dtype.str[1:]]


def check_together(arrays: list[NpzArray], findings: Findings) -> None:
    """The rules that join several arrays: counts, shapes, dtypes, one of each kind."""
    places: dict[tuple[str, str, str], NpzArray] = {}
    for array in arrays:
        member, header = array.member, array.header
        key = (member.split, *member.key)
        if key in places:
            rule = f"the {_what(*member.key)} of the {member.split} split must be one array"
            findings.add(rule, [places[key].member.array, member.array], field=member.array)
        places[key] = array
        if not header.shape:
            findings.add("an array must have samples along its first axis", "a single value", field=member.array)
        elif 0 in header.shape:
            findings.add("an array must not be empty", list(header.shape), field=member.array)
        if member.role == "feature" and array.text:
            findings.add("features must be numbers", "text", field=member.array)
    findings.raise_any()
    _check_splits(places, findings)


def _check_splits(places: dict[tuple[str, str, str], NpzArray], findings: Findings) -> None:
    features = [array for array in places.values() if array.member.role == "feature"]
    if not any(array.member.split == "train" for array in features):
        names = sorted(array.member.array for array in places.values())
        findings.add("an npz file must hold features", names, hint="name the arrays x_train and y_train, or x and y")
        return
    for split in ("train", "test"):
        counts = {a.member.array: a.header.shape[0] for a in places.values() if a.member.split == split}
        if len(set(counts.values())) > 1:
            findings.add("all arrays of a split must have the same number of samples", counts, field=split)
    if not any(array.member.split == "test" for array in places.values()):
        return
    for (split, role, name), array in places.items():
        other = places.get(("test" if split == "train" else "train", role, name))
        what = _what(role, name)
        if other is None:
            findings.add(f"{what} must be in both splits", f"only in {split}", field=array.member.array)
        elif split == "test" and array.sample != other.sample:
            rule = f"{what} must have samples of the same shape in both splits"
            findings.add(rule, [list(other.sample), list(array.sample)], field=array.member.array)
        elif split == "test" and _kind(array) != _kind(other):
            rule = f"{what} must have the same kind of numbers in both splits"
            findings.add(rule, [_kind(other), _kind(array)], field=array.member.array)


def _what(role: str, name: str) -> str:
    return f"feature {name}" if role == "feature" else f"labels {name}".rstrip()


def _kind(array: NpzArray) -> str:
    return "text" if array.text else array.dtype
