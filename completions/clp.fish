# Completion of clp for fish. The words come from clp itself, so they fit the configuration.

function __clp_complete
    set -l typed (commandline --current-process --tokenize --cut-at-cursor)
    set -l clp clp
    # One that is called by its path answers itself.
    if string match --quiet '*/*' -- $typed[1]; and test -x $typed[1]
        set clp $typed[1]
    end
    COMPLETE=fish $clp -- $typed (commandline --current-token --cut-at-cursor) 2>/dev/null
end

complete --command clp --keep-order --no-files --arguments '(__clp_complete)'
