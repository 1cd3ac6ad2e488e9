# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for nightshift-lm: commands and options from its own help, and files.
# Install as /usr/share/fish/vendor_completions.d/nightshift-lm.fish.

function __nightshift_lm_options
    set -l words (commandline -opc)
    nightshift-lm $words[2] --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
    echo --help
end

complete -c nightshift-lm -n '__fish_use_subcommand' -f \
    -a '(nightshift-lm --help 2>/dev/null | sed -n "s/^  \([a-z]*\) .*/\1/p") help --help --version'
complete -c nightshift-lm -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' \
    -f -a '(__nightshift_lm_options)'
