# SPDX-License-Identifier: MIT
"""The code tables, against the vectors that the C++ tests read too, and against hand-derived values."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmac.bridge.errors import ActionError
from llmac.bridge.pag.codes import Codes, bsr_level
from llmac.bridge.pag.sentences import Dcm, Pag
from llmac.bridge.scenario import Opaque, Semantic

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "codes.json").read_text())


def vocabulary(vector: dict[str, Any]) -> Semantic | Opaque:
    match vector["vocabulary"]:
        case {"semantic": fields}:
            return Semantic(**fields)
        case {"opaque": fields}:
            return Opaque(kind="opaque", **fields)
        case other:
            raise AssertionError(other)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['rbgs']}-{v['vocabulary']}")
def test_the_tables_are_those_of_the_vectors(vector: dict[str, Any]) -> None:
    codes = Codes(vector["rbgs"], vocabulary(vector))
    assert codes.ue_action_codes == vector["ue_action_codes"]
    assert codes.dcm_codes == vector["dcm_codes"]
    for row in vector["ue_actions"]:
        access, ucm = codes.split(row["code"])
        rbg = row.get("rbg")
        assert codes.access_texts[access] == (row["access"] if rbg is None else f"{row['access']} {rbg}")
        assert codes.ucm_texts[ucm] == row["ucm"]
        assert codes.ucm_bits[ucm] == row["ucm_bits"]
        assert codes.ue_action(access, ucm) == row["code"]
    for row in vector["dcms"]:
        assert codes.dcm_texts[row["code"]] == row["sentence"]
        assert codes.dcm_bits[row["code"]] == row["bits"]


def test_the_vectors_hold_what_the_schema_says() -> None:
    # By hand from codes.proto, B = 4 and L = 6: transmit 3 is access 5, bsr 2 is UCM 4, 8 UCM codes: 5 * 8 + 4;
    # log2 6 rounded up is 3 bits; ack grant 3 is 2 + 4 + 3 with 2 + 2 bits.
    vector = next(v for v in VECTORS if v["rbgs"] == 4 and v["vocabulary"] == {"semantic": {"bsr_levels": 6}})
    assert {"code": 44, "access": "transmit", "rbg": 3, "ucm": "bsr 2", "ucm_bits": 4} in vector["ue_actions"]
    assert {"code": 9, "sentence": "ack grant 3", "bits": 4} in vector["dcms"]


def test_what_a_dcm_means() -> None:
    codes = Codes(3, Semantic(bsr_levels=6))
    assert codes.dcm_rbg.tolist() == [-1, -1, 0, 1, 2, 0, 1, 2]
    assert codes.dcm_acks.tolist() == [False, True, False, False, False, True, True, True]
    assert not Codes(3, Opaque(kind="opaque", symbols=5)).dcm_acks.any()


def test_buffer_status_levels_are_powers_of_two() -> None:
    assert [bsr_level(n, 6) for n in (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 65_535)] == [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5]
    levels = bsr_level(np.array([0, 3, 9]), np.array([6, 2, 64]))
    assert levels.tolist() == [0, 1, 4]


@pytest.mark.parametrize("code", [-1, 32])
def test_an_unknown_ue_action_is_refused(code: int) -> None:
    codes = Codes(2, Semantic(bsr_levels=6))
    with pytest.raises(ActionError, match=f"{code} is no UE action code of this cell; they are 0 to 31"):
        codes.split(code)


def test_unknown_parts_of_an_action_are_refused() -> None:
    codes = Codes(2, Semantic(bsr_levels=6))
    with pytest.raises(ActionError, match="4 is no access code"):
        codes.ue_action(4, 0)
    with pytest.raises(ActionError, match="8 is no UCM code"):
        codes.ue_action(0, 8)
    with pytest.raises(ActionError, match="6 is no DCM code"):
        Pag([1], 2, Semantic(bsr_levels=6)).print_bs([Dcm(1, 6)])
