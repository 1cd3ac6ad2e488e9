#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# vega.sh [DIR] - the parts of Vega that the report's charts need, as one script on standard output,
# from Debian's libjs-vega (DIR: /usr/share/javascript/vega), its licence in front.  Nothing where it
# is not installed: the report then has its drawn figures alone.
#
# Debian has Vega as one file a module and no bundle; loaded one after the other as plain scripts
# they would overwrite each other's names.  So each gets what CommonJS gives: exports and require.
# Without maps, clouds, trees and forces, which need libraries that are not in Debian.
set -eu

dir=${1:-/usr/share/javascript/vega}
licence=/usr/share/doc/libjs-vega/copyright
# In the order in which they need each other.
modules='util time format loader dataflow statistics scale canvas scenegraph expression selection
functions event-selector runtime parser view encode transforms view-transforms interpreter'

[ -r "$dir/vega-util.min.js" ] || exit 0
for m in $modules; do
    [ -r "$dir/vega-$m.min.js" ] || { echo "vega.sh: $dir/vega-$m.min.js is missing" >&2; exit 1; }
done
if [ -r "$licence" ]; then
    printf '/*!\n'
    sed 's|\*/|* /|g' "$licence"
    printf '*/\n'
fi
printf '"use strict";\nconst vega = (function () {\nconst all = {};\n'
printf 'const require = name => all[name === "vega-selections" ? "vega-selection" : name];\n'
for m in $modules; do
    printf '(function (exports, module) {\n'
    grep -v '^//# sourceMappingURL=' "$dir/vega-$m.min.js"
    printf '\n})(all["vega-%s"] = {}, {});\n' "$m"
done
# As Vega's own index does: every transform is known by its name.
printf 'Object.assign(all["vega-dataflow"].transforms, all["vega-transforms"], '
printf 'all["vega-view-transforms"], all["vega-encode"]);\n'
printf 'return Object.assign({}, ...Object.values(all));\n})();\n'
