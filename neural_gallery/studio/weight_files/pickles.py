"""Pickles, read without unpickling: a small interpreter that knows only what a dictionary of tensors is made of.

A pickle is a program, and Python's own interpreter lets it call anything. This one takes each instruction apart with
`pickletools`, builds strings, numbers, tuples, lists and dictionaries, and makes records of the tensors and storages of
PyTorch (`torch._utils._rebuild_tensor_v2`). It imports nothing and calls nothing that a file names: any other name is
an error that tells it.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias, TypeGuard

from neural_gallery.studio.weight_files.tensors import UnusableError, damaged

_PLAIN_REMEDY = "Save the network's state_dict() alone, or give it as .safetensors."

STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
"""What PyTorch calls the storages of each type of value."""

_STORAGE_NAMES = {f"torch.{name}" for name in STORAGES}
_ORDERED_DICT, _PARAMETER = "collections.OrderedDict", "torch._utils._rebuild_parameter"
_TENSORS = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
_KNOWN = {_ORDERED_DICT, _PARAMETER, *_TENSORS, *_STORAGE_NAMES}

_LITERALS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES"),
}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK = object()
_Key: TypeAlias = str | int | float | bytes | None


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of values that stand somewhere else in the file, under `key`."""

    key: str
    kind: str  # of STORAGES' values
    length: int  # in values


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in a storage. Offset and strides count values."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """Something of a module that the pickle names. Only a name: nothing is imported."""

    path: str  # of _KNOWN


def read_pickle(stream: BinaryIO) -> object:
    """What one pickle describes; the stream then stands behind it. Raises UnusableError."""
    machine = _Machine()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in text that nobody will read
            for opcode, argument, _ in pickletools.genops(stream):
                machine.step(opcode.name, argument)
        return machine.result
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise damaged("its description of the tensors cannot be made out") from error


class _Machine:
    """The pickle machine's stack and memo, with few of its instructions."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.result: object = None

    def step(self, name: str, argument: Any) -> None:
        """Carry out one instruction. What is malformed raises one of the errors that `read_pickle` catches."""
        push = self.stack.append
        if name in _LITERALS:
            push(argument)
        elif name in _CONSTANTS:
            push(_CONSTANTS[name])
        elif name in _TUPLES:
            push(tuple(self._pop(_TUPLES[name])))
        elif method := getattr(self, f"do_{name.lower()}", None):
            method(argument)
        else:
            raise UnusableError(f"asks for the pickle instruction {name}, which no weights need.", _PLAIN_REMEDY)

    def do_proto(self, argument: Any) -> None:
        """Says which protocol follows; the instructions say it themselves."""

    do_frame = do_proto

    def do_stop(self, argument: Any) -> None:
        """The end: what is on the stack is the result."""
        (self.result,) = self._pop(1)

    def do_mark(self, argument: Any) -> None:
        """Where the next collection begins."""
        self.stack.append(_MARK)

    def do_tuple(self, argument: Any) -> None:
        """A tuple of everything above the mark."""
        self.stack.append(tuple(self._pop_to_mark()))

    def do_list(self, argument: Any) -> None:
        """A list of everything above the mark."""
        self.stack.append(self._pop_to_mark())

    def do_empty_list(self, argument: Any) -> None:
        """A list to be filled."""
        self.stack.append([])

    def do_append(self, argument: Any) -> None:
        """One more value for the list."""
        self._extend(self._pop(1))

    def do_appends(self, argument: Any) -> None:
        """Everything above the mark, for the list."""
        self._extend(self._pop_to_mark())

    def do_empty_dict(self, argument: Any) -> None:
        """A dictionary to be filled."""
        self.stack.append({})

    def do_dict(self, argument: Any) -> None:
        """A dictionary of everything above the mark."""
        items = self._pop_to_mark()
        self.stack.append({})
        self._update(items)

    def do_setitem(self, argument: Any) -> None:
        """One more key and value for the dictionary."""
        self._update(self._pop(2))

    def do_setitems(self, argument: Any) -> None:
        """Everything above the mark, for the dictionary."""
        self._update(self._pop_to_mark())

    def do_memoize(self, argument: Any) -> None:
        """Remember the topmost value under the next number."""
        self.memo[len(self.memo)] = self.stack[-1]

    def do_put(self, argument: int) -> None:
        """Remember the topmost value under that number."""
        self.memo[argument] = self.stack[-1]

    do_binput = do_long_binput = do_put

    def do_get(self, argument: int) -> None:
        """What is remembered under that number."""
        self.stack.append(self.memo[argument])

    do_binget = do_long_binget = do_get

    def do_global(self, argument: str) -> None:
        """A name, as two words."""
        self.stack.append(_known(*argument.split(" ", 1)))

    def do_stack_global(self, argument: Any) -> None:
        """A name, of which module and rest are on the stack."""
        self.stack.append(_known(*self._pop(2)))

    def do_binpersid(self, argument: Any) -> None:
        """Something that stands outside of the pickle: a storage."""
        self.stack.append(_storage(*self._pop(1)))

    def do_reduce(self, argument: Any) -> None:
        """A call."""
        self.stack.append(_made(*self._pop(2)))

    def do_build(self, argument: Any) -> None:
        """Attributes of a dictionary (a state_dict's `_metadata`) are nothing that we need; nothing else has any."""
        target, _ = self._pop(2)
        if not isinstance(target, dict):
            raise UnusableError("sets attributes of something that is no dictionary.", _PLAIN_REMEDY)
        self.stack.append(target)

    def _extend(self, values: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise TypeError("no list")
        self.stack[-1].extend(values)

    def _update(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict):
            raise TypeError("no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            _set(self.stack[-1], key, value)

    def _pop(self, count: int) -> list[Any]:
        if count > len(self.stack):
            raise IndexError("the stack is empty")
        popped = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return popped

    def _pop_to_mark(self) -> list[Any]:
        """Everything above the last mark, which goes as well."""
        count = 0
        while self.stack[-1 - count] is not _MARK:
            count += 1
        popped = self._pop(count)
        self.stack.pop()
        return popped


def _known(module: object, name: object) -> _Name:
    path = f"{module}.{name}"
    if path not in _KNOWN:
        shown = ascii(path[:100])[1:-1]
        raise UnusableError(f"names {shown}, which is no part of plain weights; nothing of it was run.", _PLAIN_REMEDY)
    return _Name(path)


def _made(callee: object, arguments: object) -> object:
    """What a call of one of the known names stands for."""
    if not isinstance(callee, _Name) or not isinstance(arguments, tuple):
        raise TypeError("no call")
    if callee.path == _ORDERED_DICT:
        return _pairs(*arguments)
    if callee.path == _PARAMETER and isinstance(arguments[0], Tensor):
        return arguments[0]
    if callee.path in _TENSORS:
        return _tensor(*arguments[:4])
    raise TypeError("no such call")


def _pairs(items: Sequence[Any] = ()) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key, value in items:
        _set(made, key, value)
    return made


def _set(target: dict[Any, Any], key: object, value: object) -> None:
    # Hashing anything deeper could take as long as the file's author likes.
    if not isinstance(key, _Key):
        raise TypeError("no key")
    target[key] = value


def _tensor(storage: object, offset: object, shape: object, strides: object) -> Tensor:
    if not (isinstance(storage, Storage) and _is_count(offset) and _are_counts(shape) and _are_counts(strides)):
        raise TypeError("no tensor")
    if 0 not in shape:
        last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
        if last >= storage.length:
            raise ValueError("the tensor is larger than its storage")
    return Tensor(storage, offset, shape, strides)


def _storage(identity: object) -> Storage:
    """The storage of a persistent identity: ("storage", type, key, device, length), then None in old files."""
    if not isinstance(identity, tuple) or identity[0] != "storage":
        raise TypeError("no storage")
    _, name, key, _, length, *view = identity
    if not (isinstance(name, _Name) and name.path in _STORAGE_NAMES and isinstance(key, str) and _is_count(length)):
        raise TypeError("no storage")
    if view not in ([], [None]):
        raise UnusableError("has storages that are parts of other storages.", _PLAIN_REMEDY)
    return Storage(key, STORAGES[name.path.removeprefix("torch.")], length)


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def _are_counts(values: object) -> TypeGuard[tuple[int, ...]]:
    return isinstance(values, tuple) and all(_is_count(value) for value in values)
