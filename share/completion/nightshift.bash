# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for nightshift: commands, options, and studies below the current directory.
# Install as /usr/share/bash-completion/completions/nightshift, or source it.

_nightshift_options()
{
    case $1 in
        init) echo --metric --command ;;
        import) echo --metric ;;
        check) echo --json ;;
        noise) echo --json --jobs --dir --quiet ;;
        confirm) echo --seeds --json --jobs --dir --quiet ;;
        run) echo --experiments --hours --from --until --jobs --dir --dry-run --quiet ;;
        stop) echo --now --dir ;;
        enqueue | note) echo --dir ;;
        apply) echo --dry-run --dir ;;
        status) echo --json --oneline --dir ;;
        log) echo --json --decisions --last --dir ;;
        watch | show | diff) echo --json --dir ;;
        best) echo --head --json --dir ;;
        reproduce) echo --all --ref --dir ;;
        report) echo --output --dir ;;
        export) echo --format --output --dir ;;
        doctor) echo --deep --repair --json --dir ;;
        list) echo --json ;;
    esac
}

_nightshift()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local commands='init import check noise run stop enqueue note apply status watch log show diff best confirm
                    reproduce report export doctor list help'

    COMPREPLY=()
    if ((COMP_CWORD == 1)) || [[ $command == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
    elif [[ $before == --format || $before == -f ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'tsv jsonl csv optuna optuna4 optuna-journal tensorboard' -- "$word")
    elif [[ $before == --dir || $before == --output || $before == -o ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_nightshift_options "$command") --help" -- "$word")
    elif [[ $command == list ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'strategies procedures executors sections studies' -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -X '!*.yaml' -- "$word"; compgen -d -- "$word")
    fi
}

complete -o filenames -F _nightshift nightshift
