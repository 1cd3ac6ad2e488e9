# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for nightshift-lm: commands, options, and files.
# Install as /usr/share/bash-completion/completions/nightshift-lm, or source it.

_nightshift_lm_options()
{
    case $1 in
        prepare) echo --text --out --vocab --documents --val --test --pattern --tokenizer --train-bytes ;;
        train) echo --config --seed --out --data --steps --threads --init --residual --rope-theta --resume ;;
        eval) echo --tokens --text --tokenizer --adapter --residual --rope-theta --seq --threads --json ;;
        generate) echo --prompt --prompt-ids --prompts --tokens --temperature --top-k --top-p --min-p --repetition-penalty --seed --stop --ids --json --echo --threads --tokenizer --adapter --residual --rope-theta ;;
        convert) echo --type --tokenizer --adapter --residual --rope-theta ;;
        info | options) echo --json ;;
        bench) echo --preset --compact-vocab --sequences --threads --steps --prompt --tokens --json ;;
    esac
}

_nightshift_lm()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'prepare train eval generate convert info bench options help' -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_nightshift_lm_options "$command") --help" -- "$word")
    else
        case $before in
            --documents) mapfile -t COMPREPLY < <(compgen -W 'auto endoftext files blank-lines' -- "$word") ;;
            --pattern) mapfile -t COMPREPLY < <(compgen -W 'cl100k gpt2 qwen2 smollm' -- "$word") ;;
            --type) mapfile -t COMPREPLY < <(compgen -W 'f32 f16 bf16 q8_0 q4_0' -- "$word") ;;
            --residual) mapfile -t COMPREPLY < <(compgen -W 'none deepnet' -- "$word") ;;
            --preset)
                mapfile -t COMPREPLY < <(compgen -W \
                    "$(nightshift-lm bench --help 2>/dev/null | sed -n 's/^  \([a-z][a-z0-9_]*\) .*/\1/p')" -- "$word") ;;
            --out | --tokenizer) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
            *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        esac
    fi
}

complete -o filenames -F _nightshift_lm nightshift-lm
