# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for nightshift-lm: commands and options from its own help, and files.
# Install as /usr/share/bash-completion/completions/nightshift-lm, or source it.

_nightshift_lm()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local offers=''

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        offers="$(nightshift-lm --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') help --help --version"
    elif [[ $word == -* ]]; then
        offers="$(nightshift-lm "$command" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p') --help"
    else
        case $before in
            --documents) offers='auto endoftext files blank-lines' ;;
            --pattern) offers='cl100k gpt2 qwen2 smollm' ;;
            --type) offers='f32 f16 bf16 q8_0 q4_0' ;;
            --residual) offers='none deepnet' ;;
            --preset) offers=$(nightshift-lm bench --help 2>/dev/null | sed -n 's/^  \([a-z][a-z0-9_]*\) .*/\1/p') ;;
            --vocab | --val | --test | --seed | --steps | --threads | --seq | --tokens | --temperature) ;;
            --out) compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
            *) compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$offers" -- "$word")
}

complete -F _nightshift_lm nightshift-lm
