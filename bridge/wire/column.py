# SPDX-License-Identifier: MIT
"""Columns of the wire: little-endian values back to back, to and from NumPy arrays."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from llmac.v1 import wire_pb2

T = TypeVar("T", bound=np.generic)

_DTYPES: dict[type[np.generic], tuple[wire_pb2.DType, np.dtype[np.generic]]] = {
    np.uint8: (wire_pb2.DTYPE_UINT8, np.dtype("<u1")),
    np.uint16: (wire_pb2.DTYPE_UINT16, np.dtype("<u2")),
    np.uint32: (wire_pb2.DTYPE_UINT32, np.dtype("<u4")),
    np.int32: (wire_pb2.DTYPE_INT32, np.dtype("<i4")),
    np.uint64: (wire_pb2.DTYPE_UINT64, np.dtype("<u8")),
    np.float32: (wire_pb2.DTYPE_FLOAT32, np.dtype("<f4")),
    np.float64: (wire_pb2.DTYPE_FLOAT64, np.dtype("<f8")),
}


class ContentError(ValueError):
    """A message whose content cannot be; the text is a clause that says why."""


def read(column: wire_pb2.Column, scalar: type[T], name: str) -> NDArray[T]:
    """Read a column as a read-only view into its bytes.

    Args:
        column: from the wire.
        scalar: type of the values, one of the keys of the table above.
        name: of the column, for the error.

    Raises:
        ContentError: another dtype, or another number of bytes than its length says.
    """
    number, dtype = _DTYPES[scalar]
    if column.dtype != number:
        raise ContentError(f"{name} has dtype {column.dtype} instead of {wire_pb2.DType.Name(number)}")
    data = column.data
    if len(data) != column.length * dtype.itemsize:
        raise ContentError(f"{name} has {len(data)} bytes instead of {column.length} x {dtype.itemsize}")
    return np.frombuffer(data, dtype)  # pyright: ignore[reportReturnType] (by the table)


def read_any(column: wire_pb2.Column, name: str) -> NDArray[np.generic]:
    """Read a column whatever its dtype and length are, for people.

    Raises:
        ContentError: an unknown dtype, or another number of bytes than dtype and length say.
    """
    for scalar, (number, _) in _DTYPES.items():
        if number == column.dtype:
            return read(column, scalar, name)
    raise ContentError(f"{name} has dtype {column.dtype}, which means nothing")


def write(values: NDArray[np.generic], scalar: type[np.generic]) -> wire_pb2.Column:
    """Write an array of any dtype as a column of `scalar`; the values must fit."""
    column = wire_pb2.Column()
    fill(column, values, scalar)
    return column


def fill(column: wire_pb2.Column, values: NDArray[np.generic], scalar: type[np.generic]) -> None:
    """Write an array of any dtype into an empty column, as one of `scalar`; the values must fit."""
    column.dtype, dtype = _DTYPES[scalar]
    column.length = values.size
    column.data = values.astype(dtype, copy=False).tobytes()


FEW: Final = 64
"""Values; of so many a list is looked through in less time than NumPy needs to begin. By loops, which are compiled:
they take half the time of the built-in functions."""


def least(values: NDArray[np.integer]) -> int:
    """The least of one value or more."""
    if len(values) > FEW:
        return int(values.min())
    few: list[int] = values.tolist()
    result = few[0]
    for value in few:
        result = min(result, value)
    return result


def greatest(values: NDArray[np.integer]) -> int:
    """The greatest of one value or more."""
    if len(values) > FEW:
        return int(values.max())
    few: list[int] = values.tolist()
    result = few[0]
    for value in few:
        result = max(result, value)
    return result


def total(values: NDArray[np.integer]) -> int:
    """The sum of any number of values."""
    if len(values) > FEW:
        return int(values.sum())
    few: list[int] = values.tolist()
    result = 0
    for value in few:
        result += value
    return result
