# SPDX-License-Identifier: MIT
"""`llmac report`: one HTML page that shows what is in a folder of results; docs/report.md tells how to read it."""
