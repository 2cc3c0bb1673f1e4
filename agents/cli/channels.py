# SPDX-License-Identifier: MIT
"""x"""


def channels() -> None:
    """x"""
