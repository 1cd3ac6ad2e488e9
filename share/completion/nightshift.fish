# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for nightshift, which knows itself what may follow.
# Install as /usr/share/fish/vendor_completions.d/nightshift.fish.

function __nightshift_complete
    set -l typed (commandline -ct)
    set -l words (commandline -opc) $typed
    # an empty word being typed is no element of the list
    test -z "$typed"; and set words (commandline -opc) ""
    for line in (nightshift complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path $typed
            case ':folders'
                __fish_complete_directories $typed
            case ':studies'
                __fish_complete_directories $typed
                __fish_complete_suffix .yaml
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c nightshift -f -a '(__nightshift_complete)'
