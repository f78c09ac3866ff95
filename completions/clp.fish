# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_clp_global_optspecs
    string join \n config= brokers= X= q/quiet v/verbose color= log-format= h/help V/version
end

function __fish_clp_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_clp_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_clp_using_subcommand
    set -l cmd (__fish_clp_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c clp -n "__fish_clp_needs_command" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_needs_command" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_needs_command" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_needs_command" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_needs_command" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_needs_command" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_needs_command" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_needs_command" -s h -l help -d 'Print help'
complete -c clp -n "__fish_clp_needs_command" -s V -l version -d 'Print version'
complete -c clp -n "__fish_clp_needs_command" -f -a "monitor" -d 'Watch storage and tell which blobs are new, have changed, or are closed'
complete -c clp -n "__fish_clp_needs_command" -f -a "ingest" -d 'Bring lines into Kafka, each exactly once: of one blob now, or of all as a service'
complete -c clp -n "__fish_clp_needs_command" -f -a "extract" -d 'Extract records from raw lines: messages, requests, errors'
complete -c clp -n "__fish_clp_needs_command" -f -a "list-blobs" -d 'List blobs in storage, newest first'
complete -c clp -n "__fish_clp_needs_command" -f -a "status" -d 'Show how far each blob has come: size, ingested, lag, open or closed, last error'
complete -c clp -n "__fish_clp_needs_command" -f -a "tail" -d 'Follow logs: from Kafka, or straight from storage'
complete -c clp -n "__fish_clp_needs_command" -f -a "verify" -d 'Verify that Kafka has each line of the blobs in storage once'
complete -c clp -n "__fish_clp_needs_command" -f -a "test-kafka" -d 'Test the connection to Kafka: brokers, latency, version, transactions, topics'
complete -c clp -n "__fish_clp_needs_command" -f -a "init-topics" -d 'Create the topics that are missing; change none that exists'
complete -c clp -n "__fish_clp_needs_command" -f -a "setup-config" -d 'Set up the configuration: storage accounts and Kafka, readable by you alone'
complete -c clp -n "__fish_clp_needs_command" -f -a "config" -d 'Check, show and find the configuration'
complete -c clp -n "__fish_clp_needs_command" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c clp -n "__fish_clp_needs_command" -f -a "demo" -d 'See the whole pipeline at work, with nothing else installed or running'
complete -c clp -n "__fish_clp_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clp -n "__fish_clp_using_subcommand monitor" -s e -l env -d 'Environment, as E or SUBSCRIPTION/E; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand monitor" -s s -l subscription -d 'Subscription; all its environments, if none is named' -r
complete -c clp -n "__fish_clp_using_subcommand monitor" -s d -l date -d 'Scan this day and no other: YYYYMMDD, YYYY-MM-DD, today, yesterday' -r
complete -c clp -n "__fish_clp_using_subcommand monitor" -l days-back -d 'Scan so many days before today, in place of the configured number' -r
complete -c clp -n "__fish_clp_using_subcommand monitor" -l metrics-addr -d 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one' -r
complete -c clp -n "__fish_clp_using_subcommand monitor" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand monitor" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand monitor" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand monitor" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand monitor" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand monitor" -l once -d 'End after one scan of each environment'
complete -c clp -n "__fish_clp_using_subcommand monitor" -l dry-run -d 'Print the events, one JSON object a line, and publish none; needs no Kafka'
complete -c clp -n "__fish_clp_using_subcommand monitor" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand monitor" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand monitor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand ingest" -s b -l blob -d 'The blob\'s name, or a pattern for several: * ? [a-z] {a,b} [env: AZURE_STORAGE_BLOB_NAME]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -s e -l env -d 'Environment, as E or SUBSCRIPTION/E; may be left out if only one is configured, and for a worker, which takes several [env: ENVIRONMENT]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -s s -l subscription -d 'Subscription of the environment; several for a worker [env: SUBSCRIPTION_ID]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -s c -l container -d 'Container of the storage account, in place of the configured one [env: AZURE_STORAGE_CONTAINER_NAME]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -s t -l topic -d 'Topic for the lines; else the raw topic of the blob\'s service [env: KAFKA_TOPIC]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l service -d 'Service, for the records\' header; else by the blob\'s name [env: SERVICE_SELECTOR]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l start-offset -d 'Begin at this byte offset, where a gzip member must start [env: START_OFFSET] [default: 0]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l align -d 'If --start-offset is inside a member, begin at the next member\'s start, or at its own' -r -f -a "next\t''
previous\t''"
complete -c clp -n "__fish_clp_using_subcommand ingest" -l on-corrupt -d 'At bytes that are no gzip member: stop, or go on at the next member that inflates' -r -f -a "fail\t''
skip\t''"
complete -c clp -n "__fish_clp_using_subcommand ingest" -s f -l format -d 'Form of the summary' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c clp -n "__fish_clp_using_subcommand ingest" -l lanes -d 'Members of the group that work side by side in this process [default: 1]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l group -d 'Consumer group; the workers of one group share the blobs between them [default: clp-ingest]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l min-date -d 'Only blobs of this day and later; takes also days whose states have expired' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l max-date -d 'Only blobs of this day and earlier' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l selector -d 'Only blobs in whose service or name this is found; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l until-idle -d 'End once nothing was left to do for so many seconds' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l metrics-addr -d 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand ingest" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand ingest" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand ingest" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand ingest" -l resume -d 'Go on where the last run of this blob and topic stopped'
complete -c clp -n "__fish_clp_using_subcommand ingest" -l dry-run -d 'Read and count, send nothing'
complete -c clp -n "__fish_clp_using_subcommand ingest" -l force -d 'Run although workers write the same topic; safe if none of them has this blob'
complete -c clp -n "__fish_clp_using_subcommand ingest" -l worker -d 'Run as a service: follow the monitor\'s events and ingest every blob they tell of'
complete -c clp -n "__fish_clp_using_subcommand ingest" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand ingest" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand ingest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand extract" -s i -l input -d 'File with raw lines, gzip or plain text; - for standard input. Kafka is not needed then' -r -F
complete -c clp -n "__fish_clp_using_subcommand extract" -l service -d 'Service whose lines these are: its name or an alias; with `proxy` in it, requests become proxy records' -r
complete -c clp -n "__fish_clp_using_subcommand extract" -s e -l env -d 'Environment, as E or SUBSCRIPTION/E, for the records of errors' -r
complete -c clp -n "__fish_clp_using_subcommand extract" -s s -l subscription -d 'Subscription, for the records of errors' -r
complete -c clp -n "__fish_clp_using_subcommand extract" -l group -d 'Consumer group; the processes of one group share the partitions between them [default: clp-extract]' -r
complete -c clp -n "__fish_clp_using_subcommand extract" -l until-idle -d 'End once nothing was left to do for so many seconds' -r
complete -c clp -n "__fish_clp_using_subcommand extract" -l metrics-addr -d 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one' -r
complete -c clp -n "__fish_clp_using_subcommand extract" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand extract" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand extract" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand extract" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand extract" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand extract" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand extract" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand extract" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s e -l env -d 'Environment, as E or SUBSCRIPTION/E; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s s -l subscription -d 'Subscription; all its environments, if none is named' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s d -l date -d 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -l service -d 'Service: its name, an alias, or the start of its pods\' names' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -l prefix -d 'Blobs whose whole names start so, such as kubernetes/20250606.api-' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s c -l container -d 'Container of the storage account, in place of the configured one' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -l max-per-env -d 'Show at most N blobs of each environment' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -l sort -d 'Order, over all days; but for `name`, nothing is shown before everything is listed' -r -f -a "modified\t''
size\t''
name\t''"
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s f -l format -d 'Form of the list' -r -f -a "table\t'Columns, sizes rounded on a terminal'
json\t'One JSON object a line'
csv\t'Comma-separated values, under a header'
name\t'Names only'"
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand list-blobs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand status" -s e -l env -d 'Environment, as E or SUBSCRIPTION/E; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand status" -s s -l subscription -d 'Subscription; all its environments, if none is named' -r
complete -c clp -n "__fish_clp_using_subcommand status" -s d -l date -d 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday' -r
complete -c clp -n "__fish_clp_using_subcommand status" -l service -d 'Service: its name, an alias, or the start of its pods\' names' -r
complete -c clp -n "__fish_clp_using_subcommand status" -s w -l watch -d 'Show it again every so many seconds until interrupted, and end with exit code 0' -r
complete -c clp -n "__fish_clp_using_subcommand status" -s f -l format -d 'Form of the list' -r -f -a "table\t'Columns, sizes rounded and names shortened on a terminal'
json\t'One JSON object a line'"
complete -c clp -n "__fish_clp_using_subcommand status" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand status" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand status" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand status" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand status" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand status" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand status" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand tail" -s e -l env -d 'Environment, as E or SUBSCRIPTION/E; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -s s -l subscription -d 'Subscription; all its environments, if none is named' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -l service -d 'Service: its name, an alias, or the start of its pods\' names; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -s t -l topics -d 'Topics: full names, or keys of the configuration such as raw_proxy or errors' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -l since -d 'Lines since then: 15m, 2h, 1d (ago), RFC 3339, or a day' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -l until -d 'Lines until then, and no further' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -s n -l lines -d 'The last N lines of all that are selected, then what comes' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -s l -l level -d 'This level and graver ones: trace, debug, info, warn, error, fatal' -r -f -a "trace\t''
debug\t''
info\t''
warn\t''
error\t''
fatal\t''"
complete -c clp -n "__fish_clp_using_subcommand tail" -l grep -d 'Lines in which this regular expression finds something; of several, all must' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -l exclude -d 'Not the lines in which this regular expression finds something' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -s m -l max-messages -d 'End after N lines' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -s f -l format -d 'Form of the lines' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c clp -n "__fish_clp_using_subcommand tail" -l source -d 'Where to read: storage needs no Kafka, and looks for growth every two seconds' -r -f -a "kafka\t''
storage\t''"
complete -c clp -n "__fish_clp_using_subcommand tail" -s g -l group -d 'Join this consumer group, go on where it stands, and commit what was shown' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand tail" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand tail" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand tail" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand tail" -l from-beginning -d 'Everything that is there, from the first record on'
complete -c clp -n "__fish_clp_using_subcommand tail" -l no-follow -d 'End where the logs end now'
complete -c clp -n "__fish_clp_using_subcommand tail" -l raw -d 'Records as they are in Kafka, with partition, offset, key and headers; as they come, not by time'
complete -c clp -n "__fish_clp_using_subcommand tail" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand tail" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand tail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand verify" -s e -l env -d 'Environment, as E or SUBSCRIPTION/E; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand verify" -s s -l subscription -d 'Subscription; all its environments, if none is named' -r
complete -c clp -n "__fish_clp_using_subcommand verify" -s d -l date -d 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday; else all that are in storage' -r
complete -c clp -n "__fish_clp_using_subcommand verify" -l service -d 'Service: its name, an alias, or the start of its pods\' names' -r
complete -c clp -n "__fish_clp_using_subcommand verify" -s b -l blob -d 'The blob\'s name, or a pattern for several: * ? [a-z] {a,b}' -r
complete -c clp -n "__fish_clp_using_subcommand verify" -s f -l format -d 'Form of the list' -r -f -a "table\t'Columns, sizes rounded and names shortened on a terminal; what is wrong, on standard error'
json\t'One JSON object a line'"
complete -c clp -n "__fish_clp_using_subcommand verify" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand verify" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand verify" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand verify" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand verify" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand verify" -l deep -d 'Compare every line with the topic'
complete -c clp -n "__fish_clp_using_subcommand verify" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand verify" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -s f -l format -d 'Form of the answer' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand test-kafka" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand init-topics" -l replication-factor -d 'Replicas of each partition; the brokers\' default if not given' -r
complete -c clp -n "__fish_clp_using_subcommand init-topics" -l topic -d 'A further topic for raw lines, such as one for `clp ingest --topic`; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand init-topics" -s f -l format -d 'Form of the answer' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c clp -n "__fish_clp_using_subcommand init-topics" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand init-topics" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand init-topics" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand init-topics" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand init-topics" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand init-topics" -l dry-run -d 'Show what would be done'
complete -c clp -n "__fish_clp_using_subcommand init-topics" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand init-topics" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand init-topics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l from -d 'Take the configuration from this file, or from standard input (-); it must load' -r -F
complete -c clp -n "__fish_clp_using_subcommand setup-config" -s s -l subscription -d 'Subscription to add an environment to' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -s e -l env -d 'Environment to add or to replace: its name, or SUBSCRIPTION/NAME' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l account-name -d 'Name of its storage account' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l credential -d 'What opens the account [default: access-key]' -r -f -a "access-key\t'One of the account\'s two keys'
sas-token\t'A shared access signature with read and list'
connection-string\t'A connection string with a key or a SAS token'
client-secret\t'Entra ID: an application with a client secret'
workload-identity\t'Entra ID: a pod in Kubernetes'
managed-identity\t'Entra ID: a machine in Azure'
azure-cli\t'Entra ID: whoever is logged in by `az login`'
none\t'No credential: the container is public'
directory\t'No account: files of a local directory'"
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l secret-file -d 'File with the key, token, string or client secret, which stays there; with --keyring it is copied' -r -F
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l tenant-id -d 'Tenant of an identity of Entra ID; AZURE_TENANT_ID where it is left out' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l client-id -d 'Client id of an identity of Entra ID; AZURE_CLIENT_ID where it is left out' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l token-file -d 'Token of a workload identity; AZURE_FEDERATED_TOKEN_FILE where it is left out' -r -F
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l authority-host -d 'Where tokens of Entra ID are asked for, in sovereign clouds' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l endpoint -d 'Address of the blob service, for Azurite and sovereign clouds' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -s c -l container -d 'Container, where it is not commerce-logs-separated' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l directory -d 'Local directory with the blobs, in place of an account' -r -F
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l migrate -d 'Take over the configuration of the older tools, ~/.cch-log-sync/config.yaml'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l template -d 'Write a template with all keys, to be filled in; no questions'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l keyring -d 'Put all secrets into the keyring of the operating system, and only their names into the file'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l force -d 'With --from, --migrate and --template: replace a file that holds credentials; the old one is kept beside it'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l secret-stdin -d 'Read the key, token, string or client secret from standard input'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -l kafka-password-stdin -d 'Read Kafka\'s sasl.password from standard input; --brokers and -X set the rest'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand setup-config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -s h -l help -d 'Print help'
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -f -a "check" -d 'Read the configuration, test every connection that it describes, and tell what works'
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -f -a "show" -d 'Print the effective configuration, defaults and environment included, secrets masked'
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -f -a "path" -d 'Print the files that are read; with none, where they are looked for goes to standard error'
complete -c clp -n "__fish_clp_using_subcommand config; and not __fish_seen_subcommand_from check show path help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -s f -l format -d 'Form of the answer' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -l offline -d 'Open no connection: only read the configuration and the credentials that it names'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from show" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from show" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from show" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from path" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from path" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from path" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from path" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'Read the configuration, test every connection that it describes, and tell what works'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print the effective configuration, defaults and environment included, secrets masked'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "path" -d 'Print the files that are read; with none, where they are looked for goes to standard error'
complete -c clp -n "__fish_clp_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clp -n "__fish_clp_using_subcommand completions" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand completions" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand completions" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand completions" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand completions" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand completions" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand completions" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand completions" -s h -l help -d 'Print help'
complete -c clp -n "__fish_clp_using_subcommand demo" -l lines -d 'Lines to write, over all blobs' -r
complete -c clp -n "__fish_clp_using_subcommand demo" -l keep -d 'Leave the blobs and a configuration for them in this directory' -r -f -a "(__fish_complete_directories)"
complete -c clp -n "__fish_clp_using_subcommand demo" -l config -d 'Configuration file; see `clp config path` for where it is looked for' -r -F
complete -c clp -n "__fish_clp_using_subcommand demo" -l brokers -d 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]' -r
complete -c clp -n "__fish_clp_using_subcommand demo" -s X -d 'Set a librdkafka property for all Kafka clients; can be given several times' -r
complete -c clp -n "__fish_clp_using_subcommand demo" -l color -d 'When to use colour; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c clp -n "__fish_clp_using_subcommand demo" -l log-format -d 'Form of the log on standard error' -r -f -a "text\t''
json\t''"
complete -c clp -n "__fish_clp_using_subcommand demo" -l stay -d 'Let everything go on, and the logs grow, until Ctrl-C'
complete -c clp -n "__fish_clp_using_subcommand demo" -s q -l quiet -d 'Log less: -q warnings, -qq errors'
complete -c clp -n "__fish_clp_using_subcommand demo" -s v -l verbose -d 'Log more: -v details, -vv everything'
complete -c clp -n "__fish_clp_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "monitor" -d 'Watch storage and tell which blobs are new, have changed, or are closed'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "ingest" -d 'Bring lines into Kafka, each exactly once: of one blob now, or of all as a service'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "extract" -d 'Extract records from raw lines: messages, requests, errors'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "list-blobs" -d 'List blobs in storage, newest first'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "status" -d 'Show how far each blob has come: size, ingested, lag, open or closed, last error'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "tail" -d 'Follow logs: from Kafka, or straight from storage'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "verify" -d 'Verify that Kafka has each line of the blobs in storage once'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "test-kafka" -d 'Test the connection to Kafka: brokers, latency, version, transactions, topics'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "init-topics" -d 'Create the topics that are missing; change none that exists'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "setup-config" -d 'Set up the configuration: storage accounts and Kafka, readable by you alone'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "config" -d 'Check, show and find the configuration'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "demo" -d 'See the whole pipeline at work, with nothing else installed or running'
complete -c clp -n "__fish_clp_using_subcommand help; and not __fish_seen_subcommand_from monitor ingest extract list-blobs status tail verify test-kafka init-topics setup-config config completions demo help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clp -n "__fish_clp_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'Read the configuration, test every connection that it describes, and tell what works'
complete -c clp -n "__fish_clp_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Print the effective configuration, defaults and environment included, secrets masked'
complete -c clp -n "__fish_clp_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "path" -d 'Print the files that are read; with none, where they are looked for goes to standard error'
