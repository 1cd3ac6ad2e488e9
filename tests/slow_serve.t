#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The live report in a real browser, which on a busy machine takes its time to begin to listen.

BROWSER=1 exec sh tests/cli_serve.t
