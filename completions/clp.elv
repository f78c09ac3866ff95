
use builtin;
use str;

set edit:completion:arg-completer[clp] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'clp'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'clp'= {
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand monitor 'Watch storage and tell which blobs are new, have changed, or are closed'
            cand ingest 'Bring lines into Kafka, each exactly once: of one blob now, or of all as a service'
            cand extract 'Extract records from raw lines: messages, requests, errors'
            cand list-blobs 'List blobs in storage, newest first'
            cand status 'Show how far each blob has come: size, ingested, lag, open or closed, last error'
            cand tail 'Follow logs: from Kafka, or straight from storage'
            cand verify 'Verify that Kafka has each line of the blobs in storage once'
            cand test-kafka 'Test the connection to Kafka: brokers, latency, version, transactions, topics'
            cand init-topics 'Create the topics that are missing; change none that exists'
            cand setup-config 'Set up the configuration: storage accounts and Kafka, readable by you alone'
            cand config 'Check, show and find the configuration'
            cand completions 'Print a shell''s completion script'
            cand demo 'See the whole pipeline at work, with nothing else installed or running'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clp;monitor'= {
            cand -e 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand --env 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand -s 'Subscription; all its environments, if none is named'
            cand --subscription 'Subscription; all its environments, if none is named'
            cand -d 'Scan this day and no other: YYYYMMDD, YYYY-MM-DD, today, yesterday'
            cand --date 'Scan this day and no other: YYYYMMDD, YYYY-MM-DD, today, yesterday'
            cand --days-back 'Scan so many days before today, in place of the configured number'
            cand --metrics-addr 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand --once 'End after one scan of each environment'
            cand --dry-run 'Print the events, one JSON object a line, and publish none; needs no Kafka'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;ingest'= {
            cand -b 'The blob''s name, or a pattern for several: * ? [a-z] {a,b} [env: AZURE_STORAGE_BLOB_NAME]'
            cand --blob 'The blob''s name, or a pattern for several: * ? [a-z] {a,b} [env: AZURE_STORAGE_BLOB_NAME]'
            cand -e 'Environment, as E or SUBSCRIPTION/E; may be left out if only one is configured, and for a worker, which takes several [env: ENVIRONMENT]'
            cand --env 'Environment, as E or SUBSCRIPTION/E; may be left out if only one is configured, and for a worker, which takes several [env: ENVIRONMENT]'
            cand -s 'Subscription of the environment; several for a worker [env: SUBSCRIPTION_ID]'
            cand --subscription 'Subscription of the environment; several for a worker [env: SUBSCRIPTION_ID]'
            cand -c 'Container of the storage account, in place of the configured one [env: AZURE_STORAGE_CONTAINER_NAME]'
            cand --container 'Container of the storage account, in place of the configured one [env: AZURE_STORAGE_CONTAINER_NAME]'
            cand -t 'Topic for the lines; else the raw topic of the blob''s service [env: KAFKA_TOPIC]'
            cand --topic 'Topic for the lines; else the raw topic of the blob''s service [env: KAFKA_TOPIC]'
            cand --service 'Service, for the records'' header; else by the blob''s name [env: SERVICE_SELECTOR]'
            cand --start-offset 'Begin at this byte offset, where a gzip member must start [env: START_OFFSET] [default: 0]'
            cand --align 'If --start-offset is inside a member, begin at the next member''s start, or at its own'
            cand --on-corrupt 'At bytes that are no gzip member: stop, or go on at the next member that inflates'
            cand -f 'Form of the summary'
            cand --format 'Form of the summary'
            cand --lanes 'Members of the group that work side by side in this process [default: 1]'
            cand --group 'Consumer group; the workers of one group share the blobs between them [default: clp-ingest]'
            cand --min-date 'Only blobs of this day and later; takes also days whose states have expired'
            cand --max-date 'Only blobs of this day and earlier'
            cand --selector 'Only blobs in whose service or name this is found; can be given several times'
            cand --until-idle 'End once nothing was left to do for so many seconds'
            cand --metrics-addr 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand --resume 'Go on where the last run of this blob and topic stopped'
            cand --dry-run 'Read and count, send nothing'
            cand --force 'Run although workers write the same topic; safe if none of them has this blob'
            cand --worker 'Run as a service: follow the monitor''s events and ingest every blob they tell of'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;extract'= {
            cand -i 'File with raw lines, gzip or plain text; - for standard input. Kafka is not needed then'
            cand --input 'File with raw lines, gzip or plain text; - for standard input. Kafka is not needed then'
            cand --service 'Service whose lines these are: its name or an alias; with `proxy` in it, requests become proxy records'
            cand -e 'Environment, as E or SUBSCRIPTION/E, for the records of errors'
            cand --env 'Environment, as E or SUBSCRIPTION/E, for the records of errors'
            cand -s 'Subscription, for the records of errors'
            cand --subscription 'Subscription, for the records of errors'
            cand --group 'Consumer group; the processes of one group share the partitions between them [default: clp-extract]'
            cand --until-idle 'End once nothing was left to do for so many seconds'
            cand --metrics-addr 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;list-blobs'= {
            cand -e 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand --env 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand -s 'Subscription; all its environments, if none is named'
            cand --subscription 'Subscription; all its environments, if none is named'
            cand -d 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday'
            cand --date 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday'
            cand --service 'Service: its name, an alias, or the start of its pods'' names'
            cand --prefix 'Blobs whose whole names start so, such as kubernetes/20250606.api-'
            cand -c 'Container of the storage account, in place of the configured one'
            cand --container 'Container of the storage account, in place of the configured one'
            cand --max-per-env 'Show at most N blobs of each environment'
            cand --sort 'Order, over all days; but for `name`, nothing is shown before everything is listed'
            cand -f 'Form of the list'
            cand --format 'Form of the list'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;status'= {
            cand -e 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand --env 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand -s 'Subscription; all its environments, if none is named'
            cand --subscription 'Subscription; all its environments, if none is named'
            cand -d 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday'
            cand --date 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday'
            cand --service 'Service: its name, an alias, or the start of its pods'' names'
            cand -w 'Show it again every so many seconds until interrupted, and end with exit code 0'
            cand --watch 'Show it again every so many seconds until interrupted, and end with exit code 0'
            cand -f 'Form of the list'
            cand --format 'Form of the list'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;tail'= {
            cand -e 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand --env 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand -s 'Subscription; all its environments, if none is named'
            cand --subscription 'Subscription; all its environments, if none is named'
            cand --service 'Service: its name, an alias, or the start of its pods'' names; can be given several times'
            cand -t 'Topics: full names, or keys of the configuration such as raw_proxy or errors'
            cand --topics 'Topics: full names, or keys of the configuration such as raw_proxy or errors'
            cand --since 'Lines since then: 15m, 2h, 1d (ago), RFC 3339, or a day'
            cand --until 'Lines until then, and no further'
            cand -n 'The last N lines of all that are selected, then what comes'
            cand --lines 'The last N lines of all that are selected, then what comes'
            cand -l 'This level and graver ones: trace, debug, info, warn, error, fatal'
            cand --level 'This level and graver ones: trace, debug, info, warn, error, fatal'
            cand --grep 'Lines in which this regular expression finds something; of several, all must'
            cand --exclude 'Not the lines in which this regular expression finds something'
            cand -m 'End after N lines'
            cand --max-messages 'End after N lines'
            cand -f 'Form of the lines'
            cand --format 'Form of the lines'
            cand --source 'Where to read: storage needs no Kafka, and looks for growth every two seconds'
            cand -g 'Join this consumer group, go on where it stands, and commit what was shown'
            cand --group 'Join this consumer group, go on where it stands, and commit what was shown'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand --from-beginning 'Everything that is there, from the first record on'
            cand --no-follow 'End where the logs end now'
            cand --raw 'Records as they are in Kafka, with partition, offset, key and headers; as they come, not by time'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;verify'= {
            cand -e 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand --env 'Environment, as E or SUBSCRIPTION/E; can be given several times'
            cand -s 'Subscription; all its environments, if none is named'
            cand --subscription 'Subscription; all its environments, if none is named'
            cand -d 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday; else all that are in storage'
            cand --date 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday; else all that are in storage'
            cand --service 'Service: its name, an alias, or the start of its pods'' names'
            cand -b 'The blob''s name, or a pattern for several: * ? [a-z] {a,b}'
            cand --blob 'The blob''s name, or a pattern for several: * ? [a-z] {a,b}'
            cand -f 'Form of the list'
            cand --format 'Form of the list'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand --deep 'Compare every line with the topic'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;test-kafka'= {
            cand -f 'Form of the answer'
            cand --format 'Form of the answer'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;init-topics'= {
            cand --replication-factor 'Replicas of each partition; the brokers'' default if not given'
            cand --topic 'A further topic for raw lines, such as one for `clp ingest --topic`; can be given several times'
            cand -f 'Form of the answer'
            cand --format 'Form of the answer'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand --dry-run 'Show what would be done'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;setup-config'= {
            cand --from 'Take the configuration from this file, or from standard input (-); it must load'
            cand -s 'Subscription to add an environment to'
            cand --subscription 'Subscription to add an environment to'
            cand -e 'Environment to add or to replace: its name, or SUBSCRIPTION/NAME'
            cand --env 'Environment to add or to replace: its name, or SUBSCRIPTION/NAME'
            cand --account-name 'Name of its storage account'
            cand --credential 'What opens the account [default: access-key]'
            cand --secret-file 'File with the key, token, string or client secret, which stays there; with --keyring it is copied'
            cand --tenant-id 'Tenant of an identity of Entra ID; AZURE_TENANT_ID where it is left out'
            cand --client-id 'Client id of an identity of Entra ID; AZURE_CLIENT_ID where it is left out'
            cand --token-file 'Token of a workload identity; AZURE_FEDERATED_TOKEN_FILE where it is left out'
            cand --authority-host 'Where tokens of Entra ID are asked for, in sovereign clouds'
            cand --endpoint 'Address of the blob service, for Azurite and sovereign clouds'
            cand -c 'Container, where it is not commerce-logs-separated'
            cand --container 'Container, where it is not commerce-logs-separated'
            cand --directory 'Local directory with the blobs, in place of an account'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand --migrate 'Take over the configuration of the older tools, ~/.cch-log-sync/config.yaml'
            cand --template 'Write a template with all keys, to be filled in; no questions'
            cand --keyring 'Put all secrets into the keyring of the operating system, and only their names into the file'
            cand --force 'With --from, --migrate and --template: replace a file that holds credentials; the old one is kept beside it'
            cand --secret-stdin 'Read the key, token, string or client secret from standard input'
            cand --kafka-password-stdin 'Read Kafka''s sasl.password from standard input; --brokers and -X set the rest'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;config'= {
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help'
            cand --help 'Print help'
            cand check 'Read the configuration, test every connection that it describes, and tell what works'
            cand show 'Print the effective configuration, defaults and environment included, secrets masked'
            cand path 'Print the files that are read; with none, where they are looked for goes to standard error'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clp;config;check'= {
            cand -f 'Form of the answer'
            cand --format 'Form of the answer'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand --offline 'Open no connection: only read the configuration and the credentials that it names'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;config;show'= {
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clp;config;path'= {
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clp;config;help'= {
            cand check 'Read the configuration, test every connection that it describes, and tell what works'
            cand show 'Print the effective configuration, defaults and environment included, secrets masked'
            cand path 'Print the files that are read; with none, where they are looked for goes to standard error'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clp;config;help;check'= {
        }
        &'clp;config;help;show'= {
        }
        &'clp;config;help;path'= {
        }
        &'clp;config;help;help'= {
        }
        &'clp;completions'= {
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clp;demo'= {
            cand --lines 'Lines to write, over all blobs'
            cand --keep 'Leave the blobs and a configuration for them in this directory'
            cand --config 'Configuration file; see `clp config path` for where it is looked for'
            cand --brokers 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]'
            cand -X 'Set a librdkafka property for all Kafka clients; can be given several times'
            cand --color 'When to use colour; NO_COLOR is honoured'
            cand --log-format 'Form of the log on standard error'
            cand --stay 'Let everything go on, and the logs grow, until Ctrl-C'
            cand -q 'Log less: -q warnings, -qq errors'
            cand --quiet 'Log less: -q warnings, -qq errors'
            cand -v 'Log more: -v details, -vv everything'
            cand --verbose 'Log more: -v details, -vv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clp;help'= {
            cand monitor 'Watch storage and tell which blobs are new, have changed, or are closed'
            cand ingest 'Bring lines into Kafka, each exactly once: of one blob now, or of all as a service'
            cand extract 'Extract records from raw lines: messages, requests, errors'
            cand list-blobs 'List blobs in storage, newest first'
            cand status 'Show how far each blob has come: size, ingested, lag, open or closed, last error'
            cand tail 'Follow logs: from Kafka, or straight from storage'
            cand verify 'Verify that Kafka has each line of the blobs in storage once'
            cand test-kafka 'Test the connection to Kafka: brokers, latency, version, transactions, topics'
            cand init-topics 'Create the topics that are missing; change none that exists'
            cand setup-config 'Set up the configuration: storage accounts and Kafka, readable by you alone'
            cand config 'Check, show and find the configuration'
            cand completions 'Print a shell''s completion script'
            cand demo 'See the whole pipeline at work, with nothing else installed or running'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clp;help;monitor'= {
        }
        &'clp;help;ingest'= {
        }
        &'clp;help;extract'= {
        }
        &'clp;help;list-blobs'= {
        }
        &'clp;help;status'= {
        }
        &'clp;help;tail'= {
        }
        &'clp;help;verify'= {
        }
        &'clp;help;test-kafka'= {
        }
        &'clp;help;init-topics'= {
        }
        &'clp;help;setup-config'= {
        }
        &'clp;help;config'= {
            cand check 'Read the configuration, test every connection that it describes, and tell what works'
            cand show 'Print the effective configuration, defaults and environment included, secrets masked'
            cand path 'Print the files that are read; with none, where they are looked for goes to standard error'
        }
        &'clp;help;config;check'= {
        }
        &'clp;help;config;show'= {
        }
        &'clp;help;config;path'= {
        }
        &'clp;help;completions'= {
        }
        &'clp;help;demo'= {
        }
        &'clp;help;help'= {
        }
    ]
    $completions[$command]
}
