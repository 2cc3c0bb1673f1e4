# SPDX-License-Identifier: MIT
"""Figures of results, each as PNG and PDF with its data as CSV."""
