# SPDX-License-Identifier: MIT
"""The codes of a network, whose number of RBGs is fixed, and those of the cells in which it plays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.pag.codes import Codes, Part


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of code in E cells."""

    to_cell: NDArray[np.int64]
    """[E, codes of the network] the cell's code for each of the network's; -1: the cell has no such thing."""
    to_network: NDArray[np.int64]
    """[E, most codes of a cell] the network's code for each of the cell's; 0 (hold, null) for what it does not know."""

    @classmethod
    def of(cls, network: Sequence[Part], cells: Sequence[Sequence[Part]]) -> "Table":
        """By what the codes stand for."""
        to_cell = np.full((len(cells), len(network)), -1, dtype=np.int64)
        to_network = np.zeros((len(cells), max(map(len, cells))), dtype=np.int64)
        places = {part: code for code, part in enumerate(network)}
        for e, cell in enumerate(cells):
            for code, part in enumerate(cell):
                if part in places:
                    to_cell[e, places[part]] = code
                    to_network[e, code] = places[part]
        return cls(to_cell, to_network)


class Translation:
    """All codes of E cells; RBGs and levels that the network does not know are never used.

    Attributes:
        access: accesses of the UEs.
        ucm: uplink control messages.
        dcm: downlink control messages.
    """

    def __init__(self, network: Codes, cells: Sequence[Codes]) -> None:
        self.access = Table.of(network.access_parts, [c.access_parts for c in cells])
        self.ucm = Table.of(network.ucm_parts, [c.ucm_parts for c in cells])
        self.dcm = Table.of(network.dcm_parts, [c.dcm_parts for c in cells])
