#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# script.sh [DIR] - the script of a report's charts, on standard output: Vega (vega.sh) and our own
# files beside this one.  Nothing where there is no libjs-vega.
set -eu

here=$(dirname "$0")
[ -r "${1:-/usr/share/javascript/vega}/vega-util.min.js" ] || exit 0
version=$(dpkg-query -W -f='${Version}' libjs-vega 2>/dev/null || :)
printf '// libjs-vega %s\n(function () {\n' "${version:-of unknown version}"
sh "$here/vega.sh" "$@"
cat "$here/page.js" "$here"/chart_*.js
printf 'start();\n})();\n'
