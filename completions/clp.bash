# Completion of clp for bash. The words come from clp itself, so they fit the configuration.

_clp() {
    local clp=clp candidate
    # One that is called by its path answers itself.
    [[ $1 == */* && -x $1 ]] && clp=$1
    COMPREPLY=()
    # Where output goes to and input comes from is a file, of which the shell knows more.
    if [[ ${COMP_WORDS[COMP_CWORD - 1]} == *[\<\>] ]]; then
        compopt -o default 2>/dev/null
        return
    fi
    while IFS= read -r candidate; do
        COMPREPLY+=("$candidate")
    done < <(COMPLETE=bash "$clp" -- "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    # Behind a directory and a `=` more is to come.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# The order is clp's own where bash can keep it (4.4 and newer).
complete -o nosort -o bashdefault -F _clp clp 2>/dev/null || complete -o bashdefault -F _clp clp
