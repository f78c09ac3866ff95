
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'clp' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'clp'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'clp' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('monitor', 'monitor', [CompletionResultType]::ParameterValue, 'Watch storage and tell which blobs are new, have changed, or are closed')
            [CompletionResult]::new('ingest', 'ingest', [CompletionResultType]::ParameterValue, 'Bring lines into Kafka, each exactly once: of one blob now, or of all as a service')
            [CompletionResult]::new('extract', 'extract', [CompletionResultType]::ParameterValue, 'Extract records from raw lines: messages, requests, errors')
            [CompletionResult]::new('list-blobs', 'list-blobs', [CompletionResultType]::ParameterValue, 'List blobs in storage, newest first')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show how far each blob has come: size, ingested, lag, open or closed, last error')
            [CompletionResult]::new('tail', 'tail', [CompletionResultType]::ParameterValue, 'Follow logs: from Kafka, or straight from storage')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify that Kafka has each line of the blobs in storage once')
            [CompletionResult]::new('test-kafka', 'test-kafka', [CompletionResultType]::ParameterValue, 'Test the connection to Kafka: brokers, latency, version, transactions, topics')
            [CompletionResult]::new('init-topics', 'init-topics', [CompletionResultType]::ParameterValue, 'Create the topics that are missing; change none that exists')
            [CompletionResult]::new('setup-config', 'setup-config', [CompletionResultType]::ParameterValue, 'Set up the configuration: storage accounts and Kafka, readable by you alone')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Check, show and find the configuration')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell''s completion script')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'See the whole pipeline at work, with nothing else installed or running')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clp;monitor' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('--subscription', '--subscription', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Scan this day and no other: YYYYMMDD, YYYY-MM-DD, today, yesterday')
            [CompletionResult]::new('--date', '--date', [CompletionResultType]::ParameterName, 'Scan this day and no other: YYYYMMDD, YYYY-MM-DD, today, yesterday')
            [CompletionResult]::new('--days-back', '--days-back', [CompletionResultType]::ParameterName, 'Scan so many days before today, in place of the configured number')
            [CompletionResult]::new('--metrics-addr', '--metrics-addr', [CompletionResultType]::ParameterName, 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'End after one scan of each environment')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the events, one JSON object a line, and publish none; needs no Kafka')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;ingest' {
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'The blob''s name, or a pattern for several: * ? [a-z] {a,b} [env: AZURE_STORAGE_BLOB_NAME]')
            [CompletionResult]::new('--blob', '--blob', [CompletionResultType]::ParameterName, 'The blob''s name, or a pattern for several: * ? [a-z] {a,b} [env: AZURE_STORAGE_BLOB_NAME]')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; may be left out if only one is configured, and for a worker, which takes several [env: ENVIRONMENT]')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; may be left out if only one is configured, and for a worker, which takes several [env: ENVIRONMENT]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Subscription of the environment; several for a worker [env: SUBSCRIPTION_ID]')
            [CompletionResult]::new('--subscription', '--subscription', [CompletionResultType]::ParameterName, 'Subscription of the environment; several for a worker [env: SUBSCRIPTION_ID]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Container of the storage account, in place of the configured one [env: AZURE_STORAGE_CONTAINER_NAME]')
            [CompletionResult]::new('--container', '--container', [CompletionResultType]::ParameterName, 'Container of the storage account, in place of the configured one [env: AZURE_STORAGE_CONTAINER_NAME]')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Topic for the lines; else the raw topic of the blob''s service [env: KAFKA_TOPIC]')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'Topic for the lines; else the raw topic of the blob''s service [env: KAFKA_TOPIC]')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service, for the records'' header; else by the blob''s name [env: SERVICE_SELECTOR]')
            [CompletionResult]::new('--start-offset', '--start-offset', [CompletionResultType]::ParameterName, 'Begin at this byte offset, where a gzip member must start [env: START_OFFSET] [default: 0]')
            [CompletionResult]::new('--align', '--align', [CompletionResultType]::ParameterName, 'If --start-offset is inside a member, begin at the next member''s start, or at its own')
            [CompletionResult]::new('--on-corrupt', '--on-corrupt', [CompletionResultType]::ParameterName, 'At bytes that are no gzip member: stop, or go on at the next member that inflates')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Form of the summary')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the summary')
            [CompletionResult]::new('--lanes', '--lanes', [CompletionResultType]::ParameterName, 'Members of the group that work side by side in this process [default: 1]')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Consumer group; the workers of one group share the blobs between them [default: clp-ingest]')
            [CompletionResult]::new('--min-date', '--min-date', [CompletionResultType]::ParameterName, 'Only blobs of this day and later; takes also days whose states have expired')
            [CompletionResult]::new('--max-date', '--max-date', [CompletionResultType]::ParameterName, 'Only blobs of this day and earlier')
            [CompletionResult]::new('--selector', '--selector', [CompletionResultType]::ParameterName, 'Only blobs in whose service or name this is found; can be given several times')
            [CompletionResult]::new('--until-idle', '--until-idle', [CompletionResultType]::ParameterName, 'End once nothing was left to do for so many seconds')
            [CompletionResult]::new('--metrics-addr', '--metrics-addr', [CompletionResultType]::ParameterName, 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Go on where the last run of this blob and topic stopped')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Read and count, send nothing')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Run although workers write the same topic; safe if none of them has this blob')
            [CompletionResult]::new('--worker', '--worker', [CompletionResultType]::ParameterName, 'Run as a service: follow the monitor''s events and ingest every blob they tell of')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;extract' {
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'File with raw lines, gzip or plain text; - for standard input. Kafka is not needed then')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'File with raw lines, gzip or plain text; - for standard input. Kafka is not needed then')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service whose lines these are: its name or an alias; with `proxy` in it, requests become proxy records')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E, for the records of errors')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E, for the records of errors')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Subscription, for the records of errors')
            [CompletionResult]::new('--subscription', '--subscription', [CompletionResultType]::ParameterName, 'Subscription, for the records of errors')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Consumer group; the processes of one group share the partitions between them [default: clp-extract]')
            [CompletionResult]::new('--until-idle', '--until-idle', [CompletionResultType]::ParameterName, 'End once nothing was left to do for so many seconds')
            [CompletionResult]::new('--metrics-addr', '--metrics-addr', [CompletionResultType]::ParameterName, 'Serve /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every interface, port 0 a free one')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;list-blobs' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('--subscription', '--subscription', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday')
            [CompletionResult]::new('--date', '--date', [CompletionResultType]::ParameterName, 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service: its name, an alias, or the start of its pods'' names')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Blobs whose whole names start so, such as kubernetes/20250606.api-')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Container of the storage account, in place of the configured one')
            [CompletionResult]::new('--container', '--container', [CompletionResultType]::ParameterName, 'Container of the storage account, in place of the configured one')
            [CompletionResult]::new('--max-per-env', '--max-per-env', [CompletionResultType]::ParameterName, 'Show at most N blobs of each environment')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Order, over all days; but for `name`, nothing is shown before everything is listed')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Form of the list')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the list')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;status' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('--subscription', '--subscription', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday')
            [CompletionResult]::new('--date', '--date', [CompletionResultType]::ParameterName, 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service: its name, an alias, or the start of its pods'' names')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Show it again every so many seconds until interrupted, and end with exit code 0')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Show it again every so many seconds until interrupted, and end with exit code 0')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Form of the list')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the list')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;tail' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('--subscription', '--subscription', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service: its name, an alias, or the start of its pods'' names; can be given several times')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Topics: full names, or keys of the configuration such as raw_proxy or errors')
            [CompletionResult]::new('--topics', '--topics', [CompletionResultType]::ParameterName, 'Topics: full names, or keys of the configuration such as raw_proxy or errors')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Lines since then: 15m, 2h, 1d (ago), RFC 3339, or a day')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Lines until then, and no further')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The last N lines of all that are selected, then what comes')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'The last N lines of all that are selected, then what comes')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'This level and graver ones: trace, debug, info, warn, error, fatal')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'This level and graver ones: trace, debug, info, warn, error, fatal')
            [CompletionResult]::new('--grep', '--grep', [CompletionResultType]::ParameterName, 'Lines in which this regular expression finds something; of several, all must')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Not the lines in which this regular expression finds something')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'End after N lines')
            [CompletionResult]::new('--max-messages', '--max-messages', [CompletionResultType]::ParameterName, 'End after N lines')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Form of the lines')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the lines')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'Where to read: storage needs no Kafka, and looks for growth every two seconds')
            [CompletionResult]::new('-g', '-g', [CompletionResultType]::ParameterName, 'Join this consumer group, go on where it stands, and commit what was shown')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Join this consumer group, go on where it stands, and commit what was shown')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('--from-beginning', '--from-beginning', [CompletionResultType]::ParameterName, 'Everything that is there, from the first record on')
            [CompletionResult]::new('--no-follow', '--no-follow', [CompletionResultType]::ParameterName, 'End where the logs end now')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Records as they are in Kafka, with partition, offset, key and headers; as they come, not by time')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;verify' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment, as E or SUBSCRIPTION/E; can be given several times')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('--subscription', '--subscription', [CompletionResultType]::ParameterName, 'Subscription; all its environments, if none is named')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday; else all that are in storage')
            [CompletionResult]::new('--date', '--date', [CompletionResultType]::ParameterName, 'Day: YYYYMMDD, YYYY-MM-DD, today, yesterday; else all that are in storage')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service: its name, an alias, or the start of its pods'' names')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'The blob''s name, or a pattern for several: * ? [a-z] {a,b}')
            [CompletionResult]::new('--blob', '--blob', [CompletionResultType]::ParameterName, 'The blob''s name, or a pattern for several: * ? [a-z] {a,b}')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Form of the list')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the list')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('--deep', '--deep', [CompletionResultType]::ParameterName, 'Compare every line with the topic')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;test-kafka' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;init-topics' {
            [CompletionResult]::new('--replication-factor', '--replication-factor', [CompletionResultType]::ParameterName, 'Replicas of each partition; the brokers'' default if not given')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'A further topic for raw lines, such as one for `clp ingest --topic`; can be given several times')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be done')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;setup-config' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Take the configuration from this file, or from standard input (-); it must load')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Subscription to add an environment to')
            [CompletionResult]::new('--subscription', '--subscription', [CompletionResultType]::ParameterName, 'Subscription to add an environment to')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Environment to add or to replace: its name, or SUBSCRIPTION/NAME')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Environment to add or to replace: its name, or SUBSCRIPTION/NAME')
            [CompletionResult]::new('--account-name', '--account-name', [CompletionResultType]::ParameterName, 'Name of its storage account')
            [CompletionResult]::new('--credential', '--credential', [CompletionResultType]::ParameterName, 'What opens the account [default: access-key]')
            [CompletionResult]::new('--secret-file', '--secret-file', [CompletionResultType]::ParameterName, 'File with the key, token, string or client secret, which stays there; with --keyring it is copied')
            [CompletionResult]::new('--tenant-id', '--tenant-id', [CompletionResultType]::ParameterName, 'Tenant of an identity of Entra ID; AZURE_TENANT_ID where it is left out')
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'Client id of an identity of Entra ID; AZURE_CLIENT_ID where it is left out')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token of a workload identity; AZURE_FEDERATED_TOKEN_FILE where it is left out')
            [CompletionResult]::new('--authority-host', '--authority-host', [CompletionResultType]::ParameterName, 'Where tokens of Entra ID are asked for, in sovereign clouds')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Address of the blob service, for Azurite and sovereign clouds')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Container, where it is not commerce-logs-separated')
            [CompletionResult]::new('--container', '--container', [CompletionResultType]::ParameterName, 'Container, where it is not commerce-logs-separated')
            [CompletionResult]::new('--directory', '--directory', [CompletionResultType]::ParameterName, 'Local directory with the blobs, in place of an account')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('--migrate', '--migrate', [CompletionResultType]::ParameterName, 'Take over the configuration of the older tools, ~/.cch-log-sync/config.yaml')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Write a template with all keys, to be filled in; no questions')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Put all secrets into the keyring of the operating system, and only their names into the file')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'With --from, --migrate and --template: replace a file that holds credentials; the old one is kept beside it')
            [CompletionResult]::new('--secret-stdin', '--secret-stdin', [CompletionResultType]::ParameterName, 'Read the key, token, string or client secret from standard input')
            [CompletionResult]::new('--kafka-password-stdin', '--kafka-password-stdin', [CompletionResultType]::ParameterName, 'Read Kafka''s sasl.password from standard input; --brokers and -X set the rest')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;config' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Read the configuration, test every connection that it describes, and tell what works')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print the effective configuration, defaults and environment included, secrets masked')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Print the files that are read; with none, where they are looked for goes to standard error')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clp;config;check' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Open no connection: only read the configuration and the credentials that it names')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;config;show' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clp;config;path' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clp;config;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Read the configuration, test every connection that it describes, and tell what works')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print the effective configuration, defaults and environment included, secrets masked')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Print the files that are read; with none, where they are looked for goes to standard error')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clp;config;help;check' {
            break
        }
        'clp;config;help;show' {
            break
        }
        'clp;config;help;path' {
            break
        }
        'clp;config;help;help' {
            break
        }
        'clp;completions' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clp;demo' {
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'Lines to write, over all blobs')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Leave the blobs and a configuration for them in this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file; see `clp config path` for where it is looked for')
            [CompletionResult]::new('--brokers', '--brokers', [CompletionResultType]::ParameterName, 'Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Set a librdkafka property for all Kafka clients; can be given several times')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is honoured')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error')
            [CompletionResult]::new('--stay', '--stay', [CompletionResultType]::ParameterName, 'Let everything go on, and the logs grow, until Ctrl-C')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Log less: -q warnings, -qq errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more: -v details, -vv everything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clp;help' {
            [CompletionResult]::new('monitor', 'monitor', [CompletionResultType]::ParameterValue, 'Watch storage and tell which blobs are new, have changed, or are closed')
            [CompletionResult]::new('ingest', 'ingest', [CompletionResultType]::ParameterValue, 'Bring lines into Kafka, each exactly once: of one blob now, or of all as a service')
            [CompletionResult]::new('extract', 'extract', [CompletionResultType]::ParameterValue, 'Extract records from raw lines: messages, requests, errors')
            [CompletionResult]::new('list-blobs', 'list-blobs', [CompletionResultType]::ParameterValue, 'List blobs in storage, newest first')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show how far each blob has come: size, ingested, lag, open or closed, last error')
            [CompletionResult]::new('tail', 'tail', [CompletionResultType]::ParameterValue, 'Follow logs: from Kafka, or straight from storage')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify that Kafka has each line of the blobs in storage once')
            [CompletionResult]::new('test-kafka', 'test-kafka', [CompletionResultType]::ParameterValue, 'Test the connection to Kafka: brokers, latency, version, transactions, topics')
            [CompletionResult]::new('init-topics', 'init-topics', [CompletionResultType]::ParameterValue, 'Create the topics that are missing; change none that exists')
            [CompletionResult]::new('setup-config', 'setup-config', [CompletionResultType]::ParameterValue, 'Set up the configuration: storage accounts and Kafka, readable by you alone')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Check, show and find the configuration')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell''s completion script')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'See the whole pipeline at work, with nothing else installed or running')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clp;help;monitor' {
            break
        }
        'clp;help;ingest' {
            break
        }
        'clp;help;extract' {
            break
        }
        'clp;help;list-blobs' {
            break
        }
        'clp;help;status' {
            break
        }
        'clp;help;tail' {
            break
        }
        'clp;help;verify' {
            break
        }
        'clp;help;test-kafka' {
            break
        }
        'clp;help;init-topics' {
            break
        }
        'clp;help;setup-config' {
            break
        }
        'clp;help;config' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Read the configuration, test every connection that it describes, and tell what works')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print the effective configuration, defaults and environment included, secrets masked')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Print the files that are read; with none, where they are looked for goes to standard error')
            break
        }
        'clp;help;config;check' {
            break
        }
        'clp;help;config;show' {
            break
        }
        'clp;help;config;path' {
            break
        }
        'clp;help;completions' {
            break
        }
        'clp;help;demo' {
            break
        }
        'clp;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
