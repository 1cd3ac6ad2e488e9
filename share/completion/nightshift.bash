# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for nightshift, which knows itself what may follow.
# Install as /usr/share/bash-completion/completions/nightshift, or source it.

_nightshift_names()
{
    local name
    compopt -o filenames 2>/dev/null
    case $1 in
        :folders) compgen -d -- "$2" ;;
        :files) compgen -f -- "$2" ;;
        :studies)
            compgen -d -- "$2"
            compgen -f -- "$2" | while read -r name; do
                [[ -f $name && $name == *.@(yaml|yml|json) ]] && printf '%s\n' "$name"
            done
            ;;
    esac
}

_nightshift()
{
    # bash breaks words at =, so that --format=csv is three of them: put together again
    local words=() i cut='' offer
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if ((i > 1)) && [[ ${COMP_WORDS[i]} == = || ${COMP_WORDS[i - 1]} == = ]]; then
            words[${#words[@]} - 1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
    done
    local word=${words[${#words[@]} - 1]} typed=${COMP_WORDS[COMP_CWORD]}
    [[ $typed == = ]] && typed=
    [[ $word != "$typed" ]] && cut=${word%"$typed"}

    COMPREPLY=()
    while IFS= read -r offer; do
        case $offer in
            :*) while IFS= read -r i; do COMPREPLY+=("$i"); done < <(_nightshift_names "$offer" "$typed")
                compopt -o filenames 2>/dev/null ;;
            *)  offer=${offer%%$'\t'*}
                [[ $offer == *= ]] && compopt -o nospace 2>/dev/null
                COMPREPLY+=("${offer#"$cut"}") ;;
        esac
    done < <(nightshift complete -- "${words[@]}" 2>/dev/null)
}

complete -F _nightshift nightshift
